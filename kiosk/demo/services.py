"""The story of services: a bus with a cupboard, what a union hands out of it, a doctor and a hospital, and a GPS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic, time

from rich.console import Console

from kiosk.central.gathering import Gathering
from kiosk.central.numbers.campaign import added
from kiosk.central.store import CentralStore
from kiosk.demo.appliances import Appliances
from kiosk.demo.founding import founded
from kiosk.demo.hands import Hands
from kiosk.demo.morning import Tour
from kiosk.demo.offered import EXAM, MEDICINE, RAINCOAT, RAINCOATS, cast, files, stays, stop_file
from kiosk.demo.place import SERVICES, Place, free_port, wait_for_port, wait_for_station
from kiosk.demo.run import STATION, Summary, count, drain, listen
from kiosk.demo.scenes import PUPILS, Scenes
from kiosk.demo.story import Score
from kiosk.demo.walker import Bench, Walker
from kiosk.demo.words import tell
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.wire import Answer, Logged
from kiosk.wire.views import View


class Narrator:
    """Tells what is played, and keeps the score."""

    def __init__(self, console: Console, scenes: Scenes) -> None:
        self.score = Score()
        self._console, self._scenes, self._began = console, scenes, monotonic()

    @property
    def second(self) -> float:
        """Of the story."""
        return monotonic() - self._began

    def hear(self, message: Answer) -> None:
        """Those who play wait for what the station says."""
        match message:
            case Logged(entry):
                self.score.granted += entry["kind"] == "granted"
                if entry["kind"] == "denied":
                    self.score.denied[entry["reason"]] += 1
                self._scenes.heard(entry)
            case View():
                waiting = sum(each.newest - each.acked for each in message.streams.values())
                self.score.most_waiting = max(self.score.most_waiting, waiting)
            case _:
                pass

    def tell(self, text: str, style: str = "", mark: str = "") -> None:
        """A line of the story with its second."""
        tell(self._console, self.second, text, style, mark)

    def restore_network(self) -> None:
        """It was never cut."""


def run_services(folder: Path, console: Console) -> Summary:
    """The whole story, to its end. Raises DemoFailed, OSError, sqlite3.Error, BadSettings."""
    began = monotonic()
    place = Place(folder)
    console.print(_("A bus is being set up: keys, passes, a cupboard, what a union offers …"), style="dim")
    place.central.mkdir(exist_ok=True)
    with closing(CentralStore(place.central)) as store:
        people = cast(founded(place.central, store), time())
    for file in files(place.folder, STATION, people.hospital, time()):
        _publish(place, file)
    with ExitStack() as stack:
        settings = _open(place, stack)
        scenes = Scenes(STATION, Hands(settings), people)
        narrator = Narrator(console, scenes)
        listen(settings, narrator, scenes, None)
        scenes.failures.extend(_drives(narrator, settings, place.folder))
        heads = drain(settings, narrator)
        scenes.failures.extend(_counts(narrator, place))
        return count(place, settings, narrator.score, heads, monotonic() - began, scenes.failures)


def _drives(narrator: Narrator, settings: Settings, folder: Path) -> list[str]:
    """A bus's morning, told in a moment; what is not so as it must be."""
    narrator.tell(_("And a bus's morning, in virtual time:"))
    ways = stays(time())
    stops = [stop_file(folder, STATION, each) for each in ways]
    tour = Tour(settings, ways, stops)
    seen = tour.driven()
    for each in seen:
        narrator.tell(tour.in_words(each), "magenta", "☺")
    found = [(each.stop, each.what) for each in seen]
    wanted = [("yard", "arrived"), ("", "drives"), ("yard", "left"), ("market", "arrived")]
    return [] if found[: len(wanted)] == wanted else [f"{found}"]


def _counts(narrator: Narrator, place: Place) -> list[str]:
    """What the central server makes of it; what is not as it must be."""
    with closing(CentralStore(place.central)) as store:
        for _step in Gathering(store).gather(time()):
            pass
        given = {name: added("", "", store.handed_days(name)) for name in (RAINCOAT, EXAM)}
    raincoats, bottles = given[RAINCOAT].given, given[EXAM].without_pass
    words = _("The central server has counted: raincoats {raincoats}, bottles {bottles}; and no names")
    narrator.tell(words.format(raincoats=raincoats, bottles=bottles))
    return [] if (raincoats, bottles) == (1, PUPILS) else [f"{given}"]


def _publish(place: Place, file: Path) -> None:
    place.run("central", "service", "publish", str(file), "--data", str(place.central))


def _open(place: Place, stack: ExitStack) -> Settings:
    """Start everything, bottom-up."""
    port = free_port()
    stack.enter_context(place.program("central", "serve", "--data", str(place.central), "--port", str(port)))
    wait_for_port(port, place)
    appliances = Appliances(place.folder)
    stack.callback(appliances.close)
    settings = place.write_config(
        {
            "folder": place.folder,
            "port": port,
            "film": place.film,
            "tree": appliances.tree,
            "line": appliances.line,
            "dispenser": appliances.dispenser,
            "gps": appliances.gps,
            "screen": free_port(),
            "desk": free_port(),
            "central": port,
        },
        SERVICES,
    )
    claim = place.run("central", "claim", STATION, "--data", str(place.central)).strip()
    place.run("enrol", f"http://127.0.0.1:{port}", claim)
    stack.enter_context(place.program("station"))
    wait_for_station(settings, place)
    bench = Bench(settings.run / "pins.sock")
    stack.callback(bench.close)
    for walker in _walkers(settings, bench):
        stack.callback(walker.stop)
    for program in ("sync", "sensors", "screen", "desk"):
        stack.enter_context(place.program(program))
    stack.callback(place.end_programs)
    return settings


def _walkers(settings: Settings, bench: Bench) -> Iterator[Walker]:
    """Who goes through the door, and opens and closes a slot."""
    for name in ("main", RAINCOATS, MEDICINE):
        door = settings.doors[name]
        if door.lock and door.contact:
            yield Walker(bench, door.lock.pin, door.contact.pin)
