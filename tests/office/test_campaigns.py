"""The office's pages with supplies: what was given by day and place, what runs short, whose ledger is old; and nobody's way."""

from __future__ import annotations

import csv
import io
from time import time
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest

from kiosk.central.figures import local
from kiosk.central.numbers.campaign import reported
from kiosk.central.numbers.campaign_tables import tables
from kiosk.central.retention import DAY
from kiosk.central.scope import Scope
from kiosk.central.stock import LOW, Stale, short, stale, wanted
from kiosk.central.store.campaigns import Handed, StoredCampaign, Words
from kiosk.central.store.sightings import Sighting, StationLine
from kiosk.central.store.stocks import Count, Slot, Stock
from kiosk.trust.documents import sign_document
from kiosk.trust.service import ServiceDocument
from tests.keys import private, public
from tests.office.clerks import Clerk, Office

HOSTILE: Final = "<script>alert(1)</script>"
TOKEN: Final = "ab" * 16
AGE: Final = 3600.0


class Place:
    """Two districts of a city of their own, with a campaign for the city."""

    def __init__(self, office: Office, days: float = 5.0) -> None:
        self.office, self.city, self.now = office, f"3{uuid4().int % 1000:03d}", time()
        self.campaign, self.item = f"c{uuid4().hex[:10]}", f"i{uuid4().hex[:10]}"
        words = Words({"en": f"Raincoat {HOSTILE}"}, self.item, ledger_max_age=AGE)
        times = {"begins": int(self.now - 9 * DAY), "ends": int(self.now + days * DAY)}
        body = msgspec.json.encode(words).decode()
        office.store.remember_campaign(StoredCampaign(self.campaign, 1, self.city, **times, body=body))
        self.seq = 0

    def station(self, code: str) -> str:
        store, code = self.office.store, f"{self.city}{code}"
        if store.station_key(code) is None:
            store.enrol(code, store.make_claim(code, self.now), public(private(7)), self.now)
        return code

    def gave(self, code: str, token: str = TOKEN, **more: Any) -> None:
        self.seq += 1
        said: dict[str, Any] = {
            "campaign": self.campaign, "log": 10**6, "seq": self.seq, "station": code, "period": "", "token": token, "slot": "",
            "taken": True, "count": 1, "day": local(self.now)[0], "at": self.now, "timed": True, "received": self.now,
        }  # fmt: skip
        self.office.store.hand_out(Handed(**said | more))

    def filled(self, code: str, pieces: int) -> None:
        self.office.store.fill(Slot(code, "", self.item, pieces, "", self.now))

    def page(self, clerk: Clerk) -> str:
        return clerk.reads(f"/campaigns/{self.campaign}")


@pytest.fixture
def place(office: Office) -> Place:
    return Place(office)


def viewer(office: Office, scope: str) -> Clerk:
    return office.hire(f"n{uuid4().hex[:10]}", "viewer", scope)


def test_the_list_and_the_page_count_within_the_operators_stations(office: Office, place: Place) -> None:
    near, far = place.station("1101"), place.station("2201")
    for code in (near, near, far):
        place.gave(code, uuid4().hex)
    place.gave(far)
    place.gave(near, "", count=7)
    city, district = viewer(office, place.city), viewer(office, f"{place.city}11")
    assert "4 given 7 without a pass" in city.reads("/campaigns")
    assert "2 given 7 without a pass" in district.reads("/campaigns")
    text = place.page(city)
    assert "By district" in text
    assert near not in text
    text = place.page(district)
    assert near in text
    assert far not in text
    assert HOSTILE in text
    assert HOSTILE not in district.get(f"/campaigns/{place.campaign}").text


def test_a_campaign_of_other_stations_is_not_there(office: Office, place: Place) -> None:
    stranger = viewer(office, "11")
    assert place.campaign not in stranger.get("/campaigns").text
    for path in ("", "/report.csv", "/report.pdf"):
        assert stranger.get(f"/campaigns/{place.campaign}{path}").status_code == 404
    assert stranger.get("/campaigns/%0a'").status_code == 404


