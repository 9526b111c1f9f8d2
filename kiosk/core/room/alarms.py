"""Alarms on values: a limit with a hysteresis, a delay before an alarm is raised and one before it is cleared."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import ApplianceAlarm, Entry

Only = Literal["always", "closed", "empty", "closed_and_empty"]


class AlarmRules(Struct, frozen=True):
    """Above `limit`, or below it, for `after` seconds; back by `hysteresis` for `clear_after` seconds.

    `only`: while the station is provably so. `latches`: a relay that stays off until a technician arms maintenance.
    """

    sensor: str
    limit: float
    above: bool = True
    hysteresis: float = 0.0
    after: float = 0.0
    clear_after: float = 0.0
    only: Only = "always"
    latches: str = ""


class Alarm(Struct, frozen=True):
    """An alarm of an appliance; `turning_since`: since when it has had reason to become the other."""

    name: str
    rules: AlarmRules
    raised: bool = False
    turning_since: float | None = None


Judged = tuple[Alarm, tuple[Entry, ...]]


def judge(alarm: Alarm, value: float | None, now: float, *, applies: bool) -> Judged:
    """The alarm in view of its sensor's value at this moment. Without a value it stays as it is."""
    if value is None:
        return (alarm if alarm.turning_since is None else replace(alarm, turning_since=None)), ()
    rules = alarm.rules
    limit = rules.limit + (rules.hysteresis if alarm.raised else 0.0) * (-1 if rules.above else 1)
    beyond = applies and (value > limit if rules.above else value < limit)
    if beyond is alarm.raised:
        return (alarm if alarm.turning_since is None else replace(alarm, turning_since=None)), ()
    since = now if alarm.turning_since is None else alarm.turning_since
    if now < since + (rules.clear_after if alarm.raised else rules.after):  # as `due` reckons it, bit for bit
        return (alarm if since == alarm.turning_since else replace(alarm, turning_since=since)), ()
    alarm = replace(alarm, raised=beyond, turning_since=None)
    return alarm, (ApplianceAlarm(alarm.name, rules.sensor, value, beyond),)


def due(alarm: Alarm) -> float:
    """When it turns if nothing changes; infinite while it has no reason to."""
    if alarm.turning_since is None:
        return math.inf
    return alarm.turning_since + (alarm.rules.clear_after if alarm.raised else alarm.rules.after)
