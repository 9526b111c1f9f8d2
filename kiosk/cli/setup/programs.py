"""The seventh step: the programs start, now and at every boot."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from kiosk.cli.common import answers_within, view_or_none
from kiosk.cli.doctor.doctor import units_of
from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import Skipped, begins, found, missed
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings

PATIENCE: Final = 600.0
"""Seconds for systemctl, which ends by itself: systemd gives each program its time, and they start one after the other."""

ANSWERS_WITHIN: Final = 30.0


def ask_programs(desk: Desk) -> None:
    """Start what the settings need."""
    settings = desk.settings
    names = units_of(settings) if settings else []
    begins(Step.PROGRAMS, _("Starts {units}, now and at every boot.", units=", ".join(names)))
    if settings is None:
        missed(_("The settings are not whole yet: first the station and its door."), "sudo kiosk setup door")
        raise Skipped
    if why := started(settings, desk.root):
        missed(visible(why), "journalctl -u kiosk-station -n 50", "kiosk doctor")
        raise Skipped
    found(_("the station answers"))


def started(settings: Settings, root: Path = Path("/")) -> str:
    """Have systemd start what the settings need; what came in between, or nothing."""
    if not has_systemd(root):
        return (
            "" if view_or_none(settings) else _("systemd does not run here: start them by hand, first: kiosk station")
        )
    for verb in ("enable", "restart"):
        if why := _systemctl(verb, *units_of(settings)):
            return why
    return "" if answers_within(settings, ANSWERS_WITHIN) else _("the station does not answer")


def has_systemd(root: Path = Path("/")) -> bool:
    """Whether systemd runs here; it does not where a card is made."""
    return (root / "run/systemd/system").is_dir()


def _systemctl(*words: str) -> str:
    """What went wrong, or nothing."""
    command = ("systemctl", *words)
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"systemctl: {error}"
    return "" if done.returncode == 0 else done.stderr.strip() or f"systemctl {words[0]}: {done.returncode}"
