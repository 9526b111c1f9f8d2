"""Whether a release of a medicine holds, here and now, and whether its slot gives anything out: what needs no memory of others.

The key and what it may release, the station, the time (which must be proven, as of a command), what lies in the slot, until
when it is good, and how it was kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from kiosk.core.clock import Clock, Instant, provably_ahead
from kiosk.core.desk.rounds import over_at
from kiosk.core.desk.shelves import Shelf, Slot, well_kept
from kiosk.trust.medicine import Medicine
from kiosk.trust.outcomes import Outcome
from kiosk.trust.service import HospitalKey


class Setting(Struct, frozen=True):
    """Where and when: the station's code, hospitals' keys by their names, the slots, clock and now.

    `offset`: local time less UTC, in seconds; `writes`: the disk took what it was given last.
    """

    station: str
    keys: Mapping[bytes, HospitalKey]
    slots: Mapping[str, Slot]
    clock: Clock
    now: Instant
    boot_id: str = ""
    offset: int = 0
    writes: bool = True


def holds_not(medicine: Medicine, setting: Setting) -> Outcome | None:
    """Why a release that a key has signed does not hold here and now; None where it does."""
    return _not_here(medicine, setting) or _not_in_time(medicine, setting)


def gives_not(medicine: Medicine, shelf: Shelf | None, setting: Setting) -> Outcome | None:
    """Why its slot gives nothing out; `shelf`: what lies there."""
    slot = setting.slots.get(medicine.slot)
    clock, boot = setting.clock, setting.now.boot
    if slot is None:
        return Outcome.NO_SLOT
    if shelf is None or shelf.item != medicine.item or shelf.count < 1:
        return Outcome.EMPTY
    if shelf.month and clock.latest(boot) >= over_at(shelf.month, setting.offset):
        return Outcome.OUT_OF_DATE
    if not well_kept(shelf, slot, boot):
        return Outcome.KEPT_TOO_WARM
    return None if slot.opens else Outcome.NOT_NOW


def wrong(shelf: Shelf, clock: Clock, boot: float, offset: int) -> str:
    """Why somebody has to take out what lies there: a word of WRONG; empty while it is good as far as anybody knows."""
    if not shelf.count:
        return ""
    if shelf.spoiled:
        return "spoiled"
    return "over" if shelf.month and clock.earliest(boot) >= over_at(shelf.month, offset) else ""


def _not_here(medicine: Medicine, setting: Setting) -> Outcome | None:
    key = setting.keys.get(medicine.kid)
    if key is None:
        return Outcome.UNKNOWN_KEY
    if medicine.item not in key.items:
        return Outcome.NOT_ITS_ITEM
    return None if medicine.station == setting.station else Outcome.WRONG_STATION


def _not_in_time(medicine: Medicine, setting: Setting) -> Outcome | None:
    clock, boot = setting.clock, setting.now.boot
    if clock.earliest(boot) > medicine.expires:
        return Outcome.EXPIRED
    if provably_ahead(clock, medicine.issued_at, boot):
        return Outcome.AHEAD
    return Outcome.NO_TIME if clock.latest(boot) > medicine.expires else None
