"""What a station remembers from its logbook: marks of completed entries, and unlocks that were never relocked."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.core.clock import Quality
from kiosk.core.desk.events import BUTTON
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.entries import (
    CommandEnded,
    CommandStarted,
    Entry,
    Granted,
    HandedOut,
    InterruptedUnlock,
    Locked,
    Released,
    Stamp,
    Started,
    Stopped,
    Unlocked,
)
from kiosk.core.events import Edge, Event, Faulted
from kiosk.keyfiles import STATION_KEY, keep
from kiosk.local import boot_time
from kiosk.logbook import salvage
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import FILE, LOGBOOK_DAMAGED
from kiosk.logbook.store import GONE, Logbook
from kiosk.loops import Loops
from kiosk.settings.loading import load
from kiosk.station.cabinet import CabinetAtWork, is_blind, used_before
from kiosk.station.edges import MOST_WAITING
from kiosk.station.files import LEFT, Files, open_files
from kiosk.station.indoors import SHOWN_AT_A_TURN, Indoors
from kiosk.station.recollection import recollect
from kiosk.station.start import remembered_supplies, restored
from kiosk.station.supplies import Remembered
from kiosk.trust.medicine import LONGEST
from kiosk.trust.passes import Kind
from tests.keys import NOW
from tests.programs.house import House

CARD, LIVE = int(Kind.CARD), int(Kind.LIVE)


def shut(files: Files) -> None:
    files.cold.close()
    files.book.close()
    for held in files.held:
        os.close(held)


def granted(token: str, kind: int = CARD) -> Granted:
    return Granted("main", 7, 0, kind, token, NOW + 600)


def unlocked() -> Unlocked:
    return Unlocked("main", "pass")


def remembered(folder: Path, *entries: Entry, boot_id: str = "b") -> tuple[dict[str, float], list[Entry]]:
    """Marks by token with their boot times, and the entries to make, at boot time 200."""
    book = Logbook(folder, "b")
    book.append([(Stamp(100.0 + number, NOW, Quality.SYNCED), entry) for number, entry in enumerate(entries)])
    found = recollect(book.backwards("access"), {"main": Door("main", DoorRules())}, boot_id, 200.0)
    book.close()
    return {at.removesuffix("@main"): mark.at for at, mark in found.memory.marks.items()}, list(found.interrupted)


def test_a_completed_entry_is_marked_with_its_time(tmp_path: Path) -> None:
    assert remembered(tmp_path, granted("a"), unlocked(), Locked("main")) == ({"a": 100.0}, [])


def test_an_unlock_without_its_relock_is_told_and_not_marked(tmp_path: Path) -> None:
    found = remembered(tmp_path, granted("a"), unlocked(), Locked("main"), granted("b"), unlocked())
    assert found == ({"a": 100.0}, [InterruptedUnlock("main")])


def test_an_orderly_stop_in_mid_unlock_is_no_interruption_and_burns_no_pass(tmp_path: Path) -> None:
    assert remembered(tmp_path, granted("a"), unlocked(), Stopped()) == ({}, [])
    assert remembered(tmp_path, Started("1"), granted("a"), unlocked()) == ({}, [InterruptedUnlock("main")])


def test_what_was_told_before_is_not_told_again(tmp_path: Path) -> None:
    assert remembered(tmp_path, granted("b"), unlocked(), InterruptedUnlock("main")) == ({}, [])


def test_a_grant_whose_lock_never_moved_is_not_marked(tmp_path: Path) -> None:
    assert remembered(tmp_path, granted("a")) == ({}, [])


def test_a_command_that_was_started_and_has_not_ended_is_interrupted_and_told_once(tmp_path: Path) -> None:
    started = CommandStarted("a", 4, "unlock"), CommandEnded("a", "done"), CommandStarted("b", 5, "unlock")
    assert remembered(tmp_path, *started) == ({}, [CommandEnded("b", "interrupted")])
    assert remembered(tmp_path, CommandEnded("b", "interrupted")) == ({}, [])


def test_after_a_reboot_a_card_is_free_and_a_live_pass_is_not(tmp_path: Path) -> None:
    entries = (granted("card"), unlocked(), Locked("main"), granted("live", LIVE), unlocked(), Locked("main"))
    marks, _ = remembered(tmp_path, *entries, boot_id="another")
    assert marks.keys() == {"live"}
    assert marks["live"] < 200.0 - 10.0, "no second chance after a reboot"


def test_a_bound_pass_is_remembered_for_its_holder_with_the_phones_time(tmp_path: Path) -> None:
    """Also over a reboot: the phone's time must go on rising, whatever the station's clock does."""
    book = Logbook(tmp_path, "b")
    shown = [
        Granted("main", 7, 0, int(Kind.BOUND), token, NOW + 600, shown_at=at) for token, at in (("a", 50), ("b", 80))
    ]
    entries: list[Entry] = [each for grant in shown for each in (grant, unlocked(), Locked("main"))]
    book.append([(Stamp(1.0, NOW, Quality.FLOOR), entry) for entry in entries])
    found = recollect(book.backwards("access"), {"main": Door("main", DoorRules())}, "another", 200.0)
    book.close()
    assert {at: mark.shown_at for at, mark in found.memory.marks.items()} == {"7@main": 80}


def left_in_memory(house: House) -> None:
    """As a start left it that could not write into the data folder: a newer list, and somebody who came in."""
    house.trust()
    settings = load(house.config)
    settings.volatile.mkdir(parents=True)
    cold = ColdState(settings.volatile)
    cold.take_over(settings.data)
    with cold.transaction():
        cold.keep("status", 9, b"newer")
        cold.keep_floor(NOW)
    cold.close()
    book = Logbook(settings.volatile, "b")
    came_in: list[Entry] = [granted("x", LIVE), unlocked(), Locked("main")]
    book.append([(Stamp(100.0 + number, NOW, Quality.SYNCED), each) for number, each in enumerate(came_in)])
    book.close()


def test_what_came_while_the_disk_took_no_write_is_not_lost_when_it_does_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    left_in_memory(house)
    settings = load(house.config)
    for _ in range(2):  # at the start that takes it in, and at those after it
        files = open_files(settings, "b")
        assert (files.refused, files.faults, settings.volatile.exists()) == ("", (), False)
        assert (files.cold.documents()["status"], files.cold.floor()) == (b"newer", NOW)
        state, _told = restored(settings, files, "b")
        assert any(where.startswith("x") for where in state.memory.marks)
        for waiting in salvage.waiting(settings.data):
            salvage.salvage(waiting)
        shut(files)


def test_who_came_in_is_remembered_out_of_a_logbook_that_was_moved_aside(tmp_path: Path) -> None:
    house = House(tmp_path)
    left_in_memory(house)
    settings = load(house.config)
    for name in (FILE, f"{FILE}-wal"):
        if (settings.volatile / name).exists():
            (settings.volatile / name).rename(settings.data / name)
    shutil.rmtree(settings.volatile)
    with closing(sqlite3.connect(settings.data / FILE)) as db:
        db.execute("PRAGMA application_id=7")
    files = open_files(settings, "b")
    assert files.book.replaced
    state, _told = restored(settings, files, "b")
    assert any(where.startswith("x") for where in state.memory.marks)
    shut(files)


@pytest.mark.parametrize("lose", [lambda file: file.write_bytes(b"torn"), Path.unlink])
def test_no_medicine_is_given_twice_when_the_logbook_was_lost_and_the_program_started_twice(
    tmp_path: Path, lose: Callable[[Path], object]
) -> None:
    settings = load(House(tmp_path).config)
    used = Released("ab" * 32, "cabinet1", "opened")
    for start in range(3):
        files = open_files(settings, "b")
        assert is_blind(files) is (start > 0)
        if not start:
            files.book.append([(Stamp(100.0, NOW, Quality.SYNCED), used)])
            files.book.acknowledge("services", 1, 0.0)
            files.book.begin_epoch("services", 1)
            assert used_before(files, settings) == ([used.release], [])
        shut(files)
        if not start:
            lose(settings.data / FILE)


def test_an_entry_that_is_damaged_may_have_been_of_a_release_that_was_used(tmp_path: Path) -> None:
    """It is told, and nothing is given out for as long as a release holds."""
    settings = load(House(tmp_path, "[desk]\ndisplay = true\n").config)
    files = open_files(settings, "b")
    used = [Released(each * 32, "cabinet1", "opened") for each in ("ab", "cd")]
    files.book.append([(Stamp(100.0, NOW, Quality.SYNCED), each) for each in used])
    shut(files)
    with closing(sqlite3.connect(settings.data / FILE)) as db, db:
        db.execute("UPDATE services SET wall = 1 WHERE seq = 2")
    files, told = open_files(settings, "b"), list[Event]()
    assert used_before(files, settings) == ([used[0].release], [2])
    room = CabinetAtWork(settings, files, told.append, lambda: None, Loops())
    assert told == [Faulted(LOGBOOK_DAMAGED, "1 of services are not as they were written: 2")]
    assert room._cabinet.blind_until > boot_time() + LONGEST - 60
    room.close()
    shut(files)


def test_a_mark_that_is_damaged_leaves_a_logbook_that_nobody_goes_by(tmp_path: Path) -> None:
    """Whoever it was of is known to a ledger that is newer, if anybody does; the other marks come back."""
    settings = load(House(tmp_path, "[desk]\ndisplay = true\n").config)
    files = open_files(settings, "b")
    had = [HandedOut("rain", "raincoat", "", token=each * 32, taken=True) for each in ("ab", "cd")]
    files.book.append([(Stamp(100.0, NOW, Quality.SYNCED), each) for each in had])
    shut(files)
    with closing(sqlite3.connect(settings.data / FILE)) as db, db:
        db.execute("UPDATE handed SET taken = 0 WHERE token LIKE 'ab%'")
    files = open_files(settings, "b")
    assert remembered_supplies(settings, files) == Remembered(since=math.inf)
    assert files.book.replaced
    (broken,) = salvage.waiting(settings.data)
    assert salvage.salvage(broken).marks == {"rain": {"": {"cd" * 32}}}
    shut(files)


def test_a_logbook_that_has_gone_is_not_a_new_station_and_says_since_when(tmp_path: Path) -> None:
    settings = load(House(tmp_path, "[desk]\ndisplay = true\n").config)
    told = []
    for _start in range(3):
        files = open_files(settings, "b")
        told.append((files.book.replaced, remembered_supplies(settings, files).since))
        if len(told) == 2:
            files.book.append([(Stamp(100.0, NOW, Quality.SYNCED), Started("0.10.0"))])
        shut(files)
        if len(told) == 1:
            (settings.data / FILE).unlink()
    assert told == [("", 0.0), (GONE, math.inf), ("", NOW)]


@pytest.mark.parametrize("left", LEFT)
def test_where_documents_and_logbook_have_gone_together_what_is_left_says_that_they_were_there(
    tmp_path: Path, left: str
) -> None:
    """The half hour of a release, and the marks that nobody has any longer, begin with the loss."""
    settings = load(House(tmp_path, "[desk]\ndisplay = true\n").config)
    shut(open_files(settings, "b"))
    for file in settings.data.iterdir():
        file.unlink()
    (settings.data / left).touch()
    for _start in range(2):
        files = open_files(settings, "b")
        assert (is_blind(files), remembered_supplies(settings, files).since) == (True, math.inf)
        shut(files)


def test_a_folder_with_keys_alone_is_a_new_stations(tmp_path: Path) -> None:
    house = House(tmp_path, "[desk]\ndisplay = true\n")
    house.trust()
    settings = load(house.config)
    keep(settings.data, STATION_KEY, bytes(32))
    files = open_files(settings, "b")
    assert (files.book.replaced, is_blind(files), remembered_supplies(settings, files).since) == ("", False, 0.0)
    shut(files)


def test_who_leaves_the_doctors_link_again_and_again_keeps_nobody_from_their_turn(tmp_path: Path) -> None:
    settings, loops, woken = load(House(tmp_path).config), Loops(), list[str]()
    files = open_files(settings, "b")
    work = CabinetAtWork(settings, files, lambda event: woken.append(repr(event)), lambda: woken.append("wake"), loops)
    for _ in range(100):
        work.left()
    assert woken == ["wake"]
    loops.end()
    shut(files)


def test_a_reader_inside_that_does_not_stop_keeps_nobody_from_their_turn(tmp_path: Path) -> None:
    settings, loops, woken = load(House(tmp_path).config), Loops(), list[str]()
    files = open_files(settings, "b")

    def nothing(_given: object) -> None:
        """Of no interest."""

    work = Indoors(settings, files, Remembered(), 0, nothing, nothing, lambda: woken.append("wake"), loops)
    looked_at = []
    for _ in range(100):
        work.shown("YZ1:anything")
        looked_at.append(len(woken))
    assert looked_at[0] < looked_at[SHOWN_AT_A_TURN - 1] == looked_at[-1]
    loops.end()
    shut(files)


def test_a_button_inside_whose_wire_oscillates_wakes_nobody_without_end(tmp_path: Path) -> None:
    settings, loops, woken = load(House(tmp_path).config), Loops(), list[str]()
    files = open_files(settings, "b")

    def nothing(_given: object) -> None:
        """Of no interest."""

    work = Indoors(settings, files, Remembered(), 0, nothing, nothing, lambda: woken.append("wake"), loops)
    before = len(woken)
    assert all(work.edge(Edge(f"{BUTTON}0", number % 2 == 0, float(number))) for number in range(1000))
    assert len(woken) - before == MOST_WAITING
    loops.end()
    shut(files)
