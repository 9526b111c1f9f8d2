"""What the central server publishes: one transaction, numbers that do not fall behind, keys never made anew, a judged clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from kiosk.central.api.app import KINDS, Central
from kiosk.central.issuer import DAY, JUMP_EVERY, MOST_SILENT, Issuer
from kiosk.central.refusals import CannotSign, KeyLost, WrongClock
from kiosk.central.store import CentralStore
from kiosk.demo.founding import found, stick_of
from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import Use
from kiosk.trust.policy import DoorPolicy, PolicyDocument, ProgrammePolicy
from kiosk.trust.status import Status, StatusList, unpack
from tests.keys import private
from tests.programs.office import CODE, NOW, Office, rows_read, sqlite_of


def revoked(store: CentralStore) -> list[int]:
    """The credentials that the newest published list calls revoked."""
    body = store.documents()["status"][1]
    document = StatusList(1, 0, unpack(read_cbor(read_sign1(body).payload)["lst"]) or b"")
    return [index for index in range(1, 1000) if document[index] == Status.REVOKED]


def test_two_operators_revoke_at_the_same_moment_and_one_list_has_both(office: Office) -> None:
    rounds = 25
    for number in range(2 * rounds):
        office.store.add_credential(f"holder {number}")
    stores = [CentralStore(office.folder) for _ in range(2)]
    issuers = [office.open(store) for store in stores]
    barrier = Barrier(2)

    def revoke(issuer: Issuer, index: int) -> tuple[bool, bool]:
        barrier.wait()
        done = issuer.set_status(index, Status.REVOKED)
        barrier.wait()
        return done, issuer.publish_gathered(0.0)

    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            before = office.versions()["status"]
            done = [*pool.map(revoke, issuers, (2 * number + 1, 2 * number + 2))]
            assert sorted(done) == [(True, False), (True, True)], "one publishes for both"
            assert office.versions()["status"] == before + 1
            assert revoked(office.store) == list(range(1, 2 * number + 3))
    for store in stores:
        store.close()


def test_what_cannot_be_signed_leaves_the_status_as_it_was(office: Office) -> None:
    index = office.store.add_credential("holder")
    for key in office.folder.glob("document-*.key"):
        key.unlink()
    with pytest.raises(KeyLost):
        office.open().set_status(index, Status.REVOKED)
    assert office.store.statuses()[0] == {}


def test_a_store_that_takes_no_write_keeps_no_document_back(tmp_path: Path) -> None:
    found(tmp_path)
    central = Central(tmp_path)
    with closing(central.store):
        sqlite_of(central.store).execute("PRAGMA query_only = 1")
        central._hear(CODE, dict.fromkeys(KINDS, 2**52))
        assert len(central.store.published().newer(CODE, {}, 0.0)) == 2
        assert len(central._time("nonce")) == 1, "there is nothing to store"


def test_versions_are_the_time_and_never_the_same_twice(office: Office) -> None:
    assert office.versions() == {"keyset": NOW, "status": NOW}
    office.issuer.publish_status()
    assert office.versions()["status"] == NOW + 1
    office.now += 100
    assert [office.command(), office.command()] == [NOW + 100, NOW + 101]
    office.now += DAY
    assert office.issuer.publish_policy(PolicyDocument(1, 0)) == office.now


def test_numbers_of_an_older_release_go_on_as_the_time(office: Office) -> None:
    """Small numbers, as they were: what comes next is within what a station believes."""
    for kind, (_, body) in office.store.documents().items():
        office.store.put_document(kind, 3, body, NOW)
    office.issuer.publish_status()
    office.renew_keys()
    assert office.versions() == {"keyset": NOW + 1, "status": NOW}, "the root key has its own log"


def test_after_a_backup_it_says_so_and_what_stations_have_is_exceeded(office: Office) -> None:
    office.issuer.publish_policy(PolicyDocument(1, 0))
    office.now += 10
    office.issuer.hear(CODE, {"keyset": NOW + 4, "status": NOW + 5, "policy": NOW + 6, "command": NOW + 7000})
    assert office.alarms() == {"keyset_ahead", "status_ahead", "policy_ahead", "command_ahead"}
    assert office.versions() == {"keyset": NOW, "status": NOW + 10, "policy": NOW + 10}
    office.renew_keys()
    assert office.versions()["keyset"] == NOW + 10
    assert office.command() == NOW + 7001


def test_after_a_backup_each_policy_is_published_anew_at_once(office: Office) -> None:
    for scope in ("", "37", "41"):
        office.issuer.publish_policy(PolicyDocument(1, 0, station=scope))
    office.now += 100
    for station in ("37081101", "41000001", "50000001", "37081102"):
        office.issuer.hear(station, {"policy": NOW + 50})
        assert office.store.versions(station)["policy"] >= NOW + 100
    assert office.store.newest_policy(2**53) == NOW + 102, "each once"


def test_after_a_backup_a_station_with_a_policy_that_is_lost_costs_little_however_often_it_asks(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a province ask twice a minute, until somebody publishes one again."""
    for number in range(100):
        office.store.put_command(f"4100{number:04}", 1, f"{number}", NOW, b"")
    office.now += 100
    read = rows_read(office.store, monkeypatch)
    for _ in range(2):
        office.issuer.hear(CODE, {"policy": NOW + 50})
    assert max(read) < 100, "nothing is read of each other station"


