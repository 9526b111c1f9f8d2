"""Who is to be told what, and when: decided in values, from the causes that are there and those that were.

A cause is told once it has been there for a while, or at once where it is urgent; again every few hours until somebody has
acknowledged it; and once it has been gone for a while, so that one that comes and goes is told once. Of one that is mute
nobody is told anything. What a message has no room for is told by the next, and one station has a few lines an hour: whatever
it invents, others are told of. What strangers say of it has lines of its own, and the room that all else leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.alarms.settings import HOUR, AlarmSettings
from kiosk.central.duty import Incident
from kiosk.central.wrong import SILENT, Cause, Urgency, by_strangers, urgency

MOST_LINES: Final = 40
"""Causes that are told at once; the rest is counted, and told next."""

MOST_OF_STATION: Final = 3
"""Causes of one station alone that are told within an hour: as many that it tells, and that are said of it."""

AT_ONCE: Final = frozenset({Urgency.DOOR, Urgency.SAFETY, Urgency.SAID})

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
    more: int = 0
    """Causes of the same station that are not told now."""


class Turn(Struct, frozen=True):
    """What a look at the causes asks for: to keep that these are gone, and that somebody was told of those.

    `held`: lines for which there is no room now.
    """

    lines: list[Line]
    told: list[Incident]
    gone: list[Incident]
    held: list[Line] = []


Due = list[tuple[Line, Incident]]


def turn(causes: Sequence[Cause], incidents: Mapping[str, Incident], rules: AlarmSettings, now: float) -> Turn:
    """What is to be told at `now`. Each cause that is there has its incident; what no receiver sees takes nobody's room."""
    there = {each.key: each for each in causes}
    gone = [each for key, each in incidents.items() if key not in there and now - each.seen >= rules.quiet]
    due = [
        (_line(event, incidents[key], cause), incidents[key])
        for key, cause in there.items()
        if (event := _due(incidents[key], rules, now))
    ]
    ended = [
        (_ended(each), each)
        for each in gone
        if each.told is not None and not each.mute(now) and not _within(each, causes)
    ]
    heard = [each for each in due if _heard(each[0], rules)]
    lines = [*_few_of_each(heard, incidents.values(), now), *(each for each in ended if _heard(each[0], rules))]
    return _with_room(sorted(lines, key=lambda each: by_strangers(each[0].what)), gone)


def _heard(line: Line, rules: AlarmSettings) -> bool:
    """Whether there is somebody whom it concerns; where there are no receivers at all nothing is told of anything."""
    return not rules.receivers or any(_concerns(line, each.scope) for each in rules.receivers)


def _with_room(due: Due, gone: list[Incident]) -> Turn:
    """What is told now; what is not told that it is over is not gone yet."""
    now, later = due[:MOST_LINES], due[MOST_LINES:]
    waits = {each.number for _line, each in later}
    told = [each for line, each in now if line.event != "cleared"]
    over = [each for each in gone if each.number not in waits]
    return Turn([line for line, _each in now], told, over, [line for line, _each in later])


def _few_of_each(due: Due, incidents: Iterable[Incident], now: float) -> Due:
    """No station's own causes but a few; the last of these says how many more there are."""
    recent = (each for each in incidents if each.told is not None and now - (each.reminded or each.told) < HOUR)
    count = Counter(_whose(each) for each in recent if _of_station(each))
    few, last = list[tuple[Line, Incident]](), dict[tuple[str, bool], int]()
    for line, incident in due:
        whose = _whose(incident)
        if not _of_station(incident):
            few.append((line, incident))
        elif count[whose] < MOST_OF_STATION:
            count[whose] += 1
            last[whose] = len(few)
            few.append((line, incident))
        elif whose in last:
            at = last[whose]
            few[at] = (replace(few[at][0], more=few[at][0].more + 1), few[at][1])
    return few


def _of_station(incident: Incident) -> bool:
    return bool(incident.place) and not incident.whole


def _whose(incident: Incident) -> tuple[str, bool]:
    """The station's, or of those who said something of it."""
    return incident.place, by_strangers(incident.what)


def _due(incident: Incident, rules: AlarmSettings, now: float) -> Event | None:
    if incident.mute(now):
        return None
    if incident.told is None:
        return "raised" if now - incident.came >= _settle(incident.what, rules) else None
    again = now - (incident.reminded or incident.told) >= rules.remind_hours * HOUR
    return "reminded" if again and not incident.acknowledged else None


def _settle(what: str, rules: AlarmSettings) -> float:
    """A forced door and a fire are told at once; silence may be a server that has just started, or a part of a wider one."""
    return 0.0 if what != SILENT and urgency(what) in AT_ONCE else rules.settle


def _within(incident: Incident, causes: Sequence[Cause]) -> bool:
    """Whether it goes on as a part of a wider cause."""
    return any(each.whole and each.what == incident.what and incident.place in each.stations for each in causes)


def _line(event: Event, incident: Incident, cause: Cause) -> Line:
    count = len(cause.stations)
    where = (cause.what, cause.place, cause.whole, count, cause.of)
    return Line(event, incident.number, *where, cause.since, cause.detail, assigned=incident.assigned)


def _ended(incident: Incident) -> Line:
    return Line("cleared", incident.number, incident.what, incident.place, incident.whole, 0, 0, incident.came, "")


def told_to(lines: Sequence[Line], scope: str) -> list[Line]:
    """Those that concern who looks after the stations of a prefix; what is wrong at the server concerns the whole province."""
    return [each for each in lines if _concerns(each, scope)]


def _concerns(line: Line, scope: str) -> bool:
    return line.place.startswith(scope) or (line.whole and scope.startswith(line.place))


def day_of(now: float, rules: AlarmSettings) -> int:
    """The number of the day in which the daily message falls."""
    there = datetime.fromtimestamp(now, rules.tells_in)
    return there.toordinal() - (there.hour < (rules.daily or 0))
