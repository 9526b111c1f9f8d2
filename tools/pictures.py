"""Writes the pictures in docs from real runs: a day, the demo, what technicians and operators see; `make pictures`."""

from __future__ import annotations

import html
import io
import os
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from kiosk.cli.common import ask_station
from kiosk.cli.main import main as kiosk
from kiosk.cli.trial.demo import tell_summary
from kiosk.demo.model import Model
from kiosk.demo.place import Place
from kiosk.demo.run import run_demo
from kiosk.demo.virtual import Virtual, live_a_day
from kiosk.local import NotReachable
from kiosk.logbook.store import Logbook
from kiosk.settings import Settings
from kiosk.settings.loading import load
from kiosk.wire import GetView
from kiosk.wire.views import View
from tools import cloud, desk, display, office, pass_page

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 84
"""Columns of the demo: what fits 80 is not wrapped."""

SCREENS = """\
pins = "simulated"
[station]
code = "37081101"
name = "中山路驿站"
data_dir = "{folder}/data"
run_dir = "{folder}/run"
[doors.main]
lock = {{ pin = 17 }}
contact = {{ pin = 27 }}
exit = {{ pin = 22 }}
[sensors.fridge]
bus = "onewire"
tree = "{folder}"
device = "28-0316a27900ff"
unit = "°C"
every = 0.5
[sensors.fridge_door]
bus = "contact"
pin = 16
[appliances.fridge]
kind = "fridge"
temperature = "fridge"
door = "fridge_door"
"""
FIRST_OF_AUGUST = datetime(2026, 7, 31, 16, tzinfo=UTC).timestamp()
FOLDER = "/tmp/kiosk-abcdefgh"  # noqa: S108  stands in the picture for the folder of that run, and is as long as one
PASSWORD = "abcdefghijkl"  # noqa: S105  stands there for that of the run


def main() -> None:
    """Draw a day, the technician's screens, a demo, the displays at the door and inside, and the pages of the centre."""
    os.environ["PATH"] += f":{Path(sys.executable).parent}"  # as on a station, where nobody has to be told of it
    draw_day()
    draw_screens()
    draw_demo()
    display.main()
    desk.main()
    office.main()
    pass_page.main()
    cloud.main()


def draw_day() -> None:
    """docs/day.png: a day of the model, from a logbook."""
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        text = (DOCS.parent / "config" / "station.toml").read_text(encoding="utf-8")
        config = Path(folder) / "station.toml"
        config.write_text(text.replace('# data_dir = "/var/lib/kiosk"', f'data_dir = "{folder}"'), encoding="utf-8")
        settings = load(config)
        virtual = Virtual(settings, FIRST_OF_AUGUST)
        live_a_day(virtual, Model())
        book = Logbook(settings.data, "virtual")
        book.append(virtual.told)
        book.close()
        words = ["-c", str(config), "sensors", "plot", "--day", "2026-08-01", "--out", str(DOCS / "day.png")]
        CliRunner().invoke(kiosk, words, catch_exceptions=False)


def draw_screens(pictures: Path = DOCS) -> None:
    """docs/status.svg and docs/doctor.svg: a station with a sensor that is not there."""
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        place = Place(Path(folder))
        place.config.write_text(SCREENS.format(folder=folder), encoding="utf-8")
        settings = load(place.config)
        with place.program("station"), place.program("sensors"):
            while not _knows(settings):
                time.sleep(0.1)
            for verb, words in (("status", ["status"]), ("doctor", ["doctor"])):
                done = CliRunner().invoke(kiosk, ["-c", str(place.config), *words], color=True)
                console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True)
                console.print(Text.from_ansi(done.output.replace(folder, FOLDER)))
                _save(console, f"kiosk {verb}", pictures / f"{verb}.svg")


def rows_of(picture: Path) -> list[str]:
    """The lines of a picture of a terminal, as somebody reads them."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(
        r'<text[^>]*? x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', picture.read_text("utf-8")
    ):
        rows.setdefault(float(y), []).append((float(x), html.unescape(text)))
    lines = ["".join(text for _, text in sorted(rows[y])) for y in sorted(rows)]
    return [line for each in lines if (line := " ".join(each.split()))]


def _knows(settings: Settings) -> bool:
    """Whether the station answers, and has heard of its sensor."""
    try:
        view = ask_station(settings, GetView(), View)
    except NotReachable:
        return False
    return view.sensors["fridge"].absent == "not_connected"


def draw_demo() -> None:
    """docs/demo.svg: what a run of the demo told."""
    console = Console(record=True, width=WIDTH)
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        tell_summary(console, run_demo(Path(folder), 30.0, console), complete=True)
    _save(console, "kiosk demo --for 30s", DOCS / "demo.svg", folder)


def _save(console: Console, title: str, path: Path, folder: str = FOLDER) -> None:
    """The template of rich loads a font from the web; a picture in a repository shall not."""
    local = CONSOLE_SVG_FORMAT[CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :]
    head = CONSOLE_SVG_FORMAT[: CONSOLE_SVG_FORMAT.index("@font-face")]
    svg = console.export_svg(title=title, code_format=head + local)
    svg = svg.replace("Fira Code, monospace", "monospace").replace(folder, FOLDER)
    path.write_text(re.sub(r"(password&#160;)[\w-]+", rf"\1{PASSWORD}", svg), encoding="utf-8")


if __name__ == "__main__":
    main()
