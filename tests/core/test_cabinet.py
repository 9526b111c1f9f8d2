"""The release of a medicine: never a slot without a release that holds, its holder's pass and a cold chain; never twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from kiosk.core.desk.cabinet import COMMITS_WITHIN, OPEN_WITHIN, PASS_WITHIN, REFUSALS, TOLD_FOR, due, takes
from kiosk.core.desk.handing import LATE
from kiosk.core.desk.judging import wrong
from kiosk.core.desk.shelves import SILENT_FOR
from kiosk.core.entries import NotTaken, Taken
from kiosk.core.events import Tick
from kiosk.trust.medicine import LONGEST
from tests.core.cabinets import COLD, FOREIGN, ITEM, NOW, OFFSET, SLOT, Room, key, medicine, release


@pytest.mark.parametrize("pass_first", [False, True])
def test_a_release_and_its_holders_pass_open_its_slot_in_either_order(pass_first: bool) -> None:
    room = Room()
    if pass_first:
        room.hold()
        room.show(release())
    else:
        room.show(release())
        assert room.opened == []
        room.hold()
    assert room.opened == [SLOT]
    assert room.outcomes == ["opened"]
    room.contact(Taken)
    assert (room.outcomes, room.told) == (["opened", "taken"], "taken")
    assert room.disk[SLOT].count == 2


def test_it_is_written_down_before_the_slot_opens() -> None:
    room = Room()
    room.commits = None
    room.show(release())
    room.hold()
    assert room.opened == []
    room.answer()
    assert room.opened == [SLOT]


def test_its_id_is_in_no_entry_and_neither_is_its_holder() -> None:
    room = Room()
    room.show(release())
    room.hold()
    (entry,) = room.logbook
    assert medicine().id.hex() not in repr(entry)
    assert entry.release == medicine().name  # type: ignore[union-attr]


REFUSED = {
    "unknown_key": release(signer=FOREIGN),
    "not_its_item": release(item="codeine"),
    "wrong_station": release(station="37081102"),
    "expired": release(issued_at=NOW - 1200, expires=NOW - 1),
    "ahead": release(issued_at=NOW + 120, expires=NOW + 600),
    "no_slot": release(slot="main"),
    "empty": release(item="insulin"),
    "torn": release()[:-8],
}


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("pass_first", [False, True])
def test_what_does_not_hold_is_refused_with_its_reason(why: str, pass_first: bool) -> None:
    room = Room()
    if pass_first:
        room.hold()
    assert room.show(REFUSED[why]) == why
    room.hold()
    assert room.opened == []
    assert room.outcomes == ([] if why == "torn" else [why])


def test_who_stands_for_it_is_known_before_anything_of_it_is_written_down() -> None:
    room = Room()
    room.show(REFUSED["unknown_key"])
    room.show(REFUSED["empty"])
    unknown, known = room.logbook
    assert (unknown.release, unknown.slot) == ("", "")  # type: ignore[union-attr]
    assert (known.release, known.slot) == (medicine().name, SLOT)  # type: ignore[union-attr]


def test_without_a_proven_time_nothing_is_given_out() -> None:
    room = Room(proven=False)
    room.hold()
    assert room.show(release()) == "no_time"
    assert room.opened == []


def test_it_must_be_in_time_when_the_pass_is_shown_too() -> None:
    room = Room()
    room.show(release(expires=NOW + 30))
    room.wait(31)
    assert room.hold() == "expired"
    assert room.opened == []


@pytest.mark.parametrize("pass_first", [False, True])
def test_another_persons_pass_opens_nothing_and_uses_nothing_up(pass_first: bool) -> None:
    room = Room()
    if pass_first:
        room.hold(8)
        assert room.show(release()) == "", "it waits for its holder's: the pass before may be of whoever came before"
    else:
        room.show(release())
        assert room.hold(8) == "not_yours"
    assert room.opened == []
    room.hold()
    if not pass_first:
        room.show(release())
    assert room.opened == [SLOT]


@pytest.mark.parametrize("pass_first", [False, True])
def test_a_minute_between_them_is_too_long(pass_first: bool) -> None:
    room = Room()
    if pass_first:
        room.hold()
        room.wait(PASS_WITHIN)
        room.show(release())
    else:
        room.show(release())
        room.wait(PASS_WITHIN)
        assert room.told == "alone"
        room.hold()
    assert room.opened == []


def test_a_pass_that_does_not_hold_is_told_and_the_release_waits() -> None:
    room = Room()
    room.show(release())
    assert room.hold(7, "revoked") == "revoked"
    assert room.opened == []
    room.hold()
    assert room.opened == [SLOT]


def test_a_pass_that_no_longer_holds_takes_the_place_of_one_that_did() -> None:
    room = Room()
    room.hold()
    room.hold(7, "revoked")
    room.show(release())
    assert room.opened == []


@pytest.mark.parametrize("after", [0.0, LATE - 0.1])
def test_what_was_opened_in_the_last_moment_was_taken(after: float) -> None:
    """Its contact says so just after the slot was locked again; one pack less lies there."""
    room = Room()
    room.show(release())
    room.hold()
    room.contact(NotTaken)
    assert (room.outcomes, room.told) == (["opened"], "")
    room.wait(after)
    room.is_open = True
    room.take(Tick())
    assert (room.outcomes, room.told, room.disk[SLOT].count) == (["opened", "taken"], "taken", 2)


def test_while_it_may_still_be_said_that_it_was_opened_nothing_else_is_given_out() -> None:
    room = Room()
    room.show(release())
    room.hold()
    room.contact(NotTaken)
    assert room.show(release(2)) == "not_now"
    assert due(room.cabinet) == room.boot + LATE
    room.wait(LATE)
    assert (room.outcomes, room.told) == (["opened", "not_now", "not_taken"], "not_taken")
    room.is_open = True
    room.take(Tick())
    assert room.disk[SLOT].count == 3, "whoever opens it now does so by another way"


def test_used_once_is_used_also_after_a_cut_and_when_nobody_took_it() -> None:
    room = Room()
    room.show(release())
    room.hold()
    room.contact(NotTaken)
    room.wait(LATE)
    assert room.told == "not_taken"
    assert room.show(release()) == "used"
    room.cut()
    assert room.show(release()) == "used"
    assert room.opened == [SLOT]
    assert room.disk[SLOT].count == 3


def test_a_cut_before_the_commit_uses_nothing_up() -> None:
    room = Room()
    room.commits = None
    room.show(release())
    room.hold()
    room.commits = True
    room.cut()
    room.measure(5.0)
    room.hold()
    room.show(release())
    assert room.opened == [SLOT]


def test_a_disk_that_takes_it_too_late_opens_nothing() -> None:
    room = Room()
    room.commits = None
    room.show(release())
    room.hold()
    room.wait(COMMITS_WITHIN)
    assert room.told == "not_taken"
    assert room.show(release(2)) == "not_now"
    room.commits = True
    room.answer()
    assert room.opened == []
    assert room.outcomes == ["opened", "not_now", "not_taken"]
    room.hold()
    room.show(release(2))
    assert room.opened == [SLOT]


def test_a_disk_that_does_not_take_it_opens_nothing() -> None:
    room = Room()
    room.commits = False
    room.show(release())
    assert room.hold() == "not_taken"
    assert room.opened == []


def test_while_the_disk_takes_nothing_a_release_is_not_used_up() -> None:
    room = Room()
    room.writes = False
    assert room.show(release()) == "disk"
    room.writes = True
    room.show(release())
    room.writes = False
    assert (room.hold(), room.opened) == ("disk", [])
    room.writes = True
    room.show(release())
    assert (room.hold(), room.opened) == ("", [SLOT])


def test_where_nothing_is_kept_or_the_logbook_is_another_one_nothing_is_given_out_for_so_long_as_a_release_holds() -> (
    None
):
    room = Room()
    room.cut(blind=True)
    room.measure(5.0)
    room.hold()
    assert room.show(release()) == "disk"
    room.wait(LONGEST)
    room.hold()
    room.show(release(issued_at=NOW + 1800, expires=NOW + 3600))
    assert room.opened == [SLOT]


def test_what_is_not_there_or_past_its_date_is_not_given_out() -> None:
    room = Room()
    room.fill(month="2030-03")
    assert room.show(release()) != "out_of_date"
    room.fill(month="2030-02")
    assert room.show(release()) == "out_of_date"
    assert room.opened == []
    room.hold()
    room.fill(month="2030-04")
    room.show(release())
    assert room.opened == [SLOT], "what is past its date was taken out"
    room.contact(Taken)
    assert room.disk[SLOT].count == 2


def test_an_empty_slot_opens_for_nobody() -> None:
    room = Room()
    for number in range(1, 4):
        room.hold()
        room.show(release(number))
        room.contact(Taken)
    assert room.show(release(4)) == "empty"
    room.fill(count=0)
    assert room.show(release(4)) == "empty"


def test_what_was_too_warm_once_is_not_given_out_until_it_is_filled_anew() -> None:
    room = Room()
    room.measure(COLD[1] + 0.1)
    room.measure(5.0)
    assert room.show(release()) == "kept_too_warm"
    room.cut()
    room.measure(5.0)
    assert room.show(release()) == "kept_too_warm"
    room.fill()
    room.hold()
    room.show(release())
    assert room.opened == [SLOT]


def test_what_somebody_has_to_take_out_is_told_until_they_have() -> None:
    room = Room()

    def said() -> str:
        return wrong(room.cabinet.shelves[SLOT], room.clock, room.boot, OFFSET)

    assert said() == ""
    room.measure(COLD[0] - 0.1)
    assert said() == "spoiled"
    room.measure(5.0)
    room.fill(month="2030-02")
    assert said() == "over"
    room.fill(month="2030-04")
    assert said() == ""


def test_while_a_slot_is_open_or_does_not_work_nothing_is_used_up() -> None:
    room = Room()
    room.opens = False
    room.hold()
    assert room.show(release()) == "not_now"
    room.opens = True
    room.show(release())
    assert room.opened == [SLOT]


def test_a_slot_of_which_nothing_is_heard_blocks_the_next_one_no_longer_than_that() -> None:
    room = Room()
    room.show(release())
    room.hold()
    assert room.show(release(2)) == "not_now"
    room.wait(OPEN_WITHIN)
    room.hold()
    room.show(release(2))
    assert room.opened == [SLOT, SLOT]


def test_another_slots_contact_says_nothing() -> None:
    room = Room()
    room.show(release())
    room.hold()
    room.contact(Taken, "cabinet2")
    assert room.outcomes == ["opened"]


def test_a_code_that_is_left_in_view_fills_no_logbook() -> None:
    room = Room()
    for _ in range(1000):
        room.show(REFUSED["wrong_station"])
    assert len(room.logbook) < 2 * REFUSALS.most


def test_what_is_told_ends_and_what_time_alone_ends_is_due() -> None:
    room = Room()
    room.show(REFUSED["wrong_station"])
    assert due(room.cabinet) == room.boot + TOLD_FOR
    room.wait(TOLD_FOR)
    assert room.told == ""
    room.show(REFUSED["wrong_station"])
    assert room.show("YZ5:1") == "", "another code is another's to speak of"
    assert room.show(release()) == ""


def test_which_codes_are_the_cabinets_alone() -> None:
    room = Room()
    assert takes(room.cabinet, f" {release()}\r")
    assert not takes(room.cabinet, "YZ1:ABC")
    room.show(release())
    assert takes(room.cabinet, "YZ1:ABC"), "the pass for which it waits"
    assert not takes(room.cabinet, "YZ5:1")


class Anything(RuleBasedStateMachine):
    """Whatever happens between visits, beside what alone may open a slot, reckoned in the plainest way."""

    @initialize(proven=st.sampled_from([True, True, True, False]))
    def begin(self, proven: bool) -> None:
        self.room = Room(proven=proven)
        self.cold, self.heard = True, self.room.wall
        self.used: set[int] = set()

    def _lets(self, number: int, *, holds: bool, late: bool) -> bool:
        """Whether a slot may open for this release and its holder's pass."""
        return holds and self.room.proven and not late and self.cold and number not in self.used

    def _came(self, opened: int, number: int, *, may: bool) -> None:
        if len(self.room.opened) > opened:
            assert may
            assert len(self.room.opened) == opened + 1
            self.used.add(number)

    @rule(
        number=st.integers(1, 3),
        bad=st.sampled_from(["", "", "", "", "short", "key", "station", "late", "other"]),
        index=st.sampled_from([7, 7, 7, 9]),
        apart=st.sampled_from([0.0, 5.0, 59.0, 60.0]),
        pass_first=st.booleans(),
        ends=st.sampled_from([Taken, NotTaken, None]),
    )
    def visit(
        self, number: int, bad: str, index: int, apart: float, pass_first: bool, ends: type[Taken | NotTaken] | None
    ) -> None:
        """Of a release that is made now, a minute after whatever was before; `short`: it holds for 30 seconds."""
        self.wait(PASS_WITHIN)
        now = int(self.room.wall)
        usual: dict[str, object] = {"issued_at": now, "expires": now + 600}
        changes: dict[str, dict[str, object]] = {
            "station": {"station": "37081199"},
            "late": {"issued_at": now - 900, "expires": now - 300},
            "short": {"expires": now + 30},
            "other": {"index": 8},
        }
        text = release(number, key(5 if bad == "key" else 1), **usual | changes.get(bad, {}))
        opened = len(self.room.opened)
        both: list[Callable[[], str]] = [lambda: self.room.show(text), lambda: self.room.hold(index)]
        first, second = reversed(both) if pass_first else both
        first()
        self.wait(apart)
        second()
        holds = bad in {"", "short"} and index == 7
        may = self._lets(number, holds=holds, late=apart >= (30 if bad == "short" else PASS_WITHIN))
        self._came(opened, number, may=may)
        if ends:
            self.room.contact(ends)

    @rule(seconds=st.sampled_from([1.0, 60.0, 150.0]))
    def wait(self, seconds: float) -> None:
        self.room.wait(seconds)
        self.cold = self.cold and (self.room.value is not None or self.room.wall - self.heard <= SILENT_FOR)
        self.heard = self.heard if self.room.value is None else self.room.wall

    @rule(value=st.sampled_from([5.0, 2.0, 9.0, None]))
    def measure(self, value: float | None) -> None:
        self.room.measure(value)
        self.cold = self.cold and value != 9.0
        self.heard = self.heard if value is None else self.room.wall

    @rule()
    def fill(self) -> None:
        self.room.measure(5.0)
        self.room.fill()
        kept = self.room.cabinet.shelves[SLOT]
        self.cold, self.heard = not kept.spoiled, self.room.wall

    @rule(opens=st.booleans())
    def slot_works(self, opens: bool) -> None:
        self.room.opens = opens

    @rule(commits=st.sampled_from([True, True, False, None]))
    def disk(self, commits: bool | None) -> None:
        self.room.commits = commits

    @rule()
    def answered(self) -> None:
        """What the disk has taken is used, and opens a slot only if nobody was told otherwise meanwhile."""
        waits, opened = self.room.cabinet.giving, len(self.room.opened)
        self.room.commits = True
        self.room.answer()
        if len(self.room.opened) > opened:
            assert waits
            assert waits.stage == "wait"
            self.used.add(waits.medicine.id[0])

    @rule(seconds=st.sampled_from([10.0, 300.0, 700.0]))
    def cut(self, seconds: float) -> None:
        self.room.cut(seconds)
        self.cold = self.cold and self.room.wall - self.heard <= SILENT_FOR
        self.heard = self.room.wall if self.room.value is not None else self.heard


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_the_item_of_these_tests_is_the_hospitals() -> None:
    assert medicine().item == ITEM
