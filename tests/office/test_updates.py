"""The page with the updates: ring by ring what runs where, and who may open, stop and withdraw."""

from __future__ import annotations

import re
from time import time

import pytest

from kiosk.central.office.updates import versions
from kiosk.central.rings import Bearing
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.releases import Bundle, Released
from kiosk.central.store.sightings import Sighting
from tests.keys import private, public
from tests.office.clerks import Clerk, Office

CODES = ("37081101", "37081102", "41000001")


@pytest.fixture(scope="module")
def fleet(office: Office) -> Office:
    """Three stations in three rings, and a release for them."""
    store = office.store
    for number, code in enumerate(CODES):
        store.enrol(code, store.make_claim(code, time()), public(private(40 + number)), time())
    store.set_ring(1, [CODES[0]])
    store.set_ring(2, ["3708"])
    store.saw([Sighting(code, time(), "yizhan-kiosk/0.5.0", "") for code in CODES])
    return office


def published(office: Office, version: str) -> None:
    bundle = Bundle(version.ljust(64, "0"), version, "deb12_arm64", 104_857_600)
    assert office.store.publish_release(Released(version, "all", b"", time(), 0.0, "", ""), [bundle])


@pytest.fixture(scope="module")
def chief(fleet: Office) -> Clerk:
    return fleet.hire("chief.of.updates")


def order(clerk: Clerk, version: str, act: str, reason: str = "a test") -> int:
    return clerk.send(f"/updates/{version}", act=act, reason=reason).status_code


def test_a_release_goes_from_ring_to_ring_and_back_and_the_audit_says_who(fleet: Office, chief: Clerk) -> None:
    published(fleet, "0.6.0")
    assert "offered to nobody yet" in chief.reads("/updates")
    assert order(chief, "0.6.0", "open-1") == 303
    assert "open to ring 1" in chief.reads("/updates/0.6.0")
    assert fleet.store.offer(CODES[0])
    assert order(chief, "0.6.0", "stop", "a door sticks") == 303
    assert fleet.store.offer(CODES[0]) is None
    assert "stopped: a door sticks" in chief.reads("/updates")
    assert order(chief, "0.6.0", "open-1") == 303
    assert order(chief, "0.6.0", "open-2") == 303
    assert order(chief, "0.6.0", "withdraw", "a better one comes") == 303
    page = chief.reads("/updates/0.6.0")
    assert "withdrawn: a better one comes" in page
    assert "Do something about it" not in page
    acts = [each.what for each in fleet.store.acts(EVERYWHERE, about="0.6.0")]
    assert acts == ["release withdrawn", "ring opened", "ring opened", "release stopped", "ring opened"]


def test_every_stations_ring_is_opened_by_two(fleet: Office, chief: Clerk) -> None:
    published(fleet, "0.6.4")
    for ring in (1, 2):
        assert order(chief, "0.6.4", f"open-{ring}") == 303
    sent = chief.send("/updates/0.6.4", act="open-3", reason="it is good")
    assert sent.headers["Location"] == "/office/proposals"
    assert "release 0.6.4, ring 3" in chief.reads("/proposals")
    assert fleet.store.offer(CODES[2]) is None
    second = fleet.hire("second.of.updates")
    (id_,) = re.findall(r'action="/office/proposals/([0-9a-f]+)"', second.get("/proposals").text)
    assert second.send(f"/proposals/{id_}", "/proposals", do="confirm").status_code == 303
    assert fleet.store.offer(CODES[2])
    opened = fleet.store.acts(EVERYWHERE, about="0.6.4")[0]
    assert (opened.account, opened.what, opened.reason) == (
        "chief.of.updates+second.of.updates", "ring opened", "3: it is good",
    )  # fmt: skip
    fleet.store.withdraw_release("0.6.4", "a test is over")


def test_the_rings_are_set_by_who_administers_all_of_the_province(fleet: Office, chief: Clerk) -> None:
    before = fleet.store.rings()
    sent = chief.send("/updates/rings", "/updates", ring="2", members="3708 41000001 10%", reason="a district more")
    assert sent.status_code == 303
    assert fleet.store.rings() == {**before, 2: ["10%", "3708", "41000001"]}
    (act,) = fleet.store.acts(EVERYWHERE, about="2")
    assert (act.what, act.reason) == ("ring set", "3708, 41000001, 10%: a district more")
    for wrong in ({"ring": "3"}, {"members": "<script> 3708"}, {"reason": ""}):
        refused = chief.send("/updates/rings", "/updates", **{"ring": "2", "members": "3708", "reason": "x", **wrong})
        assert refused.status_code == 422
        assert "<script>" not in refused.text
    county = fleet.hire("county.of.rings", "administrator", "3708")
    assert "Set it" not in county.reads("/updates")
    assert (
        county.post("/updates/rings", csrf=county.csrf("/accounts"), ring="1", members="", reason="x").status_code
        == 403
    )
    assert chief.send("/updates/rings", "/updates", ring="2", members="3708", reason="as before").status_code == 303
    assert fleet.store.rings() == before


def test_what_cannot_be_done_is_said_beside_its_field_and_loses_nothing(fleet: Office, chief: Clerk) -> None:
    published(fleet, "0.6.1")
    path = "/updates/0.6.1"
    for fields in ({"act": "open-1"}, {"act": "open-3", "reason": "x"}, {"reason": "x"}, {"act": "<b>", "reason": "x"}):
        answer = chief.send(path, **fields)
        assert answer.status_code == 422
        assert "Something is wrong" in answer.text
    assert chief.get("/updates/9.9.9").status_code == 404
    assert chief.get("/updates/<script>").status_code == 404
    assert fleet.store.release("0.6.1").openings == ()  # type: ignore[union-attr]


def test_no_ring_opens_while_one_does_badly(fleet: Office, chief: Clerk) -> None:
    published(fleet, "0.6.2")
    assert order(chief, "0.6.2", "open-1") == 303
    long_ago = time() - 7200
    fleet.store._engine.run("UPDATE openings SET at = ? WHERE version = '0.6.2'", (long_ago - 60,))
    fleet.store._engine.run("UPDATE seen SET at = ? WHERE station = ?", (long_ago, CODES[0]))
    answer = chief.send("/updates/0.6.2", act="open-2", reason="x")
    assert answer.status_code == 422
    assert f"{CODES[0]} (silent)" in answer.text
    assert "silent" in chief.reads("/updates/0.6.2")
    assert [each.ring for each in fleet.store.release("0.6.2").openings] == [1]  # type: ignore[union-attr]
    fleet.store.saw([Sighting(CODES[0], time(), "yizhan-kiosk/0.5.0", "")])


def test_a_county_sees_its_own_and_decides_nothing(fleet: Office) -> None:
    published(fleet, "0.6.3")
    county = fleet.hire("county.of.updates", "administrator", "3708")
    page = county.reads("/updates")
    assert "0.5.0 1 1 0 2" in page, "its two stations, by ring"
    assert "Do something about it" not in county.reads("/updates/0.6.3")
    answer = county.post("/updates/0.6.3", csrf=county.csrf("/accounts"), act="open-1", reason="x")
    assert answer.status_code == 403
    assert fleet.store.release("0.6.3").openings == ()  # type: ignore[union-attr]


def test_versions_come_newest_first_and_a_station_that_was_never_heard_last() -> None:
    members = {1: [Bearing("1", "0.9.0", 0.0)], 2: [Bearing("2", "0.10.0", 0.0), Bearing("3", "", 0.0)], 3: []}
    assert versions(members) == [("0.10.0", [0, 1, 0]), ("0.9.0", [1, 0, 0]), ("–", [0, 1, 0])]
