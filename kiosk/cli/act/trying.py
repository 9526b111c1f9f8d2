"""An update that lies beside the versions is tried: switched to, watched, and kept, or the one before it returns."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk import __version__
from kiosk.cli.common import answers_within, ask_station, view_or_none
from kiosk.language import _, chosen
from kiosk.local import NotReachable
from kiosk.settings import Settings
from kiosk.trust.documents import REFUSAL_WORDS, Refusal
from kiosk.trust.release import Release, order
from kiosk.update import health
from kiosk.update.bundle import BadBundle
from kiosk.update.versions import HOME, RESTART, Versions
from kiosk.wire import Done, UpdateEnded

if TYPE_CHECKING:
    from kiosk.wire.views import View

WAY_BACK: Final = f"/usr/bin/python3 -I {HOME}/kiosk/update/versions.py"
"""The package's own, which knows nothing of the update."""

TIMER: Final = "kiosk-update-back"
CHECK: Final = "import sys; sys.path.insert(0, {lib!r}); sys.argv[0] = 'kiosk'; from kiosk.cli.main import run; run()"


def newest_of(versions: Versions) -> str:
    """The version below which nothing is taken."""
    return max(filter(None, (__version__, versions.floor, versions.current)), key=order)


def words_of(bad: BadBundle) -> str:
    """Why it is not taken."""
    return chosen(REFUSAL_WORDS[Refusal(bad.reason)]) if bad.reason in set(Refusal) else str(bad)


def tell(settings: Settings, versions: Versions) -> None:
    """Let the station know what became of the last update; should it not answer, whoever comes next does."""
    if versions.untold is None:
        return
    version, outcome, detail = versions.untold
    told = {"type": "updateended", "version": version, "outcome": outcome, "detail": detail}
    with suppress(NotReachable):
        ask_station(settings, msgspec.convert(told, UpdateEnded), Done)
        versions.told()


def would_start(config: Path, release: Release, versions: Versions) -> str:
    """Let the new version read the settings, before anything is switched; why it cannot, or nothing."""
    code = CHECK.format(lib=str(versions.folder / release.version))
    words = ["/usr/bin/python3", "-I", "-c", code, "-c", str(config), "config", "check"]
    patience = health.STARTS_WITHIN
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, timeout=patience)
    except subprocess.TimeoutExpired:
        return _("it has not read them within {seconds:g} s", seconds=patience)
    return "; ".join(done.stderr.strip().split("\n")) if done.returncode else ""


def tried(settings: Settings, release: Release, versions: Versions, before: View | None) -> str:
    """Switch and watch; keep it or go back. What went wrong, or nothing."""
    seconds = settings.updates.watch
    _back_by_itself(3 * health.STARTS_WITHIN + seconds)
    versions.try_out(release.version)
    _restart()
    wrong = health.watch(partial(view_or_none, settings), before, release.version, seconds, time.sleep)
    if not wrong and not versions.confirm():
        wrong = "it was taken back meanwhile"
    elif wrong and versions.roll_back(wrong):
        _restart()
        answers_within(settings, health.STARTS_WITHIN)
    _quietly("systemctl", "stop", f"{TIMER}.timer")
    return wrong


def _back_by_itself(seconds: float) -> None:
    """Should this program not live to see the end, systemd goes back for it."""
    again = f"{WAY_BACK} || {{ {RESTART}; }}"
    _quietly("systemctl", "stop", f"{TIMER}.timer")
    _quietly("systemd-run", "--collect", f"--unit={TIMER}", f"--on-active={seconds:.0f}", "sh", "-c", again)


def _restart() -> None:
    _quietly("/bin/sh", "-c", RESTART)


def _quietly(*command: str) -> None:
    """What it says goes into the journal of the units anyway."""
    subprocess.run(command, check=False, capture_output=True)
