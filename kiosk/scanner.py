"""`kiosk scanner`: turns light into code text, and knows nothing of what the text means.

A code that stays in view is told once; it is told again when it has been out of view for a while.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import cv2

from hardware.camera import END_OF_FILM, Camera, CameraSource
from hardware.looking import Looking
from hardware.qr_engine import read_code
from hardware.serial_line import SerialLine
from kiosk.local import Line, NotReachable, boot_time, notify
from kiosk.settings import ScannerTable, Settings
from kiosk.wire import MAX_CODE, Scan, Trouble

log = logging.getLogger(__name__)

OUT_OF_VIEW: Final = 1.5
"""Seconds without a code after which the same code is news again."""

HUNG: Final = 15.0
"""Seconds in which the camera does not answer: the program ends, and systemd starts a fresh one."""

NO_FRAME: Final = 2.0
CODES_A_FRAME: Final = 8
RETRY: Final = 1.0


class InView:
    """The codes in view, so that each is told once."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def news(self, texts: list[str], at: float) -> list[str]:
        """Those of `texts` that were not in view within OUT_OF_VIEW seconds before boot time `at`."""
        self._last = {text: seen for text, seen in self._last.items() if at - seen <= OUT_OF_VIEW}
        fresh = [text for text in dict.fromkeys(texts) if text not in self._last]
        self._last |= dict.fromkeys(texts, at)
        return fresh


class Outlet:
    """The way to the station, found again whenever it was lost."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._what = f"scanner.{name}"
        self._line: Line | None = None
        self._retry_at = 0.0
        self._trouble: str | None = None

    def send(self, scan: Scan) -> None:
        """Send a code; over a new connection when the old one turns out to be dead."""
        for _ in range(2):
            if self._line is None:
                self._connect()
            if self._line is not None and self._try(self._line, scan):
                return

    def tell(self, trouble: str | None) -> None:
        """Say how the camera is, when that is news or the station is: called often, so that a lost station is found again."""
        if trouble != self._trouble:
            log.warning("%s: %s", self._what, trouble or "works again")
            self._trouble = trouble
            if self._line is not None:
                self._try(self._line, Trouble(self._what, trouble))
        if self._line is not None and self._line.hung_up():
            self._lost(self._line)
        if self._line is None and boot_time() >= self._retry_at:
            self._connect()

    def _connect(self) -> None:
        """Connect; the first message says how the camera is."""
        self._retry_at = boot_time() + RETRY
        try:
            self._line = Line(self._path)
        except NotReachable as error:
            log.debug("%s", error)
        else:
            self._try(self._line, Trouble(self._what, self._trouble))

    def _try(self, line: Line, message: Scan | Trouble) -> bool:
        try:
            line.send(message)
        except NotReachable:
            self._lost(line)
            return False
        return True

    def _lost(self, line: Line) -> None:
        log.warning("the station has gone")
        line.close()
        self._line = None


class CameraHung(Exception):
    """A read does not return; only a new process helps."""


def scans_of_camera(table: ScannerTable, outlet: Outlet, running: Running) -> Iterator[Scan]:
    """Codes from a camera. Raises CameraHung."""
    camera = Camera(CameraSource(table.camera or "", table.width, table.height, table.rate, table.pause))
    looking, in_view, seen = Looking(), InView(), boot_time()
    while running:
        frame = camera.newest(seen, NO_FRAME)
        notify("WATCHDOG=1")
        if frame is None:
            outlet.tell(None if camera.trouble == END_OF_FILM else camera.trouble or "no frames")
            if camera.stuck_for > HUNG:
                raise CameraHung(f"the camera has not answered for {HUNG:g} s; a new process is needed")
            continue
        seen = frame.at
        outlet.tell(None)
        for text in in_view.news(looking.look(frame.grey)[:CODES_A_FRAME], frame.at):
            yield Scan(table.door, text[:MAX_CODE], frame.at)
    camera.close()


def scans_of_engine(table: ScannerTable, outlet: Outlet, running: Running) -> Iterator[Scan]:
    """Codes from a serial QR engine, found again when it was unplugged."""
    in_view = InView()
    while running:
        try:
            with SerialLine(table.engine or "", table.baud) as line:
                while running:
                    outlet.tell(None)
                    text = read_code(line, timeout=1.0)
                    notify("WATCHDOG=1")
                    for fresh in in_view.news([text] if text else [], boot_time()):
                        yield Scan(table.door, fresh[:MAX_CODE], boot_time())
        except OSError as error:
            outlet.tell(f"{table.engine}: {error}")
            notify("WATCHDOG=1")
            running.wait(RETRY)


class Running:
    """True until SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self._on = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def __bool__(self) -> bool:
        return self._on

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until a signal."""
        if self._on:
            signal.sigtimedwait([], seconds)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._on = False


def run(settings: Settings, name: str) -> None:
    """Run the scanner of that name until it is told to stop. Raises CameraHung."""
    table = settings.scanners[name]
    cv2.setNumThreads(1)  # the reader keeps one core busy; threads beside it cost memory and win nothing
    running, outlet = Running(), Outlet(settings.run / "scan.sock", name)
    notify("READY=1")
    scans = scans_of_camera if table.camera else scans_of_engine
    for scan in scans(table, outlet, running):
        outlet.send(scan)
