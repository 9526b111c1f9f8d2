"""What the writer is asked to do beside entries, and what a later job or entry makes of one before it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.desk import stock
from kiosk.core.desk.handing import Forget, KeepMarks
from kiosk.core.entries import Entry, Stream
from kiosk.core.events import CommitFailed, Committed, Faulted, Keep, KeepFloor, KeepService, Record, ServicesLost


class Acked(Struct, frozen=True):
    """The server holds `stream` up to `seq`, but for what it refused and why; what is older than `forget_before` may go."""

    stream: Stream
    seq: int
    forget_before: float
    refused: dict[int, str] = {}


class AckedSurvivors(Struct, frozen=True):
    """The server holds `stream` of a broken logbook's survivors up to `seq`."""

    epoch: str
    stream: Stream
    seq: int


class NewEpoch(Struct, frozen=True):
    """The server holds other facts under `epoch`, from `seq` of `stream` on: what it lacks of ours goes on under a new one."""

    epoch: str
    stream: Stream
    seq: int


class Flush(Struct, frozen=True):
    """Write what waits for its group."""


Other = Keep | KeepService | KeepFloor | Acked | AckedSurvivors | NewEpoch | KeepMarks | Forget
Job = Record | Other | Flush
Answer = Committed | CommitFailed | Faulted | ServicesLost

MARKS: Final = (KeepMarks.__name__,)
"""The key of the one that waits."""

OF_MARKS: Final = (KeepMarks, Forget)
"""Done in their order, behind every entry: what one says counts once, and of what is to be forgotten nothing is left."""


def key_of(job: Other) -> tuple[str, ...]:
    """What a later job of the same key takes the place of."""
    match job:
        case Keep(kind):
            return "keep", kind
        case KeepService(name):
            return "service", name
        case Acked(stream):
            return "acked", stream
        case AckedSurvivors(epoch, stream):
            return "survivors", epoch, stream
        case Forget(campaign, period):
            return "forget", campaign, period or ""
        case _:
            return (type(job).__name__,)


def newer(before: Other | None, job: Other) -> Other:
    """The later job, with what the one before would have done: set aside what the server refused, raise or lower the floor."""
    match before, job:
        case Acked(), Acked():
            return replace(job, refused={**before.refused, **job.refused})
        case KeepFloor(floor, lowered), KeepFloor(lowered=False):
            return KeepFloor(max(floor, job.floor), lowered)
        case _:
            return job


def behind(job: KeepMarks, entries: Iterable[Entry]) -> KeepMarks:
    """The same, to be done after these entries, which came later; what came before is counted in already."""
    return replace(job, stock=reduce(stock.after, entries, job.stock))
