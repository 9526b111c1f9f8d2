"""What was kept too warm, or of which nobody knows, is never well kept again until it is filled anew."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.clock import Clock
from kiosk.core.desk.shelves import (
    KEPT_EVERY,
    SILENT_FOR,
    Good,
    Shelf,
    Slot,
    filled,
    is_news,
    kept,
    looked,
    restored,
    well_kept,
)

NOW = 1_900_000_000.0
BOOT = 1000.0
COLD = (2.0, 8.0)


def clock(boot: float = BOOT, wall: float = NOW) -> Clock:
    """A time that an answer to a nonce has just bounded."""
    return Clock(wall, boot, hi=wall + 1, hi_at=boot, raised=True)


UNPROVEN = Clock(NOW, BOOT, raised=True)


class Watched:
    """A slot that was filled just now, and its sensor."""

    def __init__(self, value: float | None = 5.0) -> None:
        self.now, self.boot_id, self.clock = BOOT, "a", clock()
        self.slot = Slot(keeps=COLD, value=value, heard_at=BOOT)
        self.shelf = filled(None, "ibuprofen", 3, "", Good("a", BOOT, NOW))
        self.stored = kept(self.shelf)
        self.look()

    def look(self) -> None:
        self.shelf = looked(self.shelf, self.slot, self.boot_id, self.clock, self.now)
        if is_news(kept(self.shelf), self.stored):
            self.stored = kept(self.shelf)

    def hear(self, value: float | None, after: float) -> None:
        self.now += after
        self.slot = Slot(keeps=COLD, value=value, heard_at=self.slot.heard_at if value is None else self.now)
        self.look()

    def off(self, seconds: float, *, reboot: bool = True) -> None:
        """The program, or the Pi, is away for so long: what is on the disk comes back."""
        gone = self.now + seconds
        self.boot_id, self.now = ("b", 30.0) if reboot else (self.boot_id, gone)
        self.clock = Clock(NOW + gone - BOOT - 5, self.now, raised=True)
        self.shelf = restored(self.stored, self.boot_id)
        self.slot = Slot(keeps=COLD, value=None, heard_at=self.now)

    def prove(self, wall: float) -> None:
        self.clock = clock(self.now, wall)
        self.look()

    @property
    def well(self) -> bool:
        return well_kept(self.shelf, self.slot, self.now)


def test_what_stays_cold_is_well_kept() -> None:
    watched = Watched()
    for _ in range(100):
        watched.hear(7.9, SILENT_FOR - 1)
        assert watched.well


@pytest.mark.parametrize("value", [1.9, 8.1, 30.0, math.inf])
def test_one_value_outside_spoils_it_for_good(value: float) -> None:
    watched = Watched()
    watched.hear(value, 1.0)
    watched.hear(5.0, 1.0)
    assert not watched.well


def test_so_does_silence_also_one_that_is_found_out_afterwards() -> None:
    silent, gap = Watched(), Watched()
    silent.hear(None, SILENT_FOR + 1)
    silent.hear(5.0, 1.0)
    gap.hear(5.0, SILENT_FOR + 1)
    assert not silent.well
    assert not gap.well


def test_a_sensor_that_misses_some_readings_spoils_nothing_but_gives_nothing_out_meanwhile() -> None:
    watched = Watched()
    watched.hear(None, SILENT_FOR - 1)
    assert not watched.well, "nobody knows what it is now"
    watched.hear(5.0, 0.5)
    assert watched.well


def test_a_value_that_is_old_is_silence() -> None:
    watched = Watched()
    watched.now += SILENT_FOR + 1
    watched.look()
    assert watched.shelf.spoiled


@pytest.mark.parametrize("value", [None, 20.0])
def test_a_slot_that_is_filled_while_it_is_not_cold_gives_nothing_out(value: float | None) -> None:
    assert not Watched(value).well


def test_what_needs_no_cold_is_well_kept() -> None:
    shelf = Shelf("plaster", 3)
    assert well_kept(looked(shelf, Slot(), "a", UNPROVEN, BOOT), Slot(), BOOT)


def test_a_filling_beside_what_is_good_adds_to_it_and_takes_the_place_of_what_is_not() -> None:
    now, later = Good("a", BOOT, NOW), Good("a", BOOT + 60, NOW + 60)
    good = filled(None, "ibuprofen", 3, "2030-06", now)
    assert filled(good, "ibuprofen", 2, "2030-05", later) == Shelf("ibuprofen", 5, "2030-05", now)
    assert filled(good, "ibuprofen", 2, "", later) == Shelf("ibuprofen", 5, "2030-06", now)
    fresh = Shelf("insulin", 2, "2030-05", later)
    assert filled(good, "insulin", 2, "2030-05", later) == fresh
    for bad in (Shelf("insulin", 3, "2030-06", now, spoiled=True), Shelf("insulin", 0, "2030-04", now)):
        assert filled(bad, "insulin", 2, "2030-05", later) == fresh


def test_a_restart_of_the_program_is_a_silence_that_the_same_boot_measures() -> None:
    watched = Watched()
    watched.off(SILENT_FOR - 60, reboot=False)
    watched.hear(5.0, 1.0)
    assert watched.well
    watched.off(SILENT_FOR + 60, reboot=False)
    watched.hear(5.0, 1.0)
    assert not watched.well


def test_between_two_boots_only_a_time_that_is_proven_measures_it() -> None:
    watched = Watched()
    watched.off(120.0)
    watched.hear(5.0, 10.0)
    assert not watched.well, "not proven yet"
    watched.hear(5.0, SILENT_FOR - 1)
    watched.prove(NOW + 120.0 + 10.0 + SILENT_FOR - 1)
    assert watched.well, "by when it was heard again first"


def test_a_long_time_off_is_silence_once_it_is_proven_and_stays_so() -> None:
    watched = Watched()
    watched.off(SILENT_FOR + 1)
    watched.hear(5.0, 1.0)
    watched.prove(NOW + SILENT_FOR + 2)
    assert watched.shelf.spoiled
    watched.off(1.0)
    watched.hear(5.0, 1.0)
    watched.prove(NOW + SILENT_FOR + 4)
    assert not watched.well


def test_without_a_proof_when_it_was_last_cold_no_time_off_is_short() -> None:
    watched = Watched()
    watched.stored = kept(filled(None, "ibuprofen", 3, "", Good("a", BOOT, UNPROVEN.proven(BOOT))))
    watched.off(5.0)
    watched.hear(5.0, 1.0)
    watched.prove(NOW + 6)
    assert watched.shelf.spoiled


def test_a_second_start_before_the_proof_judges_the_time_since_the_first() -> None:
    watched = Watched()
    watched.off(200.0)
    watched.hear(5.0, 1.0)
    watched.off(200.0)
    watched.boot_id = "c"
    watched.shelf = restored(watched.stored, "c")
    watched.hear(5.0, 1.0)
    assert watched.stored.good == Good("a", BOOT, NOW)
    watched.prove(NOW + SILENT_FOR + 10)
    assert watched.shelf.spoiled


def test_that_all_is_well_is_stored_now_and_then_and_not_at_each_reading() -> None:
    watched, writes = Watched(), 0
    for _ in range(3600):
        before = watched.stored
        watched.hear(5.0, 1.0)
        writes += watched.stored != before
    assert writes == pytest.approx(3600 / KEPT_EVERY, abs=1)


@given(
    st.lists(st.tuples(st.sampled_from([5.0, 2.0, 8.0, 8.5, None]), st.floats(1, 2 * SILENT_FOR)), max_size=30),
)
def test_it_is_well_kept_only_if_all_of_its_past_was(heard: list[tuple[float | None, float]]) -> None:
    watched = Watched()
    last, warm = BOOT, False
    for value, after in heard:
        watched.hear(value, after)
        warm = warm or value == 8.5 or watched.now - last > SILENT_FOR
        last = watched.now if value is not None else last
        assert watched.well is (not warm and value is not None)
