"""Test support: campaigns, slots and a clock for the rules of supplies, in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.handing import Running, Setting, Slot, Supplies, SupplyCommand, SupplyEvent
from kiosk.core.desk.supplies import step
from kiosk.trust.ledger import packed, packed_new
from kiosk.trust.service import Campaign, Ledger
from kiosk.trust.tokens import token

STATION: Final = "37081101"
NOW: Final = 1_795_737_600.0
"""2026-11-27 00:00 UTC: 08:00 of a Friday at the station."""

OFFSET: Final = 8 * 3600
TIME: Final = Clock(NOW - 2, 0.0, hi=NOW + 1, hi_at=0.0, raised=True)
TEXTS: Final = {"zh": "雨衣", "en": "Raincoat"}
WORKER, STEWARD = 0, 2


def campaign(item: str = "raincoat", key: int = 1, **fields: Any) -> Campaign:
    return Campaign(TEXTS, item, bytes([key]) * 32, **{"slots": ("locker3",), **fields})


def whole(indices: tuple[int, ...], at: float = NOW, of: str = "rain", **fields: Any) -> Ledger:
    return Ledger(of, int(at), 1000, packed(indices, 1000), **fields)


def delta(indices: tuple[int, ...], since: float, at: float, of: str = "rain", **fields: Any) -> Ledger:
    return Ledger(of, int(at), 1000, packed_new(indices), int(since), **fields)


def running(of: Campaign | None = None, *ledgers: Ledger, fresh: bool = True) -> Running:
    return Running(of or campaign(), ledgers, fresh)


def setting(boot: float = 0.0, runs: Mapping[str, Running] | None = None, **fields: Any) -> Setting:
    found = {"rain": running()} if runs is None else runs
    usual: dict[str, Any] = {"offset": OFFSET, "slots": {"locker3": Slot()}, "known": frozenset(found), "certain": True}
    return Setting(STATION, TIME, Instant(boot, NOW + boot), running=found, **(usual | fields))


def mark(index: int, key: int = 1) -> str:
    return token(bytes([key]) * 32, index)


class Handing:
    """The rules, with what they asked for: `did`. The disk has what it was given when `commits`."""

    def __init__(self, now: Setting | None = None, **state: Any) -> None:
        self.now = now or setting()
        self.supplies = Supplies(**{"ready": True, **state})
        self.did: list[SupplyCommand] = []

    def take(self, *events: SupplyEvent, at: float | None = None, **fields: Any) -> tuple[SupplyCommand, ...]:
        """What comes of these, at boot time `at`."""
        boot = self.now.now.boot if at is None else at
        self.now = replace(self.now, now=Instant(boot, NOW + boot), **fields)
        done: tuple[SupplyCommand, ...] = ()
        for event in events:
            self.supplies, more = step(self.supplies, event, self.now)
            done += more
        self.did += done
        return done
