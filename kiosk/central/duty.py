"""The causes that came, until they are gone, and what duty officers did about each: who looks after it, how long it is mute.

A cause that is gone and comes again is a new one, about which nothing was done yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from kiosk.central.wrong import Cause

DutyAct = Literal["acknowledged", "assigned", "muted", "unmuted", "noted"]

LONGEST_MUTE: Final = 30 * 86_400.0
"""Seconds: nothing is mute for ever, or nobody would look at it again."""

LONGEST_WHY: Final = 500


class DutyNote(Struct, frozen=True):
    """What `account` did about a cause at `at`, and why; `whom` it was given to, `until` when it is mute."""

    number: int
    cause: int
    at: float
    account: str
    act: DutyAct
    until: float | None
    whom: str
    why: str


class Incident(Struct, frozen=True):
    """A cause under its number: when it came, was there last, was told, and told again; `gone` is None while it is there."""

    number: int
    key: str
    what: str
    place: str
    came: float
    seen: float
    told: float | None
    reminded: float | None
    gone: float | None
    notes: tuple[DutyNote, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether most stations of a place have it; :attr:`Cause.key`."""
        return self.key.endswith("*")

    @property
    def cause(self) -> Cause:
        """As it came; which stations of a place had it is known no longer."""
        stations = () if self.whole or not self.place else (self.place,)
        return Cause(self.what, self.place, self.whole, stations, 0, self.came, "")

    @property
    def acknowledged(self) -> DutyNote | None:
        """Who has seen it first."""
        return next((each for each in self.notes if each.act == "acknowledged"), None)

    @property
    def assigned(self) -> str:
        """Who looks after it; empty for nobody."""
        return _last(self.notes, ("assigned",), "")

    def mute(self, now: float) -> bool:
        """Whether nobody is to be told of it."""
        turned = [each for each in self.notes if each.act in {"muted", "unmuted"}]
        return bool(turned) and (turned[-1].until or 0.0) > now


def _last(notes: Iterable[DutyNote], acts: tuple[DutyAct, ...], otherwise: str) -> str:
    found = [each.whom for each in notes if each.act in acts]
    return found[-1] if found else otherwise
