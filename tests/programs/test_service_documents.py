"""Services at the centre: read strictly, published under one number for those whom they are for, withdrawn, signed anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.central.issuer import DAY, JUMP_EVERY
from kiosk.central.published import Published, Service
from kiosk.central.service_file import read_service_file, service_warnings
from kiosk.central.services import OtherService, read_service
from kiosk.central.store import CentralStore
from kiosk.cli.main import main as kiosk
from kiosk.contract.bodies import MOST_BYTES, MOST_DOCUMENTS
from kiosk.core.held import MOST_OF_A_KIND
from kiosk.demo.founding import founded, renew_keys
from kiosk.settings.table import BadSettings
from kiosk.trust.service import Notice, ServiceDocument
from tests.keys import private, public

NOW = 1_795_392_000
CODE = "37081101"
TEXT = 'id = "water"\nends = 2027-01-01T00:00:00+08:00\ntexts = { zh = "今天停水" }\n'
SAYS = {"texts": {"zh": "今天停水"}, "urgent": False}


def told(tmp_path: Path, text: str) -> str:
    file = tmp_path / "notice.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as bad:
        read_service_file(file, NOW)
    return str(bad.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (TEXT + "urgnt = true\n", "notice.toml:4: urgnt: no such setting, did you mean urgent?"),
        (TEXT + 'kind = "notise"\n', "notice.toml:4: kind: must be one of"),
        (TEXT + 'station = "37-08"\n', "notice.toml:4: station: "),
        (TEXT + "begins = 2027-02-01T00:00:00+08:00\n", "notice.toml:2: ends: it ends before it begins"),
        (TEXT + "begins = 2026-12-01T00:00:00\n", "notice.toml:4: begins: 2026-12-01T00:00:00 has no offset"),
        (TEXT.replace("2027", "2026"), "notice.toml:2: ends: is over already; to end a service: kiosk central service"),
        (TEXT.replace("water", "No Water"), "notice.toml:1: id: must be at most 32 small letters"),
        (TEXT.replace('{ zh = "今天停水" }', "{}"), "notice.toml:3: texts: must be 1 to 8 texts"),
        (TEXT.replace("zh", "Chinese"), "notice.toml:3: texts.Chinese: is no language"),
        (TEXT.replace("今天停水", " "), "notice.toml:3: texts.zh: is empty"),
        (TEXT.replace("今天停水", "水" * 501), "notice.toml:3: texts.zh: has 501 characters, and may have 500"),
        (TEXT.replace('"water"', "7"), "notice.toml:1: id: expected text"),
        ('id = "x"\n', "notice.toml:1: ends: is missing"),
        ("", "ends: is missing"),
        ("a = " + "[" * 3000 + "]" * 3000 + "\n", "notice.toml"),
    ],
)  # fmt: skip
def test_what_is_misspelt_or_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, line: str) -> None:
    assert line in told(tmp_path, text)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = 'id = "A"\nends = 2020-01-01T00:00:00+08:00\ntexts = { zh = "", en = "" }\n'
    assert len(told(tmp_path, text).splitlines()) == 4


def test_a_notice_without_chinese_is_warned_of_and_begins_at_once(tmp_path: Path) -> None:
    file = tmp_path / "notice.toml"
    file.write_text(TEXT.replace("zh", "en"), encoding="utf-8")
    written = read_service_file(file, NOW + 0.7)
    assert (written.head.begins, written.body) == (NOW, Notice({"en": "今天停水"}))
    assert [*service_warnings(written)] == ["texts: there is none in Chinese (zh)"]


class Office:
    """A central server's folder, and a clock that somebody sets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, float(NOW)
        self.store = CentralStore(folder)
        self.issuer = founded(folder, self.store, lambda: self.now)

    def publish(self, name: str = "water", station: str = "37", days: float = 30, **more: Any) -> ServiceDocument:
        head = ServiceDocument(1, name, "notice", 0, NOW, int(self.now + days * DAY), station)
        return self.issuer.publish_service(head, {**SAYS, **more})

    def heads(self, station: str = CODE, number: int = 0) -> dict[str, ServiceDocument]:
        """What a station of that code gets above that number, by id, in its order."""
        found = self.store.published().newer(station, {"service": number}, self.now)
        services = (read_service(body)[0] for body in found if b"service" in body)
        return {each.id: each for each in services}


