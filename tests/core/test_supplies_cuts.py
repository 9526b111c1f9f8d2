"""However touches, contacts, disks and power cuts come together: nobody has one twice at a station, and nothing stays blocked.

What it does not model: a person who opens a slot and takes nothing, or two. What a steward handed over in the moment of a cut
was handed over.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.desk.entitled import judged
from kiosk.core.desk.handing import (
    ANSWER_PATIENCE,
    LATE,
    Fill,
    Give,
    Heard,
    Recovered,
    Shown,
    Slot,
    Supplies,
    Take,
)
from kiosk.core.desk.marks import with_mark
from kiosk.core.desk.supplies import due
from kiosk.core.entries import Entry, HandedOut, Locked, NotTaken, Stamp, Started, Taken
from kiosk.core.events import CommitFailed, Committed, Record, SlotGranted, Tick
from kiosk.logbook.handed import Handed
from kiosk.logbook.reader import Row
from kiosk.station.cut_off import cut_off
from tests.core.supplied import STEWARD, WORKER, Handing, campaign, mark, running, setting

PULSE = 5.0
HOLDERS = (7, 8)
RUNS = {
    "rain": running(campaign(slots=("a", "b"))),
    "sun": running(campaign("hat", key=2, slots=("c",))),
    "soup": running(campaign("soup", key=3, slots=())),
}
OF = {mark(holder, key): holder for holder in HOLDERS for key in (1, 2, 3)}


class Cupboard(Struct, frozen=True):
    """A slot of the world: until when its lock is released and for whom, whether its leaf is open; since when it was missed."""

    until: float | None = None
    token: str = ""
    campaign: str = ""
    awaited: bool = False
    is_open: bool = False
    missed: float = -math.inf


class Cuts(RuleBasedStateMachine):
    """A disk that takes records in order, or says that it does not and takes them later; a cut takes what it has not."""

    @initialize()
    def begin(self) -> None:
        self.boot = 0.0
        self.disk: list[tuple[float, Entry]] = [(0.0, Started("0"))]
        self.queue: list[Record] = []
        self.cupboards = {name: Cupboard() for name in "abc"}
        self.has: Counter[tuple[str, str]] = Counter()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.handing = Handing(setting(runs=RUNS, slots=self.slots()))

    def slots(self) -> dict[str, Slot]:
        busy = {name: each.until is not None or each.is_open for name, each in self.cupboards.items()}
        return {
            name: Slot(9, PULSE, each.is_open, "wait" if busy[name] else "") for name, each in self.cupboards.items()
        }

    def say(self, *events: Any) -> None:
        self.boot += 2**-10
        for command in self.handing.take(*events, at=self.boot, slots=self.slots()):
            if isinstance(command, Record):
                self.queue.append(command)
            elif isinstance(command, SlotGranted):
                self.unlock(command.slot)

    def unlock(self, slot: str) -> None:
        """The mark that it is for must be on the disk."""
        grant = self.handing.supplies.grants[slot]
        assert any(
            isinstance(each, HandedOut) and each.token == grant.token and each.slot == slot for _, each in self.disk
        )
        assert self.cupboards[slot].until is None, "no slot is granted to two"
        self.cupboards[slot] = Cupboard(self.boot + PULSE, grant.token, grant.campaign, awaited=True)

    quality = setting().clock.quality(0.0)

    def by_the_door(self, entry: Taken | NotTaken) -> None:
        self.queue.append(Record((entry,), Stamp(self.boot, 0.0, self.quality)))
        self.say(Heard((entry,)))

    @rule(holder=st.sampled_from(HOLDERS), steps=st.integers(0, 4), cut=st.none() | st.integers(0, 2))
    def visit(self, holder: int, steps: int, cut: int | None) -> None:
        """A pass, a touch, and some of what follows: the mark is stored, slots are opened, that is stored, they are closed."""
        self.say(Shown(holder, WORKER, ""), Take("rain"), Take("sun"))
        for then in (self.flush, self.pull, self.flush, self.close)[:steps]:
            then()
        if cut is not None:
            self.cut(cut)

    def flush(self) -> None:
        while self.queue:
            self.commit()

    @rule(holder=st.sampled_from(HOLDERS))
    def give(self, holder: int) -> None:
        """A steward hands over what the station says may be given, and touches it."""
        before = len(self.queue)
        self.say(Shown(9, STEWARD, ""), Shown(holder, WORKER, ""), Give("soup"))
        for record in self.queue[before:]:
            for entry in record.entries:
                if isinstance(entry, HandedOut) and entry.campaign == "soup":
                    self.has["soup", entry.token] += 1

    @precondition(lambda self: self.queue)
    @rule()
    def commit(self) -> None:
        record = self.queue.pop(0)
        self.disk += [(record.stamp.boot, each) for each in record.entries]
        if record.ticket:
            self.say(Committed(record.ticket))

    @precondition(lambda self: self.queue)
    @rule()
    def fail(self) -> None:
        """It is told so, and taken later all the same, by nobody's leave."""
        record = self.queue[0]
        self.queue[0] = replace(record, ticket=0)
        if record.ticket:
            self.say(CommitFailed(record.ticket, "full"))

    @rule()
    def pull(self) -> None:
        """What is released is opened, and whoever it was released for has what is in it."""
        for slot, found in self.cupboards.items():
            if found.until is not None and not found.is_open:
                self.cupboards[slot] = replace(found, is_open=True, awaited=False)
                if found.awaited:
                    self.has[found.campaign, found.token] += 1
                    self.by_the_door(Taken(slot))

    @rule(flushed=st.booleans())
    def pull_late(self, *, flushed: bool) -> None:
        """What was locked again a moment ago was opened just before: nobody but the leaf says so."""
        if flushed:
            self.flush()
        for slot, found in self.cupboards.items():
            if self.boot - found.missed < LATE / 2 and not found.is_open:
                self.cupboards[slot] = replace(found, is_open=True, missed=-math.inf)
                self.has[found.campaign, found.token] += 1
        self.say(Tick())

    @rule()
    def something_else_happens(self) -> None:
        self.queue.append(Record((Locked("main"),), Stamp(self.boot, 0.0, self.quality)))

    @rule()
    def close(self) -> None:
        self.cupboards = {name: replace(each, is_open=False) for name, each in self.cupboards.items()}
        self.say(Tick())

    @rule(seconds=st.sampled_from([0.5, 2.0, PULSE, 31.0]))
    def wait(self, seconds: float) -> None:
        self.boot += seconds
        for slot, found in self.cupboards.items():
            if found.until is not None and self.boot >= found.until:
                self.cupboards[slot] = replace(found, until=None, awaited=False)
                if found.awaited:
                    self.cupboards[slot] = replace(self.cupboards[slot], missed=self.boot)
                    self.by_the_door(NotTaken(slot))
        self.say(Tick())

    @rule(first=st.integers(0, 2))
    def cut(self, first: int) -> None:
        """What the disk has not written by then is gone; the locks have no power, and the leaves stay as they are."""
        for _ in range(min(first, len(self.queue))):
            self.commit()
        for record in self.queue:
            for entry in record.entries:
                if isinstance(entry, HandedOut) and entry.campaign == "soup" and entry.taken:
                    self.lost["soup", entry.token] += 1
        self.queue = []
        self.cupboards = {name: Cupboard(is_open=each.is_open) for name, each in self.cupboards.items()}
        marks, handed = self.kept()
        self.handing.supplies = Supplies(marks)
        events: list[Any] = [cut_off(handed, self.rows()), Recovered()]
        self.boot += 60.0
        self.disk.append((self.boot, Started("0")))
        self.say(*events)

    def kept(self) -> tuple[Any, list[Handed]]:
        marks: Any = {}
        handed: dict[tuple[str, str], Handed] = {}
        for number, (boot, each) in enumerate(self.disk):
            if isinstance(each, HandedOut):
                marks = with_mark(marks, each.campaign, each.period, each.token) if each.taken else marks
                before = handed.get((each.campaign, each.token))
                if before is None or not before.taken:
                    made = Handed(each.campaign, "", each.token, each.item, each.slot, each.taken, number, boot, "b")
                    handed[each.campaign, each.token] = made
        return marks, [*handed.values()]

    def rows(self) -> list[Row]:
        access = [(boot, each) for boot, each in self.disk if isinstance(each, Taken | NotTaken | Started | Locked)]
        return [
            Row(number, "b", boot, 0.0, "unset", msgspec.json.encode(each).decode())
            for number, (boot, each) in reversed([*enumerate(access)])
        ]

    @invariant()
    def nobody_has_one_twice_but_for_what_a_steward_gave_at_a_cut(self) -> None:
        for key, count in getattr(self, "has", {}).items():
            assert count <= 1 + self.lost[key], (key, count)

    @invariant()
    def what_is_given_is_marked_and_nothing_else(self) -> None:
        if not hasattr(self, "has"):
            return
        marked = {(name, each) for name, periods in self.handing.supplies.marks.items() for each in periods[""]}
        assert marked <= {key for key, count in self.has.items() if count}

    @invariant()
    def each_grant_ends_by_itself(self) -> None:
        if hasattr(self, "has"):
            times = [each.until for each in self.handing.supplies.grants.values()]
            assert all(at <= self.boot + PULSE + ANSWER_PATIENCE for at in times)
            assert due(self.handing.supplies, self.handing.now) <= min(times, default=float("inf"))

    def teardown(self) -> None:
        """Whatever has happened: with everything closed and written, the next one gets theirs."""
        if not hasattr(self, "has"):
            return
        self.flush()
        self.cupboards = {name: Cupboard() for name in "abc"}
        self.boot += 60.0
        self.say(Tick())
        self.flush()
        self.say(Shown(9, STEWARD, ""), *(Fill("hat" if slot == "c" else "raincoat", 3, slot) for slot in "abc"))
        self.say(Shown(1000, WORKER, ""))
        assert judged(self.handing.supplies, "rain", self.handing.now)[0] == "yours"


