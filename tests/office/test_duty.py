"""What is wrong now, as a duty officer sees it, and what officers do about it; over real HTTP, on both engines."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from time import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.alarms.settings import AlarmSettings, Webhook
from kiosk.central.office.cause import read_note
from kiosk.central.office.duty import MOST
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import Sighting
from kiosk.central.web.forms import Form
from tests.keys import private, public
from tests.office.clerks import Clerk, Office, words
from tests.programs.test_register import take, told

NAMES = iter(f"officer{number}" for number in range(1000))
HERE, THERE = [f"370811{number:02}" for number in range(1, 6)], "37081201"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def stations(office: Office) -> Iterator[Office]:
    """Five stations of one district and one of another, all well."""
    enrolled(office)
    yield office
    for table in ("raised", "faults", "seen"):
        office.store._engine.run(f"DELETE FROM {table}")
    office.store._engine.run("UPDATE causes SET gone = 1 WHERE gone IS NULL")


@pytest.fixture
def clerk(stations: Office) -> Clerk:
    return stations.hire(next(NAMES))


def alarm(office: Office, code: str, door: str = "main", alarm: str = "forced_open") -> None:
    tell(office, code, "door_alarm", door=door, alarm=alarm)


def enrolled(office: Office) -> None:
    store = office.store
    store.add_stations([Registered(code, f"Station {code[-2:]}") for code in (*HERE, THERE)], time())
    for number, code in enumerate((*HERE, THERE)):
        if store.station_key(code) is None:
            store.enrol(code, store.make_claim(code, time()), public(private(60 + number)), time())


def tell(office: Office, code: str, kind: str, **body: Any) -> None:
    found = office.store._engine.one("SELECT coalesce(max(acked), 0) FROM logs WHERE station = ?", (code,))
    take(office.store, told((found[0] if found else 0) + 1, kind, **body), code=code)


def silence(office: Office, codes: list[str]) -> None:
    office.store.saw([Sighting(code, time() - 3600, "1", "") for code in codes])


def key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_where_nothing_is_wrong_the_page_says_so_and_when_it_looked(clerk: Clerk) -> None:
    said = clerk.get("/")
    assert "All is well at 6 stations." in said.text
    assert re.search(r"Looked at \d\d:\d\d:\d\d", said.text)
    assert said.headers["Refresh"] == "30; url=?by-itself=1"
    still = clerk.get("/?still=1")
    assert "Refresh" not in still.headers
    assert "Look again every 30 s" in still.text


def test_a_silent_district_is_one_line_and_a_forced_door_stands_above_what_is_to_be_mended(
    stations: Office, clerk: Clerk
) -> None:
    tell(stations, HERE[4], "fault", what="gps", detail="no_fix")
    silence(stations, HERE[:4])
    alarm(stations, THERE)
    said = clerk.reads("/")
    assert "district 370811 · 4 of 5 stations" in said
    assert said.index("door forced open") < said.index("gps: no_fix")
    assert said.count("silent") == 1
    assert f"{THERE} Station 01" in said


def test_an_officer_sees_the_own_stations_alone(stations: Office, clerk: Clerk) -> None:
    silence(stations, HERE[:4])
    alarm(stations, THERE)
    there, here = (stations.hire(next(NAMES), "steward", scope) for scope in ("370812", HERE[0]))
    assert "370811" not in there.reads("/")
    assert "forced" not in here.reads("/")
    assert HERE[1] not in here.get("/cause?key=silent%40370811%2A").text, "of a wider cause the own stations"
    key_of_door = f"forced_open@{THERE}"
    assert here.get(f"/cause?key={key_of_door}").status_code == 404
    assert here.send("/cause", page="/", key=key_of_door, act="acknowledged").status_code == 404
    wider = here.send("/cause", page="/", key="silent@370811*", act="muted", hours="168", why="quiet")
    assert (wider.status_code, "wider place" in wider.text) == (403, True)
    assert "I have seen it" not in here.reads("/")
    assert stations.store.incidents() == {}
    assert "forced" in clerk.reads("/?place=370812")
    assert "silent" not in clerk.reads("/?place=370812")


def test_what_was_done_stands_at_the_line_and_in_the_audit(stations: Office, clerk: Clerk) -> None:
    alarm(stations, THERE)
    name = stations.store.accounts(EVERYWHERE)[-1].name
    page = clerk.get("/").text
    answer = clerk.send("/cause", page="/", key=key(page), act="acknowledged", **{"from": "list"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/office/")
    assert "has seen it at" in clerk.reads("/")
    assert "I have seen it" not in clerk.reads("/")
    path = f"/cause?key=forced_open%40{THERE}"
    for fields in ({"act": "assigned", "whom": name}, {"act": "noted", "why": f"a carpenter {EVIL}"}):
        assert clerk.send("/cause", page=path, key=key(page), **fields).status_code == 303
    said = clerk.get("/")
    assert EVIL not in said.text
    assert f"{name} looks after it" in words(said)
    assert f"a carpenter {EVIL}" in words(said)
    assert (
        clerk.send("/cause", page=path, key=key(page), act="muted", hours="4", why="until he is done").status_code
        == 303
    )
    assert "Doors" not in clerk.reads("/"), "it is mute, and below all others"
    assert "mute until" in clerk.reads("/")
    assert "All is well" not in clerk.reads("/")
    acts = [each.what for each in stations.store.acts(Scope(THERE))][:4]
    assert acts == ["muted", "noted", "assigned", "acknowledged"]


@pytest.mark.parametrize("name", [EVIL, "a\0b", "two\r\nlines", '"&amp;', "a*b?c%40/d", "", "\u202egps", "{{ 7 * 7 }}"])
def test_whatever_a_station_calls_its_trouble_it_is_shown_as_it_is_and_can_be_acknowledged(
    stations: Office, clerk: Clerk, name: str
) -> None:
    tell(stations, THERE, "fault", what=name, detail=name)
    page = clerk.get("/").text
    assert EVIL not in page
    assert clerk.send("/cause", page="/", key=html.unescape(key(page)), act="acknowledged").status_code == 303
    assert "has seen it at" in clerk.reads("/")
    found = re.search(r'href="/office(/cause[^"]+)"', page)
    assert found
    assert clerk.get(html.unescape(found[1])).status_code == 200


def test_a_form_that_lacks_something_is_given_back_with_all_that_it_lacks(stations: Office, clerk: Clerk) -> None:
    alarm(stations, THERE)
    path = f"/cause?key=forced_open%40{THERE}"
    answer = clerk.send("/cause", page=path, key=f"forced_open@{THERE}", act="muted", hours="9999", why="")
    assert answer.status_code == 422
    assert {field for field in ("hours", "why") if f'id="{field}-error"' not in answer.text} == set()
    assert 'id="act-error"' in clerk.send("/cause", page=path, key=f"forced_open@{THERE}").text
    errors = re.findall(r'<li><a href="#\w+">([^<]+)</a></li>', answer.text)
    assert errors == ["Choose for how long.", "Write why: whoever comes after you reads it."]
    answer = clerk.send(
        "/cause", page=path, key=f"forced_open@{THERE}", act="assigned", whom="nobody", why="kept words"
    )
    assert (answer.status_code, "kept words" in answer.text) == (422, True)
    assert stations.store.incidents() == {}


def test_what_the_server_found_is_forgotten_by_an_administrator_with_a_reason(stations: Office, clerk: Clerk) -> None:
    stations.store.alarm("keys_end", "the keys end", time())
    path = "/cause?key=server.keys_end%40"
    assert "It is mended" not in stations.hire(next(NAMES), "technician").reads(path)
    assert clerk.send("/cause/forget", page=path, key="server.keys_end@").status_code == 422
    assert stations.store.alarms()
    assert clerk.send("/cause/forget", page=path, key="server.keys_end@", mended="new keys").status_code == 303
    assert stations.store.alarms() == []
    assert stations.store.acts(EVERYWHERE)[0].reason == "new keys"
    alarm(stations, THERE)
    assert clerk.send("/cause/forget", page="/", key=f"forced_open@{THERE}", mended="x").status_code == 404


def test_a_viewer_looks_and_does_nothing(stations: Office) -> None:
    alarm(stations, THERE)
    viewer = stations.hire(next(NAMES), "viewer")
    said = viewer.get("/").text
    assert "door forced open" in said
    assert "I have seen it" not in said
    assert "<form" not in viewer.get(f"/cause?key=forced_open%40{THERE}").text.partition("<main")[2]


def test_what_was_done_is_still_written_down_when_it_is_over(stations: Office, clerk: Clerk) -> None:
    """Whoever mends a door has it mended before they write: the words are kept, and the cause does not come again."""
    alarm(stations, THERE)
    key_of_door, path = f"forced_open@{THERE}", f"/cause?key=forced_open%40{THERE}"
    assert clerk.send("/cause", page=path, key=key_of_door, act="acknowledged").status_code == 303
    page = clerk.csrf(path)
    alarm(stations, THERE, alarm="none")
    stations.store.end_causes(stations.store.incidents().values(), time())
    late = clerk.post("/cause", csrf=page, key=key_of_door, act="noted", why=f"a new bolt {EVIL}")
    assert (late.status_code, "over meanwhile" in words(late), EVIL in late.text) == (409, True, False)
    assert f'value="{html.escape(f"a new bolt {EVIL}")}"' in late.text
    number = re.search(r'name="number" value="(\d+)"', late.text)
    assert number
    assert clerk.send("/over", f"/over?number={number[1]}", number=number[1], why=" ").status_code == 422
    sent = clerk.send("/over", f"/over?number={number[1]}", number=number[1], why=f"a new bolt {EVIL}")
    assert sent.headers["Location"] == "/office/over"
    told = clerk.reads("/over")
    assert f"{THERE} Station 01 door forced open" in told
    assert f"a new bolt {EVIL}" in told
    assert stations.store.incidents() == {}
    assert [each.what for each in stations.store.acts(Scope(THERE))][:2] == ["noted", "acknowledged"]
    assert "a new bolt" in stations.hire(next(NAMES), "viewer", THERE).reads("/over")
    elsewhere = stations.hire(next(NAMES), "steward", "370811")
    assert "a new bolt" not in elsewhere.reads("/over")
    assert elsewhere.send("/over", "/", number=number[1], why="mine").status_code == 404


def test_what_is_over_is_said_to_be_over(clerk: Clerk) -> None:
    answer = clerk.get("/cause?key=silent%4037081101")
    assert (answer.status_code, "not wrong any longer" in answer.text) == (404, True)


def test_of_very_much_so_much_is_shown_as_a_page_has_room_for(stations: Office, clerk: Clerk) -> None:
    for code in (HERE[0], THERE):
        for number in range(60):
            tell(stations, code, "fault", what=f"sensor.s{number}")
    said = clerk.get("/")
    assert said.text.count('class="cause ') == MOST
    assert "And 20 more: choose a district." in said.text
    assert len(said.content) < 100_000
    assert clerk.get("/?place=370812").text.count('class="cause ') == 60


def test_a_test_of_alarms_waits_in_the_list_and_is_for_who_looks_after_all(stations: Office, clerk: Clerk) -> None:
    stations.store.alarm_rules = AlarmSettings(webhook=(Webhook("robot", "url"),))
    assert clerk.send("/told").status_code == 303
    assert "robot [stations] a test: alarms reach you here waits" in clerk.reads("/told")
    assert stations.store.acts(EVERYWHERE)[0].what == "test of alarms"
    assert stations.hire(next(NAMES), "administrator", "3708").get("/told").status_code == 404


@given(st.dictionaries(st.sampled_from(["act", "whom", "hours", "why"]), st.text(max_size=20)))
def test_whatever_a_form_holds_it_is_a_note_or_wrong(fields: dict[str, str]) -> None:
    note, wrong = read_note(Form(fields), ["li"], "wang", 1.0)
    assert (note is None) == bool(wrong)
