"""Servers and stations that know three streams, with those that know two."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import time

import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Locked, Stamp
from kiosk.logbook.reader import FILE, Reader
from kiosk.logbook.store import Logbook
from tests.previous import LANDED, by, code_of
from tests.programs import middle
from tests.programs.house import House, until
from tests.programs.middle import Exchange, Fault, Middle
from tests.programs.town import Town

RESTS = "the central server does not know it; asked again in 24 h"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.fixture
def old_town(town: Town, tmp_path: Path) -> Town:
    """With a central server that the old code begins."""
    town.central = tmp_path / "old central"
    return town


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return code_of(LANDED, tmp_path_factory.mktemp("landed") / "old")


def all_but_services_arrived(house: House) -> bool:
    streams = house.view().streams
    return streams["services"].rests > 0 and streams["access"].newest == streams["access"].acked > 0


@pytest.mark.slow
def test_a_server_that_does_not_know_services_gets_the_rest_and_later_all_of_it(old_town: Town, old: Path) -> None:
    """The server of version 0.3.0 against today's station, and then today's server on its files."""
    with old_town.server(by(old)):
        old_town.enrol(old_town.port, by(old))
        old_town.house.rate(3)
        with old_town.house.station() as station, old_town.house.program("sync"):
            until(lambda: all_but_services_arrived(old_town.house), "the first entries")
            assert station.verdict("rubbish") == "not_a_pass"
            until(lambda: all_but_services_arrived(old_town.house), "an entry after services had come to rest")
            view = old_town.house.view()
            assert (view.streams["services"].acked, 86_000 < view.streams["services"].rests <= 86_400) == (0, True)
            assert "central" not in view.faults
            told = [old_town.house.kiosk(verb).stdout for verb in ("status", "queue")]
            assert all(RESTS in each for each in told), told
            checks = json.loads(old_town.house.kiosk("doctor", "--json").stdout)
            assert [each["severity"] for each in checks["checks"] if each["id"] == "logbook.unknown"] == ["warning"]
    with old_town.server(), old_town.house.station(), old_town.house.program("sync"):
        until(lambda: old_town.numbers() == old_town.everything(), "the arrival of everything")
        until(lambda: old_town.house.view().streams["services"].rests == 0)
    assert ("services", 3) in old_town.numbers()


@pytest.mark.slow
def test_a_rest_is_told_again_to_a_station_that_starts_anew(old_town: Town, old: Path) -> None:
    with old_town.server(by(old)):
        old_town.enrol(old_town.port, by(old))
        old_town.house.rate(1)
        with old_town.house.program("sync"):
            for _ in range(2):
                with old_town.house.station():
                    until(lambda: all_but_services_arrived(old_town.house), "the rest")


@pytest.mark.slow
def test_a_station_that_has_no_services_works_with_todays_server(town: Town, old: Path) -> None:
    """The station and the sync of version 0.3.0."""
    with town.server():
        town.enrol(town.port)
        with town.house.station(by(old)) as station, town.house.program("sync", under=by(old)):
            assert station.verdict("rubbish") == "not_a_pass"
            until(lambda: town.numbers() == town.everything(), "the arrival of everything")
    assert {stream for stream, _ in town.numbers()} == {"access"}


def to_services(fault: Fault) -> Fault:
    """Done to what carries services, and to nothing else."""

    def only(exchange: Exchange) -> None:
        (fault if b"/streams/services/" in exchange.request.partition(b"\r\n")[0] else middle.honest)(exchange)

    return only


@pytest.mark.parametrize(
    ("fault", "rests"),
    [
        (middle.says("400 Bad Request", "application/problem+json", '{"title": "No", "status": 400}'), True),
        (middle.says("405 Not Allowed", "application/problem+json", '{"title": "No", "status": 405}'), True),
        (middle.says("404 Not Found", "text/html", "<h1>404</h1>"), False),
        (middle.says("500 Internal Server Error", "application/problem+json", '{"title": "No", "status": 500}'), False),
        (middle.reset_in_mid_body, False),
    ],
    ids=["400", "405", "a page of HTML", "500", "reset"],
)
@pytest.mark.slow
def test_whatever_becomes_of_services_what_happens_at_the_door_arrives_and_later_all(
    town: Town, fault: Fault, *, rests: bool
) -> None:
    with town.server(), closing(Middle(town.port)) as man:
        town.enrol(man.port)
        town.house.rate(3)
        with town.house.station() as station:
            with man.doing(to_services(fault)), town.house.program("sync"):
                for number in range(3):
                    assert station.verdict(f"rubbish {number}") == "not_a_pass"
                    until(lambda: of_the_door_arrived(town.house), "what happened at the door")
                    assert town.house.view().streams["services"].acked == 0
                until(lambda: (town.house.view().streams["services"].rests > 0) is rests)
                assert "central" not in town.house.view().faults
            with town.house.program("sync"):
                until(lambda: town.numbers() == town.everything(), "the arrival of everything")
    assert ("services", 3) in town.numbers()


def of_the_door_arrived(house: House) -> bool:
    access = house.view().streams["access"]
    return access.newest == access.acked > 0


@pytest.mark.slow
def test_survivors_whose_services_nobody_takes_keep_no_other_survivors_waiting(old_town: Town, old: Path) -> None:
    names = []
    for _ in range(2):
        old_town.house.rate(2)
        book = Logbook(old_town.house.data, "before")
        book.append([(Stamp(1.0, time(), Quality.SYNCED), Locked("main"))])
        book.close()
        names.append(f"salvaged-{book.epoch}.db")
        (old_town.house.data / FILE).rename(old_town.house.data / names[-1])
    with old_town.server(by(old)):
        old_town.enrol(old_town.port, by(old))
        with old_town.house.station(), old_town.house.program("sync"):
            until(lambda: [marks(old_town.house, name) for name in names] == [{"access": 1, "services": 0}] * 2, "both")
    with old_town.server(), old_town.house.station(), old_town.house.program("sync"):
        until(lambda: not any((old_town.house.data / name).exists() for name in names), "the rest of both")
    assert Counter(old_town.numbers()) >= Counter({("services", 1): 2, ("services", 2): 2})


def marks(house: House, name: str) -> dict[str, int]:
    """What the server has of survivors."""
    with closing(Reader(house.data, name)) as reader:
        return {stream: heads.acked for stream, heads in reader.heads().items() if heads.newest}
