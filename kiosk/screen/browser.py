"""Shows the page on the display: cage, a Wayland compositor for one program, and Chromium in it, watched over.

Nothing is mended here: when the page falls silent the program ends, and systemd starts all of it anew. What a page, or whoever
has taken it over, could reach is the business of the unit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from signal import SIGKILL
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from kiosk.local import notify
from kiosk.loopback.presence import HOST, page_is_there

ASK_EVERY: Final = 5.0
CHROMIUM: Final = ("chromium", "chromium-browser")
"""As Debian, and as older releases of Raspberry Pi OS call it."""

OPTIONS: Final = (
    *("--kiosk", "--ozone-platform=wayland", "--no-first-run", "--noerrdialogs", "--hide-scrollbars"),
    *("--disable-gpu", "--disable-software-rasterizer", "--js-flags=--jitless"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync"),
    *("--password-store=basic", "--disk-cache-size=1", "--disable-features=Translate"),
)
"""Drawn by the processor, and scripts interpreted: no memory of it is ever both written and run."""


class BrowserEnded(Exception):
    """The browser has gone, or its page has been silent for too long."""


def run(command: Sequence[str], port: int, start_within: float) -> None:
    """Show the page until it falls silent. Raises BrowserEnded."""
    notify("READY=1")
    with TemporaryDirectory(
        prefix="profile-", dir=os.environ.get("RUNTIME_DIRECTORY"), ignore_cleanup_errors=True
    ) as profile:
        page = [f"--user-data-dir={profile}", f"http://{HOST}:{port}/"]
        with subprocess.Popen([*command, *OPTIONS, *page], start_new_session=True) as browser:
            try:
                watch(browser, port, start_within)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(browser.pid, SIGKILL)


def installed() -> Sequence[str]:
    """The compositor, and the browser in it; nothing where one of them is missing."""
    chromium = next(filter(shutil.which, CHROMIUM), None)
    return ["cage", "-d", "--", chromium] if chromium and shutil.which("cage") else []


def watch(browser: subprocess.Popen[bytes], port: int, start_within: float, every: float = ASK_EVERY) -> None:
    """Until the browser ends, or its page is silent though it had time to come. Raises BrowserEnded."""
    started = monotonic()
    while not ended(browser, every):
        notify("WATCHDOG=1")
        if monotonic() - started > start_within and silent(port):
            raise BrowserEnded("no page is heard: the browser hangs, and is started anew")
    raise BrowserEnded(f"the browser ended with {browser.returncode}")


def ended(browser: subprocess.Popen[bytes], within: float) -> bool:
    """Whether it ends within so many seconds."""
    try:
        browser.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def silent(port: int) -> bool:
    """Whether no page is heard; where `kiosk screen` itself is away, that is no fault of the browser's."""
    try:
        return not page_is_there(port)
    except OSError:
        return False
