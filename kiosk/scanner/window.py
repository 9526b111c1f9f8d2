"""The scanner's own socket: a technician sees what its camera sees, while maintenance is armed, or what its reader sent."""

from __future__ import annotations

import logging
from collections.abc import Callable

import cv2

from hardware.codes import Grey
from kiosk.local import Line, NotReachable
from kiosk.settings import Settings
from kiosk.sockets.listening import Loop
from kiosk.sockets.peer import Peer
from kiosk.wire import GetView, LastReading, Refused, Snapshot, TakeReading, TakeSnapshot
from kiosk.wire.base import Message
from kiosk.wire.views import View

log = logging.getLogger(__name__)

STATION_WITHIN = 0.3
"""Seconds that the station has to answer: meanwhile no frame is read."""


class Hatch:
    """The socket: whoever is a technician is answered."""

    def __init__(self, settings: Settings, name: str, answer: Callable[[TakeSnapshot | TakeReading], Message]) -> None:
        self._group, self._answer = settings.station.operators, answer
        self._loop = Loop()
        path = settings.scanner_socket(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._loop.serve(path, self._on_line)
        except OSError as error:  # a technician cannot look, and a worker gets in all the same
            log.warning("nobody can look through the camera: %s: %s", path, error.strerror)

    def turn(self) -> None:
        """Answer those who have asked."""
        try:
            self._loop.wait(0.0)
        except OSError as error:  # as many sockets are open as may be: nobody looks, and workers get in
            log.debug("nobody can look through the camera: %s", error)

    def close(self) -> None:
        """Close the socket."""
        self._loop.close()

    def _on_line(self, peer: Peer, line: bytes) -> None:
        wanted = peer.read(line, TakeSnapshot | TakeReading)
        if wanted is None:
            return
        if peer.is_one_of(self._group):
            peer.send(self._answer(wanted))
        else:
            peer.send(Refused(f"{peer.user} is not in the group {self._group}"))


class Window:
    """Shows one small picture to whoever may see it, and keeps none."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._grey: Grey | None = None
        self._trouble = ""
        self._texts: tuple[str, ...] = ()
        self._hatch = Hatch(settings, name, self._answer)

    def show(self, grey: Grey | None, trouble: str, texts: tuple[str, ...] = ()) -> None:
        """Answer those who have asked, with this frame and the codes in it."""
        self._grey, self._trouble, self._texts = grey, trouble, texts
        self._hatch.turn()
        self._grey = None

    def close(self) -> None:
        """Close the socket."""
        self._hatch.close()

    def _answer(self, wanted: TakeSnapshot | TakeReading) -> Message:
        if isinstance(wanted, TakeReading):
            return Refused("a camera sends no bytes; next: kiosk scan")
        if not self._armed():
            return Refused("maintenance is not armed; first: kiosk maintenance on")
        if self._grey is None:
            return Refused(self._trouble or "the camera gives no picture")
        height = max(1, round(wanted.width * self._grey.shape[0] / self._grey.shape[1]))
        small = cv2.resize(self._grey, (wanted.width, height), interpolation=cv2.INTER_AREA)
        return Snapshot(wanted.width, height, small.tobytes(), self._trouble, self._texts)

    def _armed(self) -> bool:
        try:
            line = Line(self._settings.run / "control.sock", timeout=STATION_WITHIN)
            try:
                return line.ask(GetView(), View).maintenance > 0
            finally:
                line.close()
        except NotReachable:
            return False


class Slip:
    """Tells what stood around the code that a reader sent last."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.last = LastReading()
        self._hatch = Hatch(settings, name, self._answer)

    def turn(self) -> None:
        """Answer those who have asked."""
        self._hatch.turn()

    def close(self) -> None:
        """Close the socket."""
        self._hatch.close()

    def _answer(self, wanted: TakeSnapshot | TakeReading) -> Message:
        return (
            self.last if isinstance(wanted, TakeReading) else Refused("this scanner has no camera; next: kiosk doctor")
        )
