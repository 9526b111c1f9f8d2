"""`step(booth, event, setting) -> (booth, commands)`: an anonymous ballot at the desk, from a slip to the urn and out of it.

A slip that is shown opens a ballot, if a poll that is on lists it, and it is not burnt here. What is answered stays on the page
until *cast*; here there is a number, a poll and the slip's serial, and nothing of it is stored. *Cast* burns the slip: one
write of the poll's urn holds what is burnt and the sealed ballots, both sorted, so that a cut leaves both or neither, and their
order tells nothing. Where the poll asks for remarks, that write holds them, too, sorted by themselves, and one of each ballot,
said or not: neither place, time nor number ties one to the other. Whoever does not know whether it was cast shows the slip
again.

When the poll is provably over, the urn is sent whatever it holds, so that the board knows who has sent; what is repeated is the
same sealed ballots, of which each counts once. When the logbook has them they leave the urn; what is burnt stays for KEPT.

Like the rest of the desk it is none of the rules', whose events and states a recording holds.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import Clock, Instant
from kiosk.core.entries import Ballots, Stamp
from kiosk.core.events import CommitFailed, Committed, Record, Tick
from kiosk.index.ballots import sealed_text
from kiosk.index.cards import CARDS
from kiosk.index.poll import Poll
from kiosk.index.slips import PREFIX, digest_of, serial_in
from kiosk.trust.codes import bare

MOST: Final = 4096
"""Ballots that an urn takes, also where a poll has more slips: 0.6 MB, written twice at each *cast*."""

MOST_WITH_REMARKS: Final = 2048
"""Those with a remark each: 1.4 MB, and in the end 342 entries, for which the memory has room while the disk takes none."""

MOST_SENT: Final = 16
"""Urns that were sent and are kept; of more the one that ended first goes.

Each poll that is on has one: there are no more than documents of a kind at a station (MOST_OF_A_KIND of kiosk/core/held.py).
"""

OPEN_FOR: Final = 900.0
"""Seconds for which a ballot stays open at the most; the page ends it long before when nobody touches it."""

TOLD_FOR: Final = 12.0
"""Seconds for which it is told what became of a slip."""

KEPT: Final = 30 * 86_400.0
"""Seconds after the end for which an urn that was sent still knows what was burnt: a clock may have been wrong."""

AGAIN_AFTER: Final = 86_400.0
"""Seconds until what the logbook did not take is recorded again: it has it in memory, and tries by itself.

A cut meanwhile loses nothing: it stays in the urn until the logbook has it on the disk, and the next start records it at once.
"""

IN_AN_ENTRY: Final = 32
"""Ballots in one entry: 5.2 kB."""

IN_AN_ENTRY_WITH_REMARKS: Final = 6
"""Those with a remark each: 5.5 kB."""

TICKET: Final = -2
"""The ballots' own; that of the ratings is -1, and those of the door are positive."""

TOLD: Final = frozenset(
    {
        "slip_first", "slip_torn", "slip_unknown", "slip_elsewhere", "slip_cast", "slip_wait", "slip_early", "slip_no_time",
        "slip_over", "slip_busy", "slip_full", "slip_disk",
    }
)  # fmt: skip
"""What the display says of a slip that opened no ballot, or of a card that came before a slip."""


class Urn(Struct, frozen=True):
    """What is stored of a poll: `burnt` has the digests of slips, `sealed` the ballots, `remarks` those, each sorted.

    `most`: how many it takes; `sent`: the logbook has had what was in it; `remarked`: each ballot comes with a remark.
    """

    poll: str
    ends: int
    most: int
    burnt: tuple[bytes, ...] = ()
    sealed: tuple[bytes, ...] = ()
    sent: bool = False
    remarked: bool = False
    remarks: tuple[bytes, ...] = ()


class Open(Struct, frozen=True):
    """The ballot that is open, until boot time `until`; `number` tells it from those before.

    `cards`: how many were shown; `card`: the last one, which says what the page has made of it.
    """

    number: int
    poll: str
    serial: bytes
    until: float
    cards: int = 0
    card: int = 0


class Setting(Struct, frozen=True):
    """Where and when: the station's code, the polls that it holds by their ids, its clock and now.

    `watched`: until which boot time a display is thought to be there: where there is none nobody could vote, or leave.
    """

    station: str
    polls: Mapping[str, Poll]
    clock: Clock
    now: Instant
    watched: float = math.inf

    @property
    def earliest(self) -> float:
        """No true time is before this."""
        return self.clock.earliest(self.now.boot)


class Shown(Struct, frozen=True):
    """A code was held before the desk's reader."""

    text: str


class Cast(Struct, frozen=True):
    """The ballot of that number is cast; `sealed` is its outer envelope, `remark` that of its remark where the poll has any."""

    number: int
    sealed: bytes
    remark: bytes = b""


class Left(Struct, frozen=True):
    """Nobody is at the ballot of that number any longer."""

    number: int


class Stored(Struct, frozen=True):
    """This urn is on the disk."""

    urn: Urn


