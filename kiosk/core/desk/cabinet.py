"""`step(cabinet, event, setting) -> (cabinet, commands)`: a hospital's release of a medicine, from the code to the open slot.

The release and its holder's own pass are shown at the desk's reader within PASS_WITHIN of each other, in either order. All of
it is judged again at the moment at which a slot is given (:mod:`kiosk.core.desk.judging`).

Then it is written down that this release was used, and only behind that commit does the slot's lock move; so a release opens a
slot once, whatever fails in between, and what is used up is known from the logbook itself. The slot's contact alone says that
something was taken. Nothing that is refused is used up.

Like the rest of the desk it is none of the rules', whose events and states a recording holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core import limit
from kiosk.core.desk import shelves
from kiosk.core.desk.handing import LATE
from kiosk.core.desk.judging import Setting, gives_not, holds_not
from kiosk.core.desk.rounds import over_at
from kiosk.core.desk.shelves import Good, Shelf, Slot
from kiosk.core.entries import Entry, Released, Stamp
from kiosk.core.events import CommitFailed, Committed, Record, Tick
from kiosk.core.limit import Limit
from kiosk.trust.codes import bare
from kiosk.trust.medicine import LONGEST, PREFIX, Medicine, read_medicine
from kiosk.trust.outcomes import TOLD, Outcome
from kiosk.trust.passes import BOUND_PREFIX
from kiosk.trust.passes import PREFIX as ISSUED

PASS_WITHIN: Final = 60.0
"""Seconds between a release and its holder's pass."""

TOLD_FOR: Final = 12.0
"""Seconds for which it is told what became of a code."""

COMMITS_WITHIN: Final = 5.0
"""Seconds after which nobody waits before the slot any longer: it stays shut, whatever the disk says later."""

OPEN_WITHIN: Final = 120.0
"""Seconds after which a slot of which nothing more was heard is forgotten."""

MOST_USED: Final = 4096
"""Releases that are known to be used: more than slots can be opened while any of them could still be in time."""

TICKET: Final = -3
"""The cabinet's own; -1 and -2 are the ratings' and the ballots', and those of the door are positive."""

REFUSALS: Final = Limit(most=20, within=3600.0, longest=900.0)
"""How many refusals are written down one by one: a code that is left in view fills no logbook."""

QUIET: Final = {Outcome.TORN, Outcome.ALONE}
"""What is told, and not written down: nobody's word stands for it, or nothing was asked."""

PASSES: Final = (ISSUED, BOUND_PREFIX)
Stage = Literal["wait", "take", "missed", "late"]


class Shown(Struct, frozen=True):
    """A code was held before the desk's reader that is no pass."""

    text: str


class PassShown(Struct, frozen=True):
    """A pass was held there: whose it is, or why it does not hold."""

    index: int
    reason: str = ""


class Heard(Struct, frozen=True):
    """Entries that were made: of slots, and of what a steward filled in."""

    entries: tuple[Entry, ...]


class KeepShelves(Struct, frozen=True):
    """Store what lies in the slots."""

    shelves: dict[str, Shelf]


class OpenSlot(Struct, frozen=True):
    """Let the rules of the doors open this slot: it is on the disk that the release for it is used."""

    slot: str


CabinetEvent = Shown | PassShown | Heard | Committed | CommitFailed | Tick
CabinetCommand = KeepShelves | Record | OpenSlot


class Holder(Struct, frozen=True):
    """Whose pass was shown last, until boot time `until`."""

    index: int
    until: float


class Waiting(Struct, frozen=True):
    """A release that waits for its holder's pass until boot time `until`."""

    medicine: Medicine
    until: float


class Giving(Struct, frozen=True):
    """A release for which a slot is given: it waits for its commit, or for the slot's contact, until boot time `until`.

    `missed`: the slot was locked again, and its contact may still say that it was opened just before; `late`: the commit has
    not come in time; when it comes no slot opens.
    """

    medicine: Medicine
    stage: Stage
    until: float


