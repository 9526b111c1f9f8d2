"""The feed for other programs: where stations are, and whether they are open, as GeoJSON and as a small list. Only computes.

Each body says only what is still true when the next one is due, so whoever keeps it for its `ttl` passes on nothing that has
become false. It counts nobody, and never says when a station was heard last that is heard no longer.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from kiosk.central.codes import printed
from kiosk.central.figures import ZONE
from kiosk.central.openness import Open, Openness
from kiosk.central.publicly import PublicStation, Stations
from kiosk.central.stops import PlannedStop, State
from kiosk.contract.schemas import schema_of
from kiosk.core.door.hours import Schedule, Window

NAMES: Final = ("stations.geojson", "station_status.json")
TTL: Final[Mapping[str, int]] = {"stations.geojson": 300, "station_status.json": 60}
"""Seconds for which each may be kept."""

WRITTEN_EVERY: Final = 30
"""Seconds between two looks at the files; whoever fetches one may have it from just before the next."""

ROUGHLY: Final = 60
"""Seconds to which `as_of` is rounded down: the bodies change no more often."""

MOST_STOPS: Final = 8
"""Of a station on wheels, the next ones."""

VERSION: Final = "1.0"
SCHEMAS: Final = ("stations.schema.json", "station_status.schema.json")
DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

Time = Annotated[str, Meta(description="ISO 8601 with its offset, such as 2026-12-07T10:00:00+08:00")]
YesNo = Literal["yes", "no"]
Code = Annotated[str, Meta(pattern=r"^[0-9]{8}\Z")]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]


class Point(Struct, frozen=True, tag="Point", tag_field="type"):
    """RFC 7946: longitude first, WGS 84."""

    coordinates: tuple[Longitude, Latitude]


class FeedStop(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A stop of a station on wheels: what it is called, where, and from when to when."""

    id: str
    name: str
    name_en: str | UnsetType = msgspec.field(default=UNSET, name="name:en")
    begins: Time
    ends: Time
    coordinates: tuple[Longitude, Latitude]


