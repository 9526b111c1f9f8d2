"""Ledgers, made at the centre of what stations have handed out: what a station then knows, and how little is sent for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.central import ledgers
from kiosk.central.issuer import SLACK, Issuer
from kiosk.central.ledgers import (
    DELTA_EVERY,
    MOST_NEWS,
    STOCK_EVERY,
    WHOLE_EVERY,
    Ledgers,
    ledger_id,
    period_at,
    withdraw_ledgers,
)
from kiosk.central.service_kinds import as_said
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.campaigns import Handed
from kiosk.central.store.registers import Registered
from kiosk.central.store.stocks import Count, Slot
from kiosk.central.token_table import TokenTable
from kiosk.demo.founding import founded
from kiosk.trust.ledger import has_had, indices_in, known_until
from kiosk.trust.service import MOST_LEFT, Campaign, Ledger, ServiceDocument, StockAt, body_in
from kiosk.trust.tokens import token

NOON: Final = 1_795_392_000 + 7200
HOLDERS: Final = 60
CODE, FAR = "37081101", "37090001"
KEY: Final = bytes(range(32))
TEXTS: Final = {"zh": "雨衣", "en": "Raincoat"}


class Town:
    """A central server, a clock that somebody sets, one campaign at a time, and what its stations have of it."""

    def __init__(self, folder: Path) -> None:
        self.now = float(NOON)
        self.store = CentralStore(folder)
        self.issuer: Issuer = founded(folder, self.store, lambda: self.now)
        self.store.add_credentials([f"h{each}" for each in range(HOLDERS)])
        self.ledgers = Ledgers(self.store, self.issuer)
        self._seq, self._names, self.name = count(1), count(1), ""

    def begin(self, days: int = 9, ago: int = 3600, **more: Any) -> None:
        """A campaign in place of the one before."""
        if self.name:
            self.issuer.withdraw_service(self.name)
            withdraw_ledgers(self.store, self.issuer, self.name)
        self.name = f"c{next(self._names)}"
        self.campaign = Campaign(TEXTS, "raincoat", KEY, **more)
        begins = int(self.now) - ago
        head = ServiceDocument(1, self.name, "campaign", 0, begins, begins + days * 86_400, "3708")
        self.issuer.publish_service(head, as_said(self.campaign))

    def hand(self, *holders: int, period: str = "", key: bytes = KEY, taken: bool = True) -> None:
        for index in holders:
            row = (self.name, 1, next(self._seq), CODE, period, token(key, index), "", taken, 1, "2026-11-23")
            self.store.hand_out(Handed(*row, self.now, True, self.now))

    def look(self, after: float = 60.0) -> int:
        """How many documents that gives."""
        self.now += after
        return sum(self.ledgers.look(self.now))

    def known(self) -> dict[str, Ledger]:
        """The ledgers of the campaign that are published, by their ids."""
        read = {each.id: body_in(*read_service(each.body)) for each in self.store.services("ledger")}
        return {each: body for each, body in read.items() if isinstance(body, Ledger) and body.campaign == self.name}

    def had(self, period: str = "") -> set[int]:
        found = {index for each in self.known().values() if each.period == period for index in indices_in(each)}
        assert all(has_had(self.known().values(), each, period) for each in [*found][:3])
        return found


@pytest.fixture(scope="module")
def opened(shared_central_folder: Path) -> Iterator[Town]:
    town = Town(shared_central_folder)
    with closing(town.store):
        yield town


@pytest.fixture
def town(opened: Town) -> Iterator[Town]:
    """With a campaign that begins with the test and ends with it."""
    opened.begin()
    yield opened
    opened.issuer.withdraw_service(opened.name)
    opened.look()
    assert opened.known() == {}, "which ends its ledgers, too"


def test_who_had_one_is_in_the_next_ledger_and_nothing_is_sent_while_nothing_is_new(town: Town) -> None:
    assert town.look() == 1
    assert [*town.known()] == [ledger_id(town.name, 0)], "a whole one at once, though nobody had one"
    town.hand(3, 5)
    town.hand(7, taken=False)
    assert town.look() == 1
    assert town.had() == {3, 5}
    assert known_until(town.known().values()) == int(town.now)
    assert [town.look() for _ in range(5)] == [0] * 5
    town.hand(7, key=bytes(32))
    assert town.look() == 0, "a token of another key is nobody's"
    town.hand(5)
    assert town.look() == 0, "and whoever had one twice has had one"


def test_a_station_knows_each_minute_all_that_the_centre_knew_and_has_seven_documents_at_the_most(town: Town) -> None:
    chance, given = random.Random(26), set[int]()  # noqa: S311
    since = town.now
    for minute in range(130):
        if minute % 3 == 0:
            some = chance.sample(range(1, HOLDERS), 2)
            given |= {*some}
            town.hand(*some)
        assert town.look() <= 1
        assert town.had() == given
        assert town.now - known_until(town.known().values()) <= town.campaign.ledger_max_age / 3
        assert len(town.known()) <= 7
    assert town.now - since > 2 * WHOLE_EVERY


def test_where_nothing_is_new_it_is_told_before_the_last_word_counts_as_old(town: Town) -> None:
    town.begin(ledger_max_age=600)
    assert [town.look() for _ in range(12)] == [1, 0, 0, 0] * 3
    assert town.now - known_until(town.known().values()) < 200


def test_a_night_without_anybody_costs_no_whole_ledger_and_the_morning_begins_with_one(town: Town) -> None:
    town.hand(1)
    town.look()
    whole = town.known()[ledger_id(town.name, 0)]
    for _ in range(200):
        town.look(150)
        assert town.now - known_until(town.known().values()) <= town.campaign.ledger_max_age / 3 + 150
    assert town.known()[ledger_id(town.name, 0)] == whole
    assert len(town.known()) <= 7
    assert town.had() == {1}
    town.hand(2)
    assert town.look() == 1
    assert [*indices_in(town.known()[ledger_id(town.name, 0)])] == [1, 2]


def test_a_delta_takes_the_place_of_the_one_of_its_ten_minutes(town: Town) -> None:
    town.look()
    for holder in (1, 2, 3):
        town.hand(holder)
        town.look()
    assert [*indices_in(town.known()[ledger_id(town.name, 1)])] == [1, 2, 3]
    town.hand(4)
    town.look(DELTA_EVERY)
    found = town.known()
    assert [*indices_in(found[ledger_id(town.name, 2)])] == [4]
    assert found[ledger_id(town.name, 2)].since == found[ledger_id(town.name, 1)].at


def test_a_server_that_starts_anew_goes_on_where_the_last_one_was(town: Town) -> None:
    town.hand(1)
    town.look()
    town.hand(2)
    town.look()
    before = town.known()
    town.ledgers = Ledgers(town.store, town.issuer)
    assert town.look() == 0
    assert town.known() == before
    town.hand(3)
    town.look()
    assert town.had() == {1, 2, 3}


@pytest.mark.parametrize(("per", "step"), [("day", 86_400), ("week", 7 * 86_400)])
def test_each_day_or_week_begins_with_nobody(town: Town, per: Any, step: int) -> None:
    town.begin(30, per=per)
    first = period_at(per, town.now)
    town.hand(1, 2, period=first)
    town.look()
    assert town.had(first) == {1, 2}
    town.look(step)
    second = period_at(per, town.now)
    assert first != second
    town.hand(3, period=second)
    town.hand(9, period=first)
    town.look()
    assert (town.had(second), town.had(first)) == ({3}, set())


def test_an_hour_in_which_very_many_come_makes_a_whole_one_and_no_large_delta(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_NEWS > HOLDERS
    monkeypatch.setattr("kiosk.central.ledgers.MOST_NEWS", 3)
    town.look()
    town.hand(1, 2, 3, 4)
    assert town.look() == 1
    assert [*town.known()] == [ledger_id(town.name, 0)]
    assert town.had() == {1, 2, 3, 4}


def test_of_what_is_withdrawn_or_over_nothing_is_left_of_key_and_bits(town: Town) -> None:
    for withdrawn in (True, False):
        town.begin(1)
        town.hand(2)
        town.look()
        assert town.known()
        if withdrawn:
            town.issuer.withdraw_service(town.name)
            withdraw_ledgers(town.store, town.issuer, town.name)
        else:
            town.look(86_400)
        assert town.known() == {}
        found = town.store.service(town.name)
        assert found
        assert KEY not in found.body
        assert read_service(found.body)[1] == {}
        assert town.look() == 0, "and it stays so"


def test_the_ledgers_of_a_campaign_that_lasts_longer_now_last_as_long(town: Town) -> None:
    town.hand(1)
    town.look()
    town.hand(2)
    town.look()
    found = town.store.service(town.name)
    assert found
    head, said = read_service(found.body)
    town.issuer.publish_service(replace(head, ends=head.ends + 86_400), said)
    assert town.look() == 1
    whole = town.store.service(ledger_id(town.name, 0))
    assert whole
    assert whole.ends == head.ends + 86_400
    assert town.had() == {1, 2}
    town.hand(3)
    town.look()
    ends = {each.ends for each in town.store.services("ledger") if each.id in town.known()}
    assert (ends, town.had()) == ({head.ends + 86_400}, {1, 2, 3})


def test_where_something_else_has_a_ledgers_id_it_is_an_alarm(town: Town) -> None:
    taken = ServiceDocument(1, ledger_id(town.name, 0), "notice", 0, 0, 2**39, "3708")
    town.issuer.publish_service(taken, {"texts": TEXTS})
    assert town.look() == 0
    assert town.known() == {}
    assert "ledger_id_taken" in [each.what for each in town.store.alarms()]


def test_a_campaign_without_passes_has_no_ledgers_and_one_to_come_none_yet(town: Town) -> None:
    town.begin(without_pass=True)
    assert town.look() == 0
    town.begin(ago=-300)
    assert [town.look() for _ in range(6)] == [0, 0, 0, 0, 1, 0]


def test_what_is_left_is_told_by_district_at_most_every_ten_minutes(town: Town) -> None:
    places = {CODE: ("35.41", "116.60"), "37081102": ("35.42", "116.61"), "37081103": ("", ""), FAR: ("36", "117")}
    stations = [Registered(code, f"站{code[-1]}", "", *place) for code, place in places.items()]
    town.store.add_stations(stations, town.now)
    for number, code in enumerate(places):
        town.store.count_stock(Count(code, "raincoat", town.now, 5 + number, None), 9, number, town.now)
    town.look(STOCK_EVERY)
    (name,) = (each for each in town.known() if "-at-" in each)
    assert name == f"{town.name}-at-370811"
    told = town.known()[name]
    assert told.stock == (
        StockAt("37081102", {"zh": "站2"}, 6, told.stock[0].at, 35.42, 116.61),
        StockAt(CODE, {"zh": "站1"}, 5, told.stock[0].at, 35.41, 116.60),
    ), "not of what nobody can find, nor of other districts"
    for code in (CODE, "37081102"):
        town.store.count_stock(Count(code, "raincoat", town.now, 0, None), 9, int(town.now), town.now)
    before = town.known()[name]
    town.look()
    assert town.known()[name] == before
    town.look(STOCK_EVERY)
    assert town.known()[name].stock == ()
    assert known_until(town.known().values()) == known_until([town.known()[ledger_id(town.name, 0)]])
    town.store._engine.run("DELETE FROM stock")


def test_more_than_a_document_can_say_is_the_most_that_it_can(town: Town) -> None:
    town.store.add_stations([Registered(CODE, "站", "", "35.41", "116.60")], town.now)
    for number in range(2):
        town.store.fill(Slot(CODE, "", "raincoat", 2**30 + number, "", town.now))
    town.look(STOCK_EVERY)
    assert town.look(STOCK_EVERY) >= 0, "what it published it reads again"
    (told,) = (each.stock for each in town.known().values() if each.stock)
    assert told[0].left == MOST_LEFT < 2**31
    town.store._engine.run("DELETE FROM stock")


def test_a_chain_that_a_clock_broke_is_whole_again_though_nobody_comes(town: Town) -> None:
    town.begin(ledger_max_age=300)
    assert town.look() >= 1
    assert town.look(WHOLE_EVERY + SLACK) == 1, "that nobody came"
    town.hand(1)
    assert town.look(-SLACK) == 1
    for _minute in range(100):
        town.look()
        assert town.now - known_until(town.known().values()) < town.campaign.ledger_max_age


def test_many_minutes_with_many_in_them_are_a_whole_ledger(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "MOST_NEWS", 10)
    assert town.look() == 1
    sizes = []
    for minute in range(5):
        town.hand(*range(8 * minute, 8 * minute + 8))
        assert town.look() == 1
        sizes.append(max((len([*indices_in(each)]) for each in town.known().values() if each.since), default=0))
    assert town.had() == {*range(40)}
    assert max(sizes) <= 10, "or a delta has more than a station reads"


def test_a_clock_that_was_set_back_loses_nobody(town: Town) -> None:
    for holder, after in enumerate((60, 300, 900, -SLACK, 60, -120, 600, 600)):
        town.hand(holder)
        assert town.look(after) >= 1
        assert town.had() == {*range(holder + 1)}
    assert known_until(town.known().values()) == town.now


@settings(max_examples=30)
@given(st.sets(st.integers(0, 2000)), st.integers(1, 2001))
def test_a_token_is_found_if_its_index_is_known_and_no_other(wanted: set[int], size: int) -> None:
    table = TokenTable(KEY)
    for until in (size // 2, size):
        assert sum(table.learn(until)) >= 0
    found = {index: table.index_of(token(KEY, index)) for index in wanted}
    assert found == {index: index if index < size else None for index in wanted}
    assert table.index_of("0" * 32) is None
