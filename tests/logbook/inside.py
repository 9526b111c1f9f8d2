"""A desk with its urn and its logbook on the disk. As a program it says what it keeps; others cut its power.

python -m tests.logbook.inside FOLDER flushed|careless
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import msgspec

from kiosk.core import entries as fact
from kiosk.core.desk.events import Heard, Inspected, Judged, Offers, Said, Touched
from kiosk.core.desk.ratings import CROWD, DAY
from kiosk.core.desk.rounds import Posted
from kiosk.core.desk.urn import Urn
from kiosk.core.events import Record, Tick
from kiosk.logbook.store import Logbook
from kiosk.logbook.urn import UrnFile
from kiosk.trust.passes import PassClass
from kiosk.trust.service import Checklist, Item
from tests.inside import Inside
from tests.logbook.work import say

WEEKS: Final = 2
PEOPLE: Final = 5
QUESTION: Final = "lunch"
ADMITTED: Final = tuple(
    each for index in range(PEOPLE, CROWD) for each in (fact.Granted("main", index, 0, 0, "t", 0), fact.Taken("main"))
)
"""Whoever comes and says nothing."""

SAID: Final = (Said("water", "not_hot"), Said("door", "blocked"), Said("water", "not_hot"))
"""The second does not wait."""

CHECKLIST: Final = Posted("standard", 1, Checklist({"zh": "药箱"}, (Item("plasters", {"zh": "创可贴"}, "month"),)))
MONTH: Final = "20{:02}-01"
"""What the round finds that is touched as that number."""


class Kept:
    """What lies in the folder, and the rules beside it."""

    def __init__(self, folder: Path) -> None:
        self._file, self.book = UrnFile(folder), Logbook(folder, "boot")
        found = self._file.read()
        urn = msgspec.json.decode(found, type=Urn) if found else Urn("urn")
        self.inside = Inside(urn, lambda urn: self._file.write(msgspec.json.encode(urn)), self._record)
        self.inside.take(Offers((QUESTION,), CHECKLIST), 0.0)

    def _record(self, told: Record) -> None:
        self.book.append([(told.stamp, each) for each in told.entries])


def main(folder: Path, how: str) -> None:
    """Some come in each week, answer, and say what is wrong; a steward looks around."""
    if how == "careless":
        os.fsync = lambda _file: None  # type: ignore[assignment]  # of Python's alone: the logbook's are SQLite's
    folder.mkdir(exist_ok=True)
    kept, number = Kept(folder), 0
    for week in range(WEEKS):
        kept.inside.take(Heard(ADMITTED), (7 * week + 0.4) * DAY)
        for index in range(PEOPLE):
            noon = 7 * week * DAY + DAY / 2
            kept.inside.enter(index, noon)
            touched: list[Touched | Said] = [Touched(number % 4), Touched(number % 4, QUESTION)]
            for event in [*touched, *SAID[index : index + 1]]:
                number += 1
                say("touching", number)
                kept.inside.take(event, noon)
                say("kept", number)
        number += 1
        kept.inside.take(Judged("", 9, PassClass.STEWARD), noon)
        say("touching", number)
        kept.inside.take(Inspected({"plasters": MONTH.format(number)}, CHECKLIST.version), noon)
        say("kept", number)
        kept.inside.take(Tick(), (7 * week + 2) * DAY)
    kept.inside.take(Tick(), WEEKS * 7 * DAY)
    kept.book.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
