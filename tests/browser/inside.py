"""`kiosk desk` as a real process beside a socket that says what a station would, for the looks of what a station rarely shows.

What it does not model: it keeps nothing but that a steward has left, refuses nothing by itself, and answers at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from kiosk.decoding import read_json
from kiosk.demo.place import free_port
from kiosk.sockets.listening import Loop
from kiosk.sockets.peer import Peer
from kiosk.wire import Answer
from kiosk.wire.inside import MAX_TOUCH, DeskMessage, DeskView, Displays, GetDesk, Kept, LeaveRound
from tests.programs.house import House, until


class Beside:
    """The station's side of desk.sock. `view`: what is shown; `answer`: to a touch; `heard`: what was touched."""

    def __init__(self, view: DeskView) -> None:
        self.view: DeskView = view
        self.answer: Answer = Kept()
        self.heard: list[DeskMessage] = []
        self.displays: list[bool] = []
        self.asked = 0

    def take(self, peer: Peer, line: bytes) -> None:
        message = read_json(line, DeskMessage, MAX_TOUCH)
        if isinstance(message, GetDesk):
            self.asked += 1
            peer.send(self.view)
            return
        if isinstance(message, Displays):
            self.displays.append(message.working)
        else:
            self.heard.append(message)
        if isinstance(message, LeaveRound):
            self.view = replace(self.view, round=None)
        peer.send(self.answer)

    def show(self, view: DeskView) -> None:
        """Show it, and wait until the page's program has asked for it."""
        if view != self.view:
            self.view, asked = view, self.asked
            until(lambda: self.asked > asked, "the page's program to ask")


@contextmanager
def beside(folder: Path, view: DeskView, more: str = "") -> Iterator[tuple[str, Beside]]:
    """The page's address, and the station's side; `more`: of the desk's settings."""
    port = free_port()
    house = House(folder, f"[desk]\ndisplay = true\n{more}port = {port}\n")
    house.run.mkdir()
    station, loop, over = Beside(view), Loop(), threading.Event()

    def serve() -> None:
        while not over.is_set():
            loop.wait(0.5)

    loop.serve(house.run / "desk.sock", station.take, most=MAX_TOUCH)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with house.program("desk"):
            until(lambda: station.asked > 1, "the page's program")
            yield f"http://127.0.0.1:{port}/", station
    finally:
        over.set()
        loop.wake()
        thread.join()
        loop.close()
