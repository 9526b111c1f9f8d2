"""A recording of what happened to a station, and its replay: since step is pure, the same events give the same commands."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from kiosk.core.clock import Instant
from kiosk.core.events import Command, Event
from kiosk.core.state import State
from kiosk.core.step import step


class Happened(Struct, frozen=True):
    """An event as the station took it, when, and the :func:`digest` of the commands that followed."""

    boot: float
    wall: float
    event: Event
    digest: int


class Recording(Struct, frozen=True):
    """The state before the first event, and the events in order, of the version and the boot that made it."""

    version: str
    boot_id: str
    state: State
    happened: tuple[Happened, ...]


class Replayed(Struct, frozen=True):
    """An event, what follows from it now, and whether that is what followed then."""

    happened: Happened
    commands: tuple[Command, ...]
    same: bool


class NotARecording(Exception):
    """These bytes are no recording that this version can read; the text says why."""


def digest(commands: tuple[Command, ...]) -> int:
    """CRC-32 of the commands: enough to tell a difference, and nothing of what they held."""
    return zlib.crc32(msgspec.msgpack.encode(commands))


def read_recording(data: bytes) -> Recording:
    """The recording in these bytes. Raises NotARecording."""
    try:
        return msgspec.msgpack.decode(data, type=Recording)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotARecording(str(error)) from error


def replay(recording: Recording) -> Iterator[Replayed]:
    """Run the events through step again."""
    state = recording.state
    for happened in recording.happened:
        state, commands = step(state, happened.event, Instant(happened.boot, happened.wall))
        yield Replayed(happened, commands, digest(commands) == happened.digest)
