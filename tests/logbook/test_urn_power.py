"""The power is cut after every system call of a desk that keeps answers: none is lost, and none counts twice."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import Struct

from kiosk.core.desk.ratings import WEEK
from kiosk.core.desk.urn import Urn
from kiosk.core.events import Tick
from kiosk.logbook.reader import Reader
from kiosk.logbook.urn import Damaged
from tests.logbook.disk import Call, Disk, Survives, record
from tests.logbook.inside import MONTH, PEOPLE, SAID, WEEKS, Kept
from tests.logbook.test_power import MEMORY, MOMENTS, strace

LATER: Final = (WEEKS + 2) * WEEK
ROUNDS: Final = tuple((2 * PEOPLE + len(SAID) + 1) * (week + 1) for week in range(WEEKS))
"""The numbers of the rounds."""


class Promised(Struct):
    """Answers, voices and rounds: the last that was begun, and the last that was said to be kept."""

    touching: int = 0
    kept: int = 0

    def hear(self, words: bytes) -> None:
        word, number = words.split()
        setattr(self, word.decode(), int(number))

    def months(self) -> set[str]:
        """What the medicine box may be known to have: what the last round found, or the one that was cut off."""
        kept = max((each for each in ROUNDS if each <= self.kept), default=0)
        return {MONTH.format(each) for each in (kept, *ROUNDS) if kept <= each <= self.touching}


class Found(Struct):
    """Over all cuts: touches lost and doubled, months forgotten; starts after which the logbook had something twice.

    That is under its one number. `bundles`: how many of ratings were read.
    """

    cuts: int = 0
    lost: int = 0
    doubled: int = 0
    forgotten: int = 0
    came_twice: int = 0
    bundles: int = 0

    def look(self, folder: Path, promised: Promised) -> None:
        """Start after a cut, let the next Mondays come, and count."""
        self.cuts += 1
        rows, urn = after_the_cut(folder)
        told = {(row["urn"], row.get("generation", 0)): people(row) for row in rows}
        answers = sum(told.values()) + (left(urn) if urn else 0)
        month = urn.months.get("plasters", MONTH.format(0)) if urn else ""
        self.forgotten += month not in promised.months()
        self.lost += max(0, promised.kept - answers)
        self.doubled += max(0, answers - promised.touching)
        self.came_twice += len(rows) > len(told)
        self.bundles += sum(row["kind"] == "rated" for row in rows)


def after_the_cut(folder: Path) -> tuple[list[dict[str, Any]], Urn | None]:
    """What the logbook has when the next Mondays have come, and the urn; nothing where that is damaged."""
    folder.mkdir(exist_ok=True)
    try:
        kept = Kept(folder)
    except Damaged:
        return [], None
    kept.inside.take(Tick(), LATER)
    kept.book.close()
    reader = Reader(folder)
    rows = [row.wire() for row in reader.rows("services")]
    reader.close()
    return rows, kept.inside.desk.urn


def people(row: dict[str, Any]) -> int:
    """Of whom an entry tells."""
    if row["kind"] == "inspected":
        return 1
    if row["kind"] == "voiced":
        return int(row.get("me_too", 0)) + 1
    return int(sum(row["counts"])) + int(row.get("surplus", 0))


def left(urn: Urn) -> int:
    assert not urn.leaving
    bundles = (urn.open, *urn.questions.values())
    return sum(sum(each.counts) + each.surplus for each in bundles) + sum(each.people for each in urn.voices)


def cut_everywhere(calls: list[Call], folder: Path, moments: list[Survives]) -> Found:
    """After each call, each time with so much of what was not flushed."""
    disk, promised, found = Disk(), Promised(), Found()
    chance = random.Random(1)  # noqa: S311
    for call in calls:
        if call.name == "write":
            promised.hear(call.data)
            continue
        disk.take(call)
        for survives in moments:
            _cut(disk, folder, survives, chance, promised, found)
    return found


def _cut(disk: Disk, folder: Path, survives: Survives, chance: random.Random, promised: Promised, found: Found) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as target:
        disk.cut(folder, Path(target), survives, chance)
        found.look(Path(target, "data"), promised)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["flushed", "careless"])
def test_a_power_cut_at_any_call_loses_and_doubles_nothing_that_was_said(how: str, tmp_path: Path) -> None:
    """And where the urn is not flushed the same test finds losses: it can tell."""
    disk = tmp_path / "disk"
    disk.mkdir()
    calls = record(disk, strace(), "-m", "tests.logbook.inside", str(disk / "data"), how)
    found = cut_everywhere(calls, disk, MOMENTS if how == "flushed" else ["nothing"])
    print(f"\n{how}: {found}")
    if how == "flushed":
        assert found.cuts > 900
        assert (found.lost, found.doubled, found.forgotten) == (0, 0, 0)
        assert found.came_twice, "under its one number"
        assert found.bundles > found.cuts / 2, "what is cut off is what leaves, too"
    else:
        assert found.lost > 50
