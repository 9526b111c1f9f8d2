"""When to send what: the sync's rules, as `step(state, event, now) -> (state, commands)` like the station's.

Two streams, access first. One batch is in flight at a time, so an answer always belongs to the batch that was sent. The
server's mark is the truth: after a gap we go on where it says. A batch that is too large is halved; one that fails is sent
again after a while that doubles from FIRST_WAIT to `cap`, with full jitter above the half, also at the cap, so that a fleet
does not come back as a herd.
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
TELEMETRY_WITHIN: Final = 30.0


class Waiting(Struct, frozen=True):
    """A stream: its newest number, the server's mark, and since when something waits (infinite: nothing does)."""

    newest: int = 0
    acked: int = 0
    since: float = math.inf


class Outbox(Struct, frozen=True):
    """`random` is a number in [0, 1) made anew by the caller for each event: the only chance in here."""

    streams: dict[Stream, Waiting]
    cap: float = 900.0
    telemetry_within: float = TELEMETRY_WITHIN
    limit: int = LARGEST_BATCH
    in_flight: Stream | None = None
    failures: int = 0
    not_before: float = -math.inf
    online: bool | None = None


class Grew(Struct, frozen=True):
    """The logbook has entries up to `newest`; the server has acknowledged up to `acked`, as far as the logbook knows."""

    stream: Stream
    newest: int
    acked: int


class Acknowledged(Struct, frozen=True):
    """The server holds everything up to `acked`."""

    acked: int


class Gap(Struct, frozen=True):
    """The server wants number `expected` next."""

    expected: int


class TooLarge(Struct, frozen=True):
    """The server does not take a batch of this size."""


class Failed(Struct, frozen=True):
    """No usable answer; `retry_after` in seconds is the server's wish, if it had one."""

    retry_after: float = 0.0


class Woke(Struct, frozen=True):
    """Time passed."""


OutboxEvent = Grew | Acknowledged | Gap | TooLarge | Failed | Woke


class Send(Struct, frozen=True):
    """Send the entries of `stream` after number `after`, `limit` at the most."""

    stream: Stream
    after: int
    limit: int


class Mark(Struct, frozen=True):
    """Tell the station that the server holds `stream` up to `acked`."""

    stream: Stream
    acked: int


class Online(Struct, frozen=True):
    """The server can be reached, or no longer can: told once each time."""

    online: bool


OutboxCommand = Send | Mark | Online


def step(box: Outbox, event: OutboxEvent, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """The next state and what to do, in order."""
    box, commands = _happen(box, event, now, random)
    box, more = _next(box, now)
    return box, (*commands, *more)


def back_off(failures: int, cap: float, random: float, retry_after: float = 0.0) -> float:
    """Seconds to wait after so many failures before this one; never less than the server asked for."""
    wait: float = min(cap, FIRST_WAIT * 2 ** min(failures, 30))
    return max(wait * (0.5 + random / 2), min(retry_after, LONGEST_RETRY_AFTER))


def due(box: Outbox) -> float:
    """When a Woke is wanted; infinite while a batch is in flight or nothing waits."""
    if box.in_flight is not None:
        return math.inf
    times = [_send_at(box, stream) for stream in box.streams]
    return max(min(times, default=math.inf), box.not_before)


def _happen(box: Outbox, event: OutboxEvent, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    match event:
        case Grew(stream, newest, acked):
            return _grew(box, stream, newest, acked, now), ()
        case Acknowledged(acked):
            return _acknowledged(box, acked, now)
        case Gap(expected):
            return _acknowledged(box, expected - 1, now)
        case TooLarge():
            return replace(box, in_flight=None, limit=max(1, box.limit // 2)), ()
        case Failed(retry_after):
            return _failed(box, retry_after, now, random)
        case Woke():
            return box, ()
        case _:
            assert_never(event)


def _grew(box: Outbox, stream: Stream, newest: int, acked: int, now: float) -> Outbox:
    known = box.streams.get(stream, Waiting())
    acked = max(known.acked, acked)
    since = min(known.since, now) if newest > acked else math.inf
    return _put(box, stream, Waiting(newest, acked, since))


def _acknowledged(box: Outbox, acked: int, now: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    """A mark beyond what was ever made is a server's mistake and is cut; one that went back means: send again from there."""
    stream = box.in_flight
    if stream is None:
        return box, ()
    known = box.streams[stream]
    acked = max(0, min(acked, known.newest))
    told: tuple[OutboxCommand, ...] = (Mark(stream, acked),) if acked > known.acked else ()
    since = now if acked < known.newest else math.inf
    box = _put(box, stream, Waiting(known.newest, acked, since))
    reached = () if box.online else (Online(online=True),)
    limit = min(LARGEST_BATCH, box.limit * 2)
    return replace(box, in_flight=None, failures=0, online=True, limit=limit), (*reached, *told)


def _failed(box: Outbox, retry_after: float, now: float, random: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    wait = back_off(box.failures, box.cap, random, retry_after)
    lost = (Online(online=False),) if box.online is not False else ()
    return replace(box, in_flight=None, failures=box.failures + 1, not_before=now + wait, online=False), lost


def _next(box: Outbox, now: float) -> tuple[Outbox, tuple[OutboxCommand, ...]]:
    if box.in_flight is not None or now < box.not_before:
        return box, ()
    for stream in ("access", "telemetry"):
        if stream in box.streams and _send_at(box, stream) <= now:
            send = Send(stream, box.streams[stream].acked, box.limit)
            return replace(box, in_flight=stream), (send,)
    return box, ()


def _send_at(box: Outbox, stream: Stream) -> float:
    """Access at once; telemetry when a batch is full or has waited long enough."""
    known = box.streams[stream]
    full = known.newest - known.acked >= box.limit
    wait = 0.0 if stream == "access" or full else box.telemetry_within
    return known.since + wait


def _put(box: Outbox, stream: Stream, known: Waiting) -> Outbox:
    return replace(box, streams={**box.streams, stream: known})
