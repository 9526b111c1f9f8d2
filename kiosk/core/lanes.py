"""Two outboxes in turn: what becomes of one is nothing to the other.

One holds what every server takes (*owed*: access, then telemetry), the other `services`, which an older server does not know. A
batch is in flight at a time, and after its answer the other lane comes first: so neither waits for more than one batch of the
other. A server that does not know `services`, or takes not even a number of it alone, is asked again after a day; nothing is
lost meanwhile, and nothing else rests.

They share what is the server's and not a batch's: the time for which it asks to be left alone, and how soon a new epoch may
follow another. Whether the server is reached is told by what every server takes.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core import outbox
from kiosk.core.entries import Stream
from kiosk.core.outbox import (
    EPOCH_EVERY,
    LONGEST_RETRY_AFTER,
    Begin,
    Failed,
    Grew,
    NotTaken,
    Online,
    Outbox,
    OutboxCommand,
    OutboxEvent,
    Waiting,
    Woke,
)

REST: Final = 86_400.0
"""Seconds until a server that did not know `services` is asked again."""

Lane = Literal["owed", "services"]
OTHER: Final[dict[Lane, Lane]] = {"owed": "services", "services": "owed"}


class UnknownStream(Struct, frozen=True):
    """The server does not know the stream of the batch in flight."""


class Rests(Struct, frozen=True):
    """Tell the station that `services` rests until that boot time, since the server does not know it."""

    until: float


class Lanes(Struct, frozen=True):
    """Both outboxes, and until when `services` rests."""

    owed: Outbox
    services: Outbox
    rests_until: float = -math.inf


LanesEvent = OutboxEvent | UnknownStream
LanesCommand = OutboxCommand | Rests


def begin(cap: float = 900.0, telemetry_within: float = outbox.TELEMETRY_WITHIN) -> Lanes:
    """Lanes that know nothing yet."""
    owed: dict[Stream, Waiting] = {"access": Waiting(), "telemetry": Waiting()}
    services: dict[Stream, Waiting] = {"services": Waiting()}
    return Lanes(Outbox(owed, cap=cap, telemetry_within=telemetry_within), Outbox(services, cap=cap))


def renewed(lanes: Lanes) -> Lanes:
    """For the next connection to the station, as of an outbox."""
    return replace(lanes, owed=outbox.renewed(lanes.owed), services=outbox.renewed(lanes.services))


def newest(lanes: Lanes, stream: Stream) -> int:
    """The stream's newest number, as far as it was told."""
    return _box(lanes, _lane_of(stream)).streams[stream].newest


def due(lanes: Lanes) -> float:
    """When a Woke is wanted; infinite while a batch is in flight or nothing waits."""
    return math.inf if _in_flight(lanes) else min(outbox.due(lanes.owed), outbox.due(lanes.services))


def only_rests(lanes: Lanes, now: float) -> bool:
    """Whether nothing is left to do but to wait until `services` has rested."""
    return lanes.rests_until > now and not _in_flight(lanes) and outbox.due(lanes.owed) == math.inf


def step(lanes: Lanes, event: LanesEvent, now: float, random: float) -> tuple[Lanes, tuple[LanesCommand, ...]]:
    """The next state and what to do, in order; `random` is a new number in [0, 1) each time."""
    lane = _lane_of(event.stream) if isinstance(event, Grew) else _in_flight(lanes)
    if lane is None or isinstance(event, Woke):
        return _next(lanes, "owed", now)
    answered = not isinstance(event, Grew)
    lanes, commands = _happen(lanes, lane, event, now, random)
    lanes, more = _next(lanes, OTHER[lane] if answered else "owed", now)
    return lanes, (*commands, *more)


def _happen(
    lanes: Lanes, lane: Lane, event: LanesEvent, now: float, random: float
) -> tuple[Lanes, tuple[LanesCommand, ...]]:
    box = _box(lanes, lane)
    if lane == "services" and _is_unknown(box, event):
        until = now + REST
        rests = replace(box, in_flight=None, withheld=None, not_before=until)
        return replace(lanes, services=rests, rests_until=until), (Rests(until),)
    if isinstance(event, UnknownStream):
        event = Failed()  # no server may be without the others
    box, commands = outbox.happen(box, event, now, random)
    lanes = _share(_put(lanes, lane, box), OTHER[lane], event, commands, now)
    return lanes, tuple(each for each in commands if lane == "owed" or not isinstance(each, Online))


def _is_unknown(box: Outbox, event: LanesEvent) -> bool:
    """A server that takes not even a number without its entry has no place for the stream either."""
    return isinstance(event, UnknownStream) or (isinstance(event, NotTaken) and box.withheld is not None)


def _share(lanes: Lanes, other: Lane, event: OutboxEvent, commands: tuple[OutboxCommand, ...], now: float) -> Lanes:
    """What the server said of itself holds for the other lane, too."""
    box = _box(lanes, other)
    if isinstance(event, Failed) and event.retry_after > 0:
        wait = min(event.retry_after, LONGEST_RETRY_AFTER)
        box = replace(box, not_before=max(box.not_before, now + wait))
    if any(isinstance(each, Begin) for each in commands):
        box = replace(box, no_epoch_before=now + EPOCH_EVERY)
    return _put(lanes, other, box)


def _next(lanes: Lanes, first: Lane, now: float) -> tuple[Lanes, tuple[OutboxCommand, ...]]:
    """The next batch, of that lane if it has one that is due."""
    if _in_flight(lanes):
        return lanes, ()
    for lane in (first, OTHER[first]):
        box, commands = outbox.pick(_box(lanes, lane), now)
        if commands:
            return _put(lanes, lane, box), commands
    return lanes, ()


def _in_flight(lanes: Lanes) -> Lane | None:
    return "owed" if lanes.owed.in_flight else "services" if lanes.services.in_flight else None


def _lane_of(stream: Stream) -> Lane:
    return "services" if stream == "services" else "owed"


def _box(lanes: Lanes, lane: Lane) -> Outbox:
    return lanes.services if lane == "services" else lanes.owed


def _put(lanes: Lanes, lane: Lane, box: Outbox) -> Lanes:
    return replace(lanes, services=box) if lane == "services" else replace(lanes, owed=box)
