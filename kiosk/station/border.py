"""What comes over the station's sockets: decoded in one way, from the account that may say it, and queued as events."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from kiosk import wire
from kiosk.core.events import Edge, Event, Faulted, Located, NoReading, Reading, Scanned
from kiosk.core.step import OF_THE_DESK
from kiosk.local import boot_time
from kiosk.settings import Settings
from kiosk.sockets.listening import Loop
from kiosk.sockets.peer import Peer
from kiosk.station.accounts import Program, barred, is_known, speaks_for
from kiosk.station.indoors import Indoors
from kiosk.station.peers import Peers
from kiosk.station.requests import Requests
from kiosk.trust.codes import bare

log = logging.getLogger(__name__)


class Border:
    """Takes lines, and refuses those that are no message or not this account's to say."""

    def __init__(
        self,
        settings: Settings,
        peers: Peers,
        requests: Requests,
        queue: Callable[[Event], None],
        wanted: Callable[[], dict[str, bool]],
        indoors: Indoors | None = None,
    ) -> None:
        """`wanted`: which relays shall have power, for a `sensors` that comes; `indoors` takes what is inside."""
        self._settings, self._peers, self._requests = settings, peers, requests
        self._queue, self._wanted, self._indoors = queue, wanted, indoors
        self._doors = {table.door for table in settings.scanners.values() if table.door} or set(settings.entrances)
        self._scanners = {"scanner.loop", *(f"scanner.{name}" for name in settings.scanners)}
        self._troubles = {"sensors.loop", "gps", *(f"relay.{name}" for name in settings.relays)}
        self._troubles |= {f"board.{name}" for name in settings.boards}
        self._on_boards = {name for name, table in settings.slots.items() if table.board}
        self.taken: Counter[str] = Counter()
        """How many messages of each kind were taken, and `refused`: how many were not."""

    def serve(self, loop: Loop) -> None:
        """Open the sockets."""
        run, operators = self._settings.run, self._settings.station.operators
        loop.serve(run / "scan.sock", self._on_scan, reserved=lambda peer: speaks_for(peer, "scanner"))
        loop.serve(run / "sense.sock", self._on_sense, reserved=lambda peer: speaks_for(peer, "sensors"))
        loop.serve(
            run / "control.sock",
            self._on_request,
            reserved=lambda peer: is_known(peer, operators),
            long_lines=lambda peer: speaks_for(peer, "sync"),
        )
        if self._settings.has_display_inside:
            reserved = partial(speaks_for, program="desk")
            loop.serve(run / "desk.sock", self._on_desk, reserved=reserved, most=wire.inside.MAX_TOUCH)
        loop.when_gone(self._gone)

    def _on_scan(self, peer: Peer, line: bytes) -> None:
        match self._from(peer, "scanner", line, wire.ScanMessage):
            case wire.Scan(door, text, seen) if door in self._doors:
                self._queue(Scanned(door, _recordable(text), min(seen, boot_time())))
            case wire.Scan(door):
                self._refuse(peer, wire.Refused(f"no scanner looks at such a door: {door}"))
            case wire.Shown(text) if self._indoors:
                self._indoors.shown(text)
            case wire.Shown():
                self._refuse(peer, wire.Refused("there is no desk"))
            case wire.Trouble(what, detail) if what in self._scanners:
                self._queue(Faulted(what, detail))
            case wire.Trouble(what):
                self._refuse(peer, wire.Refused(f"no such scanner: {what}"))

    def _on_sense(self, peer: Peer, line: bytes) -> None:
        if speaks_for(peer, "sensors") and peer not in self._peers.programs["sensors"]:
            for relay, on in self._wanted().items():
                peer.send(wire.Switch(relay, on))
        match self._from(peer, "sensors", line, wire.SenseMessage):
            case wire.Sensed(sensor, value, at):
                self._queue(Reading(sensor, value, at))
            case wire.NotSensed(sensor, reason, at):
                self._queue(NoReading(sensor, reason, at))
            case wire.Located(latitude, longitude, speed):
                self._queue(Located(latitude, longitude, speed))
            case wire.SlotSeen(slot, opened, at) if slot in self._on_boards:
                self._queue(Edge(f"{slot}.contact", opened, boot_time() if at is None else min(at, boot_time())))
            case wire.SlotSeen(slot):
                self._refuse(peer, wire.Refused(f"no board has such a slot: {slot}"))
            case wire.Trouble(what, detail) if what in self._troubles:
                self._queue(Faulted(what, detail))
            case wire.Trouble(what):
                self._refuse(peer, wire.Refused(f"no such relay: {what}"))

    def _on_desk(self, peer: Peer, line: bytes) -> None:
        message = self._from(peer, "desk", line, wire.inside.DeskMessage)
        if message is None or self._indoors is None:
            return
        if isinstance(message, wire.inside.GetDesk):
            peer.send(self._requests.desk_view(self._indoors))
        else:
            self._indoors.say(message, peer.send)

    def _on_request(self, peer: Peer, line: bytes) -> None:
        request = peer.read(line, wire.Request)
        answer = None if request is None else self._requests.answer(peer, request)
        if request is None or isinstance(answer, wire.Refused):
            self.taken["refused"] += 1
        else:
            self.taken[type(request).__name__] += 1
        if isinstance(answer, wire.Refused):
            peer.refuse(answer)
        elif isinstance(answer, wire.Recorded):
            peer.send(answer, wire.base.MAX_RECORDING)
        elif answer is not None:
            peer.send(answer)

    def _from(self, peer: Peer, program: Program, line: bytes, kind: Any) -> Any:
        """The program's message; None, and the peer is told why, when it is none or this is not the program."""
        message = peer.read(line, kind)
        if message is None:
            self.taken["refused"] += 1
        elif why := barred(peer, program, message):
            self._refuse(peer, why)
        else:
            if program != "desk" and not isinstance(message, wire.Shown):  # what is done inside is nobody's to count
                self.taken[type(message).__name__] += 1
            if back := self._peers.heard(program, peer):
                self._queue(back)
            return message
        return None

    def _refuse(self, peer: Peer, why: wire.Refused) -> None:
        self.taken["refused"] += 1
        peer.refuse(why)

    def _gone(self, peer: Peer) -> None:
        for lost in self._peers.gone(peer):
            self._queue(lost)


def _recordable(text: str) -> str:
    """A recording holds what is shown at a door: of what is meant for the desk its prefix alone."""
    return next((prefix for prefix in OF_THE_DESK if bare(text).startswith(prefix)), text)
