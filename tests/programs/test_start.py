"""What a station remembers from its logbook: marks of completed entries, and unlocks that were never relocked."""

from __future__ import annotations

from pathlib import Path

from kiosk.core.clock import Quality
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.entries import (
    CommandEnded,
    CommandStarted,
    Entry,
    Granted,
    InterruptedUnlock,
    Locked,
    Stamp,
    Started,
    Stopped,
    Unlocked,
)
from kiosk.logbook.store import Logbook
from kiosk.station.recollection import recollect
from kiosk.trust.passes import Kind
from tests.keys import NOW

CARD, LIVE = int(Kind.CARD), int(Kind.LIVE)


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
