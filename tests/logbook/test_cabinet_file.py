"""The file of slots and doctor: all that a station may keep has room in it, and what has none ends no program."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.desk import consulting, shelves
from kiosk.core.desk.consulting import Lies
from kiosk.core.desk.shelves import Good, Shelf
from kiosk.core.events import Event, Faulted
from kiosk.local import boot_id
from kiosk.logbook.urn import UrnFile
from kiosk.loops import Loops
from kiosk.station.cabinet_file import CABINET, FILE, SIZE, CabinetFile, Content

LONGEST_NAME, LONGEST_ITEM = 64, 32
LYING = tuple(Lies(20_000, seconds % 300, "left") for seconds in range(consulting.MOST))


def shelf(item: str = "x" * LONGEST_ITEM) -> Shelf:
    good = Good(boot_id(), 123_456.789, 1_900_000_000.5)
    return Shelf(item, 9999 * 60, "2027-03", good, spoiled=True, first=123_456.789)


def full(name: str = "药") -> Content:
    slots = (f"{number:0{LONGEST_NAME}}".replace("0", name) for number in range(1, shelves.MOST + 1))
    return Content({slot: shelf() for slot in slots}, LYING)


class Kept:
    """A file at work, with what it tells."""

    def __init__(self, folder: Path) -> None:
        self.told: queue.Queue[Event] = queue.Queue()
        self.stored: queue.Queue[Any] = queue.Queue()
        self.loops = Loops()
        self.file = CabinetFile(folder, self.told.put, self.stored.put, self.loops)

    def close(self) -> None:
        self.loops.end()
        self.file.close()


def on_the_disk(folder: Path) -> Content:
    kept = Kept(folder)
    kept.close()
    assert kept.told.empty()
    return kept.file.content


def test_all_that_a_station_may_keep_has_room(tmp_path: Path) -> None:
    """A page that asks for the doctor again and again fills what lies here; beside it lies a cabinet of the largest size."""
    kept = Kept(tmp_path)
    kept.file.keep(full())
    assert kept.stored.get(timeout=30) == full()
    kept.close()
    assert on_the_disk(tmp_path) == full()


def test_what_has_no_room_is_told_and_ends_no_program(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.file.keep(Content({"a": shelf("x" * SIZE)}))
    found = kept.told.get(timeout=30)
    assert isinstance(found, Faulted)
    assert (found.what, "a slot takes" in (found.detail or "")) == (CABINET, True)
    kept.loops.check()
    kept.file.keep(full())
    kept.close()
    assert kept.told.get(timeout=30) == Faulted(CABINET, None)
    assert on_the_disk(tmp_path) == full()


def test_a_file_of_an_earlier_size_is_read(tmp_path: Path) -> None:
    before = Content({"a": shelf("ibuprofen")}, LYING[:9])
    UrnFile(tmp_path, FILE, SIZE // 2).write(msgspec.msgpack.encode(before))
    kept = Kept(tmp_path)
    assert kept.file.content == before
    kept.file.keep(full())
    assert kept.stored.get(timeout=30) == full()
    kept.close()
    assert on_the_disk(tmp_path) == full()
