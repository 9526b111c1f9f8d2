"""The list of the stations and the page of one: found, sorted, paged, kept small; commands from reason to entry."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time
from typing import Any

import pytest

from kiosk.central import looking
from kiosk.central.office import live
from kiosk.central.office.station import read_command
from kiosk.central.office.stations import PAGE, Wanted, chosen, read_wanted
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.logs import Sent
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import SILENT_AFTER, Sighting, StationLine
from kiosk.central.web.forms import Form
from kiosk.contract.bodies import Batch
from tests.databases import emptied
from tests.keys import private, public
from tests.office.clerks import Office, open_office, words

NOW = 1_795_392_000.0
EPOCH = "00112233445566aa"
CODE = "37081101"


def line(
    code: str, seen: float | None = None, faults: int = 0, name: str = "", enrolled: float | None = NOW
) -> StationLine:
    state: Any = "added" if enrolled is None else "enrolled"
    heard = None if seen is None else Sighting(code, seen, "yizhan-kiosk/0.5.0", "")
    return StationLine(code, state, name, "", b"k" if enrolled else None, enrolled, heard, faults)


LINES = [
    line("37081101", NOW, name="Lake"),
    line("37081102", NOW - SILENT_AFTER - 1, name="Gate"),
    line("41000001", NOW - 5, faults=3, name="Harbour"),
    line("41000002", enrolled=None, name="lake too"),
]


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        (Wanted(), ["37081101", "37081102", "41000001", "41000002"]),
        (Wanted(prefix="41"), ["41000001", "41000002"]),
        (Wanted(words="LAKE"), ["37081101", "41000002"]),
        (Wanted(words="lake 41"), ["41000002"]),
        (Wanted(state="silent"), ["37081102"]),
        (Wanted(state="faulty"), ["41000001"]),
        (Wanted(state="added"), ["41000002"]),
        (Wanted(sort="faults"), ["41000001", "37081101", "37081102", "41000002"]),
        (Wanted(sort="heard"), ["41000002", "37081102", "41000001", "37081101"]),
    ],
)
def test_stations_are_found_and_sorted(wanted: Wanted, codes: list[str]) -> None:
    assert [each.code for each in chosen(LINES, wanted, NOW)] == codes


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "²"}, {"page": "9" * 9}, {"sort": "x"}, {"state": "<"}])
def test_what_an_address_asks_for_and_is_not_there_counts_as_nothing(query: dict[str, str]) -> None:
    assert read_wanted(query) == Wanted()


def test_an_address_says_only_what_differs() -> None:
    assert Wanted(prefix="37", page=3).with_(page=1) == "prefix=37"
    assert read_wanted({"words": "a b", "page": "2"}).with_() == "words=a+b&page=2"


def fill(store: CentralStore, count: int) -> None:
    """As many stations with everything that a line can show."""
    codes = [f"3{number:07}" for number in range(count)]
    with store.transaction():
        store.add_stations([Registered(code, f"第{code}号户外劳动者驿站", f"红星路 {code} 号") for code in codes], NOW)
        store._engine.run_each("INSERT INTO stations VALUES (?, ?, ?)", [(code, b"k" * 32, NOW) for code in codes])
        store.saw([Sighting(code, time(), "yizhan-kiosk/0.5.0", "192.0.2.1", {"keyset": 1}) for code in codes])


def test_a_page_of_a_province_is_less_than_100_kb(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        fill(office.store, 4540)
        clerk = office.hire("province")
        answer = clerk.get("/stations?sort=name")
        assert "4540 stations" in words(answer)
        assert len(answer.content) < 100_000
        assert answer.text.count('href="/office/stations/') == PAGE
        last = clerk.get("/stations?page=999")
        assert "page 91 of 91" in words(last)


@pytest.fixture
def station(office: Office) -> Iterator[str]:
    """An enrolled station that has told something, with a name that means harm."""
    store = office.store
    store.add_stations([Registered(CODE, "<script>alert(1)</script>", '"><img src=x>')], NOW)
    store.enrol(CODE, store.make_claim(CODE, time()), public(private(20)), time())
    yield CODE
    emptied(store, "entries", "logs", "boots", "doors", "faults", "commands")


def tell(office: Office, *entries: dict[str, Any], first: int = 1) -> None:
    clock = {"boot_id": "b", "boot": 1.0, "quality": "synced"}
    whole = [{"seq": first + place, **clock, "wall": time(), **each} for place, each in enumerate(entries)]
    (became,) = office.store.take_all([Sent(CODE, "access", Batch(EPOCH, first, "b", 1.0, 1.0, whole))], time())
    assert not isinstance(became, Exception), became


def test_slots_are_no_doors_and_have_their_own_count(office: Office, station: str) -> None:
    """One is taken for a door until something is taken from it."""
    boxes = [f"box{number:02}" for number in range(70)]
    tell(
        office, {"kind": "unlocked", "door": "main", "by": "pass"}, {"kind": "unlocked", "door": "box00", "by": "pass"}
    )
    assert sorted(office.store.doors(CODE)) == ["box00", "main"]
    told = [{"kind": "taken" if name < "box35" else "not_taken", "door": name, "slot": True} for name in boxes]
    tell(office, *told, {"kind": "locked", "door": "side"}, {"kind": "taken", "door": "main"}, first=3)
    assert sorted(office.store.doors(CODE)) == ["main", "side"]
    assert sorted(office.store.doors(CODE, slots=True)) == boxes[:64]
    tell(office, {"kind": "locked", "door": "box00"}, first=75)
    assert "box00" in office.store.doors(CODE, slots=True)
    clerk = office.hire("opener", "technician")
    page = clerk.get(f"/stations/{station}", headers={"Accept-Language": "zh-CN"}).text
    assert page.count("box00 格口") > 1
    assert "box00 门" not in page
    assert '<optgroup label="格口">' in page


def test_the_page_of_a_station_says_what_is_known(office: Office, station: str) -> None:
    tell(
        office,
        {"kind": "started", "version": "0.5.0"},
        {"kind": "unlocked", "door": "main", "by": "exit"},
        {"kind": "fault", "what": "sensor.fridge", "detail": "<b>timeout</b>"},
        {"kind": "denied", "door": "main", "reason": "<script>"},
        {"kind": "door_alarm", "door": "main", "alarm": "forced_open"},
    )
    clerk = office.hire("reader", "viewer")
    answer = clerk.get(f"/stations/{station}")
    shown = words(answer)
    for told in ("<script>alert(1)</script>", "sensor fridge", "<b>timeout</b>", "main: unlocked", "version 0.5.0"):
        assert told in shown
    assert "door forced open: main · since" in shown
    assert re.findall(r"<(?:script|img|b)\b(?! src=\"/office/live)", answer.text) == []
    assert "Send a command" not in shown, "a viewer looks"
    assert "2 faults" in clerk.reads("/stations"), "what it tells that is wrong, alarms too"


def test_a_command_from_its_reason_to_what_became_of_it(office: Office, station: str) -> None:
    tell(office, {"kind": "unlocked", "door": "main", "by": "exit"})
    clerk = office.hire("opener", "technician", "3708")
    page = f"/stations/{station}"
    assert "This asks for a reason." in words(clerk.send(f"{page}/commands", page, verb="unlock"))
    assert office.store.commands(station, 9) == []
    sent = clerk.send(f"{page}/commands", page, verb="unlock", door="main", minutes="", reason="the key is inside")
    assert sent.headers["Location"] == f"/office{page}#commands"
    (act, *_) = office.store.acts(EVERYWHERE, about=station)
    assert (act.account, act.what, "the key is inside" in act.reason) == ("opener", "unlock", True)
    (id_,) = re.findall(r"\(([0-9a-f]{12})\)", act.reason)
    assert re.search(rf"unlock · main {id_} .* – – sent", clerk.reads(page))
    tell(office, {"kind": "command_started", "command": id_, "verb": "unlock"}, first=2)
    assert re.search(rf"{id_} \S+ \S+ \S+ \S+ – taken", clerk.reads(page))
    tell(office, {"kind": "command_ended", "command": id_, "verb": "unlock", "outcome": "done"}, first=3)
    assert re.search(rf"{id_}( \S+){{6}} done", clerk.reads(page))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"verb": "unlock", "reason": "x"}, set()),
        ({"verb": "report"}, set()),
        ({"verb": "restart", "reason": "x"}, {"verb"}),
        ({"verb": "<", "door": "attic", "minutes": "-1"}, {"verb", "door", "minutes"}),
        ({"verb": "hold_open", "minutes": "1441", "reason": " "}, {"minutes", "reason"}),
        ({"verb": "hold_open", "minutes": "²", "reason": "x"}, {"minutes"}),
    ],
)
def test_what_is_wrong_with_a_command_is_told_at_once(fields: dict[str, str], wrong: set[str]) -> None:
    new, told = read_command(Form(fields), ["main"])
    assert set(told) == wrong
    assert (new is None) is bool(wrong)


def test_each_error_of_a_command_stands_beside_its_field(office: Office, station: str) -> None:
    clerk, page = office.hire("mistaken", "technician"), f"/stations/{station}"
    told = clerk.send(f"{page}/commands", page, verb="<", door="attic", minutes="x")
    assert told.status_code == 422
    assert {field for field in ("verb", "door", "minutes") if f'id="{field}-error"' not in told.text} == set()


def test_a_station_beyond_ones_own_is_not_there(office: Office, station: str) -> None:
    """IDOR over prefixes: read, watched and told alike."""
    clerk = office.hire("elsewhere", "technician", "41")
    assert station not in clerk.reads("/stations")
    for path in (f"/stations/{station}", f"/stations/{station}/live", "/stations/nowhere"):
        assert clerk.get(path).status_code == 404
    sent = clerk.send(f"/stations/{station}/commands", "/stations", verb="unlock", reason="mine")
    assert sent.status_code == 404
    assert office.store.commands(station, 9) == []


def test_who_has_changed_something_sees_it_at_once_in_the_lists_that_many_look_at(
    office: Office, station: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "KEPT_FOR", 1e9)
    clerk, sheet = office.hire("namer", "steward"), f"/stations/{station}/sheet"
    assert "The lake" not in clerk.reads("/stations")
    seen = re.search(r'name="seen" value="([^"]*)"', clerk.get(sheet).text)
    assert seen
    assert clerk.send(sheet, name="The lake", seen=html.unescape(seen[1])).status_code == 303
    assert "The lake" in clerk.reads("/stations")
    office.store.add_stations([Registered(station, "The gate")], NOW)
    assert office.stranger().log_in("namer", "wrong horse").status_code == 403
    assert "The lake" in clerk.reads("/stations"), "a stranger lets nobody look again"


def test_one_station_is_found_by_whichever_table_has_it(office: Office) -> None:
    """A list has a name before it enrols; a key may be there of which no list says anything."""
    store, codes = office.store, ("37690101", "37690102", "37690103")
    named, both, keyed = codes
    store.add_stations([Registered(named), Registered(both)], NOW)
    store._engine.put("stations", ("code", "public_key", "enrolled"), [(code, b"k", NOW) for code in (both, keyed)])
    for scope, found in (("", codes), ("37690", codes), ("37691", ()), ("376901011", ())):
        assert {each.code for each in store.register(Scope(scope))} & {*codes} == {*found}
        assert [each.code for code in codes for each in store.register(Scope(scope), code)] == [*found]
    assert [each.state for code in codes for each in store.register(EVERYWHERE, code)] == [
        "added",
        "enrolled",
        "enrolled",
    ]


def test_a_page_is_told_when_something_has_changed_until_the_session_ends(
    office: Office, station: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY", 0.01)
    clerk = office.hire("watcher", "viewer")
    with clerk.get(f"/stations/{station}/live", stream=True) as answer:
        lines = answer.iter_lines()
        assert next(lines) == b"retry: 5000"
        tell(office, {"kind": "unlocked", "door": "main", "by": "exit"})
        assert b"data: changed" in lines
        office.store.disable("watcher", time())
        assert list(lines)[-1:] in ([b""], []), "it ends"


def test_there_are_so_many_streams_and_no_more(office: Office, station: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 0)
    late = office.hire("late", "viewer").get(f"/stations/{station}/live")
    assert (late.status_code, late.headers["Retry-After"]) == (503, "60")


def test_of_many_who_come_at_once_nobody_has_a_place_too_many_and_no_account_has_all() -> None:
    streams = live.Streams()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: streams.take(f"n{number % 40}", 0.0), range(400)))
    assert sum(place is not None for place in found) == live.MOST
    places = [streams.take("greedy", live.LASTS + 60) for _ in range(live.MOST_OF_ACCOUNT + 1)]
    assert [place is not None for place in places] == [True] * live.MOST_OF_ACCOUNT + [False], "the others never began"
    streams.leave(places[0] or "")
    assert streams.take("greedy", live.LASTS + 60)
