"""To which stations a release is offered, ring by ring: first a few that can be watched, then a district, then all. Pure.

It is opened outwards only, a ring at a time, and never while a ring that has it does badly: then it stops by itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from kiosk.trust.release import Ring, order

FIRST: Final = 1
LAST: Final = 3
"""The ring of all stations that no other names."""

MOST_WRONG: Final = 0.1
"""Of the stations of a ring that tried a release, the share that may be worse off; more, and it stops.

The same share of all its stations may be silent that never said they run it.
"""

LEAST_WRONG: Final = 3
"""Stations that are worse off, or all, before that share counts; but for the first ring, which somebody watches."""

FEW: Final = 20
"""Stations that the inner rings may have, however few there are."""

SILENT: Final = "silent"

ENOUGH: Final = 0.5
"""Of a ring's stations, the share that must run a release before the next ring opens by itself."""

GONE_AFTER: Final = 3600.0
"""Seconds of silence that count against a release, of a station that was heard after its ring was opened."""

MEMBER: Final = re.compile(r"[0-9A-Za-z]{1,12}|[1-9]\d?%")
"""A station's code, the beginning of some, or a share of all stations."""

OF_THE_ROAD: Final = "central"
"""A fault that no version is to blame for."""


class NotOpened(Exception):
    """No further ring is opened; the text says why."""


class Opening(Struct, frozen=True):
    """A ring has had a release since that time."""

    ring: int
    at: float


class Rollout(Struct, frozen=True):
    """A release on its way, which the root key signed for `audience`. `quiet`: seconds until a ring opens by itself, or 0."""

    version: str
    audience: Ring
    quiet: float
    stopped: str
    openings: tuple[Opening, ...] = ()

    @property
    def ring(self) -> int:
        """The outermost ring that has it; 0 for none."""
        return max((each.ring for each in self.openings), default=0)


class Told(Struct, frozen=True):
    """What a station told last of an update: the version, kept, went_back or refused, why, and when that was received."""

    version: str
    outcome: str
    detail: str
    received: float


class Bearing(Struct, frozen=True):
    """How a station does: its version, when it was heard, its faults with their beginnings, what it told of its last update."""

    code: str
    version: str
    heard: float
    faults: Mapping[str, float] = {}
    told: Told | None = None


class RingHealth(Struct, frozen=True):
    """Of a ring's stations: how many there are, run the release, and tried it; why some are worse off, by code.

    `unheard`: how many of these are silent, and may have tried it or not.
    """

    ring: int
    stations: int
    running: int
    tried: int
    wrong: Mapping[str, str]
    unheard: int = 0

    @property
    def bad(self) -> bool:
        """Whether too many of those that tried it are worse off, or too many of all are silent."""
        if len(self.wrong) < min(LEAST_WRONG if self.ring > FIRST else 1, self.stations):
            return False
        return len(self.wrong) - self.unheard > MOST_WRONG * self.tried or self.unheard > MOST_WRONG * self.stations


def ring_of(code: str, rings: Mapping[int, Iterable[str]]) -> int:
    """The innermost ring that names the station; the last one where none does."""
    named = (ring for ring in sorted(rings) if any(_is_member(code, each) for each in rings[ring]))
    return next(named, LAST)


