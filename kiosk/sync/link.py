"""What all loops of sync share: the settings, the road to the central server, and how the station is told of a fault."""

from __future__ import annotations

import logging
import threading
from contextlib import closing, suppress
from typing import Final

from kiosk.local import Line, NotReachable, RestartAsked
from kiosk.loops import Loops
from kiosk.settings import CentralTable, Settings
from kiosk.wire import Done, Trouble

log = logging.getLogger(__name__)

LOOP_FAULT: Final = "sync.loop"
SLICE: Final = 10.0
"""Seconds of a long rest after which a loop says that it turns."""


class Link:
    """`news` is set when there is reason to ask for documents at once: the server is back, or told of new ones."""

    def __init__(self, settings: Settings, central: CentralTable) -> None:
        self.settings, self.central = settings, central
        self.news = threading.Event()
        self.loops = Loops(self.tell, self.news.set)
        self._fault: str | None = None
        self._unread = ""

    def line(self) -> Line:
        """A new line to the station. Raises NotReachable."""
        return Line(self.settings.run / "control.sock")

    def rest(self, name: str, seconds: float) -> None:
        """Of that loop, which turns all the same; less at the end of the program."""
        while seconds > 0 and not self.loops.stop.wait(min(SLICE, seconds)):
            self.loops.turned(name)
            seconds -= SLICE

    def remind(self) -> None:
        """The station has started anew, maybe: a fault that lasts is told again. Raises NotReachable, RestartAsked."""
        if self._fault:
            with closing(self.line()) as line:
                line.ask(Trouble(LOOP_FAULT, self._fault), Done)

    def cannot_read(self, name: str, error: Exception) -> None:
        """The file of that loop is broken."""
        self._unread = name
        self.tell(f"{name}: the file cannot be read: {error}")

    def can_read(self, name: str) -> None:
        """It is not, or no longer."""
        if self._unread == name:
            self._unread = ""
            self.tell(None)

    def tell(self, fault: str | None) -> None:
        """What is wrong with the loops, or that nothing is any longer; once, however often it is said."""
        if fault == self._fault:
            return
        log.error("%s", fault or "all loops turn again")
        self._fault = fault
        with suppress(NotReachable, RestartAsked), closing(self.line()) as line:
            line.ask(Trouble(LOOP_FAULT, fault), Done)
