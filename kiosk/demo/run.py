"""Puts a whole station on one machine, plays the film, and counts at the end what the central server holds."""

from __future__ import annotations

import signal
import statistics
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic, sleep, time
from typing import Final

from msgspec import Struct
from rich.console import Console

from kiosk.central.store import CentralStore
from kiosk.core.entries import Stream
from kiosk.demo.appliances import Appliances
from kiosk.demo.founding import founded
from kiosk.demo.link import Link
from kiosk.demo.place import DemoFailed, Place, free_port, wait_for_port, wait_for_station
from kiosk.demo.province import employ, settle
from kiosk.demo.script import Script, write_script
from kiosk.demo.story import Score, Story
from kiosk.demo.walker import Bench, Walker
from kiosk.demo.words import point_out, reason_name
from kiosk.language import _
from kiosk.local import Line
from kiosk.logbook.reader import Heads, Reader
from kiosk.settings import Settings
from kiosk.wire import Done, Flush, GetView, Subscribe, View

STATION: Final = "37081101"
MUST_REFUSE: Final = ("bad_signature", "expired", "revoked", "replayed")
DRAIN_WITHIN: Final = 15.0


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


def run_demo(folder: Path, seconds: float | None, console: Console, *, keep_film: bool = False) -> Summary:
    """The whole demo: `seconds` long, or until Ctrl-C. Raises DemoFailed, OSError, sqlite3.Error, BadSettings."""
    began = monotonic()
    place = Place(folder)
    console.print(_("A station is being set up: keys, passes, a film for its camera …"), style="dim")
    place.central.mkdir(exist_ok=True)
    with closing(CentralStore(place.central)) as store:
        script = write_script(founded(place.central, store))
        settle(store, time())
        password = employ(store, time())
    with ExitStack() as stack:
        story, settings, port = _open(place, script, stack, console, keep_film=keep_film)
        point_out(console, settings, place.folder, f"http://127.0.0.1:{port}/office/", password)
        _listen(settings, story, seconds)
        heads = _drain(settings, story)
        return _count(place, settings, story.score, heads, monotonic() - began)


def _open(
    place: Place, script: Script, stack: ExitStack, console: Console, *, keep_film: bool
) -> tuple[Story, Settings, int]:
    """Start everything, bottom-up; the scanner last, since its film begins at once. The last is the central server's port."""
    film = place.film if keep_film else place.hold_film()
    camera = stack.enter_context(place.filming(script.film()))
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
            "film": film,
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
    wait_for_station(settings, place)
    door = settings.doors["main"]
    bench = Bench(settings.run / "pins.sock")
    stack.callback(bench.close)
    if door.contact:
        stack.callback(Walker(bench, door.lock.pin, door.contact.pin).stop)
    for program in ("sync", "sensors", "screen", "scanner"):
        if program == "scanner":
            if camera.wait():
                raise DemoFailed(_("the film cannot be made; see {log}", log=place.logs / "film.log"))
            if not keep_film:
                place.film.unlink()
        stack.enter_context(place.program(program))
    stack.enter_context(place.province(f"http://127.0.0.1:{port}"))
    stack.callback(place.end_programs)
    return Story(console, script, link), settings, port


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
        found.append(_("no valid pass opened the lock"))
    found += [
        _("no pass was refused as {reason}", reason=reason_name(reason))
        for reason in MUST_REFUSE
        if not score.denied[reason]
    ]
    counts = (
        (missing, _("entries that the central server lacks: {count}", count=missing)),
        (duplicates, _("entries that the central server holds twice: {count}", count=duplicates)),
        (unknown, _("entries at the central server that nobody here has made: {count}", count=unknown)),
    )
    return found + [words for count, words in counts if count]


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else values * 19
    return {"p50": round(statistics.median(values), 1), "p95": round(cuts[18], 1), "n": len(values)}
