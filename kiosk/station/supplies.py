"""Supplies at work: their state beside the rules of the door, which get to know of the slot that opens and of nothing else.

Nothing of it goes into the recorder or a log: a pass and a time would be somebody's visit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, assert_never

from msgspec import Struct

from kiosk import wire
from kiosk.core import admission
from kiosk.core.clock import Instant
from kiosk.core.desk.events import CARDS
from kiosk.core.desk.handing import (
    Count,
    CutOff,
    Fill,
    Forget,
    Give,
    Gone,
    Heard,
    KeepMarks,
    Marks,
    One,
    Open,
    Setting,
    Shown,
    Supplies,
    SupplyCommand,
    SupplyEvent,
    Take,
    Touch,
)
from kiosk.core.desk.pace import AT_ONCE, Pace, taken
from kiosk.core.desk.stock import Stock
from kiosk.core.desk.supplies import due, refused, step
from kiosk.core.entries import Entry, NotTaken, Taken
from kiosk.core.events import CommitFailed, Committed, Event, Faulted, Record, SlotGranted, Tick
from kiosk.core.held import Services
from kiosk.core.state import State
from kiosk.local import boot_time
from kiosk.station.inside import GivenOut
from kiosk.station.supplied import Known, handing_view, known, setting_of, supply_views, wrong
from kiosk.trust.codes import bare

SUPPLIES: Final = "supplies"
"""The fault of what somebody has to look after."""

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at whether anything is wrong."""

NOT_SAVED: Final = "not_saved"

Then = Callable[[], None]
Why = Callable[[str], None]
Said = (
    wire.inside.Take
    | wire.inside.Give
    | wire.inside.OpenCampaign
    | wire.inside.GiveOne
    | wire.inside.Count
    | wire.inside.Fill
)


class Presented(Struct, frozen=True):
    """A code was held before the desk's reader."""

    text: str


class Waits(Struct, frozen=True):
    """Who is to be told what became of a touch."""

    kept: Then
    not_kept: Why


class Remembered(Struct, frozen=True):
    """What the logbook knows at a start: marks, stock, and what the program's end cut off.

    `since`: of a logbook in another one's place since when, in seconds since 1970; infinite where nobody knows.
    """

    marks: Marks = {}
    stock: Stock = {}
    cut_off: CutOff = CutOff()
    since: float = 0.0


