"""Servers and stations that know three streams, with those that know two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.previous import LANDED, by, code_of
from tests.programs.house import House, until
from tests.programs.town import Town

RESTS = "the central server does not know it; asked again in 24 h"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return code_of(LANDED, tmp_path_factory.mktemp("landed") / "old")


def all_but_services_arrived(house: House) -> bool:
    streams = house.view().streams
    return streams["services"].rests > 0 and streams["access"].newest == streams["access"].acked > 0


@pytest.mark.slow
def test_a_server_that_does_not_know_services_gets_the_rest_and_later_all_of_it(town: Town, old: Path) -> None:
    """The server of version 0.3.0 against today's station, and then today's server on its files."""
    with town.server(by(old)):
        town.enrol(town.port, by(old))
        town.house.rate(3)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: all_but_services_arrived(town.house), "the first entries")
            assert station.verdict("rubbish") == "not_a_pass"
            until(lambda: all_but_services_arrived(town.house), "an entry after services had come to rest")
            view = town.house.view()
            assert (view.streams["services"].acked, 86_000 < view.streams["services"].rests <= 86_400) == (0, True)
            assert "central" not in view.faults
            told = [town.house.kiosk(verb).stdout for verb in ("status", "queue")]
            assert all(RESTS in each for each in told), told
            checks = json.loads(town.house.kiosk("doctor", "--json").stdout)
            assert [each["severity"] for each in checks["checks"] if each["id"] == "logbook.unknown"] == ["warning"]
    with town.server(), town.house.station(), town.house.program("sync"):
        until(lambda: town.numbers() == town.everything(), "the arrival of everything")
        until(lambda: town.house.view().streams["services"].rests == 0)
    assert ("services", 3) in town.numbers()


@pytest.mark.slow
def test_a_rest_is_told_again_to_a_station_that_starts_anew(town: Town, old: Path) -> None:
    with town.server(by(old)):
        town.enrol(town.port, by(old))
        town.house.rate(1)
        with town.house.program("sync"):
            for _ in range(2):
                with town.house.station():
                    until(lambda: all_but_services_arrived(town.house), "the rest")


@pytest.mark.slow
def test_a_station_that_has_no_services_works_with_todays_server(town: Town, old: Path) -> None:
    """The station and the sync of version 0.3.0."""
    with town.server():
        town.enrol(town.port)
        with town.house.station(by(old)) as station, town.house.program("sync", under=by(old)):
            assert station.verdict("rubbish") == "not_a_pass"
            until(lambda: town.numbers() == town.everything(), "the arrival of everything")
    assert {stream for stream, _ in town.numbers()} == {"access"}