def test_nothing_on_any_page_or_in_any_file_is_somebodys(office: Office, place: Place) -> None:
    one, other = place.station("1101"), place.station("1102")
    place.gave(one)
    place.gave(other, at=place.now + 60)
    clerk = viewer(office, place.city)
    pages = [
        clerk.get(path)
        for path in ("/campaigns", f"/campaigns/{place.campaign}", f"/campaigns/{place.campaign}/report.csv")
    ]
    assert [each.status_code for each in pages] == [200, 200, 200]
    assert not [each for each in pages if TOKEN in each.text]
    rows = list(csv.DictReader(io.StringIO(pages[-1].content.decode("utf-8-sig"))))
    assert [(row["Station"], row["Given twice"]) for row in rows] == [(one, "0"), (other, "1"), ("Together", "1")]


def test_the_report_is_a_pdf(office: Office, place: Place) -> None:
    place.gave(place.station("1101"))
    answer = viewer(office, place.city).get(f"/campaigns/{place.campaign}/report.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


def test_what_runs_short_stands_on_the_pages_and_among_what_is_wrong(office: Office, place: Place) -> None:
    empty, low, full = (place.station(f"110{number}") for number in (1, 2, 3))
    for code, pieces in ((empty, 0), (low, LOW), (full, LOW + 1)):
        place.filled(code, pieces)
    office.store.count_stock(Count(low, place.item, place.now, LOW, LOW), 1, 1, place.now)
    clerk = viewer(office, place.city)
    assert "nothing left at 1 stations little left at 1 stations" in clerk.reads("/campaigns")
    text = place.page(clerk)
    assert text.index(empty) < text.index(low)
    assert full not in text.split("Where little is left")[1].split("Nothing was given yet")[0]
    wrong = clerk.reads("/?now")
    assert f"nothing is left of what is handed out: {place.item}" in wrong
    assert f"little is left to hand out: {place.item}" in wrong


def test_a_station_whose_ledger_is_old_is_named(office: Office, place: Place) -> None:
    old, fresh, without = (place.station(f"110{number}") for number in (1, 2, 3))
    store, now = office.store, int(place.now)
    head = ServiceDocument(now, f"{place.campaign}-ledger", "ledger", now, now, now + 9000, place.city)
    store.put_service(head, sign_document(head, private(9), bytes(4), {"campaign": place.campaign}))
    held = {old: {"service": now - 9000}, fresh: {"service": now + 3}, without: {"status": now}}
    store.saw([Sighting(code, place.now, "1", "", documents) for code, documents in held.items()])
    text = place.page(viewer(office, place.city)).split("Stations whose ledger is old")[1]
    assert old in text
    assert fresh not in text
    assert without not in text
    store._engine.run("DELETE FROM services WHERE id = ?", (head.id,))


def test_no_ledger_is_old_of_what_is_for_everybody(office: Office, place: Place) -> None:
    code, now = place.station("1101"), int(place.now)
    words = msgspec.json.encode(Words({"en": "Water"}, place.item, ledger_max_age=AGE, without_pass=True)).decode()
    times = {"begins": now - 9000, "ends": now + 9000}
    office.store.remember_campaign(StoredCampaign(place.campaign, 2, place.city, **times, body=words))
    head = ServiceDocument(now - 8000, f"{place.campaign}-at", "ledger", now - 8000, now - 8000, now + 9000, place.city)
    office.store.put_service(head, sign_document(head, private(9), bytes(4), {"campaign": place.campaign}))
    office.store.saw([Sighting(code, place.now, "1", "", {"service": now - 8000})])
    assert "Stations whose ledger is old" not in place.page(viewer(office, place.city))
    office.store._engine.run("DELETE FROM services WHERE id = ?", (head.id,))


def test_a_report_names_no_station_of_others(office: Office, place: Place) -> None:
    mine, other = place.station("1101"), place.station("1201")
    place.gave(other, at=place.now - 9000, received=place.now)
    place.gave(mine, at=place.now - 60)
    campaign = office.store.campaign(place.campaign)
    assert campaign is not None
    whole = tables(reported(office.store, campaign, place.now))
    assert other in str(whole["cuts"])
    own = tables(reported(office.store, campaign, place.now, Scope(f"{place.city}11")))
    assert mine in str(own["again"])
    assert other not in str(own)


# In values.


def line(code: str, documents: dict[str, int] | None, state: Any = "enrolled") -> StationLine:
    return StationLine(code, state, "", "", None, 0.0, Sighting(code, 0.0, "", "", documents), 0)


def test_a_ledger_is_as_old_as_the_newest_number_that_the_station_holds() -> None:
    lines = [
        line("a", {"service": 9000}), line("b", {"service": 99_000}), line("c", {"service": 6399}), line("d", {}),
        line("e", None),         line("f", {"service": 1}, "retired"),
    ]  # fmt: skip
    assert stale(lines, 9000, AGE, 10_000) == [Stale("c", 6399)]
    assert [each.station for each in stale(lines, 9000, AGE, 13_000)] == ["c", "a", "b"]


def test_only_what_is_handed_out_now_runs_short() -> None:
    stock = [
        Stock("37081101", "raincoat", 0, None, 1.0),
        Stock("37081101", "water", 0, None, 1.0),
        Stock("38", "raincoat", 9, None, 1.0),
    ]
    words = msgspec.json.encode(Words({"en": "Raincoat"}, "raincoat")).decode()
    assert [*wanted(stock, [StoredCampaign("c", 1, "3708", 0, 9, words)])] == stock[:1]
    assert [*wanted(stock, [StoredCampaign("c", 1, "3709", 0, 9, words)])] == []
    assert short(stock) == stock[:2]


# The end of one, in the office.


def test_only_what_has_ended_is_closed_for_a_reason_and_in_two_steps(office: Office) -> None:
    place = Place(office, days=-1.0)
    near = place.station("1101")
    place.gave(near)
    office.store.saw([Sighting(near, place.now, "1", "")])
    boss = office.hire(f"n{uuid4().hex[:10]}", "administrator", place.city)
    path = f"/campaigns/{place.campaign}"
    assert f'href="/office{path}/close"' in boss.get(path).text
    assert f'href="/office{path}/close"' not in viewer(office, place.city).get(path).text
    assert boss.send(f"{path}/close").status_code == 422, "it asks for a reason"
    assert boss.send(f"{path}/close", reason="the audit is done").status_code == 303
    campaign = office.store.campaign(place.campaign)
    assert campaign is not None
    assert campaign.closed is not None
    (act,) = office.store.acts(Scope(place.city), about=place.campaign)
    assert (act.what, act.reason) == ("campaign closed", "the audit is done")
    assert "Together 1 0" in boss.reads(path), "the counts stay"
    assert boss.post(f"{path}/close", csrf=boss.csrf(path), reason="again").status_code == 409
    assert len(office.store.acts(Scope(place.city), about=place.campaign)) == 1


def test_what_runs_is_not_closed(office: Office, place: Place) -> None:
    boss = office.hire(f"n{uuid4().hex[:10]}", "administrator", place.city)
    path = f"/campaigns/{place.campaign}/close"
    assert "It has not ended" in boss.reads(path)
    assert boss.post(path, csrf=boss.csrf(path), reason="x").status_code == 409
    campaign = office.store.campaign(place.campaign)
    assert campaign is not None
    assert campaign.closed is None


def test_stations_that_were_not_heard_are_named_and_somebody_says_all_the_same(office: Office) -> None:
    place = Place(office, days=-1.0)
    away = place.station("1101")
    boss = office.hire(f"n{uuid4().hex[:10]}", "administrator", place.city)
    path = f"/campaigns/{place.campaign}/close"
    assert away in boss.reads(path)
    assert boss.send(path, reason="over").status_code == 422
    assert boss.send(path, reason="over", all_the_same="yes").status_code == 303


def test_a_county_does_not_close_what_is_its_citys(office: Office) -> None:
    place = Place(office, days=-1.0)
    place.station("1101")
    boss = office.hire(f"n{uuid4().hex[:10]}", "administrator", f"{place.city}11")
    path = f"/campaigns/{place.campaign}/close"
    assert boss.send(path, reason="over", all_the_same="yes").status_code == 403
