"""Which passes a restart may let in again: what a station reads back, against a door that is simulated and simply watched."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.door.door import Door, DoorRules
from kiosk.core.entries import (
    Entry,
    Granted,
    InterruptedUnlock,
    Locked,
    NotTaken,
    Started,
    Stopped,
    Unlocked,
)
from kiosk.logbook.reader import Row
from kiosk.station.recollection import recollect
from kiosk.trust.passes import Kind
from tests.keys import NOW

DOORS = {name: Door(name, DoorRules()) for name in ("main", "other")}


def granted(token: str, door: str = "main") -> Granted:
    return Granted(door, 7, 0, int(Kind.LIVE), token, NOW + 600)


A, B = granted("a"), granted("b")
BY_PASS, BY_EXIT, HELD = Unlocked("main", "pass"), Unlocked("main", "exit"), Unlocked("main", "hold")
LOCKED, START, NOT_TAKEN = Locked("main"), Started("1"), NotTaken("main")


def rows(entries: list[tuple[float, Entry]]) -> Iterator[Row]:
    """Newest first."""
    for number, (at, entry) in reversed(list(enumerate(entries))):
        yield Row(number + 1, "b", at, NOW, "synced", msgspec.json.encode(entry).decode())


def marks(entries: list[tuple[float, Entry]]) -> set[str]:
    return {place.partition("@")[0] for place in recollect(rows(entries), DOORS, "b", 900.0).memory.marks}


@pytest.mark.parametrize(
    ("entries", "burnt"),
    [
        ((START, A, BY_PASS, B, LOCKED), "ab"),
        ((START, A, BY_PASS, B), "b"),
        ((START, BY_EXIT, B), "b"),
        ((START, HELD, B, START), "b"),
        ((START, A, BY_EXIT, LOCKED), "a"),
        ((START, A, START, HELD, LOCKED), ""),
        ((START, A), ""),
        ((START, A, BY_PASS), ""),
        ((START, A, BY_PASS, START, InterruptedUnlock("main"), B, BY_PASS, LOCKED), "b"),
        ((START, A, BY_PASS, Stopped(), START, LOCKED), ""),
        ((START, A, NOT_TAKEN, BY_EXIT, LOCKED), ""),
        ((START, A, BY_PASS, NOT_TAKEN, LOCKED), "a"),
        ((START, BY_EXIT, B, LOCKED, BY_PASS), ""),
        ((START, BY_EXIT, B, LOCKED, BY_PASS, LOCKED), "b"),
        ((START, BY_EXIT, B, LOCKED, A, BY_PASS), "b"),
        ((START, A, Unlocked("other", "pass"), Locked("other")), ""),
        ((START, BY_EXIT, granted("c", "other"), LOCKED), ""),
        ((B, LOCKED), "b"),
        ((LOCKED, B, LOCKED), ""),
        ((START, HELD, granted("a"), LOCKED, granted("a"), BY_PASS), "a"),
    ],
)
def test_a_grant_counts_if_the_lock_was_released_for_it_or_stayed_so(entries: tuple[Entry, ...], burnt: str) -> None:
    assert marks(list(zip(itertools.count(0.0, 0.1), entries, strict=False))) == set(burnt)


def test_an_open_pass_of_another_door_late_by_more_than_its_commit_is_somebody_elses() -> None:
    """A technician's command opens as a pass does, and asks for none."""
    entries: list[tuple[float, Entry]] = [(0.0, START), (1.0, BY_EXIT), (2.0, B), (6.0, LOCKED), (60.0, BY_PASS)]
    assert marks(entries) == {"b"}


class Watched:
    """A door as it is, the entries that it makes, and whom it let in: nothing is inferred here."""

    def __init__(self) -> None:
        self.log: list[tuple[float, Entry]] = [(0.0, START)]
        self.burnt: set[str] = set()
        self.now = 0.0
        self.claims: dict[str, float] = {}
        self.pending: list[str] = []
        self.opened: set[str] = set()

    def write(self, entry: Entry) -> None:
        self.log.append((self.now, entry))

    def act(self, what: str) -> None:
        """Something happens, a tenth of a second after what happened before."""
        self.now += 0.1
        getattr(self, what)()
        self.expire()

    def expire(self) -> None:
        """Claims end; when the last has ended the lock is secured, and whoever it was released for has come in."""
        before = bool(self.claims)
        self.claims = {by: ends for by, ends in self.claims.items() if ends > self.now}
        if before and not self.claims:
            self.write(LOCKED)
            self.burnt |= self.opened
            self.opened = set()

    def claim(self, by: str, seconds: float) -> None:
        if not self.claims:
            self.write(Unlocked("main", by))
        self.claims[by] = self.now + seconds

    def shown(self) -> None:
        token = f"t{len(self.log)}"
        self.write(granted(token))
        self.pending.append(token)
        if self.claims:
            self.burnt.add(token)

    def committed(self) -> None:
        """The lock is released for them, or stays so: whoever's own unlock it is comes in once that is complete."""
        if self.pending:
            if not self.claims:
                self.burnt -= set(self.pending)
                self.opened |= set(self.pending)
            self.pending = []
            self.claim("pass", 0.5)

    def exit(self) -> None:
        self.committed()  # what is pending for long would be committed by now, and a model of both at once is not simple
        self.claim("exit", 0.5)

    def hold(self) -> None:
        self.committed()
        self.claim("hold", 2.0)

    def wait(self) -> None:
        self.committed()
        self.now += 0.6

    def crash(self) -> None:
        self.pending, self.claims, self.opened = [], {}, set()
        self.write(START)

    def stop(self) -> None:
        self.write(Stopped())
        self.crash()


ACTS = st.lists(
    st.sampled_from(["shown", "shown", "committed", "committed", "exit", "hold", "wait", "crash", "stop"]), max_size=40
)


@given(ACTS)
def test_what_is_read_back_is_what_happened(acts: list[str]) -> None:
    door = Watched()
    for act in acts:
        door.act(act)
    door.crash()
    assert marks(door.log) == door.burnt