@pytest.fixture
def office(central_folder: Path) -> Iterator[Office]:
    office = Office(central_folder)
    yield office
    office.store.close()


def test_the_newest_of_each_id_comes_in_order_to_those_for_whom_it_is(office: Office) -> None:
    first = office.publish("water", "37")
    office.publish("heat", "370811")
    office.publish("other", "3709")
    office.publish("all", "")
    last = office.publish("water", "37")
    assert [first.version, last.version] == [NOW, NOW + 4]
    assert [*office.heads()] == ["heat", "all", "water"]
    assert [*office.heads("37090001")] == ["other", "all", "water"]
    assert [*office.heads(number=NOW + 3)] == ["water"]
    assert office.store.versions(CODE)["service"] == NOW + 4
    assert office.heads(number=NOW + 4) == {}


def test_older_firmware_is_sent_none(office: Office) -> None:
    office.publish()
    found = office.store.published().newer(CODE, {"keyset": 0}, office.now)
    assert found
    assert not [body for body in found if b"service" in body]


def test_a_publication_wakes_those_of_its_prefix(office: Office) -> None:
    before = office.store.last_publication()
    office.publish(station="370811")
    office.publish(station="370811")
    assert [(each.kind, each.scope) for each in office.store.news(before)] == [("service", "370811")] * 2


def test_an_id_keeps_its_kind_and_its_prefix(office: Office) -> None:
    office.publish()
    with pytest.raises(OtherService):
        office.publish(station="3708")
    with pytest.raises(OtherService):
        office.issuer.publish_service(ServiceDocument(1, "water", "poll", 0, NOW, NOW + DAY, "37"), {})


def test_a_withdrawn_one_is_told_of_until_no_station_can_hold_it(office: Office) -> None:
    office.publish(days=5)
    office.publish("later")
    office.now += DAY
    gone = office.issuer.withdraw_service("water")
    assert gone
    assert gone.withdraws
    assert office.issuer.withdraw_service("water") is None
    assert office.issuer.withdraw_service("nothing") is None
    assert office.heads()["water"].withdraws
    office.publish("later")
    office.now += 3 * DAY
    office.issuer.renew()
    assert set(office.heads()) == {"water", "later"}
    office.now += 2 * DAY
    office.issuer.renew()
    assert set(office.heads()) == {"later"}


def test_the_newest_stays_for_its_number_though_it_is_over(office: Office) -> None:
    last = office.publish(days=1)
    office.now += 2 * DAY
    office.issuer.renew()
    assert office.store.versions(CODE)["service"] == last.version


