"""What leaves the scanner: each code once, and how the scanner is."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from kiosk.local import Line, NotReachable, boot_time
from kiosk.wire import Scan, Shown, Trouble

log = logging.getLogger(__name__)

OUT_OF_VIEW: Final = 1.5
"""Seconds without a code after which the same code is news again."""

CODES_A_FRAME: Final = 8
"""Codes told of one frame; a sheet of hundreds takes several frames, and no code is left out."""

RETRY: Final = 1.0
LOOP: Final = "scanner.loop"


class InView:
    """The codes in view, so that each is told once."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def news(self, texts: list[str], at: float) -> list[str]:
        """Those of `texts` that were not in view within OUT_OF_VIEW seconds before boot time `at`; a frame's worth."""
        self._last = {text: seen for text, seen in self._last.items() if at - seen <= OUT_OF_VIEW}
        fresh = [text for text in dict.fromkeys(texts) if text not in self._last][:CODES_A_FRAME]
        self._last |= {text: at for text in texts if text in self._last or text in fresh}
        return fresh


class Outlet:
    """The way to the station, found again whenever it was lost."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._what = f"scanner.{name}"
        self._line: Line | None = None
        self._retry_at = 0.0
        self._trouble: str | None = None
        self._loop_trouble: str | None = None
        self._loop_told: str | None = None

    def send(self, scan: Scan | Shown) -> None:
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
        if self._line is not None and self._loop_told != self._loop_trouble:
            self._tell_of_loops(self._line)
        if self._line is not None and self._line.hung_up():
            self._lost(self._line)
        if self._line is None and boot_time() >= self._retry_at:
            self._connect()

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def loops(self, trouble: str | None) -> None:
        """What is wrong with the program's loops, from any thread: told by the next :meth:`tell`."""
        self._loop_trouble = trouble

    def _tell_of_loops(self, line: Line) -> None:
        trouble = self._loop_trouble
        if self._try(line, Trouble(LOOP, trouble)):
            self._loop_told = trouble

    def _connect(self) -> None:
        """Connect; the first message says how the camera is."""
        self._retry_at = boot_time() + RETRY
        try:
            self._line = Line(self._path)
        except NotReachable as error:
            log.debug("%s", error)
        else:
            self._loop_told = None
            self._try(self._line, Trouble(self._what, self._trouble))

    def _try(self, line: Line, message: Scan | Shown | Trouble) -> bool:
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
