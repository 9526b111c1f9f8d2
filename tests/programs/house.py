"""Test support: a station's programs as real processes on simulated pins, in a folder of their own."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, time
from typing import Any, TypeVar

from kiosk.core.clock import Quality
from kiosk.core.entries import Rated, Stamp
from kiosk.demo.place import stop
from kiosk.demo.walker import Bench
from kiosk.local import Line, NotReachable, boot_time
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook
from kiosk.wire import GetView, Logged, Refused, Scan, Subscribe
from kiosk.wire.inside import DeskMessage, Kept
from kiosk.wire.views import View
from tests.keys import KEYSET, ROOT, keyset_document, public

T = TypeVar("T")

LOCK, CONTACT, EXIT = 17, 27, 22
PATIENCE = 60.0

SETTINGS = """\
pins = "simulated"
[station]
code = "37081101"
data_dir = "{folder}/data"
run_dir = "{folder}/run"
[doors.main]
lock = {{ pin = 17 }}
contact = {{ pin = 27 }}
exit = {{ pin = 22 }}
pulse = 1.0
"""


def said(line: Line, message: DeskMessage, timeout: float = 10.0) -> str:
    """What a display is answered: empty once it is kept; else why not."""
    line.send(message)
    match line.receive(timeout=timeout):
        case Kept():
            return ""
        case Refused(why):
            return why
        case other:
            raise AssertionError(other)


def until(condition: Callable[[], T], what: str = "the condition", patience: float = PATIENCE) -> T:
    """Wait for a condition with a deadline; its value."""
    deadline = monotonic() + patience
    pause = threading.Event()
    while True:
        try:
            if found := condition():
                return found
        except (NotReachable, OSError):
            pass
        if monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {patience:g} s")
        pause.wait(0.02)


class House:
    """The folder, its settings, and whatever runs in it."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.data, self.run = folder / "data", folder / "run"
        self.config = folder / "station.toml"
        self.config.write_text(SETTINGS.format(folder=folder) + more, encoding="utf-8")

    def trust(self, keyset: bytes | None = None) -> None:
        """As after enrolment with the keys of tests.keys."""
        cold = ColdState(self.data)
        cold.keep("keyset", KEYSET.version, keyset or keyset_document())
        cold.close()
        (self.data / "root.pub").write_text(base64.b64encode(public(ROOT)).decode())

    def kiosk(
        self, *words: str, stdin: str = "", timeout: float = 60, under: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end, `under` another command."""
        return subprocess.run(
            [*under, *self._command(*words)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env=environment(),
        )

    def rate(self, count: int) -> None:
        """As if so many bundles of answers had been closed lately; the station is off."""
        book, stamp = Logbook(self.data, "before"), Stamp(1.0, time(), Quality.SYNCED)
        book.append([(stamp, Rated(f"question {number}", (5, 1, 0, 0))) for number in range(count)])
        book.close()

    @contextmanager
    def program(self, *words: str, under: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program until the block ends, `under` another command such as strace."""
        log = (self.folder / f"{words[0]}.log").open("ab")
        process = subprocess.Popen([*under, *self._command(*words)], stdout=log, stderr=log, env=environment())
        try:
            yield process
        finally:
            log.close()
            stop(process)

    @contextmanager
    def station(self, under: Sequence[str] = ()) -> Iterator[Station]:
        """Run the station; the block begins when it answers."""
        with self.program("station", under=under) as process:
            until(self.view, f"the station ({self.folder}/station.log)")
            station = Station(self, process)
            try:
                yield station
            finally:
                station.close()

    def view(self) -> View:
        line = Line(self.run / "control.sock")
        try:
            return line.ask(GetView(), View)
        finally:
            line.close()

    def entries(self, stream: Any = "access") -> list[dict[str, Any]]:
        """What the logbook's file holds, oldest first."""
        reader = Reader(self.data)
        rows = [row.wire() for row in reversed(reader.last(stream, 10**6))]
        reader.close()
        return rows

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.entries()]

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "kiosk", "-c", str(self.config), *words]


class Station:
    """A running station: its scanner's socket, its pins, and what it tells."""

    def __init__(self, house: House, process: subprocess.Popen[bytes]) -> None:
        """Raises NotReachable or OSError when it dies meanwhile."""
        self.house = house
        self.process = process
        with ExitStack() as stack:
            self.bench = Bench(house.run / "pins.sock")
            stack.callback(self.bench.close)
            until(lambda: self._dead() or any(edge.pin == LOCK for edge in self.bench.edges), "the levels of the pins")
            self.scanner = Line(house.run / "scan.sock")
            stack.callback(self.scanner.close)
            self._news = Line(house.run / "control.sock")
            stack.callback(self._news.close)
            self._news.send(Subscribe())
            self._news.receive(timeout=PATIENCE)
            self._open = stack.pop_all()

    def _dead(self) -> bool:
        return self.process.poll() is not None

    def scan(self, text: str) -> float:
        """Show a code; the boot time at which it was shown."""
        at = boot_time()
        self.scanner.send(Scan("main", text, at))
        return at

    def next(self, *kinds: str) -> dict[str, Any]:
        """The next entry of one of these kinds that the station tells."""
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline:
            match self._news.receive(timeout=1.0):
                case Logged(entry) if entry["kind"] in kinds:
                    return entry
                case _:
                    continue
        raise AssertionError(f"no entry of {kinds}")

    def verdict(self, text: str) -> str:
        """`granted`, or the reason of the refusal."""
        self.scan(text)
        entry = self.next("granted", "denied")
        return str(entry.get("reason", entry["kind"]))

    def kill(self) -> None:
        """As the power would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self._open.close()


def environment() -> dict[str, str]:
    """This environment; warnings of the programs are errors too."""
    return {**os.environ, "PYTHONWARNINGS": "default", "LC_ALL": "C.UTF-8"}