def test_after_a_theft_each_is_signed_anew_in_its_order_and_a_withdrawn_one_stays_so(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.publish(name)
    office.issuer.withdraw_service("b")
    before = {each.id: each.body for each in office.store.services()}
    office.now += 10
    renew_keys(office.folder, office.store, lambda: office.now, "document")
    after = office.heads()
    assert [*after] == ["a", "c", "b"]
    assert after["b"].withdraws
    assert not after["a"].withdraws
    assert all(before[each.id] != each.body for each in office.store.services())
    assert min(each.version for each in after.values()) >= NOW + 10


def test_after_a_theft_numbers_far_ahead_are_in_nobodys_way_and_none_is_more_than_a_day_ahead(office: Office) -> None:
    for name, ahead in (("a", 0), ("b", DAY + 5), ("c", DAY + 6), ("d", DAY + 8), ("e", 9 * DAY)):
        office.now = float(NOW + ahead)
        office.publish(name, days=400)
    office.now = float(NOW + 10)
    renew_keys(office.folder, office.store, lambda: office.now, "document")
    assert [each.version - NOW - DAY for each in office.heads().values()] == [6, 7, 8, 9, 10]
    assert [*office.heads()] == ["a", "b", "c", "d", "e"]


def test_a_station_with_a_higher_number_means_a_restored_backup_and_all_are_published_anew_once_an_hour(
    office: Office,
) -> None:
    office.publish("a")
    office.publish("b")
    office.now += 100
    office.issuer.hear(CODE, {"service": NOW + 50})
    assert {name: each.version for name, each in office.heads(number=NOW + 50).items()} == {
        "a": NOW + 100,
        "b": NOW + 101,
    }
    assert {alarm.what for alarm in office.store.alarms()} == {"service_ahead"}
    office.now += 100
    office.issuer.hear(CODE, {"service": NOW + 150})
    assert office.heads(number=NOW + 150) == {}
    office.now += JUMP_EVERY
    office.issuer.hear(CODE, {"service": NOW + 150})
    assert [*office.heads(number=NOW + 150)] == ["a", "b"]


def test_what_a_clock_ahead_signed_is_signed_anew_when_somebody_trusts_the_clock(office: Office) -> None:
    office.now += 20 * DAY
    ahead = office.publish()
    office.now -= 20 * DAY
    office.issuer.trust_clock()
    found = office.heads()["water"]
    assert (found.issued_at, found.version) == (NOW, ahead.version + 1)


@pytest.mark.parametrize(
    ("count", "size", "most"), [(40, 100, MOST_DOCUMENTS - 1), (10, 290_000, MOST_BYTES // 290_000)]
)
def test_an_answer_has_no_more_documents_and_bytes_than_a_station_takes(count: int, size: int, most: int) -> None:
    services = [Service(number, "", bytes([number]) * size) for number in range(1, count + 1)]
    published = Published({}, {}, {}, {}, {"": services[::2], "3708": services[1::2]})
    got, asked = list[bytes](), 0
    while found := published.newer(CODE, {"service": asked}, 0.0):
        assert len(found) <= most
        got += found
        asked = found[-1][0]
    assert got == [each.body for each in services]


class Desk:
    """Its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder / "central", folder / "notice.toml"
        self.store = CentralStore(self.folder)
        self.issuer = founded(self.folder, self.store)
        for code in (CODE, "37081102", "37090001"):
            self.store.enrol(code, self.store.make_claim(code, NOW), public(private(20)), NOW)

    def run(self, *words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(kiosk, ["central", "service", *words, "--data", str(self.folder)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    def publish(self, text: str, *words: str) -> tuple[int, str, str]:
        self.file.write_text(text, encoding="utf-8")
        return self.run("publish", str(self.file), *words)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


HEAT = 'id = "heat"\nstation = "3708"\nends = 2199-01-01T00:00:00+08:00\nurgent = true\ntexts = { zh = "高温", en = "Heat" }\n'


def test_it_is_shown_before_it_is_published_listed_shown_and_withdrawn(desk: Desk) -> None:
    code, out, err = desk.publish(HEAT, "--dry-run")
    assert (code, desk.store.services()) == (0, []), err
    for line in (
        "notice for 3708",
        "  urgent",
        "  zh  高温",
        "  en  Heat",
        "It would reach 2 stations; nothing was published.",
    ):
        assert line in out
    code, out, err = desk.publish(HEAT, "--json")
    assert (code, json.loads(out)["reaches"]) == (0, 2), err
    assert "heat" in desk.run("list")[1]
    code, out, _ = desk.run("show", "heat", "--json")
    assert json.loads(out)["says"] == {"texts": {"zh": "高温", "en": "Heat"}, "urgent": True}
    assert desk.run("withdraw", "heat")[0] == 0
    code, _, err = desk.run("withdraw", "heat")
    assert (code, "Next: kiosk central service list" in err) == (1, True)


def test_an_id_that_is_taken_and_one_notice_too_many_are_refused_and_nothing_is_published(desk: Desk) -> None:
    for number in range(MOST_OF_A_KIND):
        desk.issuer.publish_service(ServiceDocument(1, f"n{number}", "notice", 0, 0, 2**39, CODE), SAYS)
    before = desk.store.services()
    code, _, err = desk.publish(HEAT)
    assert (code, f"{CODE} would hold more services than it can" in err) == (2, True)
    assert desk.publish(HEAT.replace("heat", "n1").replace("3708", CODE))[0] == 0, "in place of another there is room"
    code, _, err = desk.publish(HEAT.replace("heat", "n1").replace("3708", "3709"))
    assert (code, f"n1 is a notice for {CODE}" in err) == (2, True)
    assert len(desk.store.services()) == len(before)
