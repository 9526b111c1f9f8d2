"""`kiosk sync` between a real station and a real central server, over a network that is cut and that swallows answers."""

from __future__ import annotations

import base64
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.core.enrolment import enrolment_code
from kiosk.demo.link import Link
from kiosk.local import Line, NotGranted
from kiosk.trust.documents import sign_document
from kiosk.trust.policy import PolicyDocument
from kiosk.trust.service import ServiceDocument
from kiosk.wire import Done, EnrolmentAnswered, Offer, Operate
from tests.keys import STRANGER, claims, keyset_document, public, signed
from tests.programs import middle
from tests.programs.house import Station, until
from tests.programs.middle import Fault, Middle
from tests.programs.town import CODE, Town, enter


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_every_entry_arrives_once_also_when_answers_are_swallowed(town: Town) -> None:
    with town.server():
        link = Link(("127.0.0.1", town.port))
        town.enrol(link.port)
        town.house.rate(20)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.numbers() == town.everything() != [])
            assert [seq for stream, seq in town.numbers() if stream == "services"] == list(range(1, 21))
            link.swallow = 2
            enter(town, station, 3)
            until(lambda: link.swallow == 0, "the swallowing")
            until(lambda: town.numbers() == town.everything(), "the arrival of everything")
        link.close()


def test_a_cut_network_delays_and_loses_nothing(town: Town) -> None:
    with town.server():
        link = Link(("127.0.0.1", town.port))
        town.enrol(link.port)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.numbers() == town.everything() != [])
            link.cut()
            enter(town, station, 3)
            until(lambda: "central" in town.house.view().faults, "the fault")
            assert len(town.numbers()) < len(town.everything())
            link.restore()
            until(lambda: town.numbers() == town.everything(), "the drain")
            until(lambda: "central" not in town.house.view().faults)
            with closing(CentralStore(town.central)) as store:
                until(lambda: store.queues() == {CODE: 0}, "that nothing waits")
        link.close()


