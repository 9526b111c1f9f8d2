"""The stations as the public may know them: read from the store, and kept for a few seconds, since many people look."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from heapq import nsmallest
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.codes import is_public, printed
from kiosk.central.coordinates import Point, distance, in_china
from kiosk.central.issuer import read_policy_document
from kiosk.central.openness import FIRE, Evidence, Hours, Lockdown, Openness, elsewhere, hours_of, openness, until
from kiosk.central.published import Published
from kiosk.central.scope import EVERYWHERE
from kiosk.central.services import read_service
from kiosk.central.sheets import EMPTY, Sheet
from kiosk.central.stops import Known, PlannedStop, Where, ahead, stops_of, where
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.entries import Wanted
from kiosk.central.store.sightings import OpenFault, StationLine
from kiosk.trust.policy import PolicyDocument
from kiosk.trust.service import NOTICE, Notice, body_in

KEPT_FOR: Final = 5.0
"""Seconds for which a look is as good as a new one; and for which one that failed is not tried again."""

STANDS_IN: Final = 20.0
"""Seconds for which it is given to others while one looks anew; the feed is made for more (WRITTEN_EVERY)."""

PATIENCE: Final = 5.0
"""Seconds for which others wait for whoever looks, where nothing stands in."""

POSITION: Final = Wanted(("position",))
GPS: Final = "gps"
"""The fault of a station whose receiver does not say where it is."""

NO_FIX: Final = "no_fix"
"""What that fault says of a receiver that is well, and does not see the sky."""


class PublicStation(Struct, frozen=True):
    """A station with a public code. `moved`: when it was told where it is, if it drives; `told`: what is wrong with it.

    `stands`: where it is by the register, or by its GPS; `drives`: it told last that it moves; `deaf`: its receiver says
    nothing; `stops`: those it has.
    """

    code: str
    enrolled: bool
    name: str
    address: str
    stands: Point | None
    sheet: Sheet
    evidence: Evidence
    told: tuple[str, ...] = ()
    moved: float | None = None
    drives: bool = False
    deaf: bool = False
    stops: tuple[PlannedStop, ...] = ()

    @property
    def printed(self) -> str:
        """Its code with the check digit."""
        return printed(self.code)

    def openness(self, now: float, lasts: float = 0.0) -> Openness:
        """Whether it lets people in; one with stops only where it is."""
        found, place = openness(self.evidence, now, lasts), self.where(now, lasts)
        if place is None:
            return found
        if place.state == "here" and now + lasts < place.stop.ends:
            return until(found, place.stop.ends)
        return elsewhere(found, lost=place.state in {"here", "unknown"})

    def where(self, now: float, lasts: float = 0.0) -> Where | None:
        """At which of its stops it is, or on the way to which; None where none lies ahead."""
        if not self.stops:  # as nearly all: every page asks each for the nearest ones
            return None
        heard = self.evidence.heard if self.sheet.attended else None  # of one that nobody watches, nobody is to know
        silent = self.evidence.silent(now, lasts)
        located = self.moved is not None and GPS not in self.told
        return where(self.stops, Known(silent, heard, located, self.drives, self.deaf), now)

    def point(self, now: float) -> Point | None:
        """Where somebody finds it: at its stop, or at the next; else where it stands."""
        place = self.where(now)
        return place.stop.point if place else self.stands

    def next_stops(self, now: float) -> list[PlannedStop]:
        """Those whose time is not over, in their order."""
        return ahead(self.stops, now)


Stations = Mapping[str, PublicStation]


class Hung(Struct, frozen=True):
    """A notice for the stations of a prefix, from `begins` until `ends` (seconds since 1970)."""

    scope: str
    begins: int
    ends: int
    notice: Notice


class Seen(Struct, frozen=True):
    """All that the public may know, as it was at that time."""

    at: float
    stations: Stations
    notices: tuple[Hung, ...]

    def notices_at(self, code: str, now: float) -> list[Notice]:
        """Those that hold at a station, the urgent ones first, then the newest."""
        held = [each for each in self.notices if code.startswith(each.scope) and each.begins <= now < each.ends]
        return [each.notice for each in sorted(held, key=lambda each: (not each.notice.urgent, -each.begins))]


class Publicly:
    """Looks again when the last look is some seconds old; any thread may ask."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._looks = threading.Lock()
        self._last: Seen | None = None
        self._failed: tuple[float, tuple[Trouble, str]] | None = None

    def seen(self, now: float) -> Seen:
        """All stations that stand in the register and have not ended, and the notices, at `now` or some seconds before.

        One looks at a time; the others are given the last look, or wait a little. Raises StoreFailed.
        """
        last = self._within(KEPT_FOR, now)
        if last or self._looks.acquire(blocking=False):
            return last or self._look(now)
        if last := self._within(STANDS_IN, now):
            return last
        if not self._looks.acquire(timeout=PATIENCE):
            raise StoreFailed(Trouble.BUSY, "the stations are being read for too long")
        return self._look(now)

    def _within(self, seconds: float, now: float) -> Seen | None:
        last = self._last
        return last if last and abs(now - last.at) < seconds else None

    def _look(self, now: float) -> Seen:
        """By whoever holds the lock; another may just have done so, or failed."""
        try:
            return self._within(KEPT_FOR, now) or self._looked(now)
        finally:
            self._looks.release()

    def _looked(self, now: float) -> Seen:
        if self._failed and abs(now - self._failed[0]) < KEPT_FOR:
            raise StoreFailed(*self._failed[1])
        try:
            self._last = self._read(now)
        except StoreFailed as error:
            self._failed = now, (error.trouble, str(error))
            raise
        return self._last

    def _read(self, now: float) -> Seen:
        return Seen(now, public_stations(self._store), tuple(_hung(self._store)))


