"""When to send what: the sync's rules, as `step(state, event, now) -> (state, commands)` like the station's.

The streams go in their order. One batch is in flight at a time, so an answer always belongs to the batch that was sent. The
server's mark is the truth: after a gap, or after a backup was restored there, we go on where it says. A batch that the server
does not take is halved down to the one entry that it does not take, which is set aside. One that fails is sent again after a
while that doubles from FIRST_WAIT to `cap`, with full jitter above the half, also at the cap, so that a fleet does not come
back as a herd; so is one whose answer brings nothing forward, whatever the answer says.

A batch that takes too long for the road is halved, too, and what the road bore is exceeded by little at a time. After anything
but an answer nobody knows whether the server has the batch: so a single entry goes first, whose answer brings the mark.
"""

from __future__ import annotations

import math
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import Stream

FIRST_WAIT: Final = 2.0
LONGEST_RETRY_AFTER: Final = 3600.0
LARGEST_BATCH: Final = 500
GROWTH: Final = 16
"""By this part of itself the bound of what the road bears grows with each batch that arrives."""

EPOCH_EVERY: Final = 3600.0
"""Seconds between two new epochs: no server makes a station begin one after the other."""

TELEMETRY_WITHIN: Final = 30.0


class Waiting(Struct, frozen=True):
    """A stream: its newest number, the server's mark, and since when something waits (infinite: nothing does).

    `answered`: the mark is the server's own word, and no longer what the logbook remembers of it. `sent`: the highest number
    that went out; a mark beyond it is of somebody else's entries, whose card this one was copied from.
    """

    newest: int = 0
    acked: int = 0
    since: float = math.inf
    answered: bool = False
    sent: int = 0


class Withheld(Struct, frozen=True):
    """An entry that the server took in no batch: its number is told as one that will never come."""

    stream: Stream
    seq: int
    why: str


class Outbox(Struct, frozen=True):
    """`gap`: the last answer was a gap. `bears`: so many entries a batch the road bears; `asking`: a single one goes first."""

    streams: dict[Stream, Waiting]
    cap: float = 900.0
    telemetry_within: float = TELEMETRY_WITHIN
    limit: int = LARGEST_BATCH
    bears: int = LARGEST_BATCH
    asking: bool = False
    in_flight: Stream | None = None
    withheld: Withheld | None = None
    gap: bool = False
    failures: int = 0
    not_before: float = -math.inf
    no_epoch_before: float = -math.inf
    online: bool | None = None


class Grew(Struct, frozen=True):
    """The logbook has entries up to `newest`; the server has acknowledged up to `acked`, as far as the logbook knows."""

    stream: Stream
    newest: int
    acked: int


class Refusal(Struct, frozen=True):
    """An entry that the server does not take, and why."""

    seq: int
    why: str


class Acknowledged(Struct, frozen=True):
    """The server holds everything up to `acked`, but for the entries in `refused`."""

    acked: int
    refused: tuple[Refusal, ...] = ()


class Gap(Struct, frozen=True):
    """The server wants number `expected` next."""

    expected: int


class Conflict(Struct, frozen=True):
    """The server holds other facts under our numbers, from `expected` on."""

    expected: int


class NotTaken(Struct, frozen=True):
    """The server does not take this batch of `sent` numbers: it is too large, or an entry in it is not to its liking."""

    why: str
    sent: int = LARGEST_BATCH


class TookTooLong(Struct, frozen=True):
    """There was somebody at the other end, and no answer in time to this batch of `sent` numbers."""

    sent: int = LARGEST_BATCH


class Failed(Struct, frozen=True):
    """No usable answer; `retry_after` in seconds is the server's wish, if it had one."""

    retry_after: float = 0.0


class Woke(Struct, frozen=True):
    """Time passed."""


OutboxEvent = Grew | Acknowledged | Gap | Conflict | NotTaken | TookTooLong | Failed | Woke


class Send(Struct, frozen=True):
    """Send the entries of `stream` after number `after`, `limit` at the most; `withhold`: the number alone, as a tombstone."""

    stream: Stream
    after: int
    limit: int
    withhold: bool = False


