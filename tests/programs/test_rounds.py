"""kill -9 of station and sync at random moments, under load: whoever was let in is at the central server, once."""

from __future__ import annotations

import random
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest
from msgspec import Struct

from kiosk.demo.place import stop
from kiosk.local import Line, NotReachable
from kiosk.wire import Sensed
from tests.programs.house import LOCK, Station, environment, until
from tests.programs.town import Town

LONGEST = 0.4
"""Seconds from a pass to the kill, at the most: grant, commit, unlock and upload take place within it."""

SENSOR = """\
[sensors.meter]
bus = "onewire"
device = "28-0316a27900ff"
unit = "°C"
"""


class Counted(Struct):
    """What happened in all rounds."""

    rounds: int = 0
    stations: int = 0
    syncs: int = 0
    opened: list[int] = []


class Programs:
    """Station and sync, started again whenever they are dead, as systemd would."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._log = (town.house.folder / "rounds.log").open("ab")

    def ensure(self) -> None:
        """Both run, and the station answers."""
        for name in ("station", "sync"):
            if name not in self._running or self._running[name].poll() is not None:
                command = self._town.house._command(name)
                self._running[name] = subprocess.Popen(command, stdout=self._log, stderr=self._log, env=environment())
        until(self._town.house.view, "the station")

    @property
    def station(self) -> subprocess.Popen[bytes]:
        return self._running["station"]

    def kill(self, name: str) -> None:
        self._running[name].kill()
        self._running[name].wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            stop(process)
        self._log.close()


@contextmanager
def telemetry(town: Town) -> Iterator[None]:
    """A sensors program that has much to tell, to whatever station runs."""
    over = threading.Event()

    def tell() -> None:
        value = 0.0
        while not over.is_set():
            with suppress(NotReachable, OSError), closing(Line(town.house.run / "sense.sock")) as line:
                while not over.wait(0.01):
                    value = (value + 7.0) % 40.0
                    line.send(Sensed("meter", value))
            over.wait(0.05)

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def one_round(town: Town, programs: Programs, text: str, chance: random.Random) -> tuple[str, bool]:
    """Show a pass, kill somebody some time later; who it was, and whether the lock was released for the pass."""
    programs.ensure()
    victim = chance.choice(["station", "station", "sync"])
    try:
        station = Station(town.house, programs.station)
    except (NotReachable, OSError, AssertionError):
        return "", False
    try:
        at = station.scan(text)
        threading.Event().wait(chance.uniform(0, LONGEST))  # the moment is what this test varies
        programs.kill(victim)
        if victim == "sync":
            return victim, bool(station.next("granted"))
        opened = any(edge.pin == LOCK and edge.level and edge.at > at for edge in station.bench.edges)
    finally:
        station.close()
    return victim, opened


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(20, marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
        pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_every_entry_and_every_opened_door_is_at_the_server_once(rounds: int, tmp_path: Path) -> None:
    town, counted, chance = Town(tmp_path), Counted(), random.Random(rounds)  # noqa: S311
    town.house.config.write_text(town.house.config.read_text() + SENSOR)
    with town.server():
        town.enrol(town.port)
        with Programs(town) as programs, telemetry(town):
            for index, text in enumerate(town.passes(rounds), start=1):
                victim, opened = one_round(town, programs, text, chance)
                counted.rounds += 1
                counted.stations += victim == "station"
                counted.syncs += victim == "sync"
                counted.opened += [index] * opened
            programs.ensure()
        with Programs(town) as programs:
            programs.ensure()
            until(lambda: caught_up(town), "the arrival of everything", patience=120)
    check(town, counted)


def caught_up(town: Town) -> bool:
    streams = town.house.view().streams
    return all(streams[name].newest == streams[name].acked > 0 for name in ("access", "telemetry"))


def check(town: Town, counted: Counted) -> None:
    """Nothing that the logbook numbered is missing, nothing is there twice, and no door opened for somebody unknown."""
    numbers = town.numbers()
    granted = Counter(
        entry["index"] for entry in town.entries() if entry["kind"] == "granted" and not entry.get("again")
    )
    for stream in ("access", "telemetry"):
        found = [seq for name, seq in numbers if name == stream]
        assert found == list(range(1, len(found) + 1)), f"{stream}: a number is missing"
    print(
        f"\n{counted.rounds} rounds: station killed {counted.stations} times, sync {counted.syncs} times;"
        f" {len(counted.opened)} doors opened; at the central server {len(numbers)} entries, {sum(granted.values())} of them"
        f" grants; {sum(granted[index] != 1 for index in counted.opened)} of the opened doors missing or twice"
    )
    assert [index for index in counted.opened if granted[index] != 1] == []
    assert max(granted.values()) == 1
    assert counted.stations > counted.rounds / 3
    assert counted.syncs > counted.rounds / 6
    assert len(counted.opened) > counted.rounds / 3
