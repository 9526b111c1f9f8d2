"""The ballots at work: their state beside the rules of the door, and the thread that stores their urns.

Nothing of it goes into the recorder or a log: a slip's serial and a time would be one ballot's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.core.clock import Instant
from kiosk.core.desk.ballot import (
    BallotEvent,
    Booth,
    Cast,
    DropUrn,
    KeepUrn,
    Left,
    Refuses,
    Setting,
    Shown,
    Stored,
    Urn,
    due,
    step,
    takes,
)
from kiosk.core.events import Event, Faulted, Record, Tick
from kiosk.core.held import Services
from kiosk.core.state import State
from kiosk.decoding import UNDECODABLE
from kiosk.index.poll import NotAPoll, Poll, poll_id, poll_words, read_poll
from kiosk.index.sealing import INNER, OUTER, REMARK, seal_ballot
from kiosk.index.slips import DIGEST
from kiosk.local import boot_time
from kiosk.logbook.urn import HEAD, Damaged, UrnFile
from kiosk.loops import Loops
from kiosk.station.storing import Storing
from kiosk.trust.service import PollBody
from kiosk.wire.inside import BallotView, CastBallot

BALLOTS: Final = "ballots"
"""The fault of the ballots' urns."""

NAME: Final = "ballots-{}.urn"
IN_A_NAME: Final = 16
"""Characters of a poll's id in the name of its urn's file."""

AROUND: Final = 256
"""Bytes of an urn beside what is burnt and sealed."""

AROUND_EACH: Final = 4
"""Bytes that say how long a digest and a ballot are, at the most, or a remark."""

PAGE: Final = 4096

WATCHED_FOR: Final = 30.0
"""Seconds after a display has asked what there is to show: it asks each second, and one that was killed comes back sooner."""

Then = Callable[[], None]


class Listed(Struct, frozen=True):
    """A poll that the station holds, and the six words that its slips have, too."""

    poll: Poll
    words: str


