"""What is wrong with supplies: little or nothing left, a ledger that is no longer fresh. Only computes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from msgspec import Struct

from kiosk.central.store.campaigns import StoredCampaign
from kiosk.central.store.sightings import StationLine
from kiosk.central.store.stocks import Stock

LOW: Final = 5
"""Pieces at which somebody has to bring more."""


class Stale(Struct, frozen=True):
    """A station whose newest ledger is too old to count as fresh; it is not of after `since`."""

    station: str
    since: float


def short(stock: Iterable[Stock]) -> list[Stock]:
    """Where little is left, the least first."""
    return sorted((each for each in stock if each.pieces <= LOW), key=lambda each: (each.pieces, each.station))


def running(campaigns: Iterable[StoredCampaign], now: float) -> list[StoredCampaign]:
    """Those of which something is handed out now."""
    return [each for each in campaigns if each.closed is None and each.begins <= now < each.ends]


def wanted(stock: Iterable[Stock], running: Collection[StoredCampaign]) -> Iterator[Stock]:
    """Where little is left of what one of these campaigns hands out there."""
    for each in short(stock):
        if any(each.station.startswith(one.scope) and each.item == one.words.item for one in running):
            yield each


def stale(lines: Iterable[StationLine], ledger: int, max_age: float, now: float) -> list[Stale]:
    """Stations with a display inside whose ledger is older than that, the oldest first. `ledger`: the newest one's number.

    A number is the second in which it was published, or the one after the last: so what a station holds is not of later.
    """
    found = []
    for each in lines:
        held = (each.seen.documents or {}).get("service") if each.seen else None
        known = None if held is None else min(held, ledger)
        if known is not None and each.state == "enrolled" and now - known > max_age:
            found.append(Stale(each.code, known))
    return sorted(found, key=lambda each: (each.since, each.station))