TestCuts = Cuts.TestCase
TestCuts.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_cut_between_the_doors_entry_and_the_mark_gives_nobody_a_second_one() -> None:
    world = Cuts()
    world.begin()
    world.visit(7, steps=2, cut=1)
    world.visit(7, steps=4, cut=None)
    assert world.has["rain", mark(7)] == 1


@pytest.mark.parametrize("closed", [False, True])
def test_a_cut_before_the_doors_entry_gives_nobody_a_second_one(*, closed: bool) -> None:
    """A slot that stands open says it at the next start; of one that is closed again nobody knows, and a steward helps."""
    world = Cuts()
    world.begin()
    world.visit(7, steps=2, cut=None)
    if closed:
        world.close()
    world.cut(0)
    world.wait(0.5)
    world.say(Shown(7, WORKER, ""))
    assert judged(world.handing.supplies, "rain", world.handing.now) == (("unsure", "") if closed else ("had", ""))
    world.close()
    world.visit(7, steps=4, cut=None)
    assert world.has["rain", mark(7)] == 1


def test_who_let_it_go_before_a_cut_gets_it_after_it() -> None:
    world = Cuts()
    world.begin()
    world.visit(7, steps=1, cut=None)
    world.wait(PULSE)
    world.wait(2.0)
    world.something_else_happens()
    world.flush()
    world.cut(0)
    world.visit(7, steps=4, cut=None)
    assert world.has["rain", mark(7)] == 1


@pytest.mark.parametrize("closed", [False, True])
def test_a_cut_just_after_it_was_locked_again_gives_nobody_a_second_one(*, closed: bool) -> None:
    """Whoever opened it in the last moment has it, and no entry says so: the leaf does, or a steward looks."""
    world = Cuts()
    world.begin()
    world.visit(7, steps=1, cut=None)
    world.wait(PULSE)
    world.flush()
    world.pull_late(flushed=False)
    if closed:
        world.close()
    world.cut(0)
    world.wait(0.5)
    world.say(Shown(7, WORKER, ""))
    assert judged(world.handing.supplies, "rain", world.handing.now) == (("unsure", "") if closed else ("had", ""))
