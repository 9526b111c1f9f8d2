"""May this code open this door now? The checks that need the station: status, scope, time, replay, class, mode.

A pass is refused only for a reason that can be proven. The *mark* of a grant is made in memory at once and is as durable
as its entry in the logbook, from which it is made again after a restart (:func:`remember`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import Clock, provably_early, provably_expired
from kiosk.core.door import Claim, Door
from kiosk.core.limit import Limit
from kiosk.trust.keyset import Keyset
from kiosk.trust.passes import Kind, Pass, read_pass
from kiosk.trust.reasons import Reason
from kiosk.trust.status import Status, StatusList

SECOND_CHANCE: Final = 10.0
"""Seconds after a grant in which the same pass opens again, for somebody who missed the pulse."""

CARD_REST: Final = 90.0
"""Seconds after which the same card opens again."""

COMMIT_PATIENCE: Final = 0.3
"""Seconds that a grant waits for its commit."""

MAX_MARKS: Final = 4096
DENIALS: Final = Limit(most=30, within=60.0)
"""How many refusals are logged one by one."""


class Trust(Struct, frozen=True):
    """What the station believes: its own code, the keys and the list."""

    station: str
    keyset: Keyset
    status: StatusList


class Mark(Struct, frozen=True):
    """A grant to remember: `at` in boot time (of this boot), `expires` in seconds since 1970."""

    at: float
    kind: Kind
    expires: int


class Memory(Struct, frozen=True):
    """Replay marks by token, and the bound on logged refusals."""

    marks: dict[str, Mark] = {}
    denials: Limit = DENIALS


class Verdict(Struct, frozen=True):
    """`reason` is None when the pass may open; `claims` is there whenever the signature held."""

    reason: Reason | None
    claims: Pass | None = None
    again: bool = False


def judge(text: str, door: Door, trust: Trust, memory: Memory, clock: Clock, boot: float) -> Verdict:
    """The whole verification, in the design's order. Changes nothing."""
    claims = read_pass(text, trust.keyset)
    if isinstance(claims, Reason):
        return Verdict(claims)
    mark = memory.marks.get(claims.token)
    again = mark is not None and boot - mark.at <= SECOND_CHANCE
    reason = (
        _status(claims, trust)
        or _scope(claims, trust)
        or _time(claims, clock, boot)
        or _replay(mark, again, boot)
        or _mode(claims, door)
    )
    return Verdict(reason, claims, again)


def mark(memory: Memory, claims: Pass, boot: float) -> Memory:
    """Remember a grant. Somebody who passes again within the second chance keeps the first mark's time."""
    if claims.token in memory.marks and boot - memory.marks[claims.token].at <= SECOND_CHANCE:
        return memory
    return remember(memory, claims.token, Mark(boot, claims.kind, claims.expires))


def remember(memory: Memory, token: str, found: Mark) -> Memory:
    """Add a mark, dropping the oldest when there are too many."""
    marks = {**memory.marks, token: found}
    if len(marks) > MAX_MARKS:
        del marks[min(marks, key=lambda known: marks[known].at)]
    return replace(memory, marks=marks)


def forget(memory: Memory, clock: Clock, boot: float) -> Memory:
    """Drop the marks that can refuse nobody any more."""
    kept = {token: mark for token, mark in memory.marks.items() if _still_counts(mark, clock, boot)}
    return memory if len(kept) == len(memory.marks) else replace(memory, marks=kept)


def _still_counts(mark: Mark, clock: Clock, boot: float) -> bool:
    if mark.kind is Kind.CARD:
        return boot - mark.at < CARD_REST
    return not provably_expired(clock, mark.expires, boot)


def _status(claims: Pass, trust: Trust) -> Reason | None:
    match trust.status[claims.index]:
        case Status.REVOKED:
            return Reason.REVOKED
        case Status.SUSPENDED | Status.APPLICATION:
            return Reason.SUSPENDED
        case _:
            return None


def _scope(claims: Pass, trust: Trust) -> Reason | None:
    return None if trust.station.startswith(claims.scope) else Reason.WRONG_STATION


def _time(claims: Pass, clock: Clock, boot: float) -> Reason | None:
    if provably_expired(clock, claims.expires, boot):
        return Reason.EXPIRED
    return Reason.NOT_YET_VALID if provably_early(clock, claims.not_before, boot) else None


def _replay(mark: Mark | None, again: bool, boot: float) -> Reason | None:
    if mark is None or again or (mark.kind is Kind.CARD and boot - mark.at >= CARD_REST):
        return None
    return Reason.REPLAYED


def _mode(claims: Pass, door: Door) -> Reason | None:
    if claims.pass_class not in door.rules.classes:
        return Reason.WRONG_CLASS
    return Reason.LOCKED_DOWN if Claim.LOCKDOWN in door.claims else None
