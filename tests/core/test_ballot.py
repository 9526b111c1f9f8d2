"""An anonymous ballot at the desk: each slip once, no ballot lost, none twice, nothing sent early, and no order in the urn."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.ballot import (
    AGAIN_AFTER,
    KEPT,
    MOST_SENT,
    OPEN_FOR,
    TICKET,
    TOLD,
    TOLD_FOR,
    BallotCommand,
    BallotEvent,
    Booth,
    Cast,
    DropUrn,
    Left,
    Open,
    Refuses,
    Setting,
    Shown,
    Stored,
    Urn,
    due,
    entries_of,
    step,
    takes,
)
from kiosk.core.entries import Ballots
from kiosk.core.events import CommitFailed, Committed, Record, Tick
from kiosk.index.ballots import sealed_in, sealed_text
from kiosk.index.sealing import OUTER
from kiosk.index.slips import digest_of, slip_text
from tests.index.polls import BEGINS, ENDS, Held, heap, held, serial

STATION = "37081101"
POLL = held()
OTHER = held(heap(*range(200, 210)), ends=ENDS + 5000)
PATIENT = settings(deadline=None)


def slip(number: int) -> str:
    return slip_text(serial(number))


def name(of: Held = POLL) -> str:
    return of.id.hex()


def sealed(number: int) -> bytes:
    """An envelope as the core sees it: bytes of that length."""
    return number.to_bytes(4, "big") * (OUTER // 4) + bytes(OUTER % 4)


class Inside:
    """A booth that is driven through time, with a disk that stores at once unless it is told not to."""

    def __init__(self, *polls: Held, wall: float = BEGINS + 60.0, proven: bool = True) -> None:
        self.boot, self._wall = 100.0, wall
        self.clock = Clock(wall, self.boot, hi=wall if proven else math.inf, hi_at=self.boot, raised=proven)
        self.polls = {each.id.hex(): each.poll for each in polls or (POLL,)}
        self.booth = Booth()
        self.stores, self.watched = True, math.inf
        self.disk: dict[str, Urn] = {}
        self.records: list[Record] = []
        self.take(Tick())

    @property
    def sent(self) -> list[list[Ballots]]:
        """The entries that were recorded, record by record."""
        return [[each for each in record.entries if isinstance(each, Ballots)] for record in self.records]

    def setting(self) -> Setting:
        now = Instant(self.boot, self._wall + self.boot - 100.0)
        return Setting(STATION, self.polls, self.clock, now, self.watched)

    def take(self, event: BallotEvent, seconds: float = 0.0) -> tuple[BallotCommand, ...]:
        self.boot += seconds
        self.booth, commands = step(self.booth, event, self.setting())
        for each in commands:
            if isinstance(each, Record):
                self.records.append(each)
            elif isinstance(each, DropUrn):
                del self.disk[each.poll]
            elif self.stores:
                self.disk[each.urn.poll] = each.urn
                self.take(Stored(each.urn))
        return commands

    def opened(self) -> Open | None:
        return self.booth.open

    def show(self, number: int) -> str:
        """What the display says; empty where a ballot is open."""
        self.take(Shown(slip(number)))
        return self.booth.told

    def cast(self, number: int) -> None:
        """The ballot that is open."""
        assert self.booth.open
        self.take(Cast(self.booth.open.number, sealed(number)))

    def cut(self) -> Inside:
        """As after a power cut: what is on the disk."""
        after = Inside.__new__(Inside)
        after.__dict__ |= self.__dict__ | {"booth": Booth(dict(self.disk), dict(self.disk)), "stores": True}
        after.take(Tick())
        return after

    def until(self, wall: float) -> float:
        return wall - self._wall - (self.boot - 100.0)


def test_a_slip_opens_a_ballot_and_burns_when_it_is_cast() -> None:
    inside = Inside()
    assert inside.show(7) == ""
    assert inside.opened()
    assert inside.disk[name()].burnt == (), "not before"
    inside.cast(7)
    assert inside.opened() is None
    assert (inside.disk[name()].burnt, inside.disk[name()].sealed) == ((digest_of(serial(7)),), (sealed(7),))
    assert inside.show(7) == "slip_cast"
    inside.take(Tick(), TOLD_FOR)
    assert inside.booth.told == ""


def test_a_ballot_that_nobody_casts_burns_nothing_and_its_number_casts_nothing_later() -> None:
    inside = Inside()
    inside.show(7)
    first = inside.opened()
    assert first
    inside.take(Left(first.number))
    inside.take(Cast(first.number, sealed(7)))
    assert inside.disk[name()].sealed == ()
    assert inside.show(7) == ""
    inside.take(Left(first.number))
    assert inside.opened(), "of another number"
    inside.take(Tick(), OPEN_FOR)
    assert inside.opened() is None
    assert inside.cut().show(7) == ""


def test_cards_are_told_to_the_page_one_by_one_and_nothing_of_them_is_stored() -> None:
    inside = Inside()
    assert inside.show(7) == ""
    before, written = inside.opened(), inside.disk[name()]
    assert before
    for at, (text, card) in enumerate((("YZ7:3", 3), (" YZ7:3\r", 3), ("YZ7:0", 0)), 1):
        assert takes(inside.booth, text)
        assert inside.take(Shown(text)) == ()
        assert inside.opened() == replace(before, cards=at, card=card), "it is open no longer for that"
    opened = inside.opened()
    for odd in ("YZ7:6", "YZ7:", "YZ5:1", "YZ1:ABC", ""):
        inside.take(Shown(odd))
        assert inside.opened() == opened
    inside.cast(7)
    assert inside.disk[name()] == replace(written, burnt=(digest_of(serial(7)),), sealed=(sealed(7),))
    inside.show(8)
    assert (opened := inside.opened())
    assert (opened.cards, opened.card) == (0, 0)


def test_a_card_without_a_ballot_says_that_a_slip_comes_first() -> None:
    inside = Inside()
    assert takes(inside.booth, "YZ7:1")
    inside.take(Shown("YZ7:1"))
    assert inside.booth.told == "slip_first"
    assert inside.show(7) == ""


def test_where_no_display_is_there_no_slip_opens_a_ballot_that_nobody_could_cast_or_leave() -> None:
    inside = Inside()
    inside.watched = inside.boot
    assert inside.show(7) == ""
    assert inside.opened() is None
    assert takes(inside.booth, slip(7)), "and it is nobody else's"
    assert not takes(inside.booth, "YZ5:1"), "an answer card counts"


def test_a_ballot_whose_display_dies_is_over_and_holds_nothing_up() -> None:
    inside = Inside()
    inside.watched = inside.boot + 30
    inside.show(7)
    assert due(inside.booth, inside.setting()) == inside.watched
    inside.take(Tick(), 30)
    assert inside.opened() is None
    assert not takes(inside.booth, "YZ5:1")
    inside.watched = inside.boot + 30
    assert inside.show(7) == ""
    assert inside.opened(), "the slip is as it was"


def test_while_somebody_votes_another_slip_waits_and_the_same_one_changes_nothing() -> None:
    inside = Inside()
    inside.show(7)
    opened = inside.opened()
    assert opened
    assert inside.show(8) == "slip_busy"
    assert inside.show(7) == ""
    assert inside.opened() == opened
    inside.take(Shown("YZ5:1"))
    assert inside.opened() == opened
    inside.cast(7)
    assert inside.show(8) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("YZ3:", "slip_torn"), (slip(7)[:20], "slip_torn"), (slip(7).lower(), ""), ("YZ1:ABC", ""), ("", ""), ("\ud800", ""),
        (slip(777), "slip_unknown"), (f" {slip(7)}\r", None), ("YZ3:" + "A" * 4000, "slip_torn"),
        ("YZ3:" + ":" * 24, "slip_torn"),
    ],
)  # fmt: skip
def test_what_is_no_slip_of_ours_is_told_and_opens_nothing(text: str, told: str | None) -> None:
    inside = Inside()
    inside.take(Shown(text))
    assert inside.booth.told == (told or "")
    assert (inside.booth.open is not None) == (told is None)


def test_a_poll_takes_ballots_where_and_while_it_is_provably_on() -> None:
    assert Inside(held(stations=("3709",))).show(7) == "slip_elsewhere"
    assert Inside(wall=BEGINS - 60.0).show(7) == "slip_early"
    assert Inside(wall=BEGINS - 60.0, proven=False).show(7) == "slip_no_time"
    floor = Inside(wall=BEGINS - 60.0, proven=False)
    floor.clock = replace(floor.clock, raised=True)
    assert floor.show(7) == "slip_no_time", "a document that somebody signed proves nothing of how late it is"
    assert Inside(wall=ENDS + 1.0).show(7) == "slip_over"
    assert Inside(wall=BEGINS + 60.0, proven=False).show(7) == "", "the floor proves that it has begun"


def test_a_ballot_that_was_opened_in_time_may_be_cast_and_the_urn_waits_for_it() -> None:
    inside = Inside(wall=ENDS - 10.0)
    inside.show(7)
    inside.take(Tick(), 60.0)
    assert inside.records == []
    inside.cast(7)
    inside.take(Tick())
    assert [each.sealed for each in inside.sent[0]] == [(sealed_text(sealed(7)),)]


def test_nothing_is_sent_early_nor_by_a_time_that_nothing_proves() -> None:
    inside = Inside()
    inside.show(7)
    inside.cast(7)
    inside.take(Tick(), inside.until(ENDS - 100.0))
    assert inside.records == []
    ahead = inside.cut()
    ahead.clock = Clock(ENDS + 9e6, ahead.boot, raised=True)
    ahead.take(Tick())
    assert ahead.records == [], "somebody signed ahead"
    inside.take(Tick(), 200.0)
    assert [each.ticket for each in inside.records] == [TICKET]


def test_nobody_votes_into_an_urn_that_is_on_its_way_though_the_clock_goes_back() -> None:
    inside = Inside()
    inside.show(1)
    inside.cast(1)
    inside.take(Tick(), inside.until(ENDS + 100.0))
    assert len(inside.records) == 1
    again = BEGINS + 60.0
    inside.clock = Clock(again, inside.boot, hi=again, hi_at=inside.boot, raised=True)
    assert (inside.show(2), inside.opened()) == ("slip_over", None)
    inside.take(Committed(TICKET))
    assert (inside.show(2), inside.opened() is None) == ("", False), "it is sent, and its slip still good"
    inside.cast(2)
    assert inside.disk[name()].sealed == (sealed(2),)


def test_an_empty_urn_is_sent_too_and_what_is_burnt_stays_for_a_while() -> None:
    inside = Inside()
    inside.take(Tick(), inside.until(ENDS + 100.0))
    assert [each.sealed for each in inside.sent[0]] == [()]
    inside.take(Committed(TICKET))
    inside.take(Tick(), 10.0)
    assert (len(inside.records), inside.disk[name()].sent) == (1, True)
    inside.take(Tick(), KEPT + 1000.0)
    assert inside.disk == {}


def test_what_a_cut_leaves_unsent_is_sent_again_the_same() -> None:
    inside = Inside()
    for number in range(40):
        inside.show(number)
        inside.cast(number)
    inside.take(Tick(), inside.until(ENDS + 100.0))
    after = inside.cut()
    assert after.sent == [inside.sent[0]] * 2
    parts = inside.sent[0]
    assert [(each.part, each.parts, len(each.sealed)) for each in parts] == [(1, 2, 32), (2, 2, 8)]
    after.take(Committed(TICKET))
    assert (after.disk[name()].sealed, len(after.disk[name()].burnt)) == ((), 40)
    assert after.show(3) == "slip_cast", "also now"


def test_a_logbook_that_refuses_is_asked_again_a_day_later() -> None:
    inside = Inside()
    inside.take(Tick(), inside.until(ENDS + 100.0))
    inside.take(CommitFailed(TICKET, "full"))
    inside.take(Tick(), AGAIN_AFTER - 10)
    assert len(inside.records) == 1
    inside.take(Tick(), 20)
    assert len(inside.records) == 2
    inside.take(CommitFailed(TICKET, "full"))
    assert inside.cut().sent[2] == inside.sent[0], "a cut forgets what the logbook has in memory: the urn has it"


def test_a_disk_that_takes_nothing_opens_no_ballot() -> None:
    inside = Inside()
    inside.take(Refuses(True))
    assert inside.show(7) == "slip_disk"
    inside.take(Refuses(False))
    assert inside.show(7) == ""


def test_where_nothing_outlives_the_power_no_slip_opens_a_ballot() -> None:
    inside = Inside()
    inside.booth, inside.disk = Booth(keeps=False), {}
    inside.take(Tick())
    assert (inside.show(7), inside.disk) == ("slip_disk", {})


def test_a_slip_whose_ballot_is_not_on_the_disk_yet_is_told_to_wait() -> None:
    inside = Inside()
    inside.show(7)
    inside.stores = False
    inside.cast(7)
    assert inside.show(7) == "slip_wait"
    assert inside.cut().show(7) == "", "a cut now leaves the slip as it was"
    inside.take(Stored(inside.booth.urns[name()]))
    assert inside.show(7) == "slip_cast"


def test_an_urn_takes_so_many() -> None:
    inside = Inside()
    full = replace(inside.booth.urns[name()], most=1)
    inside.booth = replace(inside.booth, urns={name(): full}, safe={name(): full})
    inside.show(7)
    inside.cast(7)
    assert inside.show(8) == "slip_full"


def test_a_poll_that_is_on_has_its_urn_however_many_are_over() -> None:
    many = [held(heap(number), ends=ENDS + number) for number in range(MOST_SENT + 3)]
    inside = Inside(*many)
    for number in range(len(many)):
        inside.show(number)
        inside.cast(number)
    inside.take(Tick(), inside.until(ENDS + len(many) + 60.0))
    assert len(inside.records) == 1, "one at a time"
    for _each in many:
        inside.take(Committed(TICKET))
    assert len(inside.records) == len(many), "each was sent, whatever becomes of its urn"
    assert set(inside.disk) == {each.id.hex() for each in many[-MOST_SENT:]}, "the newest know what was burnt"
    late = held(heap(*range(200, 210)), ends=ENDS + 9000)
    inside.polls[late.id.hex()] = late.poll
    inside.take(Tick())
    assert inside.show(203) == ""
    assert inside.show(0) == "slip_over", "its urn has gone, and it takes none"


def test_an_entry_is_small_enough_for_the_stream() -> None:
    urn = Urn(name(), ENDS, 500, (), tuple(map(sealed, range(100))))
    assert all(len(msgspec.json.encode(each)) <= 6 * 1024 for each in entries_of(urn))


def test_codes_are_the_ballots_own_while_it_is_open_and_slips_always() -> None:
    inside = Inside()
    assert [takes(inside.booth, each) for each in (slip(1), " YZ3:", "YZ5:1", "YZ1:ABC")] == [True, True, False, False]
    inside.show(7)
    assert takes(inside.booth, "YZ5:1")


def test_it_wants_to_be_asked_when_a_poll_begins_and_when_it_ends() -> None:
    inside = Inside(wall=BEGINS - 500.0)
    assert due(inside.booth, inside.setting()) == pytest.approx(inside.boot + 500, abs=1)
    inside.take(Tick(), 501.0)
    assert due(inside.booth, inside.setting()) == pytest.approx(inside.boot + ENDS - BEGINS, abs=80)
    inside.show(7)
    assert due(inside.booth, inside.setting()) == pytest.approx(inside.boot + OPEN_FOR)


@PATIENT
@given(st.permutations(range(12)))
def test_the_urn_is_the_same_whatever_the_order_of_casting(order: list[int]) -> None:
    inside = Inside()
    for number in order:
        inside.show(number)
        inside.cast(number)
    urn = inside.disk[name()]
    assert [*urn.burnt] == sorted(digest_of(serial(each)) for each in range(12))
    assert [*urn.sealed] == [sealed(each) for each in range(12)]


@pytest.mark.parametrize("word", sorted(TOLD))
def test_what_is_told_has_a_form_that_the_page_can_know(word: str) -> None:
    assert word.startswith("slip_")


class Machine(RuleBasedStateMachine):
    """Voters, cuts, disks that are slow, and time: against a model that knows which slips were cast."""

    @initialize()
    def begin(self) -> None:
        self.inside = Inside(POLL, OTHER)
        self.told_cast: set[int] = set()
        self.maybe: set[int] = set()
        self.arrived: list[bytes] = []
        self.at: int | None = None

    @rule(number=st.integers(0, 4) | st.integers(200, 202))
    def shows(self, number: int) -> None:
        before = self.inside.booth.open
        told = self.inside.show(number)
        if number in self.told_cast:
            assert told in {"slip_cast", "slip_over", "slip_wait"}
        if told == "slip_cast":
            self.told_cast.add(number)
        if self.inside.booth.open and self.inside.booth.open != before:
            self.at = number

    @precondition(lambda self: self.inside.booth.open)
    @rule(stores=st.booleans())
    def casts(self, stores: bool) -> None:
        assert self.at is not None
        self.inside.stores = stores
        self.inside.cast(self.at)
        self.inside.stores = True
        if stores:
            self.told_cast.add(self.at)
        else:
            self.maybe.add(self.at)

    @rule()
    def the_disk_is_done(self) -> None:
        for urn in self.inside.booth.urns.values():
            if self.inside.disk.get(urn.poll) != urn:
                self.inside.disk[urn.poll] = urn
                self.inside.take(Stored(urn))
        self.told_cast |= self.maybe
        self.maybe = set()

    @rule()
    def the_power_goes(self) -> None:
        self.inside = self.inside.cut()
        self.maybe = set()

    @rule(seconds=st.sampled_from([1.0, 400.0, 90_000.0, 700_000.0]))
    def time_goes_on(self, seconds: float) -> None:
        self.inside.take(Tick(), seconds)

    @rule(failed=st.booleans())
    def the_logbook_answers(self, failed: bool) -> None:
        if self.inside.booth.sending:
            self.arrived += [sealed_in(text) for each in self.inside.sent[-1] for text in each.sealed]
            self.inside.take(CommitFailed(TICKET, "full") if failed else Committed(TICKET))

    @invariant()
    def no_ballot_is_lost_and_none_is_twice(self) -> None:
        there = {each for urn in self.inside.disk.values() for each in urn.sealed}
        assert {sealed(each) for each in self.told_cast} <= there | set(self.arrived)
        for urn in self.inside.disk.values():
            assert [*urn.sealed] == sorted(set(urn.sealed))
            assert [*urn.burnt] == sorted(set(urn.burnt))
            assert len(urn.sealed) in {len(urn.burnt), 0} or urn.sealed

    @invariant()
    def nothing_leaves_early(self) -> None:
        for record, entries in zip(self.inside.records, self.inside.sent, strict=True):
            for each in entries:
                assert record.stamp.wall >= (POLL if each.poll == name(POLL) else OTHER).poll.ends


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