def _hung(store: CentralStore) -> Iterator[Hung]:
    for each in store.services(NOTICE):
        if isinstance(said := body_in(*read_service(each.body)), Notice):
            yield Hung(each.scope, each.begins, each.ends, said)


def public_stations(store: CentralStore) -> Stations:
    """As they are now, in the order of their codes."""
    lines = [
        each for each in store.register(EVERYWHERE) if is_public(each.code) and each.state in {"added", "enrolled"}
    ]
    places, sheets, doors = store.places(EVERYWHERE), store.sheets(), store.all_doors()
    faults, raised, lockdowns = (store.all_open(table) for table in ("faults", "raised", "lockdowns"))
    calendars = _Calendars(store.published(services=False))
    found = {}
    for each in lines:
        sheet = sheets.get(each.code, EMPTY)
        told = [*faults.get(each.code, ()), *raised.get(each.code, ())]
        place = places.get(each.code)
        found[each.code] = PublicStation(
            each.code,
            each.state == "enrolled",
            each.name,
            each.address,
            place.point if place else None,
            sheet,
            _evidence(
                each,
                calendars.of(each.code, doors.get(each.code, ()), sheet.hours),
                told,
                lockdowns.get(each.code, ()),
            ),
            tuple(what.what for what in told),
            deaf=any(each.what == GPS and each.detail != NO_FIX for each in told),
        )
    stops = stops_of(store, found.keys(), lambda code: found[code].sheet.wheels)
    found |= {code: replace(found[code], stops=tuple(planned)) for code, planned in stops.items()}
    return found | {code: moving(store, each) for code, each in found.items() if each.sheet.wheels or each.stops}


def _evidence(
    line: StationLine, hours: Hours | None, told: Iterable[OpenFault], lockdowns: Iterable[OpenFault]
) -> Evidence:
    heard = line.seen.at if line.seen and line.state == "enrolled" else None
    fire = any(each.what == FIRE for each in told)
    return Evidence(hours, heard, tuple(map(_lockdown, lockdowns)), fire)


def _lockdown(told: OpenFault) -> Lockdown:
    return Lockdown(told.what, told.since, told.since + float(told.detail))


class _Calendars:
    """Thousands of stations have a handful of policies: each is read once, and the same hours are one."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._read: dict[int, PolicyDocument] = {}
        self._known: dict[tuple[int, tuple[str, ...], tuple[str, ...]], Hours | None] = {}

    def of(self, station: str, doors: Iterable[str], hours: tuple[str, ...]) -> Hours | None:
        """A station's, with these doors, whose sheet says these."""
        version, body = self._published.policy(station) or (0, b"")
        if version and version not in self._read:
            self._read[version] = read_policy_document(body)
        key = (version, tuple(doors), hours)
        if key not in self._known:
            self._known[key] = hours_of(self._read.get(version), key[1], hours)
        return self._known[key]


def moving(store: CentralStore, station: PublicStation) -> PublicStation:
    """One that drives, where it said last that it is; where the sheet says while it has said nothing."""
    newest = store.newest(station.code, "telemetry", POSITION, 1)
    return placed(station, newest[-1].entry, newest[-1].received) if newest else station


def placed(station: PublicStation, entry: Mapping[str, Any], received: float) -> PublicStation:
    """Where that entry says; it may say anything, so what is no place in China is none, and what was not yet is no time."""
    latitude, longitude, wall = (_number(entry.get(key)) for key in ("latitude", "longitude", "wall"))
    if latitude is None or longitude is None or not in_china(latitude, longitude):
        return station
    moved = min(wall, received) if wall is not None and wall >= 0 else None
    drives = entry.get("moving") is True
    return replace(station, stands=Point(float(latitude), float(longitude)), moved=moved, drives=drives)


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def nearest(stations: Stations, station: PublicStation, count: int, now: float) -> list[tuple[float, PublicStation]]:
    """The next ones in service around it, with kilometres; none where it is not known where it is."""
    at = station.point(now)
    if at is None:
        return []
    others = [each for each in stations.values() if each.enrolled and each.code != station.code]
    found = [(distance(at, point), each) for each in others if (point := each.point(now))]
    return nsmallest(count, found, key=lambda each: (each[0], each[1].code))