class Cabinet(Struct, frozen=True):
    """`stored`: of the shelves what is on the disk, or on its way there; `used`: the releases that were, by name, oldest first.

    `blind_until`: boot time until which a release that was used may not be known as such, since the logbook is another one;
    `keeps`: what is committed is still there after a power cut.
    """

    shelves: dict[str, Shelf] = {}
    stored: dict[str, Shelf] = {}
    used: dict[str, None] = {}
    holder: Holder | None = None
    waiting: Waiting | None = None
    giving: Giving | None = None
    told: str = ""
    told_until: float = 0.0
    refusals: Limit = REFUSALS
    blind_until: float = 0.0
    keeps: bool = True


Stepped = tuple[Cabinet, tuple[CabinetCommand, ...]]


def restored(
    stored: Mapping[str, Shelf], used: Iterable[str], boot_id: str, now: float, *, blind: bool, keeps: bool
) -> Cabinet:
    """As it is at a start. `blind`: the logbook does not go back as far as a release may."""
    kept = {slot: shelves.restored(each, boot_id) for slot, each in stored.items()}
    until = now + LONGEST if blind else 0.0
    return Cabinet(kept, dict(stored), dict.fromkeys(used), blind_until=until, keeps=keeps)


def step(cabinet: Cabinet, event: CabinetEvent, setting: Setting) -> Stepped:
    """The next state, and what to do, in order."""
    cabinet, settled = _missed(_settled(cabinet, setting.now.boot), setting)
    cabinet, commands = _happen(_looked(cabinet, setting), event, setting)
    cabinet, kept = _storing(_looked(cabinet, setting))
    return cabinet, (*settled, *commands, *kept)


def due(cabinet: Cabinet) -> float:
    """The boot time at which a Tick is wanted; infinite when only events matter. Sensors are looked at by who calls."""
    times = [each.until for each in (cabinet.holder, cabinet.waiting, cabinet.giving) if each]
    times += [cabinet.told_until] if cabinet.told else []
    return min(times, default=math.inf)


def takes(cabinet: Cabinet, text: str) -> bool:
    """Whether a code that is shown concerns the cabinet alone: a release does, and the pass for which one waits."""
    return bare(text).startswith(PREFIX) or (cabinet.waiting is not None and is_pass(text))


def is_pass(text: str) -> bool:
    """Whether it says that it is one."""
    return bare(text).startswith(PASSES)


def concerns(entry: Entry) -> bool:
    """Whether an entry is of a slot, or of what lies in one."""
    return isinstance(entry, fact.Filled | fact.Taken | fact.NotTaken)


def used_in(entries: Iterable[Entry]) -> list[str]:
    """The releases that these entries say were used, in their order."""
    return [each.release for each in entries if isinstance(each, Released) and each.outcome == Outcome.OPENED]


def _settled(cabinet: Cabinet, now: float) -> Cabinet:
    """What time alone has ended."""
    if cabinet.told and now >= cabinet.told_until:
        cabinet = replace(cabinet, told="")
    if cabinet.holder and now >= cabinet.holder.until:
        cabinet = replace(cabinet, holder=None)
    if cabinet.waiting and now >= cabinet.waiting.until:
        cabinet = _telling(replace(cabinet, waiting=None), Outcome.ALONE, now)
    if cabinet.giving and cabinet.giving.stage != "missed" and now >= cabinet.giving.until:
        if cabinet.giving.stage == "take":
            return replace(cabinet, giving=None)
        cabinet = replace(cabinet, giving=replace(cabinet.giving, stage="late", until=math.inf))
        return _telling(cabinet, Outcome.NOT_TAKEN, now)
    return cabinet


def _missed(cabinet: Cabinet, setting: Setting) -> Stepped:
    """A slot that was locked again and stands open all the same was opened in the last moment."""
    giving = cabinet.giving
    if giving is None or giving.stage != "missed":
        return cabinet, ()
    if setting.slots.get(giving.medicine.slot, Slot()).is_open:
        return _over(_one_less(cabinet, giving.medicine.slot), Outcome.TAKEN, setting)
    return _over(cabinet, Outcome.NOT_TAKEN, setting) if setting.now.boot >= giving.until else (cabinet, ())


