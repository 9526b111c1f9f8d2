"""`step(desk, event, clock, now) -> (desk, commands)`: what becomes of a touch inside.

It stands beside the rules of the door and hears of them who came in. What it does goes into no recording and no log.

What leaves the urn is first stored so, then recorded, and let go of once the logbook has it. Whatever is cut off in between is
done again at the next start, under the same number of the same urn.
"""

from __future__ import annotations

import math
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant, Quality
from kiosk.core.desk import ratings, rounds, urn, voices
from kiosk.core.desk.events import (
    BUTTON,
    CARDS,
    NO_CHECKLIST,
    NO_STEWARD,
    ROUND_OPEN,
    TICKET,
    AtTheReader,
    Cleaned,
    DeskCommand,
    DeskEvent,
    Heard,
    InARound,
    Inspected,
    Judged,
    KeepUrn,
    Kept,
    Offers,
    Presented,
    RoundLeft,
    Said,
    Told,
    Touched,
)
from kiosk.core.desk.ratings import ANSWERS
from kiosk.core.desk.rounds import OpenRound
from kiosk.core.desk.urn import Leaves, Urn
from kiosk.core.desk.vocabulary import known
from kiosk.core.desk.voices import Kind
from kiosk.core.door import inputs
from kiosk.core.door.inputs import Debounced
from kiosk.core.entries import Entry, Stamp
from kiosk.core.events import CommitFailed, Committed, Edge, Record, Tick
from kiosk.trust.codes import bare
from kiosk.trust.passes import PassClass
from kiosk.trust.service import STATION

AGAIN_AFTER: Final = 86_400.0
"""Seconds until what the logbook did not take is recorded again: it has it in memory, and tries by itself.

A cut meanwhile loses nothing: it stays in the urn until the logbook has it on the disk, and the next start records it at once.
"""

LOOK_EVERY: Final = 3600.0
"""Seconds between two looks at the calendar at the most: the clock may be set meanwhile."""

TOLD_FOR: Final = 8.0
"""Seconds for which the display says what became of a code."""


class Desk(Struct, frozen=True):
    """`admitted`: for each door who was granted last and has not come in yet; `offset`: local time less UTC, in seconds.

    `storing`: the numbers of what leaves and is not stored so yet; `given`: of what the logbook was given, the boot time from
    which on it is given again, infinite while it has not answered. `pressed`: when what is urgent was told last.

    `told` and `extended`: of the code that was shown last, until those boot times.
    """

    urn: Urn
    offset: int = 0
    buttons: dict[str, Debounced] = {}
    admitted: dict[str, int] = {}
    offers: Offers = Offers()
    storing: tuple[int, ...] = ()
    given: dict[int, float] = {}
    pressed: dict[Kind, float] = {}
    round: OpenRound | None = None
    told: str = ""
    told_until: float = 0.0
    extended_until: float = 0.0


def step(desk: Desk, event: DeskEvent, clock: Clock, now: Instant) -> tuple[Desk, tuple[DeskCommand, ...]]:
    """The next state, and what to do, in order."""
    before = desk.urn
    desk = _settled(_over(desk, now.boot), now.boot)
    desk = desk if refused(desk, event) else _happen(desk, event, clock, now)
    desk = _left(_turned(desk, clock, now), before)
    commands: list[DeskCommand] = [] if desk.urn is before else [KeepUrn(desk.urn)]
    if entries := _recordable(desk, now.boot):
        stamp = Stamp(now.boot, clock.wall(now), clock.quality(now.boot))
        commands.append(Record(entries, stamp, TICKET))
        desk = replace(desk, given={**desk.given, **{each.generation: math.inf for each in entries}})
    return desk, tuple(commands)


def refused(desk: Desk, event: DeskEvent) -> str:
    """Why nothing comes of it; empty where something does."""
    match event:
        case Touched(_, question) if not desk.urn.takes(question):
            return "not_asked"
        case Said(place, what) if not known(place, what):
            return "not_known"
        case Inspected() | Cleaned() if desk.round is None or desk.offers.checklist is None:
            return "no_round"
        case Inspected(results, version) if desk.offers.checklist and not desk.offers.checklist.takes(results, version):
            return "not_the_checklist"
        case Inspected() if not desk.urn.takes_round:
            return "not_now"
        case Cleaned() if not desk.urn.has_room:
            return "not_now"
        case _:
            return ""


