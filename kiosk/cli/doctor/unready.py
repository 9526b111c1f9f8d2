"""What `kiosk doctor` and `kiosk status` say of a card that is not set up yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.cli.common import view_or_none
from kiosk.cli.doctor.check import Check
from kiosk.cli.setup.steps import Stands, Step, not_set_up, title
from kiosk.language import _
from kiosk.settings.loading import load
from kiosk.settings.table import BadSettings

SETUP: Final = "sudo kiosk setup"


def unready(config: Path) -> dict[Step, Stands] | None:
    """How each step stands where nobody has set up a station, and none runs; None otherwise."""
    steps = not_set_up(config)
    return None if steps is None or _runs(config) else steps


def _runs(config: Path) -> bool:
    try:
        return view_or_none(load(config)) is not None
    except BadSettings:
        return False


def check_setup(steps: dict[Step, Stands]) -> Iterator[Check]:
    """A check for each step, in order: the next one is what is wrong."""
    for step, stands in steps.items():
        match stands:
            case "done":
                yield Check(f"setup.{step}", "fine", title(step))
            case "skipped":
                yield Check(f"setup.{step}", "warning", _("skipped: {what}", what=title(step)), f"{SETUP} {step}")
            case "next":
                words = _("the station is not set up yet; next: {what}", what=title(step))
                yield Check(f"setup.{step}", "wrong", words, SETUP)
            case "later":
                yield Check(f"setup.{step}", "warning", _("then: {what}", what=title(step)))


def check_left(config: Path) -> Iterator[Check]:
    """Of a station that runs already: whether its setup was left before the end."""
    for step, stands in (not_set_up(config) or {}).items():
        if stands == "next":
            words = _("the setup was left before: {what}", what=title(step))
            yield Check(f"setup.{step}", "warning", words, SETUP)