class Whereabouts(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a station on wheels is, by its GPS, and by `stop`, the id of the first of its stops.

    `here`: it is there, until `until`; `on_the_way`: it should be there and is not, or drives there; `planned`: it is to be
    there when that stop begins; `unknown`: it should be there, and nobody knows, since `since` where that may be said.
    """

    state: State
    stop: str
    until: Time | UnsetType = UNSET
    since: Time | UnsetType = UNSET


class Properties(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Keys of OpenStreetMap where it has one; ours are those behind `open`, and those that begin with `yizhan:`.

    `open` is yes where the hours say so, nobody has locked it down, and it was heard within a quarter of an hour; `as_of`: when
    that was known, to the minute; `by_hours`: what its hours say, null where nobody has said any; `next_change`: when they next
    say otherwise, within a week.
    """

    ref: Annotated[str, Meta(pattern=r"^[0-9]{9}\Z", description="the code with its check digit, as the poster has it")]
    open: Open
    as_of: Time | None
    by_hours: bool | None
    next_change: Time | None
    name: str = ""
    name_en: str | UnsetType = msgspec.field(default=UNSET, name="name:en")
    address: str | UnsetType = msgspec.field(default=UNSET, name="addr:full")
    opening_hours: str | UnsetType = UNSET
    website: str | UnsetType = UNSET
    image: str | UnsetType = UNSET
    air_conditioning: YesNo | UnsetType = UNSET
    drinking_water: YesNo | UnsetType = UNSET
    toilets: YesNo | UnsetType = UNSET
    internet_access: Literal["wlan", "no"] | UnsetType = UNSET
    fridge: YesNo | UnsetType = msgspec.field(default=UNSET, name="yizhan:fridge")
    microwave: YesNo | UnsetType = msgspec.field(default=UNSET, name="yizhan:microwave")
    seats: YesNo | UnsetType = msgspec.field(default=UNSET, name="yizhan:seats")
    charging: YesNo | UnsetType = msgspec.field(default=UNSET, name="yizhan:charging")
    lockers: YesNo | UnsetType = msgspec.field(default=UNSET, name="yizhan:lockers")
    medicine_box: YesNo | UnsetType = msgspec.field(default=UNSET, name="yizhan:medicine_box")
    wheels: Literal["yes"] | UnsetType = msgspec.field(default=UNSET, name="yizhan:wheels")
    whereabouts: Whereabouts | UnsetType = msgspec.field(default=UNSET, name="yizhan:whereabouts")
    stops: list[FeedStop] | UnsetType = msgspec.field(default=UNSET, name="yizhan:stops")


class Feature(Struct, frozen=True, tag="Feature", tag_field="type"):
    """A station; without a geometry where nobody has said where it stands."""

    id: Code
    geometry: Point | None
    properties: Properties


class Collection(Struct, frozen=True, tag="FeatureCollection", tag_field="type"):
    """`stations.geojson`: every public station in service. It may be kept for `ttl` seconds."""

    version: Literal["1.0"]
    ttl: Annotated[int, Meta(ge=1)]
    features: list[Feature]


class StationStatus(Struct, frozen=True):
    """Whether a station is open, with the words of the properties."""

    station_id: Code
    open: Open
    as_of: Time | None
    by_hours: bool | None
    next_change: Time | None


class StatusData(Struct, frozen=True):
    """Of every public station in service."""

    stations: list[StationStatus]


class Status(Struct, frozen=True):
    """`station_status.json`. Where `last_updated` is some times `ttl` ago, nobody writes it any longer: believe it no more."""

    last_updated: Annotated[int, Meta(ge=0, description="seconds since 1970")]
    ttl: Annotated[int, Meta(ge=1)]
    version: Literal["1.0"]
    data: StatusData


def lasts(ttl: int) -> float:
    """For how many seconds what is said must stay true: until whoever got it last, and keeps it, asks again."""
    return ttl + WRITTEN_EVERY + ROUGHLY


def collection(stations: Stations, now: float, site: str = "") -> Collection:
    """`site`: the address of the public pages; empty where nobody has said it."""
    ttl = TTL["stations.geojson"]
    told = [_feature(each, now, lasts(ttl), site) for each in stations.values() if each.enrolled]
    return Collection("1.0", ttl, told)


def status(stations: Stations, now: float) -> Status:
    """The small one."""
    ttl = TTL["station_status.json"]
    told = [
        StationStatus(each.code, *_said(each.openness(now, lasts(ttl)))) for each in stations.values() if each.enrolled
    ]
    return Status(int(now) // ttl * ttl, ttl, "1.0", StatusData(told))


def _said(found: Openness) -> tuple[Open, str | None, bool | None, str | None]:
    as_of = None if found.as_of is None else found.as_of // ROUGHLY * ROUGHLY
    return found.open, _iso(as_of), found.by_hours, _iso(found.next_change)


def _iso(at: float | None) -> str | None:
    return None if at is None else _when(at)


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).isoformat(timespec="seconds")


def _feature(each: PublicStation, now: float, until: float, site: str) -> Feature:
    at = each.point(now)
    found, as_of, by_hours, change = _said(each.openness(now, until))
    properties = Properties(
        ref=printed(each.code), open=found, as_of=as_of, by_hours=by_hours, next_change=change, name=each.name,
        address=each.address or UNSET, opening_hours=_weekly(each) or UNSET,
        website=f"{site}/s/{each.printed}" if site else UNSET, **_of_sheet(each, site), **_of_stops(each, now, until),
    )  # fmt: skip
    return Feature(each.code, Point((at.longitude, at.latitude)) if at else None, properties)


def _of_stops(each: PublicStation, now: float, until: float) -> dict[str, Any]:
    """Where one on wheels is, and the next of its stops; nothing of one that has none ahead."""
    place = each.where(now, until)
    if place is None:
        return {}
    since = UNSET if place.since is None else _iso(place.since // ROUGHLY * ROUGHLY)
    ends = _iso(place.stop.ends) if place.state == "here" else UNSET
    return {
        "whereabouts": Whereabouts(state=place.state, stop=place.stop.id, until=ends or UNSET, since=since or UNSET),
        "stops": [_stop(stop) for stop in each.next_stops(now)[:MOST_STOPS]],
    }


def _stop(stop: PlannedStop) -> FeedStop:
    at, texts = stop.point, stop.texts
    name = texts.get("zh") or next(iter(texts.values()))
    begins, ends = (_when(each) for each in (stop.begins, stop.ends))
    english = texts.get("en", UNSET)
    return FeedStop(
        id=stop.id, name=name, name_en=english, begins=begins, ends=ends, coordinates=(at.longitude, at.latitude)
    )


def _of_sheet(each: PublicStation, site: str) -> dict[str, Any]:
    """What the sheet says; of what nobody has said there is no key."""
    sheet, has = each.sheet, each.sheet.facilities
    named = {"air_conditioner": "air_conditioning", "drinking_water": "drinking_water", "toilet": "toilets"}
    found: dict[str, Any] = {}
    for name in ("air_conditioner", "drinking_water", "toilet", "fridge", "microwave", "seats", "charging", "lockers"):
        found[named.get(name, name)] = UNSET if has is None else "yes" if name in has else "no"
    found["internet_access"] = UNSET if has is None else "wlan" if "wifi" in has else "no"
    box = sheet.medicine_box
    found["medicine_box"] = UNSET if box is None else "yes" if box else "no"
    found["wheels"] = "yes" if sheet.wheels else UNSET
    found["image"] = f"{site}/photos/{sheet.photo}.jpg" if site and sheet.photo else UNSET
    found["name_en"] = sheet.name_en or UNSET
    return found


def _weekly(each: PublicStation) -> str:
    """The hours as OpenStreetMap writes them; empty where they are not of every week alike, or nobody has said any."""
    calendar = each.evidence.hours.weekly() if each.evidence.hours else None
    return opening_hours(calendar) if calendar and not calendar.programmes else ""


def opening_hours(calendar: Schedule) -> str:
    """`Mo-Fr 06:00-22:00; Sa,Su 08:00-20:00`; `24/7` day and night."""
    if calendar.hours is None:
        return "24/7"
    return "; ".join(map(_window, calendar.hours.windows))


def _window(window: Window) -> str:
    ends = window.opens + window.minutes
    return f"{_days(sorted(window.days))} {_clock(window.opens)}-{_clock(ends if ends <= 1440 else ends - 1440)}"


def _days(days: list[int]) -> str:
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ",".join(DAYS[day] for day in days)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


class Body(Struct, frozen=True):
    """A file of the feed: as it is, packed by gzip, and the tag by which both are known, so a weak one (RFC 9110, 8.8.3)."""

    raw: bytes
    packed: bytes
    tag: str


def bodies(stations: Stations, now: float, site: str = "") -> dict[str, Body]:
    """Both files, by name."""
    return {
        "stations.geojson": _body(collection(stations, now, site)),
        "station_status.json": _body(status(stations, now)),
    }


def _body(value: Struct) -> Body:
    raw = msgspec.json.encode(value)
    return Body(raw, gzip.compress(raw, 6, mtime=0), f'W/"{hashlib.sha256(raw).hexdigest()[:24]}"')


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a file of the feed, by the schema's name."""
    of: type[Struct] = Collection if name == "stations.schema.json" else Status
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": NAMES[SCHEMAS.index(name)]}
    return found | schema_of(of)
