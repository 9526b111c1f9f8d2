"""May this pass open this door now? The checks that need the station: status, scope, time, replay, class, mode.

A pass is refused only for a reason that can be proven. The *mark* of a grant is made in memory at once and is as durable
as its entry in the logbook, from which it is made again after a restart (:func:`remember`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import Clock, provably_early, provably_expired
from kiosk.core.door.door import Door, winner
from kiosk.core.door.hours import provably_closed
from kiosk.core.door.tables import Claim, DoorState
from kiosk.trust.keyset import Keyset
from kiosk.trust.passes import Kind, Pass, PassClass
from kiosk.trust.reasons import Reason
from kiosk.trust.status import Status, StatusList

SECOND_CHANCE: Final = 10.0
"""Seconds after a grant in which the same pass opens again, for somebody who missed the pulse."""

COMMIT_PATIENCE: Final = 0.3
"""Seconds that a grant waits for its commit."""

STAFF: Final = {PassClass.TECHNICIAN, PassClass.STEWARD}
MAX_MARKS: Final = 16_384
MAX_FRESH: Final = 512
PHONE_WINDOW: Final = 300.0
"""Seconds by which a phone's clock may be wrong, and for which what it shows holds."""


class Trust(Struct, frozen=True):
    """What the station believes: its own code, the keys and the list."""

    station: str
    keyset: Keyset
    status: StatusList


class Mark(Struct, frozen=True):
    """A grant to remember: `at` in boot time (of this boot), `expires` in seconds since 1970, a card's `rest` in seconds.

    `shown_at`: of a bound pass, the phone's time.
    """

    at: float
    kind: Kind
    expires: int
    rest: float = 90.0
    shown_at: int = 0


class Memory(Struct, frozen=True):
    """Replay marks by :func:`place`.

    `fresh` holds the newest, and is copied for each grant; when it is full it goes into `marks`, oldest first. So a grant costs
    the same with sixteen thousand marks as with none.
    """

    marks: dict[str, Mark] = {}
    fresh: dict[str, Mark] = {}

    def __getitem__(self, at: str) -> Mark | None:
        """The mark at this place, if there is one."""
        return self.fresh.get(at) or self.marks.get(at)


class Verdict(Struct, frozen=True):
    """`reason` is None when the pass may open; `claims` is there whenever the signature held."""

    reason: Reason | None
    claims: Pass | None = None
    again: bool = False


def place(door: str, kind: Kind, index: int, token: str) -> str:
    """What a mark stands at: a holder's for a bound pass, else the token's.

    Each door remembers for itself, so that one pass opens a porch, its inner door and a locker.
    """
    return f"{index if kind is Kind.BOUND else token}@{door}"


def interlocked(name: str, doors: dict[str, Door], awaited: set[str]) -> bool:
    """Whether a door that must be shut while this one opens is open, released, or about to be (`awaited`)."""
    others = doors[name].rules.interlock
    return any(
        other in awaited
        or doors[other].door is DoorState.OPEN
        or winner(doors[other]) not in {None, Claim.LOCKDOWN}  # also of a bolt that is jammed, whose lock is a fault
        for other in others
    )


def judge(
    claims: Pass | Reason,
    door: Door,
    trust: Trust,
    memory: Memory,
    clock: Clock,
    boot: float,
    *,
    blocked: bool = False,
    drives: bool = False,
    old_list: bool = False,
    also: Collection[str] = (),
) -> Verdict:
    """What follows the signatures, in the design's order: `claims` are what they vouch for, or why not. Changes nothing.

    `blocked`: the door is interlocked; `drives`: the station provably drives, and technicians alone come in; `old_list`: the
    policy wants a newer status list for all but technicians and stewards; `also`: prefixes in which the station counts beside
    its code's own.
    """
    if isinstance(claims, Reason):
        return Verdict(claims)
    mark = _believed(memory[_place(door, claims)], clock, boot)
    again = mark is not None and boot - mark.at <= SECOND_CHANCE and claims.shown_at >= mark.shown_at
    reason = (
        holds_not(claims, trust, clock, boot, old_list=old_list, also=also)
        or _replay(claims, mark, again, boot)
        or _door(claims, door, clock, boot)
        or (Reason.MOVING if drives and claims.pass_class is not PassClass.TECHNICIAN else None)
        or (Reason.INTERLOCKED if blocked else None)
    )
    return Verdict(reason, claims, again)