def due(desk: Desk, clock: Clock, now: Instant) -> float:
    """The boot time at which a Tick is wanted."""
    times = [inputs.due(each) for each in desk.buttons.values()]
    times += [_presses_at(desk, kind) for kind in voices.pressing(desk.urn.voices) if desk.urn.has_room]
    times += [each for each in desk.given.values() if each > now.boot]
    times += [desk.round.until] if desk.round else []
    if _recordable(desk, now.boot):
        return now.boot
    return min([*times, now.boot + min(_turn(desk, clock, now), LOOK_EVERY)])


def _turn(desk: Desk, clock: Clock, now: Instant) -> float:
    """Seconds until the calendar next has something to say."""
    wall, week, day = clock.wall(now), _week(desk, clock, now), _day(desk, clock, now)
    turns = [math.inf]
    if week is not None:
        turns.append(ratings.begins(week + 1, desk.offset) - wall)
    if day is not None and desk.urn.voices:
        turns.append(voices.begins(day + 1, desk.offset) - wall)
    return min(turns)


def _week(desk: Desk, clock: Clock, now: Instant) -> int | None:
    """The week that it is; None where nothing tells the time."""
    known = clock.quality(now.boot) is not Quality.UNSET
    return ratings.week_of(clock.wall(now), desk.offset) if known else None


def _day(desk: Desk, clock: Clock, now: Instant) -> int | None:
    """The day that it is; None where it may be a later one: what is said now would then leave too soon."""
    known = clock.quality(now.boot) in {Quality.SYNCED, Quality.HOLDOVER}
    return voices.day_of(clock.wall(now), desk.offset) if known else None


def _settled(desk: Desk, now: float) -> Desk:
    """Buttons that have stood at their level long enough; pressing counts, and letting go does not."""
    for name, level in desk.buttons.items():
        if inputs.settled(level, now):
            desk = replace(desk, buttons={**desk.buttons, name: inputs.settle(level, now)})
            if level.raw:
                desk = _rated(desk, ANSWERS.index(name))
    return desk


def _happen(desk: Desk, event: DeskEvent, clock: Clock, now: Instant) -> Desk:
    match event:
        case Edge(name, active, at):
            answer = name.removeprefix(BUTTON)
            level = inputs.edge(desk.buttons.get(answer, Debounced(stable=False)), active, at)
            return replace(desk, buttons={**desk.buttons, answer: level})
        case Touched(answer, question):
            return _rated(desk, answer, question)
        case Said(place, what):
            return _with(desk, urn.voiced(desk.urn, place, what, _day(desk, clock, now)))
        case Presented() | Judged() | Told():
            return _at_the_reader(desk, event, now.boot)
        case Inspected() | Cleaned() | RoundLeft():
            return _in_a_round(desk, event, now.boot)
        case Offers():
            return replace(desk, offers=event)
        case Heard(entries):
            for each in entries:
                desk = _heard(desk, each)
            return desk
        case Kept() | Committed() | CommitFailed():
            return _on_the_disk(desk, event, now.boot)
        case Tick():
            return desk
        case _:
            assert_never(event)


def _at_the_reader(desk: Desk, event: AtTheReader, now: float) -> Desk:
    """A card is an answer; a steward's pass opens a round; of any other it is said what it is."""
    match event:
        case Presented(text):
            card = CARDS.get(bare(text))
            return desk if card is None else _rated(desk, card)
        case Told(words):
            return replace(desk, told=words, told_until=now + TOLD_FOR)
        case Judged(reason) if reason:
            return _at_the_reader(desk, Told(reason), now)
        case Judged(_, index, pass_class, extended):
            desk = replace(desk, extended_until=now + rounds.OPEN_FOR if extended else 0.0)
            if pass_class != PassClass.STEWARD:
                return _at_the_reader(desk, Told(NO_STEWARD), now)
            if desk.offers.checklist is None:
                return _at_the_reader(desk, Told(NO_CHECKLIST), now)
            opened = replace(desk, round=OpenRound(index, now + rounds.OPEN_FOR))
            return _at_the_reader(opened, Told(ROUND_OPEN), now)
        case _:
            assert_never(event)


