"""A technician who installs the previous release again finds its logbook: the old code reads and writes the new file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Denied, Stamp
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook
from tests.conftest import ROOT

PREVIOUS = "63ef796995e1"
"""The last commit before the newest migration of either file: what was installed before."""

OLD_STATION = """
import sys
from pathlib import Path
import kiosk
from kiosk.core.clock import Quality
from kiosk.core.entries import Locked, Stamp
from kiosk.logbook.cold import ColdState
from kiosk.logbook.store import Logbook, Reader

assert kiosk.__file__.startswith(sys.argv[1]), kiosk.__file__
folder = Path(sys.argv[2])
book, cold, reader = Logbook(folder, "old boot"), ColdState(folder), Reader(folder)
assert (book.replaced, cold.replaced) == ("", ""), (book.replaced, cold.replaced)
print([row.seq for row in reader.rows("access") if row.intact], reader.heads()["access"].acked, cold.documents())
book.append([(Stamp(1.0, 1000.0, Quality.SYNCED), Locked("main"))])
book.acknowledge("access", 3, 0.0)
"""


def previous_code(folder: Path) -> Path:
    """The packages of that release, out of git's history."""
    archive = subprocess.run(
        ["git", "archive", PREVIOUS, "kiosk", "hardware"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"THE PREVIOUS RELEASE IS NOT IN GIT'S HISTORY HERE: {archive.stderr.decode().strip()}")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def test_the_previous_release_reads_and_writes_the_files_of_this_one(tmp_path: Path) -> None:
    old, data = previous_code(tmp_path / "old"), tmp_path / "data"
    stamp = Stamp(1.0, 1000.0, Quality.SYNCED)
    book, cold = Logbook(data, "new boot"), ColdState(data)
    book.append([(stamp, Denied("main", f"reason {number}")) for number in range(5)])
    book.acknowledge("access", 2, 0.0, {2: "no kind"})
    cold.keep("status", 3, b"list")
    book.close()
    cold.close()
    done = subprocess.run(
        [sys.executable, "-c", OLD_STATION, str(old), str(data)],
        capture_output=True,
        text=True,
        check=False,
        cwd=old,
        env={**os.environ, "PYTHONPATH": str(old), "PYTHONSAFEPATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[1, 2, 3, 4, 5] 2 {'status': b'list'}"
    again, reader = Logbook(data, "new boot"), Reader(data)
    assert (again.replaced, [row.seq for row in reader.rows("access")]) == ("", [1, 2, 3, 4, 5, 6])
    assert reader.heads()["access"].acked == 3
    assert [each.why for each in reader.refused()] == ["no kind"]
    reader.close()
    again.close()