def test_doors_open_with_no_server_at_all_and_sync_catches_up_later(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
        text = town.make_pass()
    with town.house.station() as station, town.house.program("sync"):
        assert station.verdict(text) == "granted"
        with town.server():
            until(lambda: town.numbers() == town.everything(), "the arrival of everything")


@pytest.mark.slow
def test_rows_that_are_gone_are_told_as_tombstones_and_hold_nothing_up(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
        with town.house.station() as station:
            for number in range(4):
                assert station.verdict(f"rubbish {number}") == "not_a_pass"
            until(lambda: len(town.house.entries()) == 5)
        with sqlite3.connect(town.house.data / "logbook.db") as db:
            db.execute("DELETE FROM access WHERE seq IN (2, 4, 6)")
        db.close()
        with town.house.station(), town.house.program("sync"):
            until(lambda: town.numbers() == town.everything(), "the arrival of the others")
            until(lambda: town.house.view().streams["access"].acked == town.house.view().streams["access"].newest)
        assert [seq for _, seq in town.numbers()][:3] == [1, 3, 5]


def test_sync_may_be_killed_at_any_time(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
        with town.house.station() as station:
            for _ in range(4):
                with town.house.program("sync") as sync:
                    enter(town, station, 1)
                    sync.kill()
                    sync.wait()
            with town.house.program("sync"):
                until(lambda: town.numbers() == town.everything(), "the arrival of everything")


def test_a_revocation_its_end_and_a_notice_reach_the_door(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
        publish_notice(town, "waits", "37")
        publish_notice(town, "elsewhere", "36")
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.house.view().quality == "synced", "the time")
            text = town.make_pass("--kind", "live")
            town.house.kiosk("central", "revoke", "1", "--data", str(town.central))
            status_applied(station)
            assert station.verdict(text) == "revoked"
            town.house.kiosk("central", "restore", "1", "--data", str(town.central))
            status_applied(station)
            assert station.verdict(text) == "granted"
            publish_notice(town, "comes", CODE)
            until(lambda: town.house.view().services == {"notice": 2}, "both notices")
            assert [each.texts for each in town.house.view().notices] == [{"zh": "comes"}, {"zh": "waits"}]


def status_applied(station: Station) -> None:
    while station.next("document_applied")["document"] != "status":
        pass


def publish_notice(town: Town, name: str, station: str) -> None:
    with closing(CentralStore(town.central)) as store:
        head = ServiceDocument(1, name, "notice", 0, 0, 2**39, station)
        Issuer(town.central, store).publish_service(head, {"texts": {"zh": name}})


@contextmanager
def meddled(town: Town, fault: Fault) -> Iterator[tuple[Station, Middle]]:
    """A station whose road to the server has that in it from the beginning."""
    with town.server(), closing(Middle(town.port)) as man:
        town.enrol(man.port)
        town.make_pass()
        with man.doing(fault), town.house.station() as station, town.house.program("sync"):
            yield station, man


def revocation_arrives(town: Town, station: Station) -> None:
    """Revoke a credential, and see it come to the station within its patience."""
    town.house.kiosk("central", "revoke", "1", "--data", str(town.central))
    while station.next("document_applied")["document"] != "status":
        pass


@pytest.mark.parametrize("seconds", [-600.0, 600.0, 86_400.0])
@pytest.mark.slow
def test_a_gateway_with_a_wrong_clock_keeps_nothing_back(town: Town, seconds: float) -> None:
    with meddled(town, middle.redated(seconds)) as (station, man):
        for number in range(3):
            enter(town, station, 1)
            until(lambda: town.numbers() == town.everything(), f"arrival {number}")
        until(lambda: town.house.view().quality == "synced", "the time")
        assert man.hits < 30


@pytest.mark.slow
def test_a_gateway_that_gives_up_soon_is_asked_for_less_and_at_once(town: Town) -> None:
    with meddled(town, middle.gives_up_after(3.0)) as (station, man):
        until(lambda: man.hits > 8, "some questions", patience=60)
        revocation_arrives(town, station)
        assert "central" not in town.house.view().faults


@pytest.mark.slow
def test_after_an_error_page_in_gbk_revocations_arrive(town: Town) -> None:
    page = '{"title":"网关错误","status":502,"detail":"请稍后再试"}'.encode("gbk")
    answer = b"HTTP/1.1 502 Bad\r\nContent-Type: application/json;charset=GBK\r\nContent-Length: %d\r\n\r\n" % len(page)
    with meddled(town, lambda exchange: exchange.near.sendall(answer + page)) as (station, man):
        until(lambda: man.hits > 4, "some answers in GBK")
        with man.doing(middle.honest):
            revocation_arrives(town, station)


def test_a_conflict_is_told_to_the_station_once_and_what_the_server_lacks_goes_on_under_a_new_epoch(town: Town) -> None:
    with meddled(town, middle.honest) as (station, man):
        until(lambda: town.numbers() == town.everything() != [], "the first entries")
        held = town.numbers()
        theirs = 1 + max(seq for stream, seq in held if stream == "access")
        with man.doing(middle.conflicts_from(theirs)):
            for number in range(4):
                station.verdict(f"rubbish {number}")
            log, told = town.house.folder / "sync.log", f"other entries under the numbers of access from {theirs} on"
            until(lambda: told in log.read_text(), "the conflict")
            until(lambda: [each["kind"] for each in town.entries()].count("denied") == 4, "the four refusals")
            assert log.read_text().count("other entries") == 1
            assert set(held) <= set(town.numbers())


FORGED = sign_document(PolicyDocument(3, 1_795_000_000), STRANGER, b"none")


@pytest.mark.parametrize("document", [FORGED, b"rubbish", b"x" * 600_000], ids=["forged", "rubbish", "large"])
@pytest.mark.slow
def test_a_refused_document_is_offered_ever_more_seldom_and_holds_no_other_up(document: bytes, town: Town) -> None:
    with meddled(town, middle.adds(base64.b64encode(document).decode())) as (station, man):
        until(lambda: "document_refused" in town.house.kinds())
        revocation_arrives(town, station)
        until(lambda: man.hits > 9, "some more questions")
        assert town.house.kinds().count("document_refused") <= 5


def test_documents_that_nobody_trusted_signed_are_refused_at_the_stations_socket(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
    with town.house.station() as station:
        before = town.house.view().documents
        for body in (keyset_document(), b"", b"\x00" * 1000):
            station._news.send(Offer(body))
            assert station.next("document_refused")["refusal"] in {"bad_signature", "malformed"}
        assert town.house.view().documents == before
        assert station.verdict(signed(claims(), STRANGER)) == "unknown_key"


def test_without_a_key_it_says_so_and_waits_for_one(town: Town) -> None:
    with town.server():
        url = f"http://127.0.0.1:{town.port}"
        town.house.config.write_text(town.house.config.read_text() + f'[central]\nurl = "{url}"\n')
        with town.house.station(), town.house.program("sync") as sync:
            until(lambda: "not enrolled" in (town.house.folder / "sync.log").read_text())
            claim = town.house.kiosk("central", "claim", CODE, "--data", str(town.central)).stdout.strip()
            assert town.house.kiosk("enrol", url, claim).returncode == 0
            until(lambda: town.house.view().programs["sync"], "sync with its new key")
            assert sync.poll() is None
        assert "Traceback" not in (town.house.folder / "sync.log").read_text()


TAMPER = 25


def unenrolled(town: Town) -> None:
    """A card fresh from the first boot: settings, and nothing else."""
    more = f'[central]\nurl = "http://127.0.0.1:{town.port}"\n[tamper]\npin = {TAMPER}\n'
    town.house.config.write_text(town.house.config.read_text() + more)


def test_a_technician_enrols_a_station_without_a_keyboard(town: Town) -> None:
    """An enrolment code shown to the camera while the housing stands open; the same words at both ends."""
    unenrolled(town)
    with town.server(), town.house.station() as station, town.house.program("sync"):
        claim = town.house.kiosk("central", "claim", CODE, "--data", str(town.central)).stdout.strip()
        text = enrolment_code(CODE, claim)
        assert station.verdict(text) == "not_armed", "anybody can print a code"
        station.bench.drive(TAMPER, level=False)
        until(lambda: "tamper" in town.house.view().faults)
        assert station.verdict(enrolment_code("44010001", claim)) == "wrong_station"
        until(lambda: "not enrolled" in (town.house.folder / "sync.log").read_text())
        station.scan(text)
        words = station.next("enrolled")["fingerprint"]
        assert words in town.house.kiosk("central", "stations", "--data", str(town.central)).stdout
        until(lambda: town.house.view().quality == "synced", "the first word of the server")
        assert station.verdict(town.make_pass()) == "granted"
        assert station.verdict(text) == "already_enrolled"
    key = town.house.data / "station.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with town.house.station() as station, town.house.program("sync"):
        assert station.verdict(town.make_pass()) == "granted", "after a restart too"


def show_claim(town: Town, station: Station) -> None:
    """A fresh enrolment code before the camera, with the housing open."""
    claim = town.house.kiosk("central", "claim", CODE, "--reason", "again", "--data", str(town.central)).stdout.strip()
    station.bench.drive(TAMPER, level=False)
    until(lambda: "tamper" in town.house.view().faults)
    station.scan(enrolment_code(CODE, claim))
    station.next("enrolment_shown")


def test_an_enrolment_code_may_be_shown_before_sync_is_there(town: Town) -> None:
    unenrolled(town)
    with town.server(), town.house.station() as station:
        show_claim(town, station)
        with town.house.program("sync"):
            assert station.next("enrolled")["fingerprint"]


@pytest.mark.slow
def test_a_sync_to_which_systemd_hands_the_key_ends_once_there_is_one_and_starts_with_it(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unenrolled(town)
    handed = tmp_path / "credentials" / "station.key"
    handed.parent.mkdir()
    handed.write_text("none")  # SetCredential= in the unit
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed.parent))
    with town.server(), town.house.station() as station:
        show_claim(town, station)
        with town.house.program("sync") as sync:
            assert station.next("enrolled")["fingerprint"]
            assert sync.wait(20) == 0, "systemd starts another"
        (town.house.data / "station.key").rename(handed)
        with town.house.program("sync"):
            until(lambda: town.house.view().quality == "synced", "it signs with what it was handed")


def test_nobody_gives_a_root_key_to_a_station_that_did_not_ask(town: Town) -> None:
    unenrolled(town)
    answered = EnrolmentAnswered(bytes(range(32)), public(STRANGER), (keyset_document(key=STRANGER),))
    with town.house.station() as station:
        line = Line(town.house.run / "control.sock")
        with pytest.raises(NotGranted, match="no enrolment is under way"):
            line.ask(answered, Done)
        line.close()
        assert station.verdict(signed(claims())) == "unknown_key"
    assert not (town.house.data / "root.pub").exists()


@pytest.mark.slow
def test_what_survives_in_a_broken_logbook_is_sent_under_its_old_epoch(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
        with town.house.station():
            epoch = town.house.view().epoch
            with closing(Line(town.house.run / "control.sock")) as line:
                for _ in range(40):
                    line.ask(Operate("main", "open"), Done)
            until(lambda: len(town.house.entries()) >= 31)
        rows = len(town.house.entries())
        path = town.house.data / "logbook.db"
        data = bytearray(path.read_bytes())
        data[68:72] = bytes(4)  # the application id: the file is not ours any more
        path.write_bytes(data)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: "salvaged" in town.house.view().faults.get("logbook_replaced", ""), "the salvage")
            assert station.verdict(town.make_pass()) == "granted"
            until(lambda: not list(town.house.data.glob("salvaged-*")), "the arrival of the survivors")
            until(lambda: town.house.view().streams["access"].acked >= 3)
        store = CentralStore(town.central)
        numbers = store.numbers(CODE)
        assert sorted(seq for found, stream, seq in numbers if (found, stream) == (epoch, "access")) == list(
            range(1, rows + 1)
        )
        assert store.duplicates() == 0
        store.close()