def _in_a_round(desk: Desk, event: InARound, now: float) -> Desk:
    """What the steward sends counts while the round is open, and keeps it open, but not for ever."""
    posted = desk.offers.checklist
    if desk.round is None or posted is None:
        return desk
    index, left = desk.round.index, desk.round.left - 1
    touched = replace(desk, round=OpenRound(index, now + rounds.OPEN_FOR, left) if left else None)
    match event:
        case Inspected(results, _version, readings):
            found, proven = rounds.decided(posted.says, results, readings)
            kept = replace(desk.urn, months=rounds.months(posted.says, found))
            return _with(touched, urn.left(kept, fact.Inspected(index, posted.id, posted.version, found, proven)))
        case Cleaned():
            return _with(touched, urn.left(desk.urn, fact.Cleaned(index, posted.id)))
        case RoundLeft():
            return replace(desk, round=None)
        case _:
            assert_never(event)


def _on_the_disk(desk: Desk, event: Kept | Committed | CommitFailed, now: float) -> Desk:
    match event:
        case Kept(stored):
            return replace(desk, storing=tuple(each for each in desk.storing if each >= stored.generation))
        case Committed():
            taken = {number for number, at in desk.given.items() if at == math.inf}
            given = {number: at for number, at in desk.given.items() if number not in taken}
            return replace(_with(desk, urn.arrived(desk.urn, taken)), given=given)
        case CommitFailed():
            return replace(desk, given={number: min(at, now + AGAIN_AFTER) for number, at in desk.given.items()})
        case _:
            assert_never(event)


def _over(desk: Desk, now: float) -> Desk:
    """A round that nobody goes on with, or that has lost its checklist."""
    goes_on = desk.round is None or (now < desk.round.until and desk.offers.checklist is not None)
    return desk if goes_on else replace(desk, round=None)


def _turned(desk: Desk, clock: Clock, now: Instant) -> Desk:
    """What the calendar brings, and what does not wait for it."""
    found = desk.urn
    if (week := _week(desk, clock, now)) is not None:
        found = urn.turned(urn.asked(found, desk.offers.questions, week), week)
    if (day := _day(desk, clock, now)) is not None:
        found = urn.dawned(found, day)
    for kind in voices.pressing(found.voices):
        if found.has_room and _presses_at(desk, kind) <= now.boot:
            found = urn.pressed(found, kind)
            desk = replace(desk, pressed={**desk.pressed, kind: now.boot})
    return _with(desk, found)


def _presses_at(desk: Desk, kind: Kind) -> float:
    """The boot time from which on what is urgent may be told."""
    return desk.pressed[kind] + voices.AGAIN_AFTER if kind in desk.pressed else 0.0


def _left(desk: Desk, before: Urn) -> Desk:
    """What leaves now is not recorded before it is stored so."""
    new = tuple(range(before.generation, desk.urn.generation))
    return replace(desk, storing=(*desk.storing, *new)) if new else desk


def _recordable(desk: Desk, now: float) -> tuple[Leaves, ...]:
    """What is to be recorded: one Record at a time."""
    if math.inf in desk.given.values():
        return ()
    ready = (each for each in desk.urn.leaving if each.generation not in desk.storing)
    return tuple(each for each in ready if desk.given.get(each.generation, 0.0) <= now)


def _rated(desk: Desk, answer: int, question: str = STATION) -> Desk:
    return _with(desk, urn.rated(desk.urn, answer, question))


def _with(desk: Desk, found: Urn) -> Desk:
    return desk if found is desk.urn else replace(desk, urn=found)


def _heard(desk: Desk, entry: Entry) -> Desk:
    """Who was granted, and came in: a second presentation is the same visit."""
    match entry:
        case fact.Granted(door, index, again=False):
            return replace(desk, admitted={**desk.admitted, door: index})
        case fact.Taken(door) if door in desk.admitted:
            return _with(_let_go(desk, door), urn.entered(desk.urn, desk.admitted[door]))
        case fact.NotTaken(door) if door in desk.admitted:
            return _let_go(desk, door)
        case _:
            return desk


def _let_go(desk: Desk, door: str) -> Desk:
    return replace(desk, admitted={name: index for name, index in desk.admitted.items() if name != door})
