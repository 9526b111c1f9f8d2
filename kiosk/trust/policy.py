"""The policy: what the union decides for the doors of a station or of a whole district, above the station's own settings."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from kiosk.opening import parse_hours
from kiosk.trust.keyset import UnixTime, Version

DAY: Final = 86_400
Scope = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{0,12}$")]
"""A station-code prefix; empty: everywhere."""

HoursText = Annotated[str, Meta(max_length=64)]
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
    always: Annotated[tuple[int, ...], Meta(max_length=4)] = (1, 2)
    programmes: Annotated[tuple[ProgrammePolicy, ...], Meta(max_length=32)] = ()


class PolicyDocument(Struct, frozen=True, tag="policy", tag_field="type"):
    """For the stations whose code begins with `station`. A door that is not named keeps the calendar of its settings.

    A status list is *fresh* for `fresh_for` seconds, then *stale*, and *old* after `stale_for`; `refuse_when_old`: a list that
    is provably old opens for nobody but technicians and stewards. `texts`: what the display says, by language.
    """

    version: Version
    issued_at: UnixTime
    station: Scope = ""
    doors: Annotated[dict[Short, DoorPolicy], Meta(max_length=32)] = {}
    fresh_for: Seconds = 2 * DAY
    stale_for: Seconds = 30 * DAY
    refuse_when_old: bool = False
    texts: Annotated[dict[Short, Annotated[str, Meta(max_length=500)]], Meta(max_length=8)] = {}


NO_POLICY: Final = PolicyDocument(version=1, issued_at=0)
"""What holds before a policy arrives: the settings alone."""


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