def _looked(cabinet: Cabinet, setting: Setting) -> Cabinet:
    """With what the sensors say of what lies there."""
    clock, now = setting.clock, setting.now.boot
    found = {
        name: shelves.looked(each, setting.slots.get(name, Slot()), setting.boot_id, clock, now)
        for name, each in cabinet.shelves.items()
    }
    return cabinet if found == cabinet.shelves else replace(cabinet, shelves=found)


def _happen(cabinet: Cabinet, event: CabinetEvent, setting: Setting) -> Stepped:
    match event:
        case Shown(text):
            return _shown(cabinet, text, setting)
        case PassShown():
            return _pass(cabinet, event, setting)
        case Heard(entries):
            return _heard(cabinet, entries, setting)
        case Tick():
            return cabinet, ()
        case Committed() | CommitFailed():
            return _written(cabinet, event, setting)
        case _:
            assert_never(event)


def _shown(cabinet: Cabinet, text: str, setting: Setting) -> Stepped:
    """A release: it waits for its holder's pass, unless that was shown just before; any other code ends what was told."""
    if not bare(text).startswith(PREFIX):
        return replace(cabinet, told=""), ()
    keys = {name: each.public for name, each in setting.keys.items()}
    medicine = read_medicine(bare(text), keys)
    if isinstance(medicine, Outcome):
        return _refused(cabinet, medicine, setting)
    if why := _why_not(cabinet, medicine, setting):
        return _refused(cabinet, why, setting, medicine)
    if cabinet.holder is None or cabinet.holder.index != medicine.index:  # somebody else's may be of the one before
        waiting = Waiting(medicine, setting.now.boot + PASS_WITHIN)
        return replace(cabinet, waiting=waiting, told=""), ()
    return _met(cabinet, medicine, cabinet.holder.index, setting)


def _pass(cabinet: Cabinet, shown: PassShown, setting: Setting) -> Stepped:
    """One that does not hold leaves the release waiting."""
    now = setting.now.boot
    if shown.reason:
        told = replace(cabinet, told=shown.reason, told_until=now + TOLD_FOR) if cabinet.waiting else cabinet
        return replace(told, holder=None), ()
    cabinet = replace(cabinet, holder=Holder(shown.index, now + PASS_WITHIN))
    if cabinet.waiting is None:
        return replace(cabinet, told=""), ()
    medicine = cabinet.waiting.medicine
    if why := _why_not(cabinet, medicine, setting):
        return _refused(cabinet, why, setting, medicine)
    return _met(cabinet, medicine, shown.index, setting)


def _met(cabinet: Cabinet, medicine: Medicine, index: int, setting: Setting) -> Stepped:
    """A release that holds, and a pass that does."""
    if index != medicine.index:
        return _refused(cabinet, Outcome.NOT_YOURS, setting, medicine)
    giving = Giving(medicine, "wait", setting.now.boot + COMMITS_WITHIN)
    used = dict.fromkeys([*cabinet.used, medicine.name][-MOST_USED:])
    cabinet = replace(cabinet, giving=giving, used=used, waiting=None, holder=None, told="")
    return cabinet, (_record(medicine, Outcome.OPENED, setting, TICKET),)


def _why_not(cabinet: Cabinet, medicine: Medicine, setting: Setting) -> Outcome | None:
    """Why no slot is given for a release that a key has signed; None where one is."""
    shelf = cabinet.shelves.get(medicine.slot)
    busy = Outcome.NOT_NOW if cabinet.giving else None
    return (
        holds_not(medicine, setting)
        or _not_again(cabinet, medicine, setting)
        or gives_not(medicine, shelf, setting)
        or busy
    )


def _not_again(cabinet: Cabinet, medicine: Medicine, setting: Setting) -> Outcome | None:
    if medicine.name in cabinet.used:
        return Outcome.USED
    keeps = cabinet.keeps and setting.writes and setting.now.boot >= cabinet.blind_until
    return None if keeps else Outcome.DISK


