"""Whether somebody with a pass comes in at a station now, as far as the centre knows. Only computes.

Open is: by its hours, and nobody has locked it down, and it was heard within a quarter of an hour. What is older proves
nothing, since the power may be off: then all there is to say is what its hours are.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.policy_preview import CHINA, admitted
from kiosk.core.documents import ruled
from kiosk.core.door.door import DoorRules
from kiosk.core.door.hours import Schedule, turns, weekly
from kiosk.trust.passes import PassClass
from kiosk.trust.policy import PolicyDocument

EVIDENCE: Final = 900.0
"""Seconds for which it counts that a station was heard."""

AHEAD_OF_US: Final = 60.0
"""Seconds by which another process's clock may be ahead; what was heard later than that, a clock wrote that was wrong."""

AHEAD: Final = 7 * 86_400.0
"""Seconds within which the next change is looked for: hours are of a week."""

LOOKED_AGAIN: Final = 3600.0
"""Seconds after which it is looked again for a change that was further away than that."""

FIRE: Final = "fire"

Open = Literal["yes", "no", "unknown"]
Why = Literal["heard", "hours", "locked_down", "fire", "silent", "no_hours", "elsewhere", "lost"]


class Lockdown(Struct, frozen=True):
    """A door that somebody locked down, from `since` until `until` (seconds since 1970)."""

    door: str
    since: float
    until: float


class Hours:
    """The hours of the doors on the way in. They are asked for often, so an answer is kept for as long as it holds."""

    def __init__(self, rules: tuple[DoorRules, ...]) -> None:
        self._rules = rules
        self._kept: tuple[float, float, bool, float | None] = (0.0, 0.0, False, None)

    def at(self, now: float) -> tuple[bool, float | None]:
        """Whether a worker's pass opens every one of these doors at `now`, and when that changes next, within a week."""
        begins, ends, answer, change = self._kept
        if not begins <= now < ends:
            answer, change = (
                self._open(now),
                next((at for at in self._edges(now) if self._open(at) != self._open(now)), None),
            )
            self._kept = now, now + LOOKED_AGAIN if change is None else change, answer, change
        return answer, change

    def _open(self, at: float) -> bool:
        return all(PassClass.WORKER in admitted(each, at) for each in self._rules)

    def _edges(self, now: float) -> list[float]:
        return sorted({at for each in self._rules for at in turns(each.schedule, now, now + AHEAD)})

    def weekly(self) -> Schedule | None:
        """The one calendar that they have; None where doors have several, or programmes beside it."""
        calendars = {each.schedule for each in self._rules}
        return calendars.pop() if len(calendars) == 1 else None


class Evidence(Struct, frozen=True):
    """What is known of whether a station lets people in; of its hours None, where nobody has said any here."""

    hours: Hours | None
    heard: float | None = None
    lockdowns: tuple[Lockdown, ...] = ()
    fire: bool = False

    def silent(self, now: float, lasts: float = 0.0) -> bool:
        """Whether what was heard of it last proves nothing, at `now` or within `lasts` seconds: it is too old, or not yet."""
        return self.heard is None or not -AHEAD_OF_US <= now - self.heard <= EVIDENCE - lasts


class Openness(Struct, frozen=True):
    """The answer, and why it is so; since when that is known, whether its hours say so, and when those change next.

    `as_of` is None where nothing is known: when a station fell silent is nobody's business.
    """

    open: Open
    why: Why
    as_of: float | None
    by_hours: bool | None
    next_change: float | None


def until(found: Openness, ends: float) -> Openness:
    """The same of a station on wheels that is at a stop until then."""
    change = ends if found.next_change is None else min(ends, found.next_change)
    return replace(found, next_change=change) if found.by_hours else found


def elsewhere(found: Openness, *, lost: bool) -> Openness:
    """The same of a station on wheels that is not at its stop, or of which nobody knows where it is (`lost`)."""
    if found.open == "no":
        return found
    return replace(found, open="unknown" if lost else "no", why="lost" if lost else "elsewhere")


def openness(known: Evidence, now: float, lasts: float = 0.0) -> Openness:
    """How it is at `now`, said so that it is still true in `lasts` seconds."""
    by_hours, change = known.hours.at(now) if known.hours else (None, None)
    if by_hours is False:
        return Openness("no", "hours", now, by_hours, change)
    if known.silent(now, lasts):
        return Openness("unknown", "silent", None, by_hours, change)
    if known.fire or any(now < each.until for each in known.lockdowns):
        return Openness("no", "fire" if known.fire else "locked_down", known.heard, by_hours, change)
    if by_hours is None:
        return Openness("unknown", "no_hours", known.heard, by_hours, change)
    if change is not None and change <= now + lasts:
        return Openness("unknown", "hours", None, by_hours, change)
    return Openness("yes", "heard", known.heard, by_hours, change)


def hours_of(
    policy: PolicyDocument | None, doors: Collection[str], hours: tuple[str, ...], offset: int = CHINA
) -> Hours | None:
    """Those of the doors on the way in: of the policy's those that the station has, else what its sheet says."""
    named = policy.doors if policy else {}
    found = [ruled(DoorRules(), each, offset) for name, each in named.items() if not doors or name in doors]
    if found:
        return Hours(tuple(found))
    return Hours((DoorRules(schedule=Schedule(weekly(hours, offset))),)) if hours else None
