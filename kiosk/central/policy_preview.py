"""What a policy would do before it is published: who may open when in a week, and who gains or loses hours by it.

It is judged by the stations' own rules. What the centre does not know it does not guess: a door's settings may admit fewer
classes, and hold wherever the policy says nothing of the door.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import Final

from msgspec import Struct

from kiosk.core.documents import ruled
from kiosk.core.door.door import DoorRules
from kiosk.core.door.hours import DAY, WEEK, is_open, runs, turns
from kiosk.trust.passes import PassClass
from kiosk.trust.policy import PolicyDocument

CHINA: Final = 8 * 3600
"""Local time less UTC, in seconds, as a station has it that says nothing else."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Span(Struct, frozen=True):
    """From `begins` to `ends` (seconds since 1970) these classes may open; or everybody, without a pass."""

    begins: float
    ends: float
    classes: tuple[int, ...]
    everybody: bool


class Day(Struct, frozen=True):
    """A day, as YYYY-MM-DD and by its name, and its spans, one after the other."""

    date: str
    name: str
    spans: tuple[Span, ...]


class Effect(Struct, frozen=True):
    """What a class gains or loses at a door: seconds a week, and whether it is refused now, and was not before."""

    door: str
    pass_class: int
    before: float
    after: float
    refused_now: bool
    admitted_now: bool


def rules_of(policy: PolicyDocument, door: str, offset: int = CHINA) -> DoorRules | None:
    """What the policy makes of a door of which nothing else is known; None where it says nothing of it."""
    found = policy.doors.get(door)
    return None if found is None else ruled(DoorRules(), found, offset)


def admitted(rules: DoorRules, at: float) -> tuple[int, ...]:
    """The classes that may open the door at that time."""
    if is_open(rules.schedule, at):
        return tuple(sorted(rules.classes))
    return tuple(sorted(rules.classes & rules.always))


def is_free(rules: DoorRules, at: float) -> bool:
    """Whether it is open to everybody then, by a programme."""
    return any(each.admits == "everybody" and runs(each, at) for each in rules.schedule.programmes)


def spans(rules: DoorRules, begins: float, ends: float) -> Iterator[Span]:
    """The times between the two at which the same may open, at most a week of them."""
    edges = sorted({begins, *(at for at in turns(rules.schedule, begins, ends) if at < ends), ends})
    found = [Span(at, until, admitted(rules, at), is_free(rules, at)) for at, until in pairwise(edges)]
    for (classes, everybody), group in groupby(found, key=lambda each: (each.classes, each.everybody)):
        alike = [*group]
        yield Span(alike[0].begins, alike[-1].ends, classes, everybody)


def week(rules: DoorRules, now: float, offset: int = CHINA) -> list[Day]:
    """The seven days from today's midnight on."""
    today = (now + offset) // DAY * DAY - offset
    return [_day(rules, today + number * DAY, offset) for number in range(WEEK // DAY)]


def _day(rules: DoorRules, begins: float, offset: int) -> Day:
    date = datetime.fromtimestamp(begins + offset, UTC)
    return Day(f"{date:%Y-%m-%d}", DAYS[date.weekday()], tuple(spans(rules, begins, begins + DAY)))


def effects(before: PolicyDocument, after: PolicyDocument, now: float, offset: int = CHINA) -> list[Effect]:
    """For each door that both speak of, and each class: what changes in the week from now on."""
    found = []
    for door in sorted(before.doors.keys() & after.doors.keys()):
        old, new = rules_of(before, door, offset), rules_of(after, door, offset)
        if old and new:
            found += [_effect(door, each, old, new, now) for each in PassClass]
    return [each for each in found if each.before != each.after or each.refused_now or each.admitted_now]


def _effect(door: str, pass_class: int, old: DoorRules, new: DoorRules, now: float) -> Effect:
    was, will = pass_class in admitted(old, now), pass_class in admitted(new, now)
    times = (_seconds(old, pass_class, now), _seconds(new, pass_class, now))
    return Effect(door, pass_class, *times, refused_now=was and not will, admitted_now=will and not was)


def _seconds(rules: DoorRules, pass_class: int, now: float) -> float:
    """Of the week from now on."""
    return sum(each.ends - each.begins for each in spans(rules, now, now + WEEK) if pass_class in each.classes)