def _refused(cabinet: Cabinet, why: Outcome, setting: Setting, medicine: Medicine | None = None) -> Stepped:
    """It is told, and written down as often as the limit allows."""
    cabinet = _telling(replace(cabinet, waiting=None), why, setting.now.boot)
    if why in QUIET:
        return cabinet, ()
    known, untold = limit.tell(cabinet.refusals, setting.now.boot)
    cabinet = replace(cabinet, refusals=known)
    return cabinet, () if untold is None else (_record(medicine, why, setting),)


def _written(cabinet: Cabinet, answer: Committed | CommitFailed, setting: Setting) -> Stepped:
    """What became of the one entry behind which a slot opens."""
    giving, now = cabinet.giving, setting.now.boot
    if giving is None or giving.stage in {"take", "missed"}:
        return cabinet, ()
    if giving.stage == "wait" and isinstance(answer, Committed):
        opened = replace(giving, stage="take", until=now + OPEN_WITHIN)
        return replace(cabinet, giving=opened), (OpenSlot(giving.medicine.slot),)
    return _over(cabinet, Outcome.NOT_TAKEN, setting)


def _heard(cabinet: Cabinet, entries: Iterable[Entry], setting: Setting) -> Stepped:
    commands: list[CabinetCommand] = []
    for entry in entries:
        giving = cabinet.giving
        slot = giving.medicine.slot if giving and giving.stage == "take" else None
        match entry:
            case fact.Filled(_, name, item, count, month) if name:
                cabinet = _filled(cabinet, name, item, count, month, setting)
            case fact.Taken(door) if door == slot:
                cabinet, more = _over(_one_less(cabinet, door), Outcome.TAKEN, setting)
                commands += more
            case fact.NotTaken(door) if giving and door == slot:
                cabinet = replace(cabinet, giving=replace(giving, stage="missed", until=setting.now.boot + LATE))
            case _:
                pass
    return cabinet, tuple(commands)


def _filled(cabinet: Cabinet, name: str, item: str, count: int, month: str, setting: Setting) -> Cabinet:
    """What a steward has put there now."""
    clock, boot, before = setting.clock, setting.now.boot, cabinet.shelves.get(name)
    if not count or name not in setting.slots or (before is None and len(cabinet.shelves) >= shelves.MOST):
        return cabinet
    if before and before.month and clock.earliest(boot) >= over_at(before.month, setting.offset):
        before = None
    shelf = shelves.filled(before, item, count, month, Good(setting.boot_id, boot, clock.proven(boot)))
    return replace(cabinet, shelves={**cabinet.shelves, name: shelf})


def _one_less(cabinet: Cabinet, name: str) -> Cabinet:
    shelf = cabinet.shelves.get(name)
    if shelf is None:
        return cabinet
    return replace(cabinet, shelves={**cabinet.shelves, name: replace(shelf, count=max(0, shelf.count - 1))})


def _over(cabinet: Cabinet, outcome: Outcome, setting: Setting) -> Stepped:
    medicine = cabinet.giving.medicine if cabinet.giving else None
    cabinet = _telling(replace(cabinet, giving=None), outcome, setting.now.boot)
    return cabinet, (_record(medicine, outcome, setting),)


def _telling(cabinet: Cabinet, outcome: Outcome, now: float) -> Cabinet:
    return replace(cabinet, told=f"{TOLD}{outcome}", told_until=now + TOLD_FOR)


def _record(medicine: Medicine | None, outcome: Outcome, setting: Setting, ticket: int = 0) -> Record:
    """Of what no key vouches for neither name nor slot are known."""
    boot, clock = setting.now.boot, setting.clock
    entry = Released(medicine.name if medicine else "", medicine.slot if medicine else "", outcome)
    return Record((entry,), Stamp(boot, clock.wall(setting.now), clock.quality(boot)), ticket)


def _storing(cabinet: Cabinet) -> Stepped:
    """What is to be stored of the shelves: all of them, whenever there is news of one."""
    found = {slot: shelves.kept(each) for slot, each in cabinet.shelves.items()}
    news = found.keys() != cabinet.stored.keys()
    if not news and not any(shelves.is_news(each, cabinet.stored.get(slot)) for slot, each in found.items()):
        return cabinet, ()
    return replace(cabinet, stored=found), (KeepShelves(found),)