class BallotsAtWork:
    """Of the station's thread, but for :meth:`queue`. `tell` and `wake` are safe from any thread."""

    def __init__(
        self, folder: Path, tell: Callable[[Event], None], wake: Callable[[], None], loops: Loops, *, keeps: bool = True
    ) -> None:
        """`folder` has the urns; `keeps`: also without power, or no slip opens a ballot."""
        self._folder, self._tell, self._wake = folder, tell, wake
        self._storing = Storing("the ballots' urn takes no write", self._store, self._stores)
        self._lost, self._watched = False, 0.0
        self._files: dict[str, UrnFile] = {}
        self._events: deque[tuple[BallotEvent, Then]] = deque()
        urns = {urn.poll: urn for path in sorted(folder.glob(NAME.format("*"))) for urn in self._read(path)}
        self._booth = Booth(urns, dict(urns), number=int(boot_time() * 1000), keeps=keeps)
        """Its first number is beyond all of an earlier program: no page that still shows one of those casts another's."""
        self._services, self._listed, self._polls = Services(), dict[str, Listed](), dict[str, Poll]()
        self._awaited: deque[tuple[Urn, Then]] = deque()
        self._wanted: dict[str, KeepUrn | DropUrn] = {}
        self._storing.start(BALLOTS, loops)

    def queue(self, event: BallotEvent, stored: Then = lambda: None) -> None:
        """Take the event in the next turn; `stored` is called once a ballot that it casts is on the disk."""
        self._events.append((event, stored))
        self._wake()

    def shown(self, text: str) -> bool:
        """A code was read at the desk; whether it concerns the ballot, and nobody else."""
        self.queue(Shown(text))
        return takes(self._booth, text)

    def cast(self, cast: CastBallot, stored: Then) -> bool:
        """Seal the ballot that is open, and burn its slip; False: it is not cast, and will not be."""
        ballot = self._booth.open
        listed = self._listed.get(ballot.poll) if ballot and ballot.number == cast.number else None
        if ballot is None or listed is None or not _whole(cast, listed.poll) or self._storing.fault:
            return False
        sealed = seal_ballot(bytes.fromhex(ballot.poll), listed.poll.outer_key, ballot.serial, cast.inner)
        self.queue(Cast(cast.number, sealed, cast.remark), stored)
        return True

    def left(self, number: int) -> None:
        """Nobody is at that ballot any longer; said again and again, or of another one, it costs nothing."""
        last = self._events[-1][0] if self._events else None
        if self._booth.open and self._booth.open.number == number and last != Left(number):
            self.queue(Left(number))

    def asked(self, boot: float) -> None:
        """A display asks what there is to show."""
        self._watched = boot + WATCHED_FOR

    @property
    def told(self) -> str:
        """What became of the slip that was shown last."""
        return self._booth.told

    @property
    def view(self) -> BallotView | None:
        """The ballot that is open."""
        ballot = self._booth.open
        listed = self._listed.get(ballot.poll) if ballot else None
        if ballot is None or listed is None:
            return None
        poll, shown = listed.poll, (ballot.cards, ballot.card, listed.poll.remarks)
        return BallotView(ballot.number, ballot.poll, listed.words, poll.title, poll.questions, poll.inner_key, *shown)

    def due(self, state: State, now: Instant) -> float:
        """The boot time of the next turn, if nothing happens before."""
        return 0.0 if self._events else due(self._booth, self._setting(state, now))

    def turn(self, state: State, now: Instant, record: Callable[[Record], None]) -> None:
        """What is due, and every event that waits."""
        waiting = [(Tick(), lambda: None), *(self._events.popleft() for _ in range(len(self._events)))]
        for event, stored in waiting:
            self._booth, commands = step(self._booth, event, self._setting(state, now))
            for command in commands:
                if isinstance(command, Record):
                    record(command)
                else:
                    self._wanted[command.urn.poll if isinstance(command, KeepUrn) else command.poll] = command
                    self._storing.want()
                if isinstance(event, Cast) and isinstance(command, KeepUrn):
                    self._awaited.append((command.urn, stored))
        while self._awaited and self._is_safe(self._awaited[0][0]):
            self._awaited.popleft()[1]()

    def _is_safe(self, urn: Urn) -> bool:
        """Whether the disk has this urn, or a later one of its poll: what is burnt only grows."""
        safe = self._booth.safe.get(urn.poll)
        return safe is not None and len(safe.burnt) >= len(urn.burnt)

    def _setting(self, state: State, now: Instant) -> Setting:
        if state.services is not self._services:
            self._services = state.services
            self._listed = dict(self._held(state.services))
            self._polls = {name: each.poll for name, each in self._listed.items()}
        return Setting(state.trust.station, self._polls, state.clock, now, self._watched)

    def _held(self, services: Services) -> Iterator[tuple[str, Listed]]:
        """By their ids the polls of the services that are held; what is none is nobody's poll."""
        for each in services.held.values():
            if isinstance(each.body, PollBody):
                name = poll_id(each.body.poll).hex()
                if found := self._listed.get(name) or _read(each.body.poll):
                    yield name, found

    def close(self) -> None:
        """Store what waits; what the disk does not take now was not cast."""
        self._storing.close()

    def _store(self) -> None:
        """The newest urns that wait; a disk that has taken them has begun anew what was damaged."""
        for poll in list(self._wanted):
            command = self._wanted.pop(poll)
            try:
                self._do(command)
            except OSError:
                self._wanted.setdefault(poll, command)
                raise
        if self._lost:
            self._lost = False
            self._stores(None)

    def _do(self, command: KeepUrn | DropUrn) -> None:
        if isinstance(command, KeepUrn):
            self._file(command.urn.poll, size_of(command.urn)).write(msgspec.msgpack.encode(command.urn))
            self.queue(Stored(command.urn))
        elif file := self._files.pop(command.poll, None):
            file.write(b"")
            file.path.unlink()

    def _file(self, poll: str, size: int) -> UrnFile:
        return self._files.setdefault(poll, UrnFile(self._folder, NAME.format(poll[:IN_A_NAME]), size))

    def _read(self, path: Path) -> Iterator[Urn]:
        """What a file holds; what is not whole is told, and begun anew; other polls' slips are taken meanwhile."""
        try:
            file = UrnFile(self._folder, path.name, path.stat().st_size // 2)
            urn = msgspec.msgpack.decode(file.read() or b"", type=Urn)
        except (Damaged, OSError, *UNDECODABLE) as error:
            self._lost = True
            self._tell(Faulted(BALLOTS, f"ballots are lost: {error}"))
        else:
            self._files[urn.poll] = file
            yield urn

    def _stores(self, fault: str | None) -> None:
        """Whether the disk takes urns."""
        self._tell(Faulted(BALLOTS, fault))
        self.queue(Refuses(fault is not None))


def size_of(urn: Urn) -> int:
    """The bytes of a slot for as many ballots as the urn takes."""
    remark = REMARK + AROUND_EACH if urn.remarked else 0
    needed = HEAD.size + AROUND + urn.most * (DIGEST + OUTER + AROUND_EACH + remark)
    return -(-needed // PAGE) * PAGE


def _whole(cast: CastBallot, poll: Poll) -> bool:
    """Whether each envelope has its one length: that of a remark is there where the poll asks for them, whatever is in it."""
    return (len(cast.inner), len(cast.remark)) == (INNER, REMARK if poll.remarks else 0)


def _read(data: bytes) -> Listed | None:
    try:
        return Listed(read_poll(data), poll_words(data))
    except NotAPoll:
        return None
