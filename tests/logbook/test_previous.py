"""A technician who installs the previous release again finds its logbook: the old code reads and writes the new file.

And a card of the previous release goes on here: what it wrote is there, and the third stream is new.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Denied, Dropped, Rated, Stamp
from kiosk.logbook import salvage
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import FILE, Heads, Reader
from kiosk.logbook.store import Logbook
from tests.previous import by, code_of

PREVIOUS = "cf6c11686205"
"""The last commit before the newest migration of either file: what was installed before."""

OLD_STATION = """
import sys
from pathlib import Path
import kiosk
from kiosk.core.clock import Quality
from kiosk.core.entries import Locked, Stamp
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook

assert kiosk.__file__.startswith(sys.argv[1]), kiosk.__file__
folder = Path(sys.argv[2])
book, cold, reader = Logbook(folder, "old boot"), ColdState(folder), Reader(folder)
assert (book.replaced, cold.replaced) == ("", ""), (book.replaced, cold.replaced)
print([row.seq for row in reader.rows("access") if row.intact], reader.heads()["access"].acked, cold.documents())
book.append([(Stamp(1.0, 1000.0, Quality.SYNCED), Locked("main"))])
book.acknowledge("access", 3, 0.0)
"""


OLD_CARD = """
import sys
from pathlib import Path
from kiosk.core.clock import Quality
from kiosk.core.entries import Locked, Measured, Stamp
from kiosk.logbook.store import Logbook

book = Logbook(Path(sys.argv[2]), "old boot")
book.append([(Stamp(1.0, 1000.0, Quality.SYNCED), each) for each in (Locked("main"), Measured("t", 1.0, "W"))])
book.acknowledge("access", 1, 0.0)
print(book.epoch)
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return code_of(PREVIOUS, tmp_path_factory.mktemp("previous") / "old")


def run_old(old: Path, program: str, data: Path) -> str:
    """What that program says, run by the old code."""
    command = [*by(old), sys.executable, "-c", program, str(old), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_previous_release_reads_and_writes_the_files_of_this_one(old: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    stamp = Stamp(1.0, 1000.0, Quality.SYNCED)
    book, cold = Logbook(data, "new boot"), ColdState(data)
    book.append([(stamp, Denied("main", f"reason {number}")) for number in range(5)])
    book.append([(stamp, Rated("rest?", (3, 1, 0, 0))), (stamp, Dropped("services", 1, 2))])
    book.acknowledge("access", 2, 0.0, {2: "no kind"})
    cold.keep("status", 3, b"list")
    book.close()
    cold.close()
    assert run_old(old, OLD_STATION, data) == "[1, 2, 3, 4, 5, 6] 2 {'status': b'list'}"
    again, reader = Logbook(data, "new boot"), Reader(data)
    assert (again.replaced, [row.seq for row in reader.rows("access")]) == ("", [1, 2, 3, 4, 5, 6, 7])
    assert (reader.heads()["access"].acked, reader.heads()["services"]) == (3, Heads(1, 0))
    assert [row.wire()["question"] for row in reader.rows("services")] == ["rest?"]
    assert [each.why for each in reader.refused()] == ["no kind"]
    reader.close()
    again.close()


def test_a_card_of_the_previous_release_gains_the_third_stream_and_loses_nothing(old: Path, tmp_path: Path) -> None:
    epoch = run_old(old, OLD_CARD, tmp_path)
    before = Reader(tmp_path)
    assert before.heads() == {"access": Heads(1, 1), "telemetry": Heads(1, 0), "services": Heads(0, 0)}
    assert (list(before.rows("services")), before.count("services"), len(before.between(0.0, 1e10))) == ([], 0, 2)
    book = Logbook(tmp_path, "new boot")
    assert (book.replaced, book.epoch) == ("", epoch)
    book.append([(Stamp(1.0, 1000.0, Quality.SYNCED), Rated("rest?", (3, 1, 0, 0)))])
    assert [row.seq for row in before.rows("services")] == [1], "also whoever had the file open sees it"
    book.acknowledge("services", 1, 0.0)
    assert before.heads() == {"access": Heads(1, 1), "telemetry": Heads(1, 0), "services": Heads(1, 1)}
    before.close()
    book.close()


def test_survivors_that_the_previous_release_saved_are_sent_and_go(old: Path, tmp_path: Path) -> None:
    epoch = run_old(old, OLD_CARD, tmp_path)
    file = tmp_path / f"salvaged-{epoch}.db"
    (tmp_path / FILE).rename(file)
    reader = Reader(tmp_path, file.name)
    assert reader.heads()["services"] == Heads(0, 0)
    reader.close()
    assert salvage.put_back(tmp_path) == []
    salvage.acknowledge(tmp_path, epoch, "telemetry", 1)
    assert not file.exists()