def holds_not(
    claims: Pass, trust: Trust, clock: Clock, boot: float, *, old_list: bool = False, also: Collection[str] = ()
) -> Reason | None:
    """Why a pass does not hold at this station now, whatever it is shown for; None where it does."""
    return (
        _status(claims, trust)
        or (Reason.OLD_LIST if old_list and claims.pass_class not in STAFF else None)
        or _scope(claims, trust, also)
        or _time(claims, clock, boot)
    )


def mark(memory: Memory, claims: Pass, door: Door, clock: Clock, boot: float) -> Memory:
    """Remember a grant. Somebody who passes again within the second chance keeps the first mark's time."""
    at = _place(door, claims)
    known = memory[at]
    again = known is not None and boot - known.at <= SECOND_CHANCE
    if known is not None and again and claims.shown_at <= known.shown_at:
        return memory
    since = known.at if known is not None and again else boot
    return remember(memory, at, Mark(since, claims.kind, claims.expires, door.rules.rest, claims.shown_at), clock, boot)


def remember(memory: Memory, at: str, found: Mark, clock: Clock, boot: float) -> Memory:
    """Add a mark. What can refuse nobody any more goes when there are many, and the oldest when there are too many."""
    fresh = {**memory.fresh, at: found}
    if len(fresh) < MAX_FRESH:
        return replace(memory, fresh=fresh)
    marks = {
        place: mark for place, mark in memory.marks.items() if place not in fresh and _still_counts(mark, clock, boot)
    }
    marks |= fresh
    return replace(memory, marks=dict(list(marks.items())[-MAX_MARKS:]), fresh={})


def _place(door: Door, claims: Pass) -> str:
    return place(door.name, claims.kind, claims.index, claims.token)


def _still_counts(mark: Mark, clock: Clock, boot: float) -> bool:
    if mark.kind is Kind.CARD:
        return boot - mark.at < mark.rest
    if mark.kind is Kind.BOUND:
        return clock.earliest(boot) <= mark.shown_at + PHONE_WINDOW
    return not provably_expired(clock, mark.expires, boot)


def _status(claims: Pass, trust: Trust) -> Reason | None:
    match trust.status[claims.index]:
        case Status.REVOKED:
            return Reason.REVOKED
        case Status.SUSPENDED | Status.APPLICATION:
            return Reason.SUSPENDED
        case _:
            return None


def _scope(claims: Pass, trust: Trust, also: Collection[str]) -> Reason | None:
    holds = any(each.startswith(claims.scope) for each in (trust.station, *also))
    return None if holds else Reason.WRONG_STATION


def _time(claims: Pass, clock: Clock, boot: float) -> Reason | None:
    if provably_expired(clock, claims.expires, boot):
        return Reason.EXPIRED
    if provably_early(clock, claims.not_before, boot):
        return Reason.NOT_YET_VALID
    if claims.kind is not Kind.BOUND:
        return None
    if clock.earliest(boot) > claims.shown_at + PHONE_WINDOW:
        return Reason.TOO_OLD
    return Reason.PHONE_AHEAD if clock.latest(boot) < claims.shown_at - PHONE_WINDOW else None


def _believed(mark: Mark | None, clock: Clock, boot: float) -> Mark | None:
    """The mark, unless a phone's clock was provably ahead when it was made: its holder must not wait until then."""
    ahead = mark is not None and clock.latest(boot) < mark.shown_at - PHONE_WINDOW
    return None if ahead else mark


def _replay(claims: Pass, mark: Mark | None, again: bool, boot: float) -> Reason | None:
    """A card rests; what a phone shows is newer each time; a live pass opens once."""
    if mark is None or again:
        return None
    rested = claims.kind is Kind.CARD and boot - mark.at >= mark.rest
    newer = claims.kind is Kind.BOUND and claims.shown_at > mark.shown_at
    return None if rested or newer else Reason.REPLAYED


def _door(claims: Pass, door: Door, clock: Clock, boot: float) -> Reason | None:
    """This door's own rules: who may open it, and when."""
    rules = door.rules
    if claims.pass_class not in rules.classes:
        return Reason.WRONG_CLASS
    if rules.holders is not None and claims.index not in rules.holders:
        return Reason.NOT_YOURS
    if claims.pass_class not in rules.always and provably_closed(rules.schedule, clock, boot):
        return Reason.CLOSED
    return Reason.LOCKED_DOWN if Claim.LOCKDOWN in door.claims else None
