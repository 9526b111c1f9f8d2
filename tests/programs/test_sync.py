"""`kiosk sync` between a real station and a real central server, over a network that is cut and that swallows answers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kiosk.demo.link import Link
from kiosk.wire import Offer
from tests.keys import STRANGER, claims, keyset_document, signed
from tests.programs.house import until
from tests.programs.town import Town, enter


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_every_entry_arrives_once_also_when_answers_are_swallowed(town: Town) -> None:
    with town.server():
        link = Link(("127.0.0.1", town.port))
        town.enrol(link.port)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.numbers() == town.everything() != [])
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
        link.close()


def test_doors_open_with_no_server_at_all_and_sync_catches_up_later(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
        text = town.make_pass()
    with town.house.station() as station, town.house.program("sync"):
        assert station.verdict(text) == "granted"
        with town.server():
            until(lambda: town.numbers() == town.everything(), "the arrival of everything")


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


def test_a_revocation_and_its_end_reach_the_door(town: Town) -> None:
    with town.server():
        town.enrol(town.port)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.house.view().quality == "synced", "the time")
            text = town.make_pass("--kind", "live")
            town.house.kiosk("central", "revoke", "1", "--data", str(town.central))
            assert station.next("document_applied")["document"] == "status"
            assert station.verdict(text) == "revoked"
            town.house.kiosk("central", "restore", "1", "--data", str(town.central))
            assert station.next("document_applied")["document"] == "status"
            assert station.verdict(text) == "granted"


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


def test_without_a_key_it_says_so_and_ends(town: Town) -> None:
    town.house.config.write_text(town.house.config.read_text() + '[central]\nurl = "http://127.0.0.1:1"\n')
    done = town.house.kiosk("sync")
    assert done.returncode == 1
    assert "station.key" in done.stderr
    assert "Traceback" not in done.stderr
