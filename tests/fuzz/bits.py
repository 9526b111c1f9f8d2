"""Flipped bits in every file that a station keeps: it starts, a pass that is good opens, and what happens next is written.

One bit in one file costs nobody the door: root key and documents are there twice. A few bits in several files may cost the
trust of both copies, and never the start. The files are opened in this process, as the station opens them, in memory's folder.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kiosk.core.clock import Instant, Quality
from kiosk.core.desk.handing import NO_MARKS
from kiosk.core.entries import (
    Filled,
    Granted,
    HandedOut,
    Locked,
    Measured,
    Released,
    Stamp,
    Started,
    StoppedAt,
    Unlocked,
)
from kiosk.core.room.motion import Fix
from kiosk.core.room.stops import Fence, located
from kiosk.core.step import judge
from kiosk.keyfiles import ROOT_KEY, STATION_KEY, keep
from kiosk.logbook import salvage
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import STREAMS, Reader
from kiosk.logbook.store import Logbook
from kiosk.settings import Settings
from kiosk.settings.loading import load
from kiosk.station.cabinet import used_before
from kiosk.station.files import Files, open_files
from kiosk.station.start import remembered_supplies, restored
from kiosk.trust.status import Status
from tests.keys import KEYSET, NOW, ROOT, claims, keyset_document, public, signed, status_document
from tests.programs.house import SETTINGS

MEMORY: Final = Path("/dev/shm")  # noqa: S108
STAMP: Final = Stamp(1.0, float(NOW), Quality.SYNCED)
TEXT: Final = signed(claims(7))
INSIDE: Final = """
[desk]
display = true
[gps]
port = "/dev/none"
"""
KEPT: Final = ("logbook.db", "state.db", "state.copy", ROOT_KEY, STATION_KEY)


def run(count: int = 100_000, seed: int = 1) -> str:
    """Do it `count` times; what came of it. AssertionError, or whatever ends a start, says which turn it was."""
    logging.disable(logging.CRITICAL)
    chance = random.Random(seed)
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as folder:
            cut, closed = Path(folder, "cut"), Path(folder, "closed")
            _fill(cut, closed)
            for turn in range(count):
                _turn(closed if turn // 2 % 2 else cut, Path(folder, "turn"), chance, turn)
    finally:
        logging.disable(logging.NOTSET)
    return f"{count:,} starts with flipped bits: each works, and where one bit was flipped the good pass opens"


def _fill(cut: Path, folder: Path) -> None:
    """What a station keeps: as a power cut leaves it, with the newest in the WALs alone, and as an orderly end does."""
    cold, book = ColdState(folder), Logbook(folder, "boot")
    with cold.transaction():
        cold.keep("keyset", KEYSET.version, keyset_document())
        cold.keep("status", 3, status_document(3, {9: Status.REVOKED}))
        cold.keep_floor(float(NOW))
    book.append([(STAMP, Measured("t", float(number), "W")) for number in range(60)])
    for number in range(60):
        granted = Granted("main", number + 100, 0, 1, f"{number:032x}", NOW + 600)
        book.append([(STAMP, entry) for entry in (Started("1"), granted, Unlocked("main", "pass"), Locked("main"))])
    book.append([(STAMP, HandedOut("rain", "raincoat", "a", f"{number:032x}", taken=True)) for number in range(20)])
    inside = (
        Filled(9, "a", "raincoat", 30, "2036-12"),
        Released("ab" * 32, "a", "opened"),
        StoppedAt("square", "arrived"),
    )
    book.append([(STAMP, each) for each in inside])
    book.acknowledge("access", 50, 0.0, {7: "no"})
    keep(folder, ROOT_KEY, public(ROOT))
    keep(folder, STATION_KEY, bytes(range(32)))
    shutil.copytree(folder, cut, ignore=shutil.ignore_patterns("*-shm"))
    cold.close()
    book.close()


def _turn(whole: Path, folder: Path, chance: random.Random, turn: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder / "data")
    flipped = _flip(folder / "data", chance, 1 if turn % 2 else chance.randrange(2, 40))
    (folder / "station.toml").write_text(SETTINGS.format(folder=folder) + INSIDE, encoding="utf-8")
    settings = load(folder / "station.toml")
    try:
        with _started(settings) as files:
            _use(files, settings, one=len(flipped) == 1)
        with _started(settings) as files:
            assert not files.book.replaced, "no loop at the next start"
    except BaseException as error:
        error.add_note(f"turn {turn}: flipped {flipped}")
        raise


def _flip(folder: Path, chance: random.Random, bits: int) -> list[tuple[str, int]]:
    """Flip that many bits; which file, and which bit of it."""
    flipped = []
    for _ in range(bits):
        path = chance.choice(sorted(each for each in folder.iterdir() if each.stat().st_size))
        content, bit = bytearray(path.read_bytes()), chance.randrange(8 * path.stat().st_size)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        flipped.append((path.name, bit))
    return flipped


@contextmanager
def _started(settings: Settings) -> Iterator[Files]:
    files = open_files(settings, "next boot")
    try:
        assert not files.refused, files.refused
        yield files
    finally:
        files.cold.close()
        files.book.close()
        for held in files.held:
            os.close(held)


def _use(files: Files, settings: Settings, *, one: bool) -> None:
    """The pass that is good opens, unless both copies of what it needs may be gone; what happens is kept, and can be sent."""
    state, _ = restored(settings, files, "next boot")
    stock, _ = remembered_supplies(settings, files).stock, used_before(files, settings)
    verdict = judge(state, TEXT, "main", Instant(5000.0, float(NOW)))
    wheels = state.room.wheels
    assert wheels
    located(
        wheels.stops, {"square": Fence(36.0, 117.0, 100.0, float(NOW))}, None, Fix(36.0, 117.0, 0.0, 5000.0), float(NOW)
    )
    assert not one or not verdict.reason, (verdict, files.faults)
    before = files.book.heads()["access"].newest
    taken = HandedOut("rain", "raincoat", "a", "f" * 32, taken=True)
    files.book.append([(STAMP, each) for each in (Locked("main"), Measured("t", 1.0, "W"), taken)])
    files.book.keep_marks(NO_MARKS, stock)
    reader = Reader(settings.data)
    assert [row.intact for row in reader.rows("access", before)] == [True]
    for row in (row for stream in STREAMS for row in reader.rows(stream)):
        row.wire()
    reader.refused()
    reader.close()
    files.cold.keep_floor(float(NOW + 1))
    files.book.acknowledge("access", before, 0.0, {before: "no"})
    files.book.acknowledge("services", files.book.heads()["services"].newest, 0.0, {1: "no"})
    files.book.forget("rain", None)
    for broken in salvage.waiting(settings.data):
        salvage.salvage(broken)