def _is_member(code: str, member: str) -> bool:
    if not member.endswith("%"):
        return code.startswith(member)
    digest = hashlib.sha256(code.encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < int(member[:-1])


def too_wide(codes: Sequence[str], rings: Mapping[int, Iterable[str]]) -> int:
    """How many stations the inner rings would have, where these are more than half; 0 where they are not.

    Or they would be everybody's ring, without the second person who opens that one.
    """
    inner = sum(ring_of(code, rings) < LAST for code in codes)
    return inner if inner > max(FEW, len(codes) // 2) else 0


def offered(code: str, rollouts: Iterable[Rollout], rings: Mapping[int, Iterable[str]]) -> str:
    """The newest version that this station's ring has; empty for none."""
    return newest_for(ring_of(code, rings), rollouts)


def newest_for(ring: int, rollouts: Iterable[Rollout]) -> str:
    """The newest version that a ring has; empty for none."""
    open_to = (each.version for each in rollouts if not each.stopped and ring <= each.ring)
    return max(open_to, key=order, default="")


def living(rollouts: Sequence[Rollout]) -> set[str]:
    """The versions that some ring is offered: what a newer one has followed everywhere is not looked after any more."""
    return {newest_for(ring, rollouts) for ring in range(FIRST, LAST + 1)} - {""}


def by_ring(bearings: Iterable[Bearing], rings: Mapping[int, Iterable[str]]) -> dict[int, list[Bearing]]:
    """The stations of each ring."""
    members: dict[int, list[Bearing]] = {ring: [] for ring in range(FIRST, LAST + 1)}
    for each in bearings:
        members[ring_of(each.code, rings)].append(each)
    return members


def healths(rollout: Rollout, members: Mapping[int, Sequence[Bearing]], gone_before: float) -> list[RingHealth]:
    """How each ring does that has the release; whoever was not heard since `gone_before` is silent."""
    return [_health(rollout.version, each, members[each.ring], gone_before) for each in rollout.openings]


def _health(version: str, opening: Opening, members: Sequence[Bearing], gone_before: float) -> RingHealth:
    wrong = {each.code: why for each in members if (why := _wrong(version, opening, each, gone_before))}
    running = {each.code for each in members if _runs(each, version)}
    unheard = {code for code, why in wrong.items() if why == SILENT} - running
    tried = (running | wrong.keys()) - unheard
    return RingHealth(opening.ring, len(members), len(running), len(tried), wrong, len(unheard))


def _runs(bearing: Bearing, version: str) -> bool:
    return order(bearing.version or "0.0.0") >= order(version)


def _wrong(version: str, opening: Opening, bearing: Bearing, gone_before: float) -> str:
    """Why a station is worse off since it could have the release; empty when it is not. What it told before counts not."""
    told = bearing.told if bearing.told and bearing.told.version == version else None
    if told and told.received < opening.at:
        told = None
    if told and told.outcome != "kept" and not _runs(bearing, version):
        return told.outcome
    if opening.at <= bearing.heard < gone_before:
        return SILENT
    since = told.received if told else opening.at
    new = any(began >= since for what, began in bearing.faults.items() if what != OF_THE_ROAD)
    return "faults" if new and _runs(bearing, version) else ""


def why_stop(health: Sequence[RingHealth]) -> str:
    """Why a release stops by itself; empty when nothing is wrong."""
    bad = next((each for each in health if each.bad), None)
    if bad is None:
        return ""
    some = ", ".join(f"{code} ({why})" for code, why in [*bad.wrong.items()][:5])
    return f"ring {bad.ring}: {len(bad.wrong)} of {bad.stations} stations are worse off: {some}"


def may_open(rollout: Rollout, health: Sequence[RingHealth], ring: int) -> None:
    """Raises NotOpened unless that ring is the next one and none does badly, or it is the one that it was stopped in."""
    if goes_on(rollout, ring):
        return
    if bad := why_stop(health):
        raise NotOpened(bad)
    if ring != rollout.ring + 1:
        raise NotOpened(f"ring {rollout.ring} has it, so the next is ring {rollout.ring + 1}")
    if ring > LAST:
        raise NotOpened("every ring has it")
    if ring > FIRST and rollout.audience == "early":
        raise NotOpened("the root key signed it for the ring early alone: other stations would refuse it")


def goes_on(rollout: Rollout, ring: int) -> bool:
    """Whether it was stopped in that ring: somebody has looked, says why, and what was wrong before counts no longer."""
    return bool(rollout.stopped) and 0 < ring == rollout.ring


def ripe(rollout: Rollout, health: Sequence[RingHealth], now: float) -> int:
    """The ring that opens by itself now; 0 for none."""
    if not rollout.openings or not rollout.quiet or rollout.stopped:
        return 0
    newest = max(rollout.openings, key=lambda each: each.ring)
    last = next(each for each in health if each.ring == newest.ring)
    try:
        may_open(rollout, health, newest.ring + 1)
    except NotOpened:
        return 0
    proven = last.running and last.running >= ENOUGH * last.stations
    return newest.ring + 1 if proven and now - newest.at >= rollout.quiet else 0
