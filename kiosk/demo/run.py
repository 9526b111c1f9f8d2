"""Puts a whole station on one machine, plays the film, and counts at the end what the central server holds."""

from __future__ import annotations

import signal
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic, sleep, time
from typing import Final, Protocol

from msgspec import Struct
from rich.console import Console

from kiosk.central.codes import printed
from kiosk.central.store import CentralStore
from kiosk.central.store.campaigns import KIND as HANDED_OUT
from kiosk.core.entries import Stream
from kiosk.demo.appliances import Appliances
from kiosk.demo.founding import founded
from kiosk.demo.inside import Inside
from kiosk.demo.link import Link
from kiosk.demo.phone import address_pages, one_time_code
from kiosk.demo.place import DemoFailed, Place, free_port, wait_for_port, wait_for_station
from kiosk.demo.province import employ, introduce, settle
from kiosk.demo.script import Script, write_script
from kiosk.demo.story import Score, Story
from kiosk.demo.told import furnish
from kiosk.demo.walker import Bench, Walker
from kiosk.demo.words import Pages, point_out, reason_name
from kiosk.language import _
from kiosk.local import Line
from kiosk.logbook.reader import Heads, Reader
from kiosk.settings import Settings
from kiosk.wire import Answer, Done, Flush, GetView, Subscribe
from kiosk.wire.views import View

STATION: Final = "37081101"
MUST_REFUSE: Final = ("bad_signature", "expired", "revoked", "replayed")
DRAIN_WITHIN: Final = 15.0
NOT_KEPT: Final = f'{{"kind":"{HANDED_OUT}"'
"""The central server counts what was handed out, and lets its entries go."""


class Teller(Protocol):
    """Who follows the station, and tells it."""

    @property
    def score(self) -> Score:
        """What has happened so far."""

    @property
    def second(self) -> float:
        """Of the story."""

    def hear(self, message: Answer) -> None:
        """Tell what a message of the station means."""

    def tell(self, text: str, style: str = "", mark: str = "") -> None:
        """A line of the story."""

    def restore_network(self) -> None:
        """Let the station reach the central server, if it cannot."""


class Plays(Protocol):
    """Those inside, who do one thing after another."""

    @property
    def over(self) -> bool:
        """Whether that was all of the story."""

    def at(self, second: float) -> Iterator[str]:
        """What has been done by that second of it, in words."""


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
        issuer = founded(place.central, store)
        script = write_script(issuer)
        settle(store, time())
        introduce(store, STATION, time())
        password = employ(store, time())
        furnish(store, issuer, STATION, time())
    port = free_port()
    page = address_pages(place.central, port)
    with ExitStack() as stack:
        story, settings = _open(place, port, script, stack, console, keep_film=keep_film)
        pages = Pages(
            f"http://127.0.0.1:{port}/office/",
            password,
            page,
            one_time_code(place.central),
            f"http://127.0.0.1:{port}/s/{printed(STATION)}",
        )
        point_out(console, settings, place.folder, pages)
        listen(settings, story, Inside(settings, script.steward), seconds)
        heads = drain(settings, story)
        return count(place, settings, story.score, heads, monotonic() - began, _of_the_door(story.score))


def _open(
    place: Place, port: int, script: Script, stack: ExitStack, console: Console, *, keep_film: bool
) -> tuple[Story, Settings]:
    """Start everything, bottom-up; the scanner last, since its film begins at once. `port`: the central server's."""
    film = place.film if keep_film else place.hold_film()
    camera = stack.enter_context(place.filming(script.film()))
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
            "desk": free_port(),
            "central": port,
        }
    )
    claim = place.run("central", "claim", STATION, "--data", str(place.central)).strip()
    place.run("enrol", f"http://127.0.0.1:{link.port}", claim)
    stack.enter_context(place.program("station"))
    wait_for_station(settings, place)
    door = settings.doors["main"]
    bench = Bench(settings.run / "pins.sock")
    stack.callback(bench.close)
    if door.contact and door.lock:
        stack.callback(Walker(bench, door.lock.pin, door.contact.pin).stop)
    for program in ("sync", "sensors", "screen", "scanner"):
        if program == "scanner":
            if camera.wait():
                raise DemoFailed(_("the film cannot be made; see {log}", log=place.logs / "film.log"))
            if not keep_film:
                place.film.unlink()
        stack.enter_context(place.program(program))
    stack.enter_context(place.province(f"http://127.0.0.1:{port}"))
    stack.enter_context(place.program("desk"))
    stack.callback(place.end_programs)
    return Story(console, script, link), settings


def listen(settings: Settings, story: Teller, inside: Plays, seconds: float | None) -> None:
    """Follow the station, and those inside, until the time is over, or the story, or Ctrl-C."""
    line = Line(settings.run / "control.sock")
    line.send(Subscribe())
    until = None if seconds is None else monotonic() + seconds
    stopped = False

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal stopped
        stopped = True

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not stopped and not inside.over and (until is None or monotonic() < until):
            message = line.receive(timeout=0.2)
            if message is not None:
                story.hear(message)
            for words in inside.at(story.second):
                story.tell(words, "magenta", "☺")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        line.close()


def drain(settings: Settings, story: Teller) -> dict[Stream, Heads]:
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


def count(
    place: Place, settings: Settings, score: Score, heads: dict[Stream, Heads], seconds: float, failures: list[str]
) -> Summary:
    """Compare the logbook with the central server's file, entry by entry, up to the numbers in `heads`.

    `failures`: what else was not as it must be.
    """
    reader, store = Reader(settings.data), CentralStore(place.central)
    local = {
        (reader.epoch, stream, row.seq)
        for stream, head in heads.items()
        for row in reader.batch(stream, 0, head.newest, 2**40)
        if row.seq <= head.newest and not row.body.startswith(NOT_KEPT)
    }
    numbers = store.numbers(settings.station.code)
    central = [each for each in numbers if each in local]
    duplicates = store.duplicates() + len(central) - len(set(central))
    unknown = sum(epoch != reader.epoch for epoch, _, _ in numbers)
    reader.close()
    store.close()
    missing = len(local - set(central))
    failures = [*failures, *_of_the_road(missing, duplicates, unknown)]
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


def _of_the_door(score: Score) -> list[str]:
    found = [] if score.latencies else [_("no valid pass opened the lock")]
    refused = (reason_name(reason) for reason in MUST_REFUSE if not score.denied[reason])
    return found + [_("no pass was refused as {reason}", reason=reason) for reason in refused]


def _of_the_road(missing: int, duplicates: int, unknown: int) -> list[str]:
    counts = (
        (missing, _("entries that the central server lacks: {count}", count=missing)),
        (duplicates, _("entries that the central server holds twice: {count}", count=duplicates)),
        (unknown, _("entries at the central server that nobody here has made: {count}", count=unknown)),
    )
    return [words for count, words in counts if count]


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else values * 19
    return {"p50": round(statistics.median(values), 1), "p95": round(cuts[18], 1), "n": len(values)}
