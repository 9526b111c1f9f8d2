"""What nobody lists, in each part of the station's loop: it costs that part alone, is told, and ends what goes on so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kiosk.local import Line
from kiosk.wire import Explain, Explained, Refused
from tests.keys import claims, signed
from tests.programs.house import EXIT, LOCK, House, until
from tests.programs.surprises import SURPRISE


class Surprised(House):
    """Its station fails in one part."""

    part = ""

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tests.programs.surprises", self.part, "-c", str(self.config), *words]


@pytest.fixture
def house(tmp_path: Path) -> Surprised:
    house = Surprised(tmp_path)
    house.trust()
    return house


@pytest.mark.parametrize("part", ["step", "line", "lamp", "lamp's pin", "lock", "lock's pin"])
def test_it_costs_itself_alone_and_is_told(house: Surprised, part: str) -> None:
    house.part = part
    with house.station() as station:
        if part == "line":
            line = Line(house.run / "control.sock")
            line.send(Explain(SURPRISE))
            assert isinstance(line.receive(20), Refused), "who asked is told"
            assert line.ask(Explain("rubbish"), Explained), "and the connection lives"
            line.close()
        station.scan(SURPRISE)
        at = station.scan(signed(claims()))
        opened = station.bench.wait_for(LOCK, level=True, after=at)
        assert opened is not None
        assert station.bench.wait_for(LOCK, level=False, after=opened.at) is not None, (
            "no lamp keeps a lock from its place"
        )
        told = {"lamp's pin": "pin.main.signals", "lock's pin": "pin.main.lock"}.get(part, "station.loop")
        until(lambda: any(entry.get("what") == told for entry in house.entries()), told)
        assert station.process.poll() is None


@pytest.mark.slow
def test_a_lock_that_is_stuck_ends_the_program_so_that_a_fresh_one_takes_its_power(house: Surprised) -> None:
    house.part = "lock for ever"
    with house.station() as station:
        station.scan(signed(claims()))
        assert station.process.wait(60) == 1
    assert "station failed 5 times" in (house.folder / "station.log").read_text()


def test_a_part_that_fails_again_and_again_ends_the_program(house: Surprised) -> None:
    house.part = "step"
    with house.station() as station:
        for _ in range(10):
            station.scan(SURPRISE)
        assert station.process.wait(60) == 1
        assert [edge.level for edge in station.bench.edges if edge.pin == LOCK] == [False]


@pytest.mark.parametrize("part", ["edge", "view"])
def test_what_fails_once_in_a_callback_is_made_up_for(house: Surprised, part: str) -> None:
    house.part = part
    with house.station() as station:
        station.bench.drive(EXIT, level=False)
        assert station.bench.wait_for(LOCK, level=True) is not None, "inputs are read back each second"
        assert station.process.poll() is None