class SuppliesAtWork:
    """Of the station's thread, but for :meth:`queue`. `tell`, `keep` and `wake` are safe from any thread."""

    def __init__(
        self,
        remembered: Remembered,
        holds: Mapping[str, int],
        tell: Callable[[Event], None],
        keep: Callable[[KeepMarks | Forget], None],
        wake: Callable[[], None],
        busy: Callable[[], Collection[str]] = tuple,
        writes: Callable[[], bool] = lambda: True,
        *,
        keeps: bool = True,
    ) -> None:
        """`holds`: the slots, and how many each has room for; `keeps`: the disk takes marks.

        `busy`: tells the slots from which something else is given just now; `writes`: whether the logbook took what it was
        given last.
        """
        self._holds, self._tell, self._keep, self._wake, self._keeps = holds, tell, keep, wake, keeps
        self._busy, self._writes = busy, writes
        self._supplies, self._since = Supplies(remembered.marks, remembered.stock), remembered.since
        self._events: deque[tuple[SupplyEvent | Presented, Waits | None]] = deque()
        self._waiting: dict[int, tuple[Waits, bool]] = {}
        self._services, self._documents = Services(), Known()
        self._pace = Pace()
        self._look_at, self._wrong = 0.0, ""
        if remembered.cut_off != CutOff():
            self.queue(remembered.cut_off)

    def queue(self, event: SupplyEvent | Presented, waits: Waits | None = None) -> None:
        """Take the event in the next turn."""
        self._events.append((event, waits))
        self._wake()

    def shown(self, text: str) -> None:
        """A code was read at the desk; an answer card is nobody's."""
        if bare(text) not in CARDS:
            self.queue(Presented(text))

    def heard(self, entries: Iterable[Entry]) -> None:
        """The logbook is given these."""
        if of_slots := tuple(
            each for each in entries if isinstance(each, Taken | NotTaken) and each.door in self._holds
        ):
            self.queue(Heard(of_slots))

    def say(self, message: wire.inside.SupplyTouch, waits: Waits) -> None:
        """Something was touched on the display; `waits` is told what became of it."""
        if isinstance(message, wire.inside.LeaveSupplies):
            self.left()
            waits.kept()
            return
        pace = taken(self._pace, boot_time())
        if pace is None or len(self._waiting) >= AT_ONCE:
            waits.not_kept("too_many")
            return
        self._pace = pace
        self.queue(_touch(message), waits)

    def left(self, *, session: bool = False) -> None:
        """Whoever has shown a pass is gone; `session`: the steward, too."""
        last = self._events[-1][0] if self._events else None
        if not (isinstance(last, Gone) and (last.session or not session)):  # said again and again it costs one step
            self.queue(Gone(session))

    @property
    def giving(self) -> Collection[str]:
        """The slots from which somebody may take something, or is about to."""
        return self._supplies.grants.keys()

    def due(self, state: State, now: Instant) -> float:
        """The boot time of the next turn, if nothing happens before."""
        return 0.0 if self._events else due(self._supplies, self._setting(state, now))

    def turn(self, state: State, now: Instant, record: Callable[[Record], None]) -> None:
        """What is due, and every event that waits."""
        setting = self._setting(state, now)
        waiting = [(Tick(), None), *(self._events.popleft() for _ in range(len(self._events)))]
        for event, waits in waiting:
            known = _judged(event, state, now) if isinstance(event, Presented) else event
            if known is not None:
                self._take(known, waits, setting, record)
        if now.boot >= self._look_at:
            self._look_at = now.boot + LOOK_EVERY
            self._look(setting)

    def views(self, state: State, now: Instant) -> GivenOut:
        """What is shown: campaigns, and a steward's session."""
        setting = self._setting(state, now)
        found, handing = self._supplies, handing_view(self._supplies, setting, state)
        return GivenOut(tuple(supply_views(found, setting, state)), handing, found.holder is not None, found.shown)

    def _take(
        self, event: SupplyEvent, waits: Waits | None, setting: Setting, record: Callable[[Record], None]
    ) -> None:
        why = refused(self._supplies, event, setting) if isinstance(event, Touch) else ""
        self._supplies, commands = step(self._supplies, event, setting)
        for command in commands:
            self._do(command, record)
        if isinstance(event, Committed | CommitFailed):
            self._answer(event, opened=any(isinstance(each, SlotGranted) for each in commands))
        if waits and why:
            waits.not_kept(why)
        elif waits:
            self._await(waits, [each.ticket for each in commands if isinstance(each, Record)])

    def _await(self, waits: Waits, tickets: list[int]) -> None:
        """Whoever touched is told when the disk has it, and its slot opens if it is to; what is not stored, at once."""
        if tickets:
            opens = any(each.ticket == tickets[-1] for each in self._supplies.grants.values())
            self._waiting[tickets[-1]] = waits, opens
        else:
            waits.kept()

    def _answer(self, answer: Committed | CommitFailed, *, opened: bool) -> None:
        waits, opens = self._waiting.pop(answer.ticket, (None, False))
        if waits and isinstance(answer, Committed) and (opened or not opens):
            waits.kept()
        elif waits:
            waits.not_kept(NOT_SAVED)

    def _do(self, command: SupplyCommand, record: Callable[[Record], None]) -> None:
        match command:
            case Record():
                record(command)
            case SlotGranted():
                self._tell(command)
            case KeepMarks() | Forget():
                self._keep(command)

    def _setting(self, state: State, now: Instant) -> Setting:
        if state.services is not self._services:
            self._services, self._documents = state.services, known(state.services)
        self._since = min(self._since, state.clock.latest(now.boot))  # the loss was before this start
        return setting_of(
            state,
            self._documents,
            self._holds,
            now,
            keeps=self._keeps,
            writes=self._writes(),
            since=self._since,
            busy=self._busy(),
        )

    def _look(self, setting: Setting) -> None:
        """Told once each way."""
        if (found := wrong(self._supplies, setting)) != self._wrong:
            self._wrong = found
            self._tell(Faulted(SUPPLIES, found or None))


def _judged(presented: Presented, state: State, now: Instant) -> Shown | Gone | None:
    """Whose pass it is; none that holds is nobody's, and what is no pass is not looked at."""
    verdict = admission.inside(state, presented.text, now.boot)
    if verdict.claims is None:
        return None
    if verdict.reason:
        return Gone()
    claims = verdict.claims
    return Shown(claims.index, int(claims.pass_class), claims.scope, claims.extended)


def _touch(message: Said) -> Touch:
    match message:
        case wire.inside.Take(campaign, shown):
            return Take(campaign, shown)
        case wire.inside.Give(campaign, shown):
            return Give(campaign, shown)
        case wire.inside.OpenCampaign(campaign, seconds, count):
            return Open(campaign, float(seconds), count)
        case wire.inside.GiveOne(campaign):
            return One(campaign)
        case wire.inside.Count(item, counted):
            return Count(item, counted)
        case wire.inside.Fill(item, count, slot, month):
            return Fill(item, count, slot, month)
        case _:
            assert_never(message)