class Refuses(Struct, frozen=True):
    """The disk takes no urn, or takes them again."""

    so: bool


class KeepUrn(Struct, frozen=True):
    """Store the urn; answer with Stored. A later one of its poll takes the place of one that still waits."""

    urn: Urn


class DropUrn(Struct, frozen=True):
    """Write over the urn of that poll, and remove it."""

    poll: str


BallotEvent = Shown | Cast | Left | Stored | Refuses | Committed | CommitFailed | Tick
BallotCommand = KeepUrn | DropUrn | Record


class Booth(Struct, frozen=True):
    """`urns` as they are to be, `safe` as they are on the disk, by poll; `told` until boot time `told_until`.

    `number`: of the newest ballot; `sending`: the poll whose urn the logbook was given; `again_at`: the boot time from which on
    it may be given one; `refuses`: the disk takes none; `keeps`: there is one.
    """

    urns: dict[str, Urn] = {}
    safe: dict[str, Urn] = {}
    open: Open | None = None
    number: int = 0
    told: str = ""
    told_until: float = 0.0
    sending: str = ""
    again_at: float = 0.0
    refuses: bool = False
    keeps: bool = True


def step(booth: Booth, event: BallotEvent, setting: Setting) -> tuple[Booth, tuple[BallotCommand, ...]]:
    """The next state, and what to do, in order."""
    before = booth
    booth = _happen(_begun(_settled(booth, setting), setting), event, setting)
    booth, gone = _old(booth, setting)
    booth, record = _sending(booth, setting)
    kept = [KeepUrn(urn) for name, urn in booth.urns.items() if before.urns.get(name) is not urn]
    return booth, (*kept, *map(DropUrn, gone), *record)


def due(booth: Booth, setting: Setting) -> float:
    """The boot time at which a Tick is wanted; infinite when only events matter."""
    boot = setting.now.boot
    times = [min(booth.open.until, setting.watched)] if booth.open else []
    times += [booth.told_until] if booth.told else []
    for urn in booth.urns.values():
        if not urn.sent and not booth.sending:
            times.append(max(booth.again_at, boot + max(1.0, urn.ends - setting.earliest)))
    times += [boot + max(1.0, poll.begins - setting.earliest) for poll in _awaited(booth, setting).values()]
    return min(times, default=math.inf)


def takes(booth: Booth, text: str) -> bool:
    """Whether a code that is shown concerns the ballot: a slip or a card does, and while one is open everything else."""
    return booth.open is not None or bare(text) in CARDS or bare(text).startswith(PREFIX)


def _settled(booth: Booth, setting: Setting) -> Booth:
    """What time alone has ended."""
    now = setting.now.boot
    if booth.open and now >= min(booth.open.until, setting.watched):
        booth = replace(booth, open=None)
    return replace(booth, told="") if booth.told and now >= booth.told_until else booth


def _happen(booth: Booth, event: BallotEvent, setting: Setting) -> Booth:
    match event:
        case Shown(text):
            return _shown(booth, text, setting)
        case Cast(number) if booth.open and booth.open.number == number:
            return _cast(booth, booth.open, event)
        case Left(number) if booth.open and booth.open.number == number:
            return replace(booth, open=None)
        case Stored(urn):
            return replace(booth, safe={**booth.safe, urn.poll: urn})
        case Refuses(so):
            return replace(booth, refuses=so)
        case Committed() if booth.sending:
            return _emptied(booth)
        case CommitFailed():
            return replace(booth, sending="", again_at=setting.now.boot + AGAIN_AFTER)
        case Cast() | Left() | Committed() | Tick():
            return booth
        case _:
            assert_never(event)


def _shown(booth: Booth, text: str, setting: Setting) -> Booth:
    """A slip opens a ballot, or it is told why not; any other code only ends what was told before."""
    now = setting.now.boot
    if now >= setting.watched:
        return booth
    if (card := CARDS.get(bare(text))) is not None:
        return _card_shown(booth, card, now)
    if not bare(text).startswith(PREFIX):
        return replace(booth, told="")
    serial = serial_in(text)
    if booth.open and booth.open.serial == serial:
        return replace(booth, open=replace(booth.open, until=now + OPEN_FOR), told="")
    found = "slip_torn" if serial is None else _poll_of(booth, digest_of(serial), setting)
    if serial is None or found in TOLD:
        return replace(booth, told=found, told_until=now + TOLD_FOR)
    number = booth.number + 1
    return replace(booth, open=Open(number, found, serial, now + OPEN_FOR), number=number, told="")


def _card_shown(booth: Booth, card: int, now: float) -> Booth:
    if booth.open is None:
        return replace(booth, told="slip_first", told_until=now + TOLD_FOR)
    return replace(booth, open=replace(booth.open, cards=booth.open.cards + 1, card=card), told="")