class Mark(Struct, frozen=True):
    """Tell the station that the server holds `stream` up to `acked`, but for what it refused."""

    stream: Stream
    acked: int
    refused: tuple[Refusal, ...] = ()


class Begin(Struct, frozen=True):
    """Begin a new epoch, in which the entries of `stream` from number `seq` on go out."""

    stream: Stream
    seq: int


class Online(Struct, frozen=True):
    """The server can be reached, or no longer can: told once each time."""

    online: bool


OutboxCommand = Send | Mark | Begin | Online


def step(box: Outbox, event: OutboxEvent, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """The next state and what to do, in order; `random` is a new number in [0, 1) each time: the only chance in here."""
    box, commands = happen(box, event, now, random)
    box, more = pick(box, now)
    return box, (*commands, *more)


def back_off(failures: int, cap: float, random: float, retry_after: float = 0.0) -> float:
    """Seconds to wait after so many failures before this one; never less than the server asked for."""
    wait: float = min(cap, FIRST_WAIT * 2 ** min(failures, 30))
    return max(wait * (0.5 + random / 2), min(retry_after, LONGEST_RETRY_AFTER))


def renewed(box: Outbox) -> Outbox:
    """For the next connection to the station: of the streams nothing is known, of the road and the server's wishes all."""
    streams = {stream: Waiting() for stream in box.streams}
    return replace(box, streams=streams, in_flight=None, withheld=None, gap=False, online=None)


def due(box: Outbox) -> float:
    """When a Woke is wanted; infinite while a batch is in flight or nothing waits."""
    if box.in_flight is not None:
        return math.inf
    times = [_send_at(box, stream) for stream in box.streams]
    return max(min(times, default=math.inf), box.not_before)


def happen(box: Outbox, event: OutboxEvent, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """The first half of a step: what an event changes."""
    match event:
        case Grew(stream, newest, acked):
            return _grew(box, stream, newest, acked, now), ()
        case Acknowledged(acked, refused):
            return _acknowledged(box, acked, refused, now, random)
        case Gap(expected):
            return _gap(box, expected, now, random)
        case Conflict(expected):
            return _conflict(box, expected, now, random)
        case NotTaken(why, sent):
            return _not_taken(box, why, sent, now, random)
        case TookTooLong(sent):
            return _took_too_long(box, sent, now, random)
        case Failed(retry_after):
            return _failed(box, retry_after, now, random)
        case Woke():
            return box, ()
        case _:
            assert_never(event)


def _grew(box: Outbox, stream: Stream, newest: int, acked: int, now: float) -> Outbox:
    known = box.streams.get(stream, Waiting())
    acked = known.acked if known.answered else acked
    since = min(known.since, now) if newest > acked else math.inf
    return _put(box, stream, replace(known, newest=newest, acked=acked, since=since))


def _acknowledged(
    box: Outbox, acked: int, refused: tuple[Refusal, ...], now: float, random: float
) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    stream = box.in_flight
    if stream is None:
        return box, ()
    before, asked = box.streams[stream].acked, box.asking
    withheld = _withheld(box, stream)
    if withheld and acked > before:
        refused = (*refused, Refusal(withheld.seq, withheld.why))
    box, told = _moved(box, stream, acked, refused, now)
    if acked <= before:  # it went nowhere, or back
        return _later(box, now, random), told
    failures = box.failures if withheld else 0  # a server that takes no entry at all empties no logbook in a hurry
    bears = min(LARGEST_BATCH, box.bears + max(1, box.bears // GROWTH))
    limit = box.limit if asked else min(bears, box.limit * 2)
    kept = None if withheld else box.withheld
    return replace(box, withheld=kept, gap=False, failures=failures, limit=limit, bears=bears), told


def _gap(box: Outbox, expected: int, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """Go on where the server is; at once if this is the first gap, and if it is one."""
    stream = box.in_flight
    if stream is None:
        return box, ()
    senseless = box.gap or box.streams[stream].acked == expected - 1
    box, told = _moved(box, stream, expected - 1, (), now)
    box = replace(box, gap=True, withheld=None)
    return (_later(box, now, random) if senseless else box), told


def _conflict(box: Outbox, expected: int, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """A new epoch, where that can be and none was begun lately; else it is no answer."""
    stream = box.in_flight
    if stream is None:
        return box, ()
    known = box.streams[stream]
    if not known.acked < expected <= known.newest or now < box.no_epoch_before:
        return _failed(box, 0.0, now, random)
    box, told = _moved(box, stream, expected - 1, (), now)
    box = replace(_later(box, now, random), no_epoch_before=now + EPOCH_EVERY, withheld=None)
    return box, (*told, Begin(stream, expected))


def _moved(
    box: Outbox, stream: Stream, acked: int, refused: tuple[Refusal, ...], now: float
) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """The server has answered with its mark; one beyond what was ever sent says nothing of ours, and is cut."""
    known = box.streams[stream]
    acked = max(0, min(acked, known.sent))
    told: tuple[OutboxCommand, ...] = (Mark(stream, acked, refused),) if acked != known.acked or refused else ()
    since = now if acked < known.newest else math.inf
    reached = () if box.online else (Online(online=True),)
    box = _put(box, stream, Waiting(known.newest, acked, since, answered=True, sent=known.sent))
    return replace(box, in_flight=None, online=True, asking=False), (*reached, *told)


def _not_taken(box: Outbox, why: str, sent: int, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """Halve; withhold the last one, but not before a while, and only if the server takes the number without it."""
    stream = box.in_flight
    if stream is None:
        return box, ()
    withheld = _withheld(box, stream)
    if sent > 1 and box.limit > 1 and not withheld and not box.asking:
        return replace(box, in_flight=None, limit=_half(box, sent)), ()
    last = None if withheld else Withheld(stream, box.streams[stream].acked + 1, why)
    return replace(_later(box, now, random), in_flight=None, withheld=last), ()


def _took_too_long(box: Outbox, sent: int, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """Halve, and ask at once what the server has; if not even that is answered, there is nobody."""
    if box.in_flight is None:
        return box, ()
    if box.asking or sent <= 1:
        return _failed(box, 0.0, now, random)
    half = _half(box, sent)
    return replace(box, in_flight=None, limit=half, bears=half, asking=True), ()


def _half(box: Outbox, sent: int) -> int:
    """Half of what went out, which may have been fewer entries than the limit allows."""
    return max(1, min(box.limit, sent) // 2)


def _failed(box: Outbox, retry_after: float, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    lost = (Online(online=False),) if box.online is not False else ()
    return replace(_later(box, now, random, retry_after), in_flight=None, online=False, asking=True), lost


def _later(box: Outbox, now: float, random: float, retry_after: float = 0.0) -> Outbox:
    wait = back_off(box.failures, box.cap, random, retry_after)
    return replace(box, failures=box.failures + 1, not_before=now + wait)


def pick(box: Outbox, now: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """The second half: the next batch, if one is due."""
    if box.in_flight is not None or now < box.not_before:
        return box, ()
    for stream in box.streams:
        if _send_at(box, stream) <= now:
            limit = 1 if box.asking else box.limit
            send = Send(stream, box.streams[stream].acked, limit, withhold=_withheld(box, stream) is not None)
            known = box.streams[stream]
            sent = max(known.sent, min(known.acked + limit, known.newest))
            return replace(_put(box, stream, replace(known, sent=sent)), in_flight=stream), (send,)
    return box, ()


def _withheld(box: Outbox, stream: Stream) -> Withheld | None:
    """What is withheld of the batch that comes next in this stream, or is in flight."""
    found = box.withheld
    return found if found and (found.stream, found.seq) == (stream, box.streams[stream].acked + 1) else None


def _send_at(box: Outbox, stream: Stream) -> float:
    """At once; telemetry when a batch is full or has waited long enough."""
    known = box.streams[stream]
    full = known.newest - known.acked >= box.limit
    wait = box.telemetry_within if stream == "telemetry" and not full else 0.0
    return known.since + wait


def _put(box: Outbox, stream: Stream, known: Waiting) -> Outbox:
    return replace(box, streams={**box.streams, stream: known})
