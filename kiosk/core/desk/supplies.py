"""`step(supplies, event, setting) -> (supplies, commands)`: what campaigns hand out, each once.

Whoever shows a pass at the desk may take what a campaign in force has for them. From a slot:

    take -> mark and entry in one commit -> the slot opens -> its contact says taken -> a second entry, and the mark counts
                                                           -> nobody opened it: nothing is used up

A mark counts once the contact has said *taken*, so a cut in between burns nothing; one after it, and before the second entry
is on the disk, is made out at the next start by what the door's own entries say, or by a slot that stands open. Where neither
says it, nobody knows whether it was taken, and a steward hands it over. What a steward hands over is one entry, at the touch.
One grant at a time moves a slot, and each ends by itself: when its commit is too slow, when nobody opens, when nothing is heard
of the slot. A late answer finds no grant, and opens nothing.

Like the rest of the desk it is none of the rules', whose events and states a recording holds; they get to know of the slot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeVar, assert_never

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.desk import stock
from kiosk.core.desk.entitled import GIVABLE, NOBODYS, STEWARD, YOURS, elsewhere, judged, period
from kiosk.core.desk.handing import (
    ANSWER_PATIENCE,
    COMMIT_PATIENCE,
    COUNTED_FOR,
    FIRST_TICKET,
    FORGOTTEN_AFTER,
    HOLDER_FOR,
    LATE,
    SESSION_FOR,
    TOLD_FOR,
    UNSURE_FOR,
    Count,
    CountedLast,
    CutOff,
    Fill,
    Give,
    Gone,
    Grant,
    Heard,
    Holder,
    KeepMarks,
    One,
    Open,
    Opened,
    Recovered,
    Said,
    Session,
    Setting,
    Shown,
    Supplies,
    SupplyCommand,
    SupplyEvent,
    Take,
    Touch,
)
from kiosk.core.desk.marks import forgetting, merged, with_mark
from kiosk.core.entries import Entry, Stamp
from kiosk.core.events import CommitFailed, Committed, Record, SlotGranted, Tick
from kiosk.trust.passes import PassClass
from kiosk.trust.tokens import token

T = TypeVar("T")
Ends = TypeVar("Ends", Holder, Session, CountedLast)
Stepped = tuple[Supplies, tuple[SupplyCommand, ...]]


def step(supplies: Supplies, event: SupplyEvent, setting: Setting) -> Stepped:
    """The next state, and what to do, in order."""
    supplies, settled = _settled(supplies, setting)
    supplies, done = _happen(supplies, event, setting)
    supplies, forgotten = forgetting(supplies, setting)
    return supplies, (*settled, *done, *forgotten)


def due(supplies: Supplies, setting: Setting) -> float:
    """The boot time at which a Tick is wanted; infinite when only events matter."""
    times = [each.until for each in (supplies.holder, supplies.session, supplies.counted) if each]
    times += [each.until for each in supplies.grants.values()]
    times += [each.until for each in supplies.opened.values()]
    times += [each.until for each in supplies.said.values()]
    times += [at + FORGOTTEN_AFTER for at in supplies.absent.values() if setting.certain]
    return min(times, default=math.inf)


def refused(supplies: Supplies, touch: Touch, setting: Setting) -> str:
    """Why nothing comes of a touch: a word of SupplyView, or of the desk's; empty where something does."""
    session = supplies.session
    match touch:
        case Count(item) | Fill(item):
            return "no_session" if session is None else _not_stocked(touch, item, setting)
        case Take() | Give() | One() | Open():
            return "not_asked" if touch.campaign not in setting.running else _of_a_campaign(supplies, touch, setting)
        case _:
            assert_never(touch)


def _not_stocked(touch: Count | Fill, item: str, setting: Setting) -> str:
    """What nobody hands out may lie in a slot, too: medicine. Whoever is told that it was not saved touches again."""
    if not setting.writes:
        return "not_saved"
    if isinstance(touch, Fill) and touch.slot:
        slot = setting.slots.get(touch.slot)
        return "not_known" if slot is None else "does_not_fit" if touch.count > slot.holds else ""
    return "" if any(each.campaign.item == item for each in setting.running.values()) else "not_known"