def _poll_of(booth: Booth, digest: bytes, setting: Setting) -> str:
    """The id of the poll in which this slip gives a ballot here and now; else the word of TOLD for why it does not."""
    found = next((name for name, poll in setting.polls.items() if poll.heap_of(digest) is not None), None)
    if found is None:
        return "slip_unknown"
    poll, urn = setting.polls[found], booth.urns.get(found)
    if urn and _has(urn.burnt, digest):
        safe = booth.safe.get(found)
        return "slip_cast" if safe and _has(safe.burnt, digest) else "slip_wait"
    if not poll.is_held_at(setting.station):
        return "slip_elsewhere"
    if why := "slip_over" if booth.sending == found else _not_on(poll, setting):
        return why  # nothing is added to an urn that is on its way, whatever the clock says since
    if booth.open:
        return "slip_busy"
    if booth.refuses or urn is None or found not in booth.safe:
        return "slip_disk"
    return "slip_full" if len(urn.burnt) >= urn.most else found


def _not_on(poll: Poll, setting: Setting) -> str:
    """Why a poll takes no ballot now: it has provably ended, has provably not begun, or nobody here knows."""
    if setting.earliest >= poll.ends:
        return "slip_over"
    if setting.earliest >= poll.begins:
        return ""
    return "slip_early" if setting.clock.latest(setting.now.boot) < poll.begins else "slip_no_time"


def _cast(booth: Booth, ballot: Open, cast: Cast) -> Booth:
    urn = booth.urns[ballot.poll]
    burnt, ballots = _with(urn.burnt, digest_of(ballot.serial)), _with(urn.sealed, cast.sealed)
    remarks = _with(urn.remarks, cast.remark) if urn.remarked else ()
    urn = replace(urn, burnt=burnt, sealed=ballots, remarks=remarks, sent=False)
    return replace(booth, urns={**booth.urns, urn.poll: urn}, open=None)


def _begun(booth: Booth, setting: Setting) -> Booth:
    """With an urn for each poll that is on here, made before the first ballot, so that a disk that is full later takes it."""
    for name, poll in _awaited(booth, setting).items() if booth.keeps else ():
        if not _not_on(poll, setting):
            booth = replace(booth, urns={**booth.urns, name: urn_of(name, poll)})
    return booth


def urn_of(name: str, poll: Poll) -> Urn:
    """An empty one of the poll with this id."""
    most = MOST_WITH_REMARKS if poll.remarks else MOST
    return Urn(name, poll.ends, min(len(poll), most), remarked=bool(poll.remarks))


def _awaited(booth: Booth, setting: Setting) -> dict[str, Poll]:
    """The polls for which there is to be an urn, by their ids."""
    return {
        name: poll
        for name, poll in setting.polls.items()
        if name not in booth.urns and poll.is_held_at(setting.station) and setting.earliest < poll.ends
    }


def _sending(booth: Booth, setting: Setting) -> tuple[Booth, tuple[Record, ...]]:
    """The next urn whose poll is provably over; whoever is at a ballot may end it, and an urn is sent as it is on the disk."""
    boot, clock = setting.now.boot, setting.clock
    if booth.sending or booth.open or boot < booth.again_at:
        return booth, ()
    for name, urn in booth.urns.items():
        if not urn.sent and clock.proven(boot) >= urn.ends and booth.safe.get(name) == urn:
            stamp = Stamp(boot, clock.wall(setting.now), clock.quality(boot))
            return replace(booth, sending=name), (Record(tuple(entries_of(urn)), stamp, TICKET),)
    return booth, ()


def entries_of(urn: Urn) -> Iterator[Ballots]:
    """What the logbook is given of an urn: one entry at the least."""
    many = IN_AN_ENTRY_WITH_REMARKS if urn.remarked else IN_AN_ENTRY
    parts = max(1, -(-len(urn.sealed) // many))
    for part in range(parts):
        some = slice(part * many, (part + 1) * many)
        ballots, remarks = (tuple(map(sealed_text, each[some])) for each in (urn.sealed, urn.remarks))
        yield Ballots(urn.poll, part + 1, parts, ballots, remarks)


def _emptied(booth: Booth) -> Booth:
    urn = replace(booth.urns[booth.sending], sealed=(), remarks=(), sent=True)
    return replace(booth, urns={**booth.urns, urn.poll: urn}, sending="")


def _old(booth: Booth, setting: Setting) -> tuple[Booth, list[str]]:
    """Without the urns of polls that have been over for long, or were over before many others."""
    proven = setting.clock.proven(setting.now.boot)
    sent = sorted((urn for urn in booth.urns.values() if urn.sent), key=lambda urn: urn.ends, reverse=True)
    gone = [urn.poll for at, urn in enumerate(sent) if at >= MOST_SENT or proven >= urn.ends + KEPT]
    for name in gone:
        urns = {each: urn for each, urn in booth.urns.items() if each != name}
        booth = replace(booth, urns=urns, safe={each: urn for each, urn in booth.safe.items() if each != name})
    return booth, gone


def _has(found: tuple[bytes, ...], wanted: bytes) -> bool:
    at = bisect_left(found, wanted)
    return at < len(found) and found[at] == wanted


def _with(found: tuple[bytes, ...], new: bytes) -> tuple[bytes, ...]:
    """Sorted, as they are."""
    at = bisect_left(found, new)
    return (*found[:at], new, *found[at:])