def test_an_old_backup_tells_all_that_is_ahead_and_publishes_it_once_the_clock_is_trusted(office: Office) -> None:
    office.now += MOST_SILENT + 100
    said = {"keyset": NOW + 1000, "status": NOW + 1000, "command": NOW + 1000}
    with pytest.raises(WrongClock, match="kiosk central clock --trust"):
        office.issuer.hear(CODE, said)
    assert office.alarms() == {"keyset_ahead", "status_ahead", "command_ahead", "clock_ahead"}
    Issuer(office.folder, office.store, lambda: office.now, renew=False).trust_clock()
    office.issuer.hear(CODE, said)
    office.renew_keys()
    assert min(office.versions().values()) > NOW + 1000


def test_what_no_station_takes_is_not_published(office: Office) -> None:
    programmes = tuple(ProgrammePolicy(f"n{each}", 1, 2, ("daily 06:00-22:00",) * 32) for each in range(32))
    doors = {f"door {each}": DoorPolicy(programmes=programmes) for each in range(32)}
    large = PolicyDocument(1, 0, doors=doors)
    with pytest.raises(CannotSign, match="stations take 307200 at the most"):
        office.issuer.publish_policy(large)
    assert office.store.policies() == []
    office.store.put_policy("", 1, sign_document(large, private(1), b"old1"))
    office.now += DAY
    office.renew_keys("document")
    assert (office.versions()["status"], office.alarms()) == (office.now, {"policy_too_large"})


def test_a_station_moves_the_numbers_of_the_fleet_once_an_hour_at_most_and_never_beyond_the_clock(
    office: Office,
) -> None:
    for said in (NOW + 3600, NOW + 2 * DAY, 2**53 - 1):
        office.issuer.hear(CODE, {"status": said, "keyset": said, "policy": said, "command": said})
        assert office.versions() == {"keyset": NOW, "status": NOW}
    office.now += 10
    for _ in range(20):
        office.now += 1
        office.issuer.hear(CODE, {"status": int(office.now) - 1})
    assert office.versions()["status"] == NOW + 11
    office.now += JUMP_EVERY
    office.issuer.hear(CODE, {"status": int(office.now) - 1})
    assert office.versions()["status"] == office.now


def test_a_command_number_that_a_thief_led_a_station_to_leaves_with_the_thiefs_key(office: Office) -> None:
    office.issuer.hear(CODE, {"command": 2**52})
    assert office.command() == 2**52 + 1
    office.renew_keys("document")
    office.issuer.hear(CODE, {"command": 0})
    assert office.command() == NOW
    office.issuer.hear(CODE, {"command": 2**53 - 1})
    assert office.command() == NOW + 1, "no number is left above that one"


def test_numbers_ahead_of_the_clock_fall_to_it_with_the_key_that_signed_them(office: Office) -> None:
    office.now += 20 * DAY
    office.issuer.publish_status()
    office.issuer.publish_policy(PolicyDocument(1, 0))
    office.issuer.publish_policy(PolicyDocument(1, 0, station="37"))
    office.now = NOW + 60.0
    office.issuer.publish_status()
    assert office.versions()["status"] == NOW + 20 * DAY + 1
    assert {"clock_behind", "status_beyond"} <= office.alarms()
    office.renew_keys("document")
    assert office.versions()["status"] == NOW + 60
    assert len(office.store.policies()) == 2
    assert office.store.newest_policy(2**53) == NOW + 61


def test_a_clock_that_cannot_be_right_signs_nothing(office: Office) -> None:
    index, before = office.store.add_credential("holder"), office.versions()
    office.now += MOST_SILENT + 1
    issuer = office.open()
    for act in (
        lambda: issuer.set_status(index, Status.REVOKED),
        issuer.renew,
        lambda: issuer.time_document("n"),
        office.command,
    ):
        with pytest.raises(WrongClock, match="kiosk central clock --trust"):
            act()
    assert (office.versions(), office.alarms()) == (before, {"clock_ahead"})
    issuer.trust_clock()
    assert issuer.set_status(index, Status.REVOKED)


def test_a_clock_of_the_past_has_no_key(office: Office) -> None:
    office.now = 0.0
    with pytest.raises(CannotSign):
        office.open().time_document("n")


@pytest.mark.parametrize("use", ["issuer", "document"])
def test_a_lost_signing_key_is_told_and_can_be_replaced(use: Use, office: Office) -> None:
    for path in office.folder.glob(f"{use}-*.key"):
        path.write_bytes((stick_of(office.folder) / "root.key").read_bytes())
    with pytest.raises(KeyLost, match=f"kiosk central keys request --compromised {use}"):
        office.open().ready()
    for path in office.folder.glob(f"{use}-*.key"):
        path.unlink()
    issuer = Issuer(office.folder, office.store, lambda: office.now, renew=False)
    with pytest.raises(KeyLost):
        issuer.ready()
    office.renew_keys(use)
    issuer.ready()
