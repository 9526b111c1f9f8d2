"""The scanner's own socket, on which a technician may look through the camera while maintenance is armed."""

from __future__ import annotations

import logging

import cv2

from hardware.codes import Grey
from kiosk.local import Line, NotReachable
from kiosk.settings import Settings
from kiosk.sockets.listening import Loop
from kiosk.sockets.peer import Peer
from kiosk.wire import GetView, Refused, Snapshot, TakeSnapshot, View

log = logging.getLogger(__name__)

STATION_WITHIN = 0.3
"""Seconds that the station has to answer: meanwhile no frame is read."""


class Window:
    """Shows one small picture to whoever may see it, and keeps none."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._loop = Loop()
        self._grey: Grey | None = None
        self._trouble = ""
        self._texts: tuple[str, ...] = ()
        path = settings.scanner_socket(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._loop.serve(path, self._on_line)
        except OSError as error:  # a technician cannot look, and a worker gets in all the same
            log.warning("nobody can look through the camera: %s: %s", path, error.strerror)

    def show(self, grey: Grey | None, trouble: str, texts: tuple[str, ...] = ()) -> None:
        """Answer those who have asked, with this frame and the codes in it."""
        self._grey, self._trouble, self._texts = grey, trouble, texts
        try:
            self._loop.wait(0.0)
        except OSError as error:  # as many sockets are open as may be: nobody looks, and workers get in
            log.debug("nobody can look through the camera: %s", error)
        self._grey = None

    def close(self) -> None:
        """Close the socket."""
        self._loop.close()

    def _on_line(self, peer: Peer, line: bytes) -> None:
        wanted = peer.read(line, TakeSnapshot)
        if wanted is None:
            return
        group = self._settings.station.operators
        if not peer.is_one_of(group):
            peer.send(Refused(f"{peer.user} is not in the group {group}"))
        elif not self._armed():
            peer.send(Refused("maintenance is not armed; first: kiosk maintenance on"))
        elif self._grey is None:
            peer.send(Refused(self._trouble or "the camera gives no picture"))
        else:
            height = max(1, round(wanted.width * self._grey.shape[0] / self._grey.shape[1]))
            small = cv2.resize(self._grey, (wanted.width, height), interpolation=cv2.INTER_AREA)
            peer.send(Snapshot(wanted.width, height, small.tobytes(), self._trouble, self._texts))

    def _armed(self) -> bool:
        try:
            line = Line(self._settings.run / "control.sock", timeout=STATION_WITHIN)
            try:
                return line.ask(GetView(), View).maintenance > 0
            finally:
                line.close()
        except NotReachable:
            return False
