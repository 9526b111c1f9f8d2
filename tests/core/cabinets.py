"""Test support: a cabinet in virtual time: a hospital that signs, a sensor, a logbook, and a disk that a power cut leaves."""

from __future__ import annotations

import math
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.cabinet import (
    TICKET,
    Cabinet,
    CabinetEvent,
    Heard,
    KeepShelves,
    OpenSlot,
    PassShown,
    Shown,
    restored,
    step,
    used_in,
)
from kiosk.core.desk.judging import Setting
from kiosk.core.desk.shelves import Shelf, Slot
from kiosk.core.entries import Entry, Released
from kiosk.core.events import CommitFailed, Committed, Record, Tick
from kiosk.trust.keyset import key_id
from kiosk.trust.medicine import Medicine, make_medicine
from kiosk.trust.service import HospitalKey

NOW = 1_900_000_000
BOOT = 1000.0
STATION = "37081101"
SLOT = "cabinet1"
ITEM = "ibuprofen"
COLD = (2.0, 8.0)
OFFSET = 8 * 3600


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(of: Ed25519PrivateKey) -> bytes:
    return of.public_key().public_bytes_raw()


def name(of: Ed25519PrivateKey) -> bytes:
    return key_id(public(of))


HOSPITAL, FOREIGN = key(1), key(2)
KEYS = {name(HOSPITAL): HospitalKey(name(HOSPITAL), public(HOSPITAL), (ITEM, "insulin"))}


def medicine(number: int = 1, **changes: object) -> Medicine:
    said = Medicine(STATION, SLOT, ITEM, bytes([number]) * 16, 7, NOW, NOW + 600)
    return replace(said, **changes)


def release(number: int = 1, signer: Ed25519PrivateKey = HOSPITAL, **changes: object) -> str:
    return make_medicine(medicine(number, **changes), signer, name(signer))


class Room:
    """What stays when the power goes: `logbook`, `disk`; `opened`: the slots that were opened, in order."""

    def __init__(self, *, proven: bool = True) -> None:
        self.boot, self.boot_id, self.wall = BOOT, "a", float(NOW)
        self.proven = proven
        self.clock = self._clock()
        self.value: float | None = 5.0
        self.heard_at = BOOT
        self.opens, self.is_open = True, False
        self.commits: bool | None = True
        self.writes = True
        self.disk: dict[str, Shelf] = {}
        self.logbook: list[Entry] = []
        self.waiting: list[Entry] = []
        self.opened: list[str] = []
        self.cabinet = Cabinet()
        self.fill()

    def _clock(self) -> Clock:
        hi = self.wall + 1 if self.proven else math.inf
        return Clock(self.wall, self.boot, hi=hi, hi_at=self.boot, raised=True)

    def setting(self) -> Setting:
        slots = {
            SLOT: Slot(self.opens, COLD, self.value, self.heard_at, self.is_open),
            "cabinet2": Slot(self.opens, None),
        }
        now = Instant(self.boot, self.wall)
        return Setting(STATION, KEYS, slots, self.clock, now, self.boot_id, OFFSET, self.writes)

    def take(self, event: CabinetEvent) -> None:
        self.cabinet, commands = step(self.cabinet, event, self.setting())
        for command in commands:
            match command:
                case KeepShelves(shelves):
                    self.disk = shelves
                case OpenSlot(slot):
                    self.opened.append(slot)
                case Record():
                    self._record(command)

    def _record(self, record: Record) -> None:
        if self.commits is None:
            self.waiting += record.entries
        elif self.commits:
            self.logbook += record.entries
            if record.ticket == TICKET:
                self.take(Committed(TICKET))
        elif record.ticket == TICKET:
            self.waiting += record.entries
            self.take(CommitFailed(TICKET, "the disk is full"))

    def answer(self) -> None:
        """The disk answers at last."""
        self.logbook += self.waiting
        self.waiting = []
        self.take(Committed(TICKET))

    def fill(self, slot: str = SLOT, item: str = ITEM, count: int = 3, month: str = "") -> None:
        self.take(Heard((fact.Filled(9, slot, item, count, month),)))

    def wait(self, seconds: float) -> None:
        """A second at a time at the most, with a reading each while there is a value."""
        until = self.boot + seconds
        while self.boot < until:
            passed = min(60.0, until - self.boot)
            self.boot, self.wall = self.boot + passed, self.wall + passed
            self.heard_at = self.boot if self.value is not None else self.heard_at
            self.take(Tick())

    def measure(self, value: float | None) -> None:
        self.value = value
        self.heard_at = self.boot if value is not None else self.heard_at
        self.take(Tick())

    def show(self, text: str) -> str:
        self.take(Shown(text))
        return self.told

    def hold(self, index: int = 7, reason: str = "") -> str:
        """A pass before the reader."""
        self.take(PassShown(index, reason))
        return self.told

    def contact(self, what: Callable[[str], Entry], slot: str = SLOT) -> None:
        self.take(Heard((what(slot),)))

    def cut(self, seconds: float = 60.0, *, blind: bool = False) -> None:
        """The power goes, and comes back after so many seconds, with a time that is proven again, or not."""
        self.boot_id += "x"
        self.wall += seconds
        self.boot, self.clock = 30.0, replace(self._clock(), lo_at=30.0, hi_at=30.0)
        self.heard_at, self.waiting = self.boot, []
        self.cabinet = restored(self.disk, used_in(self.logbook), self.boot_id, self.boot, blind=blind, keeps=True)
        self.take(Tick())

    @property
    def told(self) -> str:
        return self.cabinet.told.removeprefix("release_")

    @property
    def outcomes(self) -> list[str]:
        return [each.outcome for each in self.logbook if isinstance(each, Released)]
