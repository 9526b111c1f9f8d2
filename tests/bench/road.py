"""From the picture of a pass to the lock's pin: all programs, against the loop that everybody writes, on one film."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from kiosk.central.store import CentralStore
from kiosk.demo.appliances import FRIDGE, Appliances
from kiosk.demo.film import COME, Film, Visit, write_film
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from kiosk.local import Line, NotReachable
from kiosk.trust.passes import Kind, Pass, PassClass, peek
from kiosk.wire import Actuated, Subscribe
from tests.bench.touches import flooding
from tests.programs.house import until
from tests.programs.test_sensors import SENSORS
from tests.programs.town import Town

VISITS = 12
HOLD = 0.6
RATE = 30.0
BOUNDS = {"station": 60, "scanner": 75, "sensors": 35, "sync": 60, "desk": 45}
Report = tuple[str, list[str], list[list[str]]]


def measure(folder: Path) -> Report:
    """The table."""
    path, ours, memory, cpu = visited(folder / "idle")
    _path, flooded, _memory, _cpu = visited(folder / "flooded", flood=True)
    theirs = naive(path)
    naive_latencies: list[float] = theirs["latencies"]  # type: ignore[assignment]
    naive_cpu: float = theirs["cpu_ms_a_frame"]  # type: ignore[assignment]
    picks = (("median", statistics.median, ""), ("95 %", p95, "66.7 ms (two frames)"))
    rows = [
        ["passes that opened", f"{len(ours)} of {VISITS}", f"{len(naive_latencies)} of {VISITS}", "", "all"],
        *(
            compare(f"picture to lock, {name}", pick(ours), pick(naive_latencies), "ms", bound)
            for name, pick, bound in picks
        ),
        ["under a thousand touches a second inside: opened", f"{len(flooded)} of {VISITS}", "", "", "all"],
        *([f"picture to lock then, {name}", f"{pick(flooded):.1f} ms", "", "", bound] for name, pick, bound in picks),
        compare("processor time a frame", cpu, naive_cpu, "ms", ""),
        *(
            [f"resident memory, {name}", f"{size:.0f} MB", "", "", f"{BOUNDS[name]} MB"]
            for name, size in memory.items()
        ),
    ]
    return (
        f"Road: a film of {VISITS} cards, 1280x720 at {RATE:g} frames/s",
        ["", "kiosk", "naive loop", "ratio", "bound"],
        rows,
    )


def visited(folder: Path, *, flood: bool = False) -> tuple[Path, list[float], dict[str, float], float]:
    """The film of a town's own passes, and what its programs did with it, while a page inside floods the desk or does not."""
    folder.mkdir()
    town = Town(folder)
    store = CentralStore(town.central)
    issuer = founded(town.central, store)
    now = int(time.time())
    texts = [issuer.issue(Pass(0, PassClass.WORKER, Kind.CARD, now - 1, now + 86_400))[1] for _ in range(VISITS)]
    store.close()
    path = folder / "film.avi"
    write_film(film(texts), path)
    with town.server():
        return path, *all_programs(town, path, flood=flood)


def film(texts: list[str]) -> Film:
    """Each card comes, is held, and goes."""
    each = HOLD + 2 * COME + 0.3
    visits = tuple(
        Visit(text, 1.0 + number * each, hold=HOLD, holding="card", side=420, seed=number)
        for number, text in enumerate(texts)
    )
    return Film(visits, seconds=1.5 + len(texts) * each, rate=RATE)


def all_programs(town: Town, path: Path, *, flood: bool) -> tuple[list[float], dict[str, float], float]:
    """Latencies in ms, resident MB of each program, and the scanner's ms of processor time a frame."""
    town.enrol(town.port)
    appliances = Appliances(town.house.folder)
    more = SENSORS.format(
        tree=appliances.tree, fridge=FRIDGE, line=appliances.line, dispenser=appliances.dispenser, gps=appliances.gps
    )
    scanner = f'[scanners.main]\ndoor = "main"\ncamera = "{path}"\nrate = {RATE}\n'
    port = free_port()
    inside = f"[desk]\ndisplay = true\nport = {port}\n"
    town.house.config.write_text(town.house.config.read_text() + more + scanner + inside)
    frames = round(film([""] * VISITS).seconds * RATE)
    with town.house.program("station") as station:
        until(town.house.view)
        line = Line(town.house.run / "control.sock")
        line.send(Subscribe())
        with (
            town.house.program("sync") as sync,
            town.house.program("sensors") as sensors,
            town.house.program("desk") as desk,
        ):
            until(lambda: requests.get(f"http://127.0.0.1:{port}", timeout=5).ok, "the page inside")
            with flooding(port) if flood else nullcontext(), town.house.program("scanner") as scanning:
                latencies = listen(line, frames / RATE + 3.0)
                running = {"station": station, "scanner": scanning, "sensors": sensors, "sync": sync, "desk": desk}
                memory = {name: resident(process.pid) for name, process in running.items()}
                cpu = processor_time(scanning.pid) * 1000 / frames
        line.close()
    appliances.close()
    return latencies, memory, cpu


def listen(line: Line, seconds: float) -> list[float]:
    found, until_ = [], time.monotonic() + seconds
    while time.monotonic() < until_:
        try:
            match line.receive(timeout=0.5):
                case Actuated(_, seen, at):
                    found.append((at - seen) * 1000)
                case _:
                    continue
        except NotReachable:
            break
    return found


@contextmanager
def question_server() -> Iterator[str]:
    """A server that the naive loop asks: it says yes to whatever is a pass, at once."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii", "replace")
            body = json.dumps({"open": isinstance(peek(text), Pass)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def naive(path: Path) -> dict[str, object]:
    """What the naive loop says of the same film."""
    with question_server() as url:
        command = [sys.executable, "-m", "tests.bench.naive", str(path), str(RATE), url]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def compare(name: str, ours: float, theirs: float, unit: str, bound: str) -> list[str]:
    return [name, f"{ours:.1f} {unit}", f"{theirs:.1f} {unit}", f"{ours / theirs:.2f}", bound]


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[18]


def resident(pid: int) -> float:
    """Megabytes of a program and its children, a page that several of them share counted once (PSS)."""
    return sum(_proportional(each) for each in family(pid)) / 1024


def _proportional(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def processor_time(pid: int) -> float:
    """Seconds of a program and its children, user and system."""
    return sum(_ticks(each) for each in family(pid)) / 100


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def family(pid: int) -> list[int]:
    """The process and those that it forked."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]
