"""The thread that stores a file beside the logbook: what is under way at the program's end is waited for, but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from kiosk.loops import Loops
from kiosk.station.storing import Storing

LONG = 30.0


class Disk:
    """Takes a write once it `may`."""

    def __init__(self) -> None:
        self.began, self.may = threading.Event(), threading.Event()
        self.written = 0

    def write(self) -> None:
        self.began.set()
        assert self.may.wait(LONG)
        self.written += 1


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.may.set()


@pytest.fixture
def storing(disk: Disk) -> Iterator[Storing]:
    """With a write under way."""
    loops = Loops()
    storing = Storing("it takes no write", disk.write, lambda _: None)
    storing.start("it", loops)
    storing.want()
    assert disk.began.wait(LONG)
    yield storing
    loops.end()


def test_the_programs_end_waits_for_what_is_under_way_and_for_what_was_wanted_since(
    disk: Disk, storing: Storing
) -> None:
    storing.want()
    threading.Timer(0.05, disk.may.set).start()
    storing.close()
    assert disk.written >= 2


def test_a_disk_that_hangs_is_left_alone(disk: Disk, storing: Storing) -> None:
    storing.want()
    storing.close(timeout=0.05)
    assert not disk.written
