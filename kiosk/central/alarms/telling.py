"""Who is to be told what, and when: decided in values, from the causes that are there and those that were.

A cause is told once it has been there for a while, or at once where it is urgent; again every few hours until somebody has
acknowledged it; and once it has been gone for a while, so that one that comes and goes is told once. Of one that is mute
nobody is told anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from kiosk.central.alarms.settings import HOUR, AlarmSettings
from kiosk.central.duty import Incident
from kiosk.central.wrong import SILENT, Cause, Urgency, urgency

MOST_LINES: Final = 40
"""Causes that one message tells of; the rest is counted."""

Event = Literal["raised", "reminded", "cleared", "daily", "test"]


class Line(Struct, frozen=True):
    """What a message says of one cause. `count` of `of` stations have it; `name`: of the station, if it is one alone."""

    event: Event
    number: int
    what: str
    place: str
    whole: bool
    count: int
    of: int
    since: float
    detail: str
    name: str = ""
    assigned: str = ""


class Turn(Struct, frozen=True):
    """What a look at the causes asks for: to keep that these are gone, and that somebody was told of those."""

    lines: list[Line]
    told: list[Incident]
    gone: list[Incident]


def turn(causes: Sequence[Cause], incidents: Mapping[str, Incident], rules: AlarmSettings, now: float) -> Turn:
    """What is to be told at `now`. Each cause that is there has its incident."""
    there = {each.key: each for each in causes}
    gone = [each for key, each in incidents.items() if key not in there and now - each.seen >= rules.quiet]
    lines, told = [], []
    for key, cause in there.items():
        event = _due(incidents[key], rules, now)
        if event:
            lines.append(_line(event, incidents[key], cause))
            told.append(incidents[key])
    ended = [
        _ended(each) for each in gone if each.told is not None and not each.mute(now) and not _within(each, causes)
    ]
    return Turn([*lines, *ended], told, gone)


def _due(incident: Incident, rules: AlarmSettings, now: float) -> Event | None:
    if incident.mute(now):
        return None
    if incident.told is None:
        return "raised" if now - incident.came >= _settle(incident.what, rules) else None
    again = now - (incident.reminded or incident.told) >= rules.remind_hours * HOUR
    return "reminded" if again and not incident.acknowledged else None


def _settle(what: str, rules: AlarmSettings) -> float:
    """A forced door and a fire are told at once; silence may be a server that has just started, or a part of a wider one."""
    return 0.0 if what != SILENT and urgency(what) <= Urgency.SAFETY else rules.settle


def _within(incident: Incident, causes: Sequence[Cause]) -> bool:
    """Whether it goes on as a part of a wider cause."""
    return any(each.whole and each.what == incident.what and incident.place in each.stations for each in causes)


def _line(event: Event, incident: Incident, cause: Cause) -> Line:
    count = len(cause.stations)
    where = (cause.what, cause.place, cause.whole, count, cause.of)
    return Line(event, incident.number, *where, cause.since, cause.detail, assigned=incident.assigned)


def _ended(incident: Incident) -> Line:
    whole = incident.key.endswith("*")
    return Line("cleared", incident.number, incident.what, incident.place, whole, 0, 0, incident.came, "")


def told_to(lines: Sequence[Line], scope: str) -> list[Line]:
    """Those that concern who looks after the stations of a prefix; what is wrong at the server concerns the whole province."""
    return [each for each in lines if _concerns(each, scope)]


def _concerns(line: Line, scope: str) -> bool:
    return line.place.startswith(scope) or (line.whole and scope.startswith(line.place))


def day_of(now: float, rules: AlarmSettings) -> int:
    """The number of the day in which the daily message falls."""
    return int((now + (rules.utc_offset - (rules.daily or 0)) * HOUR) // 86_400)


def parted(lines: Sequence[Line]) -> tuple[Sequence[Line], int]:
    """Those that a message has room for, and how many more there are."""
    return lines[:MOST_LINES], max(0, len(lines) - MOST_LINES)
