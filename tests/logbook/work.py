"""A program that keeps a logbook and says on standard output what it was promised; others cut its power.

python -m tests.logbook.work FOLDER FULL|NORMAL
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from kiosk.core.clock import Quality
from kiosk.core.entries import Denied, Entry, Measured, Rated, Stamp
from kiosk.core.events import KeepService
from kiosk.logbook.cold import ColdState
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.store import Logbook

STAMP: Final = Stamp(1.0, 1000.0, Quality.SYNCED)
TURNS: Final = 12
GROUP: Final = 5
BUNDLE: Final = 2


def say(word: str, *numbers: int) -> None:
    """In one system call, so that a recording has the promise at its place."""
    os.write(1, f"{' '.join([word, *map(str, numbers)])}\n".encode())


def main(folder: Path, synchronous: str) -> None:
    """Access entries one by one, telemetry in groups, bundles of services, documents, acknowledgements that delete.

    A small WAL throughout.
    """
    book, cold, services = Logbook(folder, "boot"), ColdState(folder), ServicesFile(folder)
    for db in (book._db, cold._db, services._db):
        db.execute(f"PRAGMA synchronous={synchronous}")
        db.execute("PRAGMA wal_autocheckpoint=8")
    for turn in range(1, TURNS + 1):
        book.append([(STAMP, Denied("main", f"reason {turn}"))])
        say("access", turn)
        group: list[tuple[Stamp, Entry]] = [(STAMP, Measured("t", float(n), "W")) for n in range(GROUP)]
        book.append(group)
        say("telemetry", turn * GROUP)
        if turn % 6 == 0:
            book.append([(STAMP, Rated("rest?", (part, 0, 0, 0))) for part in range(BUNDLE)])
            say("services", turn // 6 * BUNDLE)
        if turn % 3 == 0:
            with cold.transaction():
                cold.keep("status", turn, b"body" * 100)
                cold.keep_floor(float(turn))
            say("document", turn)
            services.keep([KeepService(f"s{turn % 2}", turn, b"service" * 50), KeepService("", turn, b"%d" % turn)])
            say("service", turn)
        if turn % 4 == 0:
            book.acknowledge("access", turn - 2, forget_before=2000.0)
            say("gone", turn - 2)
    book.close()
    cold.close()
    services.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
