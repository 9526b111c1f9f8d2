"""Writes docs/demo.svg, a picture of a real run of the demo, and docs/day.png. It takes a minute; `make pictures`."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from kiosk.cli.demo import tell_summary
from kiosk.cli.main import main as kiosk
from kiosk.demo.model import Model
from kiosk.demo.run import run_demo
from kiosk.demo.virtual import Virtual, live_a_day
from kiosk.logbook.store import Logbook
from kiosk.settings.loading import load

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 128
FIRST_OF_AUGUST = datetime(2026, 7, 31, 16, tzinfo=UTC).timestamp()
FOLDER = "/tmp/kiosk-demo"  # noqa: S108  stands in the picture for the folder of that run


def main() -> None:
    """Draw a day, and a demo."""
    draw_day()
    draw_demo()


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


def draw_demo() -> None:
    """docs/demo.svg: what a run of the demo told."""
    console = Console(record=True, width=WIDTH)
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        tell_summary(console, run_demo(Path(folder), 40.0, console), complete=True)
    # The template of rich loads a font from the web; a picture in a repository shall not.
    local = CONSOLE_SVG_FORMAT[CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :]
    head = CONSOLE_SVG_FORMAT[: CONSOLE_SVG_FORMAT.index("@font-face")]
    svg = console.export_svg(title="kiosk demo --for 40s", code_format=head + local)
    (DOCS / "demo.svg").write_text(
        svg.replace("Fira Code, monospace", "monospace").replace(folder, FOLDER), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
