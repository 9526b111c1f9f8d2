"""The public pages: a station's, by its code, in both languages; and what every answer carries."""

from __future__ import annotations

from time import time

import pytest

from kiosk.central.codes import printed
from kiosk.central.public.pages import PAGES
from kiosk.central.publicly import public_stations
from kiosk.central.scope import EVERYWHERE
from kiosk.central.sheets import Sheet
from kiosk.central.store.entries import Wanted
from tests.office.clerks import words
from tests.public.ground import Ground

CODE, ATTENDED, MUTE, BARE, LOCKED = (f"3708110{number}" for number in range(1, 6))
MOST = 50_000


@pytest.fixture(scope="module", autouse=True)
def town(ground: Ground) -> None:
    """Five stations: heard, attended and silent, silent, one of which nothing is known, and one that is locked down."""
    ground.build(CODE)
    ground.build(ATTENDED, Sheet(hours=("daily 00:00-24:00",), attended=True), "火车站驿站", ("35.41", "116.6"))
    ground.build(MUTE, Sheet(hours=("daily 00:00-24:00",)), "环卫所驿站", ("35.5", "116.6"))
    ground.build(BARE, Sheet(), "", ("", ""))
    ground.build(LOCKED, at=("35.9", "116.6"))
    ground.hear(CODE)
    ground.hear(ATTENDED, 3600)
    ground.hear(MUTE, 3600)


def test_a_station_that_was_heard_is_open_and_shows_what_it_has(ground: Ground) -> None:
    text = ground.reads(f"/s/{printed(CODE)}")
    for said in (
        "Zhongshan Road",
        "370 811 015",
        "Open",
        "just now",
        "day and night",
        "fridge",
        "notice board",
        "Amap",
    ):
        assert said in text, said
    assert "开放中" in ground.reads(f"/s/{CODE}", "zh")


def test_one_that_fell_silent_is_unknown_and_since_when_only_where_somebody_is_there(ground: Ground) -> None:
    assert "since" in ground.reads(f"/s/{ATTENDED}")
    text = ground.reads(f"/s/{MUTE}")
    assert "Not known whether it is open" in text
    assert "a quarter of an hour" in text
    assert "since" not in text


def test_a_clock_that_was_a_day_ahead_proves_nothing_and_is_forgotten(ground: Ground) -> None:
    ground.hear(CODE, ago=-86_400)
    assert "Not known whether it is open" in ground.reads(f"/s/{CODE}")
    ground.hear(CODE)
    assert "It said so itself just now" in ground.reads(f"/s/{CODE}")
    ground.hear(CODE, ago=30)
    seen = ground.store.register(EVERYWHERE, CODE)[0].seen
    assert seen is not None
    assert seen.at > time() - 30, "what comes late changes nothing"


def test_the_next_stations_stand_there_with_their_distance_and_the_age_of_what_is_known(ground: Ground) -> None:
    text = ground.reads(f"/s/{ATTENDED}")
    assert "1.1 km" in text
    assert "known just now" in text
    assert "The next stations" not in ground.reads(f"/s/{BARE}"), "nobody knows where it stands"


def test_a_wrong_digit_is_told_and_the_form_stands_there(ground: Ground) -> None:
    for path in ("/s/370811016", "/s?code=370811016"):
        answer = ground.get(path)
        assert answer.status_code in {404, 422}
        assert "wrong digit" in words(answer)
        assert 'name="code"' in answer.text
    assert ground.get("/s?code=370+811+015").headers["Location"] == "/s/370811015"
    assert ground.get("/s/99999999").status_code == 404


def test_no_page_is_heavy_and_each_says_what_it_may_load(ground: Ground) -> None:
    for path in (f"/s/{CODE}", "/s/1", "/nowhere"):
        answer = ground.get(path)
        assert len(answer.content) < MOST
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script" not in answer.text
        assert "Set-Cookie" not in answer.headers


def test_a_page_comes_packed_but_for_one_that_may_hold_a_receipt(ground: Ground) -> None:
    for path, packed in ((f"/s/{CODE}", True), ("/map", True), ("/s/1", True), ("/receipt", False)):
        answer = ground.get(path)
        assert ("Content-Encoding" in answer.headers) is packed, path
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "<style>" in answer.text


def test_the_language_is_chosen_and_stays_on_the_page(ground: Ground) -> None:
    answer = ground.get(f"/language/zh?next=/s/{CODE}")
    assert answer.headers["Location"] == f"/s/{CODE}"
    assert "lang=zh" in answer.headers["Set-Cookie"]
    assert ground.get("/language/zh?next=//elsewhere.example").headers["Location"] == "/map"
    assert ground.get("/language/xx").status_code == 404


def test_every_address_stands_once_for_each_method() -> None:
    known = [(each.method, each.path) for each in PAGES]
    assert len(known) == len(set(known))


@pytest.mark.parametrize(
    ("ago", "quality", "why"),
    [
        (60.0, "synced", "locked_down"),
        (7200.0, "holdover", "heard"),
        (1e9, "unset", "locked_down"),
        (1e6, "floor", "locked_down"),
        (-1e12, "synced", "locked_down"),
    ],
)
def test_a_lock_down_lasts_by_the_station_s_clock_or_from_when_it_came(
    ground: Ground, ago: float, quality: str, why: str
) -> None:
    ground.hear(LOCKED)
    seq = 1 + len(ground.store.newest(LOCKED, "access", Wanted(("operated",)), 100))
    told = {"kind": "operated", "door": "main", "verb": "lockdown", "seconds": 900.0, "quality": quality}
    ground.tell(LOCKED, {**told, "wall": time() - ago}, seq)
    known = public_stations(ground.store)[LOCKED]
    assert known.openness(time()).why == why
    assert all(each.until <= time() + 900 for each in known.evidence.lockdowns), "no longer, whatever its clock said"


def test_what_is_told_of_a_station_stands_on_its_page_while_it_lasts(ground: Ground) -> None:
    ground.tell(CODE, {"kind": "appliance_alarm", "alarm": "fridge.too_warm", "value": 9.0, "raised": True}, 1)
    ground.tell(CODE, {"kind": "operated", "door": "main", "verb": "lockdown", "who": "wang", "seconds": 900.0}, 2)
    text = ground.reads(f"/s/{CODE}")
    assert "Closed" in text
    assert "locked it down" in text
    assert "out of order" in text
    assert "wang" not in text
    ground.tell(CODE, {"kind": "operated", "door": "main", "verb": "release", "who": "wang"}, 3)
    assert "Open" in ground.reads(f"/s/{CODE}")
