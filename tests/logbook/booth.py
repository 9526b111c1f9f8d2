"""A poll at a desk, its urn and logbook on the disk. As a program people vote, and it says what it keeps; others cut its power.

python -m tests.logbook.booth FOLDER flushed|careless
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import msgspec

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.ballot import BallotEvent, Booth, Cast, DropUrn, KeepUrn, Setting, Shown, Stored, Urn, step, urn_of
from kiosk.core.events import Committed, Record, Tick
from kiosk.index.answers import Ballot
from kiosk.index.remarks import Remark
from kiosk.index.slips import slip_text
from kiosk.logbook.store import Logbook
from kiosk.logbook.urn import UrnFile
from kiosk.station.ballots import size_of
from tests.index.polls import BEGINS, ENDS, PREPARED, Held, heap, held, serial
from tests.logbook.work import say

VOTERS: Final = 6
POLL: Final[Held] = held(heap(*range(VOTERS)), remarks=PREPARED)


class Voted:
    """What lies in the folder, and the rules beside it."""

    def __init__(self, folder: Path, held: Held = POLL, wall: float = BEGINS + 60.0) -> None:
        self.held, self.name = held, held.id.hex()
        self._file = UrnFile(folder, "ballots.urn", size_of(urn_of(self.name, held.poll)))
        self.book = Logbook(folder, "boot")
        found = self._file.read()
        urns = {self.name: msgspec.msgpack.decode(found, type=Urn)} if found else {}
        self.booth, self._wall = Booth(urns, dict(urns)), wall
        self.take(Tick())

    def take(self, event: BallotEvent) -> None:
        clock, now = Clock(self._wall, 0.0, hi=self._wall, hi_at=0.0, raised=True), Instant(1.0, self._wall)
        self.booth, commands = step(self.booth, event, Setting("37081101", {self.name: self.held.poll}, clock, now))
        for command in commands:
            match command:
                case KeepUrn(urn):
                    self._file.write(msgspec.msgpack.encode(urn))
                    self.take(Stored(urn))
                case Record():
                    self.book.append([(command.stamp, each) for each in command.entries])
                    self.take(Committed(command.ticket))
                case DropUrn():
                    raise AssertionError(command)

    def vote(self, slip: int, answers: Ballot = (0,) * 7, remark: Remark = 0) -> bool:
        """Whether the slip opened a ballot, which is cast then."""
        self.take(Shown(slip_text(serial(slip))))
        ballot = self.booth.open
        if ballot is None:
            assert self.booth.told == "slip_cast"
            return False
        self.take(Cast(ballot.number, self.held.cast(slip, answers), self.held.remark(remark)))
        return True

    def unsent(self) -> list[Urn]:
        """Urns as they were stored, that were not emptied."""
        return [urn for urn in self.booth.safe.values() if not urn.sent]

    def end(self) -> None:
        """The poll is over."""
        self._wall = ENDS + 60.0
        self.take(Tick())
        self.book.close()


def main(folder: Path, how: str) -> None:
    if how == "careless":
        os.fsync = lambda _file: None  # type: ignore[assignment]  # of Python's alone: the logbook's are SQLite's
    folder.mkdir(exist_ok=True)
    voted = Voted(folder)
    for slip in range(VOTERS):
        say("casting", slip)
        voted.vote(slip, remark=f"remark {slip}")
        say("cast", slip)
    say("ending", 0)
    voted.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