def _of_a_campaign(supplies: Supplies, touch: Take | Give | One | Open, setting: Setting) -> str:
    if isinstance(touch, Take | Give) and touch.shown not in {0, supplies.shown}:
        return NOBODYS  # somebody else has come since the display was looked at
    campaign = setting.running[touch.campaign].campaign
    word, slot = judged(supplies, touch.campaign, setting)
    match touch:
        case Take():
            return "" if word == YOURS and not campaign.without_pass else word
        case Give() if supplies.session is None:
            return "no_session"
        case Give():
            return "" if word in GIVABLE and not campaign.without_pass else word
        case One():
            by_hand = word == STEWARD and not slot
            return "" if campaign.without_pass and (word == YOURS or by_hand) else word
        case Open():
            return "no_session" if supplies.session is None else "" if campaign.without_pass else "not_asked"
        case _:
            assert_never(touch)


def _happen(supplies: Supplies, event: SupplyEvent, setting: Setting) -> Stepped:
    match event:
        case Take() | Give() | Open() | One() | Count() | Fill():
            return (supplies, ()) if refused(supplies, event, setting) else _touched(supplies, event, setting)
        case Shown():
            return _shown(supplies, event, setting), ()
        case Gone(session):
            return replace(supplies, holder=None, session=None if session else supplies.session), ()
        case Heard(entries):
            return _each(supplies, entries, setting)
        case Committed(ticket):
            return _committed(supplies, ticket, setting)
        case CommitFailed(ticket):
            return _failed(supplies, ticket, setting.now.boot), ()
        case Recovered() | CutOff():
            return _recalled(supplies, event, setting)
        case Tick():
            return supplies, ()
        case _:
            assert_never(event)


# Touches.


def _touched(supplies: Supplies, touch: Touch, setting: Setting) -> Stepped:
    supplies = _kept_open(supplies, touch, setting.now.boot)
    match touch:
        case Take(name):
            return _granting(supplies, name, judged(supplies, name, setting)[1], setting)
        case One(name):
            _word, slot = judged(supplies, name, setting)
            supplies = _more(supplies, name, -1)
            return _granting(supplies, name, slot, setting) if slot else _handed(supplies, name, setting)
        case Give(name):
            return _handed(supplies, name, setting)
        case Open(name, seconds, count):
            is_open = Opened(setting.now.boot + seconds if seconds else math.inf, count or None)
            opened = _without(supplies.opened, name)
            return replace(supplies, opened={**opened, name: is_open} if seconds or count else opened), ()
        case Count() | Fill():
            return _stocked(supplies, touch, setting)
        case _:
            assert_never(touch)


def _kept_open(supplies: Supplies, touch: Touch, now: float) -> Supplies:
    """Whoever touches something is there."""
    holder, session = supplies.holder, supplies.session
    if holder and isinstance(touch, Take | Give):
        supplies = replace(supplies, holder=replace(holder, until=now + holder.patience))
    if session is None or isinstance(touch, Take | One):
        return supplies
    left = session.left - 1
    return replace(supplies, session=replace(session, until=now + SESSION_FOR, left=left) if left else None)


def _shown(supplies: Supplies, shown: Shown, setting: Setting) -> Supplies:
    """A pass makes its holder the one who may take; a steward's opens a session beside it."""
    now = setting.now.boot
    patience = 2 * HOLDER_FOR if shown.extended else HOLDER_FOR
    known = elsewhere(shown.index, setting)
    holder = Holder(shown.index, shown.pass_class, shown.scope, now + patience, patience, known)
    is_steward = shown.pass_class == PassClass.STEWARD
    session = Session(shown.index, now + SESSION_FOR) if is_steward else supplies.session
    return replace(supplies, holder=holder, session=session, said={}, shown=supplies.shown + 1)


def _granting(supplies: Supplies, name: str, slot: str, setting: Setting) -> Stepped:
    """Store the mark; the slot waits for it. It is shut, so that it says nothing any more of before the start."""
    entry = replace(_entry(supplies, name, setting), slot=slot)
    supplies, record = _record(supplies, (entry,), setting)
    until = setting.now.boot + COMMIT_PATIENCE
    grant = Grant(name, entry.item, slot, entry.token, entry.period, record.ticket, until)
    said = _without(supplies.said, name)
    unsure = tuple(replace(each, until=0.0) if each.slot == slot else each for each in supplies.unsure)
    return replace(supplies, grants={**supplies.grants, slot: grant}, said=said, unsure=unsure), (record,)


