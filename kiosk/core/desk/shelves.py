"""What lies in the slots of a cabinet, and how it has been kept since a steward put it there.

A slot whose settings name a sensor and what it `keeps` is watched. What was outside of that once, or was not measured for more
than SILENT_FOR, is not given out any more, whatever is measured later: nobody knows what it is worth. It counts as silent, too,
while the Pi is off, but as far as the contrary can be proven: by the clock of one boot, or by times that an answer to a nonce
has bounded on both sides. A new filling begins anew.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import DRIFT, Clock

SILENT_FOR: Final = 600.0
"""Seconds: a restart, an update, a thermometer that misses some readings; a closed box warms more slowly."""

KEPT_EVERY: Final = 240.0
"""Seconds after which it is stored anew that all is well: what a power cut takes from SILENT_FOR."""

MOST: Final = 64
"""Slots that are watched."""


class Slot(Struct, frozen=True):
    """A slot as it is now: whether it can be opened (`opens`), and whether it is.

    `value`: what its sensor says (None: nothing), and at which boot time it said that (`heard_at`).
    """

    opens: bool = True
    keeps: tuple[float, float] | None = None
    value: float | None = None
    heard_at: float = 0.0
    is_open: bool = False

    @property
    def cold(self) -> bool:
        """Whether it is now between what it is to keep."""
        return self.keeps is None or (self.value is not None and self.keeps[0] <= self.value <= self.keeps[1])


class Good(Struct, frozen=True):
    """When all was well last: in which boot, at which boot time, and no earlier than `proven`, in seconds since 1970."""

    boot_id: str
    boot: float
    proven: float = 0.0


class Shelf(Struct, frozen=True):
    """What lies in a slot: `count` of an item, good until the end of `month`. `good`: by the sensor's last word.

    `spoiled`: it was too warm, too cold, or nobody knows. `before`: of an earlier boot, until it is proven how long that was
    before `first`, when the sensor was heard again.
    """

    item: str
    count: int
    month: str = ""
    good: Good | None = None
    spoiled: bool = False
    before: Good | None = None
    first: float = 0.0


def filled(before: Shelf | None, item: str, count: int, month: str, now: Good) -> Shelf:
    """A steward has put that there now: beside what is still good of the same, else in the place of what there was.

    Of two months the earlier one counts, and how it was kept counts from the first of them on.
    """
    if before is None or before.item != item or before.spoiled or not before.count:
        return Shelf(item, count, month, now)
    months = [each for each in (before.month, month) if each]
    return replace(before, count=before.count + count, month=min(months, default=""))


def restored(shelf: Shelf, boot_id: str) -> Shelf:
    """As it is at a start: the watch goes on within a boot, and waits for a proof after another."""
    if shelf.good is None or shelf.good.boot_id == boot_id:
        return shelf
    return replace(shelf, good=None, before=shelf.good)


def looked(shelf: Shelf, slot: Slot, boot_id: str, clock: Clock, now: float) -> Shelf:
    """What the slot's sensor says of it at boot time `now`."""
    if slot.keeps is None or shelf.spoiled:
        return shelf
    before = shelf.good.boot if shelf.good else now
    newest = max(before, slot.heard_at) if slot.cold else before
    silent = newest - before > SILENT_FOR or now - newest > SILENT_FOR
    if silent or (slot.value is not None and not slot.cold):
        return replace(shelf, spoiled=True, before=None)
    if slot.cold and (shelf.good is None or newest > before):
        first = slot.heard_at if shelf.good is None else shelf.first
        shelf = replace(shelf, good=Good(boot_id, slot.heard_at, clock.proven(slot.heard_at)), first=first)
    return _proven(shelf, clock, now)


def well_kept(shelf: Shelf, slot: Slot, now: float) -> bool:
    """Whether it has provably been kept as it must be, from the filling until now."""
    if slot.keeps is None:
        return True
    known = shelf.good is not None and shelf.before is None and now - shelf.good.boot <= SILENT_FOR
    return known and slot.cold and not shelf.spoiled


def is_news(shelf: Shelf, stored: Shelf | None) -> bool:
    """Whether it is to be stored, as :func:`kept` has it; that all is still well is no news for a while."""
    if stored is None or replace(shelf, good=None) != replace(stored, good=None):
        return True
    if shelf.good is None or stored.good is None or shelf.good.boot_id != stored.good.boot_id:
        return shelf.good != stored.good
    return shelf.good.boot - stored.good.boot >= KEPT_EVERY


def kept(shelf: Shelf) -> Shelf:
    """As it is stored: what waits for a proof counts from then on, and not from now."""
    return replace(shelf, good=shelf.before or shelf.good, before=None, first=0.0)


def _proven(shelf: Shelf, clock: Clock, now: float) -> Shelf:
    """With a judgement on the time between two boots, once the time is known on both sides."""
    if shelf.before is None or shelf.good is None or clock.proven(now) == 0.0:
        return shelf
    latest = clock.latest(now) - (now - shelf.first) * (1 - DRIFT)
    return replace(shelf, spoiled=latest - shelf.before.proven > SILENT_FOR, before=None, first=0.0)
