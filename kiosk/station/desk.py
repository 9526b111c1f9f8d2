"""The desk at work: its state beside the rules of the door, and the thread that stores its urn.

Nothing of it goes into the recorder: a recording would hold answers with their times.
"""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from kiosk.core import admission
from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.desk import Desk, due, refused, step
from kiosk.core.desk.events import (
    CARD_KEPT,
    CARD_NOT_KEPT,
    CARDS,
    DeskEvent,
    Inspected,
    Judged,
    KeepUrn,
    Kept,
    Presented,
    Told,
)
from kiosk.core.desk.pace import AT_ONCE, Pace, taken
from kiosk.core.desk.urn import Urn, opened
from kiosk.core.events import Event, Faulted, Record, Tick
from kiosk.core.state import State
from kiosk.decoding import UNDECODABLE
from kiosk.local import boot_time
from kiosk.logbook.urn import Damaged, UrnFile
from kiosk.loops import Loops
from kiosk.station.inside import expiries, offers, readings
from kiosk.station.storing import Storing
from kiosk.trust.codes import bare

log = logging.getLogger(__name__)

URN: Final = "urn"
"""The fault of the urn's file."""

EXPIRES: Final = "expires."
"""What the fault begins with of something in the medicine box; the item's key follows."""

EXPIRY_WORDS: Final = {
    "soon": "it is good until the end of {month}",
    "over": "it was good until the end of {month}: it counts as if it were not there",
}

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at what is in force."""

Then = Callable[[], None]


class DeskAtWork:
    """Of the station's thread, but for :meth:`queue`. `tell` and `wake` are safe from any thread."""

    def __init__(
        self, folder: Path, offset: int, tell: Callable[[Event], None], wake: Callable[[], None], loops: Loops
    ) -> None:
        self._tell, self._wake = tell, wake
        self._file = UrnFile(folder)
        self._storing = Storing("the urn takes no write", self._store, lambda fault: tell(Faulted(URN, fault)))
        self.desk = Desk(self._stored() or Urn(secrets.token_hex(8)), offset)
        self._events: deque[tuple[DeskEvent, Then | None]] = deque()
        self._awaited: deque[tuple[int, Then]] = deque()
        self._pace = Pace()
        self._look_at, self._expiring = 0.0, dict[str, str]()
        self._newest, self._stored_number = (0, self.desk.urn), 0
        self._storing.start(URN, loops)

    def queue(self, event: DeskEvent, stored: Then | None = None) -> None:
        """Take the event in the next turn; `stored` is called by the one after which what became of it is on the disk."""
        self._events.append((event, stored))
        self._wake()

    def shown(self, text: str) -> None:
        """A code was read at the desk."""
        if bare(text) not in CARDS:
            self.queue(Presented(text))
        elif self._storing.fault:
            self.queue(Told(CARD_NOT_KEPT))
        else:
            self.queue(Presented(text), partial(self.queue, Told(CARD_KEPT)))

    def touched(self, event: DeskEvent, stored: Then) -> str:
        """Something was touched on the display. Empty, or why nothing comes of it.

        Whoever is told that it was not saved touches again, so it must not be saved later all the same.
        """
        pace = taken(self._pace, boot_time())
        if pace is None or len(self._awaited) >= AT_ONCE:
            return "too_many"
        self._pace = pace
        if self._storing.fault:
            return "not_saved"
        if why := refused(self.desk, event):
            return why
        self.queue(event, stored)
        return ""

    def due(self, clock: Clock, now: Instant) -> float:
        """The boot time of the next turn, if nothing happens before."""
        return 0.0 if self._events else due(self.desk, clock, now)

    def turn(self, state: State, now: Instant, record: Callable[[Record], None]) -> None:
        """What is due, and every event that waits."""
        waiting = [*self._in_force(state, now), *(self._events.popleft() for _ in range(len(self._events)))]
        for event, stored in waiting:
            came_too_late = refused(self.desk, event)
            self._take(_completed(event, state, now), state.clock, now, record)
            if stored and not came_too_late:
                self._awaited.append((self._newest[0], stored))
        while self._awaited and self._awaited[0][0] <= self._stored_number:
            self._awaited.popleft()[1]()

    def _take(self, event: DeskEvent, clock: Clock, now: Instant, record: Callable[[Record], None]) -> None:
        self.desk, commands = step(self.desk, event, clock, now)
        for command in commands:
            if isinstance(command, KeepUrn):
                self._newest = self._newest[0] + 1, command.urn
                self._storing.want()
            else:
                record(command)

    def _in_force(self, state: State, now: Instant) -> list[tuple[DeskEvent, Then | None]]:
        """That time has gone by; and what is in force from now on, where that is something else."""
        if now.boot < self._look_at:
            return [(Tick(), None)]
        self._look_at = now.boot + LOOK_EVERY
        self._look_at_months(state, now)
        found = offers(state, now.boot)
        return [(Tick() if found == self.desk.offers else found, None)]

    def _look_at_months(self, state: State, now: Instant) -> None:
        """What has expired, or soon will have, is a fault."""
        found, months = expiries(state, self.desk, now.boot), self.desk.urn.months
        words = {key: EXPIRY_WORDS[ends].format(month=months[key]) for key, ends in found.items()}
        for key in {*self._expiring, *words}:
            if self._expiring.get(key) != words.get(key):
                self._tell(Faulted(EXPIRES + key, words.get(key)))
        self._expiring = words

    def _stored(self) -> Urn | None:
        """What the file holds; what is not whole is told, and begun anew at once: no touch is taken while there is a fault."""
        try:
            found = self._file.read()
            return None if found is None else opened(msgspec.json.decode(found, type=Urn))
        except (Damaged, OSError, *UNDECODABLE) as error:
            self._storing.found(f"answers are lost: {error}")
            self._storing.want()
            return None

    def close(self) -> None:
        """Store what waits; what the disk does not take now is lost."""
        self._storing.close()

    def _store(self) -> None:
        """The newest urn."""
        number, urn = self._newest
        self._file.write(msgspec.json.encode(urn))
        self._stored_number = number
        self.queue(Kept(urn))


def _completed(event: DeskEvent, state: State, now: Instant) -> DeskEvent:
    """With what the rules of the door know: of a code that is no card, whose pass it is; of a round, what sensors say."""
    match event:
        case Presented(text) if bare(text) not in CARDS:
            verdict = admission.inside(state, text, now.boot)
            if verdict.reason or verdict.claims is None:
                return Judged(str(verdict.reason))
            claims = verdict.claims
            return Judged("", claims.index, int(claims.pass_class), claims.extended)
        case Inspected():
            return replace(event, readings=readings(state))
        case _:
            return event
