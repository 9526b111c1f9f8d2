"""Puts a whole station on one machine, plays the film, and counts at the end what the central server holds."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template
from time import monotonic, sleep
from typing import Any, Final

from msgspec import Struct
from rich.console import Console

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.core.entries import Stream
from kiosk.demo.appliances import Appliances
from kiosk.demo.film import write_film
from kiosk.demo.link import Link
from kiosk.demo.script import Script, write_script
from kiosk.demo.story import Score, Story
from kiosk.demo.walker import Bench, Walker
from kiosk.local import Line, NotReachable
from kiosk.logbook.reader import Heads, Reader
from kiosk.settings import Settings
from kiosk.settings.loading import load
from kiosk.wire import Done, Flush, GetView, Subscribe, View

STATION: Final = "37081101"
TEMPLATE: Final = Path(__file__).with_name("demo.toml")
"""config/demo.toml: a link, so that it is in an installed package too."""

MUST_REFUSE: Final = ("bad_signature", "expired", "revoked", "replayed")
START_WITHIN: Final = 20.0
DRAIN_WITHIN: Final = 15.0
STOP_WITHIN: Final = 10.0


class DemoFailed(Exception):
    """The demo could not even begin; the text says why and where to look."""


class Summary(Struct, frozen=True):
    """What `--json` prints. `failures` is empty when everything was as it must be."""

    ok: bool
    seconds: float
    entries_local: int
    entries_central: int
    missing: int
    duplicates: int
    granted: int
    denied: dict[str, int]
    picture_to_lock_ms: dict[str, float]
    most_waiting: int
    drained_after_s: float | None
    failures: list[str]


class Place:
    """The demo's folder and the programs that run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.central = folder / "central"
        self.config = folder / "station.toml"
        self.film = folder / "film.avi"
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._processes: list[subprocess.Popen[bytes]] = []

    def write_config(self, values: dict[str, object]) -> Settings:
        """Fill in the demo's settings."""
        text = TEMPLATE.read_text(encoding="utf-8")
        self.config.write_text(Template(text).substitute(values), encoding="utf-8")
        return load(self.config)

    @contextmanager
    def program(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A `kiosk` program in a process of its own, ended by SIGTERM."""
        command = [sys.executable, "-m", "kiosk", "-c", str(self.config), *words]
        with (self.logs / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._processes.append(process)
        try:
            yield process
        finally:
            stop(process)

    def end_programs(self) -> None:
        """Tell all programs to end, so that they do it side by side."""
        for process in self._processes:
            process.terminate()

    def run(self, *words: str) -> str:
        """A `kiosk` verb, to its end. Raises DemoFailed."""
        command = [sys.executable, "-m", "kiosk", "-c", str(self.config), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_WITHIN)
        if done.returncode:
            raise DemoFailed(f"kiosk {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL for one that does not end."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_demo(folder: Path, seconds: float | None, console: Console) -> Summary:
    """The whole demo: `seconds` long, or until Ctrl-C."""
    began = monotonic()
    place = Place(folder)
    console.print("A station is being set up: keys, passes, a film for its camera …", style="dim")
    store = CentralStore(place.central)
    script = write_script(Issuer(place.central, store))
    store.close()
    with ExitStack() as stack:
        story, settings = _open(place, script, stack, console)
        _point_out(place, settings, console)
        _listen(settings, story, seconds)
        heads = _drain(settings, story)
        return _count(place, settings, story.score, heads, monotonic() - began)


def _open(place: Place, script: Script, stack: ExitStack, console: Console) -> tuple[Story, Settings]:
    """Start everything, bottom-up; the scanner last, since its film begins at once."""
    camera = threading.Thread(target=write_film, args=(script.film(), place.film), name="film")
    camera.start()
    port = free_port()
    stack.enter_context(place.program("central", "serve", "--data", str(place.central), "--port", str(port)))
    wait_for_port(port, place)
    link = Link(("127.0.0.1", port))
    stack.callback(link.close)
    appliances = Appliances(place.folder)
    stack.callback(appliances.close)
    settings = place.write_config(
        {
            "folder": place.folder,
            "port": link.port,
            "film": place.film,
            "tree": appliances.tree,
            "line": appliances.line,
            "dispenser": appliances.dispenser,
            "gps": appliances.gps,
            "screen": free_port(),
        }
    )
    claim = place.run("central", "claim", STATION, "--data", str(place.central)).strip()
    place.run("enrol", f"http://127.0.0.1:{link.port}", claim)
    stack.enter_context(place.program("station"))
    _wait_for_station(settings, place)
    door = settings.doors["main"]
    bench = Bench(settings.run / "pins.sock")
    stack.callback(bench.close)
    if door.contact:
        stack.callback(Walker(bench, door.lock.pin, door.contact.pin).stop)
    for program in ("sync", "sensors", "screen", "scanner"):
        if program == "scanner":
            camera.join()
        stack.enter_context(place.program(program))
    stack.callback(place.end_programs)
    return Story(console, script, link), settings


def _listen(settings: Settings, story: Story, seconds: float | None) -> None:
    """Follow the station until the time is over or Ctrl-C."""
    line = Line(settings.run / "control.sock")
    line.send(Subscribe())
    until = None if seconds is None else monotonic() + seconds
    stopped = False

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal stopped
        stopped = True

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not stopped and (until is None or monotonic() < until):
            message = line.receive(timeout=0.2)
            if message is not None:
                story.hear(message)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        line.close()


def _drain(settings: Settings, story: Story) -> dict[Stream, Heads]:
    """Let the entries made so far reach the central server; how many that are."""
    story.restore_network()
    line, reader = Line(settings.run / "control.sock"), Reader(settings.data)
    line.ask(Flush(), Done)
    deadline = monotonic() + DRAIN_WITHIN
    while True:
        story.hear(line.ask(GetView(), View))
        heads = reader.heads()
        if all(each.newest == each.acked for each in heads.values()) or monotonic() > deadline:
            line.close()
            reader.close()
            return heads
        sleep(0.05)


def _count(place: Place, settings: Settings, score: Score, heads: dict[Stream, Heads], seconds: float) -> Summary:
    """Compare the logbook with the central server's file, entry by entry, up to the numbers in `heads`."""
    reader, store = Reader(settings.data), CentralStore(place.central)
    local = {
        (reader.epoch, stream, row.seq)
        for stream, head in heads.items()
        for row in reader.batch(stream, 0, head.newest, 2**40)
        if row.seq <= head.newest
    }
    numbers = store.numbers(settings.station.code)
    central = [each for each in numbers if each in local]
    duplicates = store.duplicates() + len(central) - len(set(central))
    unknown = sum(epoch != reader.epoch for epoch, _, _ in numbers)
    reader.close()
    store.close()
    missing = len(local - set(central))
    failures = _failures(score, missing, duplicates, unknown)
    return Summary(
        ok=not failures,
        seconds=round(seconds, 1),
        entries_local=len(local),
        entries_central=len(central),
        missing=missing,
        duplicates=duplicates,
        granted=score.granted,
        denied=dict(score.denied),
        picture_to_lock_ms=_percentiles(score.latencies),
        most_waiting=score.most_waiting,
        drained_after_s=None if score.drained_in is None else round(score.drained_in, 2),
        failures=failures,
    )


def _failures(score: Score, missing: int, duplicates: int, unknown: int) -> list[str]:
    found = []
    if not score.latencies:
        found.append("no valid pass opened the lock")
    found += [f"no pass was refused as {reason}" for reason in MUST_REFUSE if not score.denied[reason]]
    counts = {
        "missing at the central server": missing,
        "twice at the central server": duplicates,
        "unknown here": unknown,
    }
    return found + [f"{count} entries are {what}" for what, count in counts.items() if count]


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else values * 19
    return {"p50": round(statistics.median(values), 1), "p95": round(cuts[18], 1), "n": len(values)}


def _point_out(place: Place, settings: Settings, console: Console) -> None:
    console.print(
        f"Six programs run: central server, station, sensors, sync, screen, scanner. Look further, in another terminal:\n"
        f"  kiosk -c {place.config} status          the station on one screen\n"
        f"  kiosk -c {place.config} doctor          what is wrong, and what mends it\n"
        f"  http://127.0.0.1:{settings.screen.port if settings.screen else ''}    the display at the door, in a browser\n"
        f"  {settings.data}/logbook.db    what happened (SQLite)\n"
        f"  {place.central}/central.db    what the central server holds\n"
        f"  {settings.central.url if settings.central else ''}        the central server, as the station reaches it\n"
        f"  {settings.run}/*.sock         how the programs speak     {place.logs}/*.log\n",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def wait_for_port(port: int, place: Place, program: str = "central") -> None:
    """Until that program listens on it. Raises DemoFailed."""
    log = place.logs / f"{program}.log"
    _wait(f"kiosk {program}", log, lambda: socket.create_connection(("127.0.0.1", port), 1.0).close())


def _wait_for_station(settings: Settings, place: Place) -> None:
    _wait("the station", place.logs / "station.log", lambda: Line(settings.run / "control.sock").close())


def _wait(what: str, log: Path, attempt: Any) -> None:
    deadline = monotonic() + START_WITHIN
    while True:
        try:
            attempt()
        except (OSError, NotReachable) as error:
            if monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                raise DemoFailed(f"{what} does not start ({error}); see {log}{os.linesep}{tail}") from error
            sleep(0.05)
        else:
            return