def _entry(supplies: Supplies, name: str, setting: Setting) -> fact.HandedOut:
    """One of a campaign for whoever is there; without a pass it is nobody's."""
    campaign, holder = setting.running[name].campaign, supplies.holder
    if campaign.without_pass or holder is None:
        return fact.HandedOut(name, campaign.item)
    mark, when = token(campaign.key, holder.index), period(campaign, setting) or ""
    return fact.HandedOut(name, campaign.item, token=mark, period=when)


def _more(supplies: Supplies, name: str, by: int) -> Supplies:
    """Of a campaign that is open for so many."""
    opened = supplies.opened.get(name)
    if opened is None or opened.left is None:
        return supplies
    return replace(supplies, opened={**supplies.opened, name: replace(opened, left=opened.left + by)})


def _handed(supplies: Supplies, name: str, setting: Setting) -> Stepped:
    """One entry says it all; it was given, so it counts at once, whatever the disk does."""
    entry = replace(_entry(supplies, name, setting), taken=True)
    supplies, record = _record(_marked(supplies, entry), (entry,), setting)
    return _saying(supplies, name, entry.token, "taken", setting.now.boot), (record,)


def _stocked(supplies: Supplies, touch: Count | Fill, setting: Setting) -> Stepped:
    index = supplies.session.index if supplies.session else 0
    if isinstance(touch, Fill):
        supplies = replace(supplies, misses=_without(supplies.misses, touch.slot))
        supplies, record = _record(
            supplies, (fact.Filled(index, touch.slot, touch.item, touch.count, touch.month),), setting
        )
        return supplies, (record,)
    reckoned = stock.expected(supplies.stock, touch.item)
    supplies, record = _record(supplies, (fact.Counted(index, touch.item, touch.counted, reckoned),), setting)
    return replace(supplies, counted=CountedLast(touch.item, touch.counted, reckoned, record.ticket)), (record,)


def _record(supplies: Supplies, entries: tuple[Entry, ...], setting: Setting) -> tuple[Supplies, Record]:
    """Under a ticket that no other had; what the entries say of the stock holds from now on."""
    left = supplies.stock
    for each in entries:
        left = stock.after(left, each)
    now, clock = setting.now, setting.clock
    stamp = Stamp(now.boot, clock.wall(now), clock.quality(now.boot))
    record = Record(entries, stamp, FIRST_TICKET - supplies.number)
    return replace(supplies, stock=left, number=supplies.number + 1), record


# What becomes of a grant.


def _committed(supplies: Supplies, ticket: int, setting: Setting) -> Stepped:
    """The mark is on the disk: the slot opens, if anybody still waits for it."""
    now = setting.now.boot
    if supplies.counted and supplies.counted.ticket == ticket:
        told = replace(supplies.counted, stored=True, until=now + COUNTED_FOR)
        return replace(supplies, counted=told), ()
    found = _waiting(supplies, ticket)
    if found is None:
        return supplies, ()
    pulse = setting.slots[found.slot].pulse if found.slot in setting.slots else 0.0
    grant = replace(found, opens=True, until=now + pulse + ANSWER_PATIENCE)
    return replace(supplies, grants={**supplies.grants, found.slot: grant}), (SlotGranted(found.slot),)


def _failed(supplies: Supplies, ticket: int, now: float) -> Supplies:
    """The disk takes no mark: nothing opens. The logbook has the entry in memory, and what is never taken was not given."""
    found = _waiting(supplies, ticket)
    return _ended(supplies, found, "not_saved", now) if found else supplies


def _waiting(supplies: Supplies, ticket: int) -> Grant | None:
    """The grant whose mark it is, while that is awaited."""
    return next((each for each in supplies.grants.values() if each.ticket == ticket and not each.opens), None)


def _each(supplies: Supplies, entries: Iterable[Entry], setting: Setting) -> Stepped:
    done: tuple[SupplyCommand, ...] = ()
    for entry in entries:
        supplies, more = _heard(supplies, entry, setting)
        done += more
    return supplies, done


