"""The power is cut after every system call of a poll: no vote is lost, none counts twice, and the display says which it was."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from msgspec import Struct

from kiosk.index.ballots import sealed_in
from kiosk.index.sealing import open_ballot
from kiosk.logbook.reader import Reader
from kiosk.logbook.urn import Damaged
from tests.index.polls import OUTER_KEY, serial
from tests.logbook.booth import POLL, VOTERS, Voted
from tests.logbook.disk import Call, Disk, record
from tests.logbook.test_power import MEMORY, MOMENTS, strace


class Found(Struct):
    """Over all cuts: votes of which somebody was told that they are cast and which are not there; slips with two ballots."""

    cuts: int = 0
    lost: int = 0
    twice: int = 0
    cast_again: int = 0

    def look(self, folder: Path, told: set[int], ending: bool) -> None:
        """Start after a cut. All who do not know show their slips again, then the poll ends, and it is counted."""
        self.cuts += 1
        folder.mkdir(exist_ok=True)
        try:
            voted = Voted(folder)
        except Damaged:
            self.lost += len(told)
            return
        if not ending:
            again = {slip for slip in range(VOTERS) if voted.vote(slip)}
            self.lost += len(again & told)
            self.cast_again += bool(again - told)
        voted.end()
        counts = counted(folder)
        self.lost += sum(serial(slip) not in counts for slip in (told if ending else range(VOTERS)))
        self.twice += sum(count > 1 for count in counts.values())


def counted(folder: Path) -> Counter[bytes]:
    """How many different ballots of each slip the centre gets."""
    reader = Reader(folder)
    rows = [row.wire() for row in reader.rows("services")]
    reader.close()
    sealed = {sealed_in(text) for row in rows if row["poll"] == POLL.id.hex() for text in row.get("sealed", ())}
    opened = [open_ballot(POLL.id, OUTER_KEY, each) for each in sealed]
    return Counter(each.serial for each in opened if each)


def cut_everywhere(calls: list[Call], folder: Path) -> Found:
    """After each call, each time with nothing, everything and some of what was not flushed."""
    disk, told, ending, found = Disk(), set[int](), False, Found()
    chance = random.Random(1)  # noqa: S311
    for call in calls:
        if call.name == "write":
            word, number = call.data.split()
            told |= {int(number)} if word == b"cast" else set()
            ending = word == b"ending"
            continue
        disk.take(call)
        for survives in MOMENTS:
            with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as target:
                disk.cut(folder, Path(target), survives, chance)
                found.look(Path(target, "data"), told, ending)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("how", ["flushed", "careless"])
def test_a_power_cut_at_any_call_loses_and_doubles_no_vote(how: str, tmp_path: Path) -> None:
    """And where the urn is not flushed the same test finds losses: it can tell."""
    disk = tmp_path / "disk"
    disk.mkdir()
    calls = record(disk, strace(), "-m", "tests.logbook.booth", str(disk / "data"), how)
    found = cut_everywhere(calls, disk)
    assert found.cuts > 200
    if how == "flushed":
        assert (found.lost, found.twice) == (0, 0)
        assert found.cast_again, "some cuts came before the vote was kept"
    else:
        assert found.lost > 20
