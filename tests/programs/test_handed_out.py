"""What stations hand out, at the centre: each once, under a token until the campaign is closed; then days and counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from kiosk.central import supplying
from kiosk.central.gathering import Gathering
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.campaigns import HandedDay, StoredCampaign, Words
from kiosk.central.store.stocks import Count, Slot, Stock
from kiosk.central.supplying import MOST_KEPT
from tests.databases import emptied
from tests.programs.test_days import CODES, NOW, entry, take

HERE, THERE, FAR = CODES
TODAY: Final = "2026-11-23"
RAINCOAT: Final = Words({"zh": "雨衣", "en": "Raincoat"}, "raincoat")
TABLES: Final = (
    "campaigns", "handed_out", "handed_days", "stock", "slots", "counts", "counted", "entries", "logs", "boots", "aside",
    "rejected", "swept",
)  # fmt: skip


@pytest.fixture(scope="module")
def opened(shared_central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(shared_central_folder)) as store:
        yield store


@pytest.fixture
def store(opened: CentralStore) -> CentralStore:
    """One with a campaign for one district, of which nothing has been handed out yet."""
    emptied(opened, *TABLES)
    publish(opened)
    return opened


def publish(store: CentralStore, name: str = "rain", words: Words = RAINCOAT, **more: Any) -> None:
    times: dict[str, Any] = {
        "version": 1,
        "scope": "3708",
        "begins": int(NOW - 9 * DAY),
        "ends": int(NOW + 9 * DAY),
    } | more
    store.remember_campaign(StoredCampaign(id=name, body=msgspec.json.encode(words).decode(), **times))


def token(number: int) -> str:
    return f"{number:032x}"


def handed(seq: int, number: int | None = 1, slot: str = "", taken: bool = True, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"campaign": "rain", "item": "raincoat", "slot": slot, "taken": taken}
    return entry(seq, "handed_out", **said | {"token": "" if number is None else token(number)} | more)


def sent(store: CentralStore, *entries: dict[str, Any], code: str = HERE, now: float = NOW) -> None:
    take(store, list(entries), now, code, "services")
    for _step in Gathering(store).gather(now):
        pass


def days(store: CentralStore, scope: Scope = EVERYWHERE) -> list[HandedDay]:
    return store.handed_days("rain", scope)


def test_what_a_steward_gave_is_counted_by_station_and_day_and_its_entry_goes(store: CentralStore) -> None:
    sent(store, handed(1), handed(2, 2), handed(3, 3, wall=NOW - DAY))
    sent(store, handed(1, 4), code=THERE)
    assert days(store) == [HandedDay(HERE, "2026-11-22", 1), HandedDay(HERE, TODAY, 2), HandedDay(THERE, TODAY, 1)]
    assert days(store, Scope(THERE)) == [HandedDay(THERE, TODAY, 1)]
    assert store.tokens_given("rain") == [token(each) for each in (1, 2, 3, 4)]
    assert store._engine.all("SELECT * FROM entries") == []


def test_a_batch_that_comes_again_counts_once(store: CentralStore) -> None:
    sent(store, handed(1), handed(2, 2))
    sent(store, handed(1), handed(2, 2), handed(3, 3))
    assert days(store) == [HandedDay(HERE, TODAY, 3)]


def test_what_a_slot_offered_is_given_once_its_contact_says_so(store: CentralStore) -> None:
    sent(store, handed(1, 1, "slot1", taken=False))
    assert days(store) == [HandedDay(HERE, TODAY, not_taken=1)]
    assert store.tokens_given("rain") == [], "a power cut burns nothing"
    sent(store, handed(2, 1, "slot1", taken=True, wall=NOW + 40), now=NOW + 60)
    assert days(store) == [HandedDay(HERE, TODAY, 1)]
    sent(store, handed(3, 2, "slot1", taken=False), handed(4, 2, "slot1", taken=False), handed(5, 2, "slot1"))
    assert days(store) == [HandedDay(HERE, TODAY, 2, not_taken=1)]


def test_without_a_pass_there_is_a_count_and_nobody_has_it_again(store: CentralStore) -> None:
    sent(store, handed(1, None), handed(2, None, count=5))
    assert days(store) == [HandedDay(HERE, TODAY, without_pass=6)]
    assert store.tokens_given("rain") == []
    assert store.handed_again("rain") == []


def test_who_had_it_before_has_it_again_at_the_second_station(store: CentralStore) -> None:
    sent(store, handed(1), handed(2, 2))
    sent(store, handed(1, wall=NOW - 60), handed(2, 3), code=THERE, now=NOW + 60)
    assert days(store) == [HandedDay(HERE, TODAY, 2, again=1), HandedDay(THERE, TODAY, 2)]
    assert [(each.station, each.at) for each in store.handed_again("rain")] == [(THERE, NOW - 60), (HERE, NOW)]


def test_of_each_day_somebody_may_have_one(store: CentralStore) -> None:
    sent(store, handed(1, period="2026-11-22", wall=NOW - DAY), handed(2, period="2026-11-23"))
    assert [each.again for each in days(store)] == [0, 0]
    assert store.tokens_given("rain", "2026-11-23") == [token(1)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"campaign": "snow"}, {"campaign": None}, {"campaign": "RAIN"}, {"token": "AB" * 16}, {"token": "ab" * 16 + "\n"},
        {"token": 7}, {"period": "today"}, {"period": "2026-11-2３"}, {"count": 0}, {"count": -3}, {"count": 10**7},
        {"slot": "x" * 65}, {"item": ""}, {"taken": "yes"},
    ],
)  # fmt: skip
def test_what_is_of_no_campaign_is_passed_over_and_goes_as_what_points_to_a_person(
    store: CentralStore, wrong: dict[str, Any]
) -> None:
    sent(store, handed(1, **wrong), handed(2, 2))
    assert days(store) == [HandedDay(HERE, TODAY, 1)]
    assert len(store._engine.all("SELECT * FROM entries")) == 1
    sum(store.purge(NOW + 31 * DAY))
    assert store._engine.all("SELECT * FROM entries") == []


def test_a_station_for_which_the_campaign_is_not_has_handed_out_nothing(store: CentralStore) -> None:
    sent(store, handed(1), code=FAR)
    assert days(store) == []


def test_closing_leaves_days_and_counts_and_late_entries_add_to_them(store: CentralStore) -> None:
    sent(store, handed(1), handed(2, 1, wall=NOW + 1), handed(3, None), handed(4, 2, "slot1", taken=False))
    before = days(store)
    store.close_campaign("rain", NOW)
    assert days(store) == before == [HandedDay(HERE, TODAY, 2, 1, 1, 1)]
    sent(store, handed(5, 2, "slot1"), handed(6, 3, "slot1", taken=False), handed(7, 3, "slot1"), handed(8, None))
    assert days(store) == [HandedDay(HERE, TODAY, 4, 2, 0, 1)]
    assert store._engine.all("SELECT * FROM handed_out") == store._engine.all("SELECT * FROM entries") == []


def test_tokens_of_days_long_past_go_before_the_campaign_ends(store: CentralStore) -> None:
    publish(store, words=msgspec.structs.replace(RAINCOAT, per="day"))
    sent(store, handed(1, period="2026-11-23"), handed(2, 1, period="2026-11-23", wall=NOW + 1), now=NOW + 2)
    later = NOW + 29 * DAY
    sent(store, handed(3, 1, period="2026-12-22", wall=later), now=later)
    sum(store.purge(NOW + 31 * DAY))
    assert store.tokens_given("rain", "2026-11-23") == []
    assert store.tokens_given("rain", "2026-12-22") == [token(1)]
    assert [(each.given, each.again) for each in days(store)] == [(2, 1), (1, 0)]


def test_stock_is_what_was_filled_in_less_what_was_taken_since_somebody_counted(store: CentralStore) -> None:
    filled: dict[str, Any] = {"index": 7, "item": "raincoat", "month": "2027-05"}
    sent(store, handed(1), entry(2, "filled", count=40, slot="", **filled))
    sent(
        store,
        entry(3, "filled", count=20, slot="slot1", **filled),
        handed(4, 2, "slot1", taken=False),
        handed(5, 2, "slot1"),
    )
    assert store.stock() == [Stock(HERE, "raincoat", 59, None, NOW)]
    assert store.slots() == [Slot(HERE, "slot1", "raincoat", 19, "2027-05", NOW)]
    sent(store, entry(6, "counted", index=7, item="raincoat", counted=55, expected=59, wall=NOW + 9), now=NOW + 9)
    sent(store, handed(7, 3, wall=NOW + 10), now=NOW + 10)
    assert store.stock(item="raincoat") == [Stock(HERE, "raincoat", 54, NOW + 9, NOW + 10)]
    assert store.stock_counts("raincoat", NOW, NOW + DAY) == [Count(HERE, "raincoat", NOW + 9, 55, 59)]
    assert [*store.stock(Scope(THERE)), *store.stock(item="water"), *store.slots(Scope(THERE))] == []
    assert store._engine.all("SELECT * FROM entries WHERE kind = 'handed_out'") == []


def test_what_is_missing_beyond_the_store_is_missing_in_the_slots(store: CentralStore) -> None:
    filled: dict[str, Any] = {"index": 7, "item": "raincoat"}
    sent(store, *(entry(seq, "filled", slot=slot, count=9, **filled) for seq, slot in enumerate(("", "a", "b"), 1)))
    sent(store, entry(4, "counted", item="raincoat", index=7, counted=20, expected=27))
    assert [each.pieces for each in store.slots()] == [9, 9]
    sent(store, entry(5, "counted", item="raincoat", index=7, counted=5, expected=20))
    assert [each.pieces for each in store.slots()] == [0, 5]
    sent(store, *(handed(6 + seq, seq, "b") for seq in range(7)), entry(13, "filled", slot="b", count=2, **filled))
    assert [each.pieces for each in store.slots()] == [0, 2]
    assert [each.pieces for each in store.stock()] == [2]


def test_stock_is_never_less_than_nothing_and_counts_go_in_time(store: CentralStore) -> None:
    sent(store, entry(1, "counted", index=7, item="raincoat", counted=0, expected=None), handed(2))
    assert [each.pieces for each in store.stock()] == [0]
    sum(store.purge(NOW + 401 * DAY))
    assert store.stock_counts("raincoat", 0, NOW) == []
    assert len(store.stock()) == 1


def test_how_much_was_known_here_only_late(store: CentralStore) -> None:
    sent(store, handed(1), handed(2, 2, wall=NOW + 9000), handed(3, 3, quality="unset"), now=NOW + 9030)
    assert store.told_late("rain", 3600) == [(HERE, 1, 9030.0)]


def test_no_station_fills_a_report_with_days_on_which_there_was_no_campaign(store: CentralStore) -> None:
    sent(store, *(handed(each, each, wall=each * DAY) for each in range(1, 50)), handed(50, 50, wall=NOW - DAY))
    assert days(store) == [HandedDay(HERE, "2026-11-22", 1), HandedDay(HERE, TODAY, 49)]
    store._engine.run("DELETE FROM handed_out")
    sent(store, handed(51, 1, wall=DAY))
    sent(store, handed(1, 1), code=THERE, now=NOW + 60)
    assert [each.timed for each in store.handed_again("rain")] == [False, True]


def test_of_a_station_some_items_and_slots_are_kept_however_many_it_sends(store: CentralStore) -> None:
    def filled(seq: int, number: int) -> dict[str, Any]:
        return entry(seq, "filled", index=3, item=f"item{number}", slot=f"slot{number}", count=1, month="")

    most = range(1, MOST_KEPT + 1)
    sent(store, *(filled(each, each) for each in range(1, MOST_KEPT + 20)))
    sent(
        store,
        filled(MOST_KEPT + 20, 1),
        entry(MOST_KEPT + 21, "counted", index=3, item="more", counted=9, expected=None),
    )
    assert {each.item for each in store.stock()} == {f"item{each}" for each in most}
    assert {each.slot for each in store.slots()} == {f"slot{each}" for each in most}
    assert [each.pieces for each in store.stock(EVERYWHERE, "item1")] == [2]
    sent(store, filled(1, 90), code=THERE)
    assert len(store.slots(Scope(THERE))) == 1, "and of others what they have"


def test_a_station_that_was_taken_over_lets_some_be_refused_and_not_everybody(
    store: CentralStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplying, "MOST_A_DAY", 5)
    publish(store, begins=int(NOW - DAY - 60))
    sent(
        store,
        *(handed(each, each, period="" if each % 2 else TODAY) for each in range(1, 40)),
        handed(40, None, count=7),
    )
    assert len(store.tokens_given("rain")) + len(store.tokens_given("rain", TODAY)) == 10
    assert days(store) == [HandedDay(HERE, TODAY, 39, 7)], "but all of it is counted"
    assert [(each.what, each.station) for each in store.alarms()] == [("too_many_handed_out", HERE)]
    store.clear_alarms()
    sent(store, handed(1, 50), code=THERE)
    assert token(50) in store.tokens_given("rain"), "others go on"
    assert store.alarms() == []
