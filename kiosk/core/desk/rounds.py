"""A steward's round by a checklist: one touch an item, and what a sensor proves cannot be touched away.

A sensor that is away proves nothing: then the steward's word stands. What lies in the medicine box has a month in which it
expires, and is good until that month is over; then it counts as if it were not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from kiosk.core.clock import Clock
from kiosk.trust.service import Checklist, Item

OPEN_FOR: Final = 300.0
"""Seconds since the steward's last touch, or since the pass was shown."""

MOST_SENT: Final = 6
"""What may be sent before the pass is shown again: a page that plays keeps no round open, and fills no logbook."""

WARN_BEFORE: Final = 30 * 86_400
"""Seconds before a month's end."""

YES: Final = "yes"
NO: Final = "no"
MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")

Readings = Mapping[str, float | None]
"""The values of sensors; None, or no value at all, where a sensor is away."""

Expiry = Literal["soon", "over"]


class Posted(Struct, frozen=True):
    """The checklist in force: its document's id and version, and what it says."""

    id: str
    version: int
    says: Checklist

    def takes(self, results: Mapping[str, str], version: int) -> bool:
        """Whether these are results of it, and not of one that was in force before."""
        return version == self.version and answers(self.says, results)


class OpenRound(Struct, frozen=True):
    """The round of a steward, open until that boot time. `left`: how much may still be sent."""

    index: int
    until: float
    left: int = MOST_SENT


def proof(item: Item, readings: Readings) -> bool | None:
    """What a sensor says of an item; None where none does."""
    if item.proof is None or (value := readings.get(item.proof.sensor)) is None:
        return None
    least, most = item.proof.least, item.proof.most
    return (least is None or value >= least) and (most is None or value <= most)


def answers(checklist: Checklist, results: Mapping[str, str]) -> bool:
    """Whether these are results of that checklist: each of its items, each answered in a way that it can be."""
    items = {each.key: each for each in checklist.items}
    return results.keys() == items.keys() and all(_fits(items[key], result) for key, result in results.items())


def _fits(item: Item, result: str) -> bool:
    return result == NO or (result == YES if item.kind == "yes_no" else MONTH.fullmatch(result) is not None)


def decided(
    checklist: Checklist, results: Mapping[str, str], readings: Readings
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What is told of a round, and which of it the sensors decided: a yes against a proof is a no; a no stands against any."""
    shown = {each.key: proof(each, readings) for each in checklist.items}
    found = {key: NO if shown[key] is False else result for key, result in results.items()}
    proven = (key for key, good in shown.items() if good is not None and found[key] == (YES if good else NO))
    return found, tuple(proven)


def months(checklist: Checklist, results: Mapping[str, str]) -> dict[str, str]:
    """Of a round, until when what lies there is good."""
    return {each.key: results[each.key] for each in checklist.items if MONTH.fullmatch(results[each.key])}


def expiries(kept: Mapping[str, str], clock: Clock, boot: float, offset: int) -> dict[str, Expiry]:
    """What has provably expired, or soon will have, by its item."""
    earliest = clock.earliest(boot)
    ends = {key: over_at(month, offset) for key, month in kept.items()}
    return {key: "over" if earliest >= end else "soon" for key, end in ends.items() if earliest >= end - WARN_BEFORE}


def over_at(month: str, offset: int) -> float:
    """When a month `YYYY-MM` is over, in seconds since 1970: the next one begins, in local time."""
    year, number = (int(each) for each in month.split("-"))
    return _first_day(year, number + 1) * 86_400.0 - offset


def _first_day(year: int, month: int) -> int:
    """Of a month (13: the next January), in days since 1970, by the proleptic Gregorian calendar.

    Years are counted from March on, so that the leap day is their last.
    """
    years, months = year + (month - 3) // 12, (month - 3) % 12
    return 365 * years + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 - 719_468
