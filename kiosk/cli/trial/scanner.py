"""`kiosk scanner`: run it, try the reader on pictures, and see what the camera sees."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

import click

from kiosk.cli.act.programs import run_program
from kiosk.cli.common import MISUSED, NOT_REACHABLE, WRONG, echo, fail, print_json, settings_or_exit, style
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.local import Line, NotGranted, NotReachable
from kiosk.settings import Settings
from kiosk.settings.text import read_bounded
from kiosk.wire import Snapshot, TakeSnapshot

MOST_BYTES: Final = 1 << 26
"""Of a picture."""


class RunByDefault(click.Group):
    """`kiosk scanner NAME` means `kiosk scanner run NAME`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` before what is no verb."""
        if not args or args[0] not in {*self.commands, "-h", "--help"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=RunByDefault)
def scanner() -> None:
    """Run the program that reads codes; read pictures; show what the camera sees."""


@scanner.command()
@click.argument("name", required=False)
@click.option(
    "--snapshot", is_flag=True, help="Show what the running scanner's camera sees; first: kiosk maintenance on."
)
@click.pass_obj
def run(config: Path, name: str | None, *, snapshot: bool) -> None:
    """Run the scanner NAME of the settings; the first one if there is no NAME."""
    settings = settings_or_exit(config)
    if not settings.scanners:
        fail(_("{file}: there is no [scanners.NAME]", file=config), MISUSED)
    name = name or next(iter(settings.scanners))
    if name not in settings.scanners:
        fail(
            _(
                "{file}: no scanner {name}; there are: {scanners}",
                file=config,
                name=name,
                scanners=", ".join(settings.scanners),
            ),
            MISUSED,
        )
    if snapshot:
        _show(_snapshot(settings, name))
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads are of no use here, and it forks
    from kiosk.scanner.program import CameraHung, run  # noqa: PLC0415

    run_program(f"scanner {name}", lambda: run(settings, name), (CameraHung,))


@scanner.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def read(files: tuple[Path, ...]) -> None:
    """Read the codes in pictures: a JSON line for each, with the texts, the milliseconds, and what read them.

    Exit code 1 when a file is no picture.
    """
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    from hardware.codes import read_and_tell  # noqa: PLC0415

    unreadable = False
    for file in files:
        try:
            grey = cv2.imdecode(np.frombuffer(read_bounded(file, MOST_BYTES), "uint8"), cv2.IMREAD_GRAYSCALE)
        except (OSError, cv2.error) as error:
            grey, why = None, getattr(error, "strerror", None) or "no picture"
        else:
            why = "no picture"
        if grey is None:
            unreadable = True
            print_json({"file": str(file), "error": why})
            continue
        began = perf_counter()
        texts, took = read_and_tell(np.asarray(grey))
        print_json({"file": str(file), "texts": texts, "ms": round((perf_counter() - began) * 1000, 1), "took": took})
    sys.exit(WRONG if unreadable else 0)


def _snapshot(settings: Settings, name: str) -> Snapshot:
    try:
        line = Line(settings.scanner_socket(name))
        try:
            return line.ask(TakeSnapshot(min(160, shutil.get_terminal_size().columns)), Snapshot)
        finally:
            line.close()
    except NotGranted as error:
        fail(_("Refused: {why}", why=error))
    except NotReachable as error:
        fail(_("The scanner does not answer ({why}).\nNext: kiosk doctor", why=error), NOT_REACHABLE)


def _show(snapshot: Snapshot) -> None:
    """Two pixels in each character: the upper half in the foreground's grey, the lower in the background's."""
    for row in rows(snapshot):
        echo(row)
    echo(told(visible(snapshot.trouble)) or _("Nothing is wrong with the picture. It was shown and not kept."))


def rows(snapshot: Snapshot) -> Iterator[str]:
    """A picture in characters."""
    width, grey = snapshot.width, snapshot.grey
    for top in range(0, snapshot.height - 1, 2):
        upper, lower = (grey[row * width : (row + 1) * width] for row in (top, top + 1))
        yield "".join(style("▀", fg=(a, a, a), bg=(b, b, b)) for a, b in zip(upper, lower, strict=True))
