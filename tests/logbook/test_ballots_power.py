"""The power is cut after every system call of a poll: no vote is lost, none counts twice, and the display says which it was.

Nor is a remark: there is one of each ballot, after whichever cut.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from msgspec import Struct

from kiosk.index.ballots import sealed_in
from kiosk.index.remarks import Remark
from kiosk.index.sealing import open_ballot, open_remark
from kiosk.logbook.reader import Reader
from kiosk.logbook.urn import Damaged
from tests.index.polls import INNER_KEY, OUTER_KEY, serial
from tests.logbook.booth import POLL, VOTERS, Voted
from tests.logbook.disk import Call, Disk, record
from tests.logbook.test_power import MEMORY, MOMENTS, strace


class Found(Struct):
    """Over all cuts: votes of which somebody was told that they are cast and which are not there; slips with two ballots.

    `remarks_lost`, `remarks_twice`: as many fewer, or more, than ballots came; `torn`: urns with more of one than of the other.
    """

    cuts: int = 0
    lost: int = 0
    twice: int = 0
    remarks_lost: int = 0
    remarks_twice: int = 0
    torn: int = 0
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
        self.torn += sum(len({*map(len, (urn.burnt, urn.sealed, urn.remarks))}) > 1 for urn in voted.unsent())
        if not ending:
            again = {slip for slip in range(VOTERS) if voted.vote(slip)}
            self.lost += len(again & told)
            self.cast_again += bool(again - told)
        voted.end()
        counts, remarks = counted(folder), said(folder)
        self.remarks_lost += sum(f"remark {slip}" not in remarks for slip in told)
        self.remarks_twice += sum(count > 1 for remark, count in remarks.items() if remark)
        self.lost += sum(serial(slip) not in counts for slip in (told if ending else range(VOTERS)))
        self.twice += sum(count > 1 for count in counts.values())


def counted(folder: Path) -> Counter[bytes]:
    """How many different ballots of each slip the centre gets."""
    opened = [open_ballot(POLL.id, OUTER_KEY, each) for each in sent(folder, "sealed")]
    return Counter(each.serial for each in opened if each)


def said(folder: Path) -> Counter[Remark | None]:
    """How many different envelopes of each remark the centre gets."""
    return Counter(open_remark(POLL.id, INNER_KEY, each) for each in sent(folder, "remarks"))


def sent(folder: Path, field: str) -> set[bytes]:
    reader = Reader(folder)
    rows = [row.wire() for row in reader.rows("services")]
    reader.close()
    return {sealed_in(text) for row in rows if row["poll"] == POLL.id.hex() for text in row.get(field, ())}


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
    print(f"\n{how}: {found}")
    assert found.cuts > 200
    if how == "flushed":
        assert (found.lost, found.twice, found.remarks_lost, found.remarks_twice, found.torn) == (0, 0, 0, 0, 0)
        assert found.cast_again, "some cuts came before the vote was kept"
    else:
        assert found.lost > 20
        assert found.remarks_lost > 20
