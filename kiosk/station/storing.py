"""The thread that stores what stands in a file of its own beside the logbook, as soon as the disk takes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from kiosk.loops import Loops

AGAIN_AFTER: Final = 10.0
"""Seconds until a disk that did not take it is asked again."""


class Storing:
    """Does `write`, which stores all that waits, when it is wanted; what it raises is told, and it is tried again.

    `fault`: what is wrong with the file now; `tell` is called with it whenever that changes, from any thread.
    """

    def __init__(self, trouble: str, write: Callable[[], None], tell: Callable[[str | None], None]) -> None:
        """`write` raises OSError where the disk takes nothing; `trouble` is what is told then, before its reason."""
        self.fault: str | None = None
        self._trouble, self._write, self._tell = trouble, write, tell
        self._wanted, self._writing = threading.Event(), threading.Lock()

    def start(self, name: str, loops: Loops) -> None:
        """Begin, as the loop of that name."""
        self._stop = loops.stop
        loops.start(name, self._turn, float("inf"))

    def want(self) -> None:
        """There is something to be stored."""
        self._wanted.set()

    def close(self, timeout: float = 5.0) -> None:
        """Store what waits; what the disk does not take now is lost, and one that hangs for `timeout` seconds is left alone."""
        if not self._writing.acquire(timeout=timeout):
            return
        try:
            if self._wanted.is_set():
                self._done()
        finally:
            self._writing.release()

    def found(self, fault: str | None) -> None:
        """That is wrong with the file from now on, or nothing. Told once each way."""
        if fault != self.fault:
            self.fault = fault
            self._tell(fault)

    def _turn(self) -> None:
        if not self._wanted.wait(1.0):
            return
        with self._writing:
            self._wanted.clear()
            if self._done():
                return
            self._wanted.set()
        self._stop.wait(AGAIN_AFTER)

    def _done(self) -> bool:
        try:
            self._write()
        except OSError as error:
            self.found(f"{self._trouble}: {error}")
            return False
        self.found(None)
        return True