def _heard(supplies: Supplies, entry: Entry, setting: Setting) -> Stepped:
    """What the door's rules say of a slot."""
    match entry:
        case fact.Taken(slot):
            grant = supplies.grants.get(slot)
            supplies = replace(supplies, misses=_without(supplies.misses, slot))
            return _taken(supplies, grant, setting) if grant and grant.opens else (supplies, ())
        case fact.NotTaken(slot) if (grant := supplies.grants.get(slot)) and grant.opens:
            missed = replace(grant, missed=True, until=setting.now.boot + LATE)
            return replace(supplies, grants={**supplies.grants, slot: missed}), ()
        case _:
            return supplies, ()


def _taken(supplies: Supplies, grant: Grant, setting: Setting) -> Stepped:
    """Its contact says so: now it counts."""
    entry = fact.HandedOut(grant.campaign, grant.item, grant.slot, grant.token, grant.period, taken=True)
    supplies, record = _record(_marked(supplies, entry), (entry,), setting)
    return _ended(supplies, grant, "taken", setting.now.boot), (record,)


def _marked(supplies: Supplies, entry: fact.HandedOut) -> Supplies:
    return replace(supplies, marks=with_mark(supplies.marks, entry.campaign, entry.period, entry.token))


def _ended(supplies: Supplies, grant: Grant, word: str, now: float) -> Supplies:
    """A grant is over, and it is told how. What nobody took is there for the next one."""
    supplies = replace(supplies, grants=_without(supplies.grants, grant.slot))
    if word == "not_taken":
        before = supplies.misses.get(grant.slot, ())
        supplies = replace(supplies, misses={**supplies.misses, grant.slot: (*before, grant.token)[-16:]})
    if word != "taken" and not grant.token:
        supplies = _more(supplies, grant.campaign, 1)
    return _saying(supplies, grant.campaign, grant.token, word, now)


def _saying(supplies: Supplies, name: str, mark: str, word: str, now: float) -> Supplies:
    return replace(supplies, said={**supplies.said, name: Said(word, mark, now + TOLD_FOR)})


# What time alone brings.


def _settled(supplies: Supplies, setting: Setting) -> Stepped:
    now = setting.now.boot
    supplies = replace(
        supplies,
        holder=_lasting(supplies.holder, now),
        session=_lasting(supplies.session, now),
        counted=_lasting(supplies.counted, now),
        opened={name: each for name, each in supplies.opened.items() if now < each.until},
        said={name: each for name, each in supplies.said.items() if now < each.until},
    )
    done: tuple[SupplyCommand, ...] = ()
    for grant in tuple(supplies.grants.values()):
        supplies, more = _over(supplies, grant, setting)
        done += more
    for grant in supplies.unsure:
        if now < grant.until and grant.slot in setting.slots and setting.slots[grant.slot].is_open:
            left = tuple(each for each in supplies.unsure if each is not grant)
            supplies, more = _taken(replace(supplies, unsure=left), grant, setting)
            done += more
    return supplies, done


def _lasting(thing: Ends | None, now: float) -> Ends | None:
    return thing if thing and now < thing.until else None


def _over(supplies: Supplies, grant: Grant, setting: Setting) -> Stepped:
    """A slot that was locked again and is open all the same was opened in the last moment."""
    now = setting.now.boot
    slot = setting.slots.get(grant.slot)
    if grant.missed and slot and slot.is_open:
        return _taken(supplies, grant, setting)
    if now < grant.until:
        return supplies, ()
    return _ended(supplies, grant, "not_taken" if grant.opens else "not_saved", now), ()


def _recalled(supplies: Supplies, event: Recovered | CutOff, setting: Setting) -> Stepped:
    """What earlier runs have left behind."""
    if isinstance(event, Recovered):
        marks = merged(supplies.marks, event.marks)
        keep = (KeepMarks(marks, supplies.stock),) if event.anew else ()
        return replace(supplies, marks=marks, ready=True), keep
    until = setting.now.boot + UNSURE_FOR
    unsure = tuple(replace(each, until=until if each.opens else 0.0) for each in event.unsure)
    supplies = replace(supplies, unsure=unsure)
    done: tuple[SupplyCommand, ...] = ()
    for grant in event.grants:
        supplies, more = _taken(supplies, grant, setting)
        done += more
    return supplies, done


def _without(found: Mapping[str, T], name: str) -> dict[str, T]:
    return {key: each for key, each in found.items() if key != name}
