"""The policy: what the union decides for the doors of a station or of a whole district, above the station's own settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from kiosk.opening import parse_hours
from kiosk.trust.keyset import UnixTime, Version
from kiosk.trust.passes import PassClass

DAY: Final = 86_400
Scope = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{0,12}\Z")]
"""A station-code prefix; empty: everywhere."""

HoursText = Annotated[str, Meta(max_length=64)]
Directions = Annotated[str, Meta(max_length=200)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]
Seconds = Annotated[int, Meta(ge=0, lt=2**40)]


class ProgrammePolicy(Struct, frozen=True):
    """An opening from `begins` to `ends` (seconds since 1970), in its own hours or throughout."""

    name: Short
    begins: UnixTime
    ends: UnixTime
    hours: Annotated[tuple[HoursText, ...], Meta(max_length=32)] | None = None
    admits: Literal["passes", "everybody"] = "passes"


class DoorPolicy(Struct, frozen=True):
    """The calendar of a door, in place of the settings': see `hours`, `always` and `programmes` in config/station.toml."""

    hours: Annotated[tuple[HoursText, ...], Meta(max_length=32)] | None = None
    always: Annotated[tuple[Annotated[int, Meta(ge=-(2**53), lt=2**53)], ...], Meta(max_length=4)] = (1, 2)
    programmes: Annotated[tuple[ProgrammePolicy, ...], Meta(max_length=32)] = ()


class PolicyDocument(Struct, frozen=True, tag="policy", tag_field="type"):
    """For the stations whose code begins with `station`. A door that is not named keeps the calendar of its settings.

    A status list is *fresh* for `fresh_for` seconds, then *stale*, and *old* after `stale_for`; `refuse_when_old`: a list that
    is provably old opens for nobody but technicians and stewards. `texts`: what the display says, by language; `nearby`: where
    the next open station is, for a door that is closed; one text for everybody, or likewise. `by_phone`: false forbids what
    opens a door by a phone and the central server (the verb `admit`).
    """

    version: Version
    issued_at: UnixTime
    station: Scope = ""
    doors: Annotated[dict[Short, DoorPolicy], Meta(max_length=32)] = {}
    fresh_for: Seconds = 2 * DAY
    stale_for: Seconds = 30 * DAY
    refuse_when_old: bool = False
    texts: Annotated[dict[Short, Annotated[str, Meta(max_length=500)]], Meta(max_length=8)] = {}
    nearby: Directions | Annotated[dict[Short, Directions], Meta(max_length=8)] = ""
    by_phone: bool | None = None


NO_POLICY: Final = PolicyDocument(version=1, issued_at=0)
"""What holds before a policy arrives: the settings alone."""


MOST_UNUSED: Final = 16
LONGEST_UNUSED: Final = 64


def unusable(policy: PolicyDocument, doors: Collection[str], raw: dict[str, Any]) -> tuple[str, ...]:
    """What of a policy a station with these doors has no use for: doors, classes, and names in `raw`, as it came."""
    found = [f"doors.{name}" for name in policy.doors if name not in doors]
    for name, door in policy.doors.items():
        found += [f"doors.{name}.always {each}" for each in door.always if each not in set(map(int, PassClass))]
    return tuple(each[:LONGEST_UNUSED] for each in [*found, *_unknown(raw)][:MOST_UNUSED])


def _unknown(raw: dict[str, Any]) -> Iterator[str]:
    """The names that no field has, at each depth; the shape is a policy's, since it was read as one."""
    yield from (str(name) for name in raw if name not in {*PolicyDocument.__struct_fields__, "type"})
    for at, door in raw.get("doors", {}).items():
        yield from (f"doors.{at}.{name}" for name in door if name not in DoorPolicy.__struct_fields__)
        for programme in door.get("programmes", ()):
            where = f"doors.{at}.{programme['name']}"
            yield from (f"{where}.{name}" for name in programme if name not in ProgrammePolicy.__struct_fields__)


def contradiction(policy: PolicyDocument) -> str:
    """What a policy says against itself; empty when nothing."""
    if policy.stale_for < policy.fresh_for:
        return "stale_for is shorter than fresh_for"
    for name, door in policy.doors.items():
        for programme in door.programmes:
            if programme.ends <= programme.begins:
                return f"doors.{name}.{programme.name} ends before it begins"
        for hours in (door.hours, *(programme.hours for programme in door.programmes)):
            if wrong := _wrong_hours(hours):
                return f"doors.{name}: {wrong}"
    return ""


def _wrong_hours(hours: tuple[str, ...] | None) -> str:
    if hours == ():
        return "hours are empty"
    try:
        for text in hours or ():
            parse_hours(text)
    except ValueError as error:
        return str(error)
    return ""
