"""What is at work inside: desk, ballots, supplies, doctor and cabinet; what a display there says and shows, and what is read.

Each has its own rules, state and thread. None of it goes into the recorder or a log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, assert_never

from kiosk import wire
from kiosk.core.clock import Instant
from kiosk.core.desk.ballot import TICKET as BALLOTS_TICKET
from kiosk.core.desk.cabinet import TICKET as CABINET_TICKET
from kiosk.core.desk.events import (
    BUTTON,
    TICKET,
    Cleaned,
    DeskEvent,
    Heard,
    Inspected,
    RoundLeft,
    Said,
    Touched,
)
from kiosk.core.desk.handing import FIRST_TICKET, Forget, KeepMarks, Marks, Recovered
from kiosk.core.desk.pace import Pace, taken
from kiosk.core.entries import Entry
from kiosk.core.events import CommitFailed, Committed, Edge, Event, Faulted, Record
from kiosk.core.state import State
from kiosk.local import boot_time
from kiosk.logbook.jobs import Answer
from kiosk.loops import Loops, attempt
from kiosk.settings import Settings
from kiosk.station.ballots import BallotsAtWork
from kiosk.station.cabinet import CabinetAtWork
from kiosk.station.desk import DeskAtWork
from kiosk.station.edges import Edges
from kiosk.station.files import Files
from kiosk.station.inside import desk_view, voting
from kiosk.station.supplies import Remembered, SuppliesAtWork, Waits
from kiosk.wire.inside import MOST_PIECES

SHOWN_AT_A_TURN: Final = 8
"""Codes that are looked at in a turn: to judge one takes milliseconds, and nobody shows so many; the door is not to wait."""

Send = Callable[[wire.base.Message], None]
Attempt = Callable[[Callable[[], None]], bool]


class Indoors:
    """Of the station's thread. `tell` and `wake` are safe from any thread."""

    def __init__(
        self,
        settings: Settings,
        files: Files,
        remembered: Remembered,
        offset: int,
        tell: Callable[[Event], None],
        keep: Callable[[KeepMarks | Forget], None],
        wake: Callable[[], None],
        loops: Loops,
        writes: Callable[[], bool] = lambda: True,
    ) -> None:
        """Where the disk takes no write no ballot is cast and nothing is given: a power cut would take what is kept of it.

        `writes`: tells whether the logbook took what it was given last.
        """
        folder, keeps = files.book.folder, not files.refused
        self._tell, self._pace, self._shown = tell, Pace(), 0
        self._wake, self._edges = wake, Edges()
        self._desk = DeskAtWork(folder, offset, tell, wake, loops)
        self._ballots = BallotsAtWork(folder, tell, wake, loops, keeps=keeps)
        self._supplies = SuppliesAtWork(
            remembered, holds(settings), tell, keep, wake, lambda: self._cabinet.giving, writes, keeps=keeps
        )
        self._cabinet = CabinetAtWork(settings, files, tell, wake, loops, lambda: self._supplies.giving, writes)
        self._queues: dict[int, Callable[[Committed | CommitFailed], None]] = {
            TICKET: self._desk.queue,
            BALLOTS_TICKET: self._ballots.queue,
            CABINET_TICKET: self._cabinet.queue,
        }

    def shown(self, text: str) -> None:
        """A code was read at the desk."""
        self._shown += 1
        if self._shown > SHOWN_AT_A_TURN:
            return
        if not (self._ballots.shown(text) or self._cabinet.shown(text)):
            self._desk.shown(text)
            self._supplies.shown(text)

    def recovered(self, marks: Marks, *, anew: bool) -> None:
        """What logbooks that were damaged still gave of marks; `anew`: there is a new one. Safe from any thread."""
        self._supplies.queue(Recovered(marks, anew))

    def edge(self, edge: Edge) -> bool:
        """Whether that input is the desk's; safe from any thread."""
        if edge.input.startswith(BUTTON):
            if self._edges.put(edge):
                self._wake()
            return True
        return False

    def heard(self, entries: tuple[Entry, ...]) -> None:
        """The logbook is given these."""
        self._desk.queue(Heard(entries))
        self._cabinet.heard(entries)
        self._supplies.heard(entries)

    def answered(self, answer: Answer) -> bool:
        """Whether the writer answers to something inside; safe from any thread."""
        if not isinstance(answer, Committed | CommitFailed):
            return False
        queue = self._supplies.queue if answer.ticket <= FIRST_TICKET else self._queues.get(answer.ticket)
        if queue is None:
            return False
        queue(answer)
        return True

    def due(self, state: State, now: Instant) -> float:
        """The boot time of the next turn, if nothing happens before."""
        if self._edges:
            return 0.0
        desk, ballots = self._desk.due(state.clock, now), self._ballots.due(state, now)
        return min(desk, ballots, self._supplies.due(state, now), self._cabinet.due(now))

    def turn(self, state: State, now: Instant, record: Callable[[Record], None], attempt: Attempt) -> None:
        """What is due, of each on its own."""
        self._shown = 0
        for edge in self._edges.take():
            self._desk.queue(edge)
        for each in (self._desk, self._ballots, self._supplies, self._cabinet):
            attempt(partial(each.turn, state, now, record))

    def look(self, state: State, now: Instant, record: Callable[[Record], None]) -> None:
        """The rules have taken a step."""
        self._cabinet.look(state, now, record)

    def close(self) -> None:
        """Store what waits."""
        attempt("closing the desk", self._desk.close)
        attempt("closing the ballots", self._ballots.close)
        attempt("closing the cabinet", self._cabinet.close)

    def view(self, state: State, now: Instant) -> wire.inside.DeskView:
        """What is shown now, to a display that asks."""
        self._ballots.asked(now.boot)
        given = self._supplies.views(state, now)
        view = desk_view(state, self._desk.desk, now, self._cabinet.view(state, now), given)
        return voting(view, self._ballots.view, self._ballots.told)

    def say(self, message: wire.inside.DeskSays, send: Send) -> None:
        """Take what a display says, and answer it, now or later."""
        kept = partial(send, wire.inside.Kept())
        match message:
            case wire.inside.CastBallot():
                if not self._ballots.cast(message, kept):
                    send(wire.Refused("the ballot is not cast"))
            case wire.inside.LeaveBallot(number):
                self._ballots.left(number)
                kept()
            case wire.inside.Consult():
                why = self._cabinet.consult()
                send(wire.Refused(why) if why else wire.inside.Kept())
            case wire.inside.LeaveConsult():
                self._cabinet.left()
                kept()
            case (
                wire.inside.Take()
                | wire.inside.Give()
                | wire.inside.OpenCampaign()
                | wire.inside.GiveOne()
                | wire.inside.Count()
                | wire.inside.Fill()
                | wire.inside.LeaveSupplies()
            ):
                self._supplies.say(message, Waits(kept, lambda why: send(wire.Refused(why))))
            case wire.inside.Displays(working):
                self._displays(send, working=working)
            case _:
                if isinstance(message, wire.inside.LeaveRound):
                    self._supplies.left(session=True)
                if why := self._desk.touched(_touch(message), kept):
                    send(wire.Refused(why))

    def _displays(self, send: Send, *, working: bool) -> None:
        """Each is news to all who are shown the station, so that there are no more of them than touches."""
        if (pace := taken(self._pace, boot_time())) is None:
            send(wire.Refused("too_many"))
            return
        self._pace = pace
        self._tell(Faulted("display", None if working else "the page inside is not shown"))
        send(wire.inside.Kept())


def holds(settings: Settings) -> dict[str, int]:
    """The slots, and how many each has room for."""
    return {name: table.slot.holds or MOST_PIECES for name, table in settings.slots.items() if table.slot}


def _touch(message: wire.inside.DeskTouch) -> DeskEvent:
    match message:
        case wire.inside.Touched(answer, question):
            return Touched(answer, question)
        case wire.inside.Say(place, what):
            return Said(place, what)
        case wire.inside.Round(results, version):
            return Inspected(results, version)
        case wire.inside.Clean():
            return Cleaned()
        case wire.inside.LeaveRound():
            return RoundLeft()
        case _:
            assert_never(message)
