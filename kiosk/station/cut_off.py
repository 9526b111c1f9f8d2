"""What became of grants of a slot that the program's end cut off, as far as the door's own entries say. Pure.

A mark is on the disk before its slot opens, so each grant that may have been taken has one. The first thing after it tells:

    *taken* of its slot                                 that it was
    another mark of that slot                           that it was over
    a start                                             that the program ended meanwhile: nobody knows
    any, LATE after *not taken* of its slot             that nobody took it
    any other, when no slot is released still           the same

Where the boot ended before any of these, nobody knows either. What is opened in the last moment says so within LATE.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Final, Literal

from kiosk.core.desk.handing import ANSWER_PATIENCE, COMMIT_PATIENCE, LATE, CutOff, Grant
from kiosk.core.entries import NotTaken, Started, Taken
from kiosk.logbook.handed import Handed
from kiosk.logbook.reader import REMEMBERED, Row
from kiosk.settings import MAX_PULSE
from kiosk.station.recollection import entry_in

GRANT_LASTS: Final = COMMIT_PATIENCE + MAX_PULSE + ANSWER_PATIENCE
"""Seconds from a mark within which its slot can have been opened for it: what a technician takes later is nobody's."""

Became = Literal["not_taken", "taken", "unsure"]
At = tuple[float, Became]
"""A boot time, and what that says of a mark before it."""

NOBODY_KNOWS: Final[At] = (math.inf, "unsure")


def cut_off(handed: Iterable[Handed], newest_first: Iterable[Row]) -> CutOff:
    """What was taken and is not marked so, and what may have been. Marks of which no entries are left are over long since."""
    marks = [each for each in handed if each.slot and each.boot_id]
    waiting = [each for each in marks if not each.taken]
    past = _Past(reversed([*islice(newest_first, REMEMBERED)]) if waiting else ())
    for each in marks:
        past.take(each)
    last = {each.slot: each for each in sorted(marks, key=lambda each: (each.boot, each.boot_time))}
    became = [(past.became(each), _grant(each, opens=last[each.slot] is each)) for each in waiting]
    taken, unsure = (tuple(each for word, each in became if word == wanted) for wanted in ("taken", "unsure"))
    return CutOff(taken, unsure)


class _Past:
    """By boot, and by slot of a boot: what there is that tells, in its order."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._begins = dict[str, float]()
        self._times = defaultdict[str, list[float]](list)
        self._starts = defaultdict[str, list[At]](list)
        self._of_slots = defaultdict[tuple[str, str], list[At]](list)
        self._missed = defaultdict[tuple[str, str], list[At]](list)
        for row in rows:
            self._begins[row.boot_id] = min(self._begins.get(row.boot_id, math.inf), row.boot)
            entry = entry_in(row) if row.intact else None
            if isinstance(entry, Started):
                insort(self._starts[row.boot_id], (row.boot, "unsure"))
                continue
            insort(self._times[row.boot_id], row.boot)
            match entry:
                case Taken(slot):
                    insort(self._of_slots[row.boot_id, slot], (row.boot, "taken"))
                case NotTaken(slot):
                    insort(self._missed[row.boot_id, slot], (row.boot, "not_taken"))

    def take(self, mark: Handed) -> None:
        """Of the marks before it in its slot nothing more comes; one that was taken has the last *taken* before it."""
        found = self._of_slots[mark.boot_id, mark.slot]
        before = bisect_right(found, (mark.boot_time, "unsure"))
        if mark.taken and before and found[before - 1][1] == "taken":
            found[before - 1] = found[before - 1][0], "not_taken"
        elif not mark.taken:
            insort(found, (mark.boot_time, "not_taken"))

    def became(self, mark: Handed) -> Became:
        """What the first thing after a mark says."""
        boot, at = mark.boot_id, mark.boot_time
        if self._begins.get(boot, math.inf) > at:
            return "not_taken"
        told = _first(self._of_slots[boot, mark.slot], at)
        missed = _first(self._missed[boot, mark.slot], at)
        if min(told, missed)[0] > at + GRANT_LASTS:
            told = NOBODY_KNOWS
        elif missed < told:
            told = min(told, self._after(boot, missed[0] + LATE))
        return min(told, _first(self._starts[boot], at), self._after(boot, at + GRANT_LASTS))[1]

    def _after(self, boot: str, at: float) -> At:
        """That nobody took it, as the first thing says that comes later than that."""
        beyond = bisect_right(self._times[boot], at)
        return (self._times[boot][beyond], "not_taken") if beyond < len(self._times[boot]) else NOBODY_KNOWS


def _first(found: list[At], after: float) -> At:
    """The first one that comes later than that."""
    place = bisect_right(found, (after, "unsure"))
    return found[place] if place < len(found) else NOBODY_KNOWS


def _grant(mark: Handed, *, opens: bool) -> Grant:
    return Grant(mark.campaign, mark.item, mark.slot, mark.token, mark.period, 0, 0.0, opens)
