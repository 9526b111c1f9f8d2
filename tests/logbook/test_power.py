"""The power is cut after every system call of a program that keeps a logbook: the files open, with all that was promised."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from msgspec import Struct

from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import STREAMS, Reader
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.store import Logbook
from tests.logbook.disk import Call, Disk, Survives, record
from tests.logbook.work import BUNDLE

MEMORY = Path("/dev/shm")  # noqa: S108  a real disk would flush thousands of times for the starts after the cuts
MOMENTS: list[Survives] = ["nothing", "everything", "some"]


class Promised(Struct):
    """The last numbers that the program had told before the cut."""

    access: int = 0
    telemetry: int = 0
    services: int = 0
    document: int = 0
    service: int = 0
    gone: int = 0

    def hear(self, words: bytes) -> None:
        word, number = words.split()
        setattr(self, word.decode(), int(number))


def wrong(folder: Path, promised: Promised) -> str:
    """What a start after the cut finds missing; empty when nothing."""
    folder.mkdir(exist_ok=True)
    book, cold, services, reader = Logbook(folder, "boot"), ColdState(folder), ServicesFile(folder), Reader(folder)
    try:
        if promised.access and (replaced := book.replaced or cold.replaced or services.replaced):
            return f"replaced: {replaced}"
        if reader.check():
            return reader.check()
        for stream, last in zip(STREAMS, (promised.access, promised.telemetry, promised.services), strict=True):
            rows = list(reader.rows(stream))
            first = rows[0].seq if rows else 1
            if [row.seq for row in rows] != list(range(first, first + len(rows))) or not all(
                row.intact for row in rows
            ):
                return f"{stream}: {[row.seq for row in rows]}"
            if stream == "services" and len(rows) % BUNDLE:
                return f"a part of a bundle: {len(rows)} of services"
            if first + len(rows) - 1 < last or first > 1 + (promised.access if stream == "access" else 0):
                return f"{stream} {first} to {first + len(rows) - 1}, promised up to {last}"
        if reader.heads()["access"].acked < promised.gone:
            return f"the mark {promised.gone} went back"
        version = int(cold.floor())
        if version < promised.document or (version and cold.documents() != {"status": b"body" * 100}):
            return f"document {version}, promised {promised.document}"
        held = services.rows()
        number = int(held.pop("", b"0"))
        if number < promised.service or any(body != b"service" * 50 for body in held.values()):
            return f"service {number}, promised {promised.service}"
        return ""
    finally:
        services.close()
        reader.close()
        cold.close()
        book.close()


def losses(calls: list[Call], folder: Path) -> list[str]:
    """Cut after each call, each time with nothing, everything and some of what was not flushed; what was wrong, where."""
    disk, promised, found = Disk(), Promised(), []
    chance = random.Random(1)  # noqa: S311
    for number, call in enumerate(calls):
        if call.name == "write":
            promised.hear(call.data)
            continue
        disk.take(call)
        for survives in MOMENTS:
            with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as target:
                disk.cut(folder, Path(target), survives, chance)
                if what := wrong(Path(target, "data"), promised):
                    found.append(
                        f"after call {number} ({call.name} {Path(call.path).name}), {survives} survives: {what}"
                    )
    return found


def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    return found


@pytest.mark.parametrize(
    "synchronous", [pytest.param("FULL", marks=pytest.mark.slow), pytest.param("NORMAL", marks=pytest.mark.soak)]
)
def test_a_power_cut_at_any_call_loses_nothing_that_was_promised(synchronous: str, tmp_path: Path) -> None:
    """And with synchronous=NORMAL the same test finds losses: it can tell."""
    disk = tmp_path / "disk"
    disk.mkdir()
    calls = record(disk, strace(), "-m", "tests.logbook.work", str(disk / "data"), synchronous)
    cuts = [call for call in calls if call.name != "write"]
    found = losses(calls, disk)
    print(f"\nsynchronous={synchronous}: {len(cuts)} cuts, each three times; {len(found)} losses")
    print("\n".join(found[:3]))
    assert len(cuts) > 300
    if synchronous == "FULL":
        assert not found
    else:
        assert len(found) > 20


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("call", "step"),
    [
        *(pytest.param(*each, marks=pytest.mark.slow) for each in (("fdatasync", 5), ("unlink", 1), ("pwrite64", 31))),
        *(
            pytest.param(*each, marks=pytest.mark.soak)
            for each in (("fdatasync", 1), ("ftruncate", 1), ("pwrite64", 7))
        ),
    ],
)
def test_a_kill_at_any_call_loses_nothing_that_was_promised(call: str, step: int, tmp_path: Path) -> None:
    """The real signal, at the k-th call for each k: the same points each time."""
    point, through = 1, False
    while not through:
        folder, promised = tmp_path / str(point) / "data", Promised()
        folder.parent.mkdir()
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}"]
        work = [sys.executable, "-m", "tests.logbook.work", str(folder), "FULL"]
        done = subprocess.run([strace(), "-o", "/dev/null", *inject, *work], capture_output=True, check=False)
        for words in done.stdout.splitlines():
            promised.hear(words)
        assert wrong(folder, promised) == "", f"killed at {call} {point}"
        through = done.returncode == 0
        point += step
    print(f"\n{call}: killed at {(point - 1) // step - 1} points, nothing lost")
    assert point > 1 + 5 * step
