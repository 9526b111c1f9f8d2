"""Test support: a central server, and a house that is enrolled there, as real processes over real HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any

import requests

from kiosk.central.store import CentralStore
from kiosk.demo.founding import found, founded
from kiosk.demo.place import free_port
from kiosk.local import Line
from kiosk.wire import Done, Operate
from kiosk.wire.base import STREAMS
from tests.keys import claims
from tests.programs.house import House, Station, until

CODE = "37081101"


class Town:
    """A central server, and a house that is enrolled there through some network."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time, more: str = "") -> None:
        """`clock`: what it says when the server's first keyset is signed; `more`: of the house's settings."""
        self.central = folder / "central"
        found(self.central, clock)
        self.port = free_port()
        self.house = House(folder, more)

    @contextmanager
    def server(self, under: Sequence[str] = ()) -> Iterator[None]:
        words = ("central", "serve", "--data", str(self.central), "--port", str(self.port))
        with self.house.program(*words, under=under):
            until(lambda: requests.get(f"http://127.0.0.1:{self.port}/v1", timeout=5).status_code == 404)
            yield

    def enrol(self, through: int, under: Sequence[str] = ()) -> None:
        """Enrol directly; the settings then lead through another port. `under`: before the command that makes the claim."""
        url = f"http://127.0.0.1:{through}"
        central = f'[central]\nurl = "{url}"\nback_off_cap = 2\ntelemetry_within = 0\ntimeout = 5\n'
        self.house.config.write_text(self.house.config.read_text() + central)
        claim = self.house.kiosk("central", "claim", CODE, "--data", str(self.central), under=under).stdout.strip()
        done = self.house.kiosk("enrol", f"http://127.0.0.1:{self.port}", claim)
        assert done.returncode == 0, done.stderr

    def make_pass(self, *words: str) -> str:
        done = self.house.kiosk("pass", "make", "--central", str(self.central), *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def passes(self, count: int) -> list[str]:
        """Cards of as many workers, one each."""
        store = CentralStore(self.central)
        issuer, now = founded(self.central, store), int(time())
        card = claims(0, issued_at=now, expires=now + 30 * 86_400)
        found = [issuer.issue(card, f"holder {number}")[1] for number in range(count)]
        store.close()
        return found

    def numbers(self) -> list[tuple[str, int]]:
        store = CentralStore(self.central)
        found = sorted((stream, seq) for _, stream, seq in store.numbers(CODE))
        duplicates = store.duplicates()
        store.close()
        assert duplicates == 0
        return found

    def entries(self) -> list[dict[str, Any]]:
        """What the central server holds of the access stream."""
        store = CentralStore(self.central)
        found = store.entries(CODE, "access", limit=10_000)
        store.close()
        return found

    def everything(self) -> list[tuple[str, int]]:
        return sorted((stream, entry["seq"]) for stream in STREAMS for entry in self.house.entries(stream))


def enter(town: Town, station: Station, count: int) -> None:
    """Let people in, each with a card of their own."""
    for text in town.passes(count):
        assert station.verdict(text) == "granted"


class World:
    """A town whose sync is watched."""

    def __init__(self, town: Town, sync: subprocess.Popen[bytes]) -> None:
        self.town, self.sync = town, sync
        until(self.arrived, "the first entries")
        self.memory_before = self.memory()

    def busy(self, count: int = 5) -> None:
        """Things happen at the door."""
        with closing(Line(self.town.house.run / "control.sock")) as line:
            for _ in range(count):
                line.ask(Operate("main", "open"), Done)

    def arrived(self) -> bool:
        return self.town.numbers() == self.town.everything()

    def ticks(self) -> int:
        """Hundredths of a second of the processor that sync has used."""
        fields = Path(f"/proc/{self.sync.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def memory(self) -> int:
        return self.most_memory(self.sync.pid)

    @staticmethod
    def most_memory(pid: int) -> int:
        """KiB that the process has had resident at the most."""
        return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0])
