"""A file of holders on the command line: read, judged, and every wrong line told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.cli.common import MISUSED, echo, fail
from kiosk.cli.files import why_not
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings.text import read_bounded

if TYPE_CHECKING:
    from kiosk.central.people_file import Found
    from kiosk.central.store import CentralStore


def orders_of(file: Path, store: CentralStore, district: str, *, stops: bool) -> Found:
    """What the file orders; exit code 2 where it cannot be read, or a line is wrong and `stops`."""
    from kiosk.central.people_file import ordered  # noqa: PLC0415
    from kiosk.central.people_table import MOST_BYTES  # noqa: PLC0415

    try:
        data = read_bounded(file, MOST_BYTES)
    except OSError as error:
        fail(f"{file}: {why_not(error)}", MISUSED)
    found = ordered(data, store, time.time(), district)
    _tell_wrong(file, found, stops=stops)
    return found


def _tell_wrong(file: Path, found: Found, *, stops: bool) -> None:
    """Every line that is wrong, with the exit code 2 where nothing is taken in for it."""
    lines = [visible(each.told(str(file))) for each in found.wrong]
    if found.wrong and stops:
        count = _(
            "{count} lines are wrong; nothing was taken in. With --only-right the others are.", count=found.wrong_lines
        )
        fail("\n".join([*lines, count]), MISUSED, lines)
    for line in lines:
        echo(line, err=True)
