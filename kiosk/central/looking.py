"""What is wrong now, asked of the store, and kept for a few seconds: many people look, and the answer is the same for all."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Final

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.stock import running, wanted
from kiosk.central.store import CentralStore
from kiosk.central.store.sightings import StationLine
from kiosk.central.store.stocks import Stock
from kiosk.central.troubles import Known, troubles
from kiosk.central.voices.case import today
from kiosk.central.wrong import Cause, causes

UNSENT_AFTER: Final = 3600.0
"""Seconds for which a message may wait before its receiver counts as out of reach."""

KEPT_FOR: Final = 5.0


def known(store: CentralStore, now: float) -> Known:
    """All that the store knows of what is wrong."""
    return Known(
        store.register(EVERYWHERE),
        store.all_open("faults"),
        store.all_open("raised"),
        store.published_bare(),
        store.alarms(),
        store.open_claims(now),
        store.gathered_since("status"),
        store.unsent(now - UNSENT_AFTER),
        store.pressing_cases(today(now)),
        [*store.checklists().values()],
        store.last_rounds(),
        _short(store, now),
    )


def _short(store: CentralStore, now: float) -> list[Stock]:
    campaigns = running(store.campaigns(), now)
    return [*wanted(store.stock(), campaigns)] if campaigns else []


class Wrong:
    """The causes at a moment, and the stations that they name."""

    def __init__(self, store: CentralStore, now: float) -> None:
        found = known(store, now)
        self.at = now
        self.incidents = store.incidents()
        self.causes = causes(troubles(found, now), found.enrolled, self.incidents.keys())
        self.lines = {each.code: each for each in found.stations}

    def seen_by(self, scope: Scope) -> list[Cause]:
        """What somebody sees who looks after the stations of a prefix."""
        return [seen for each in self.causes if (seen := seen_by(each, scope))]

    def stations(self, scope: Scope) -> list[StationLine]:
        """Those in service within it."""
        return [each for each in self.lines.values() if each.state == "enrolled" and scope.covers(each.code)]


def seen_by(cause: Cause, scope: Scope) -> Cause | None:
    """The cause as it shows there: of a wider place with its own stations alone; None where it has none."""
    if scope.covers(cause.place):
        return cause
    own = tuple(each for each in cause.stations if scope.covers(each))
    return Cause(cause.what, cause.place, cause.whole, own, cause.of, cause.since, cause.detail) if own else None


class Looking:
    """Looks again when the last look is some seconds old; any thread may ask."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._last: Wrong | None = None
        self._register: tuple[float, Collection[StationLine]] | None = None

    def wrong(self, now: float) -> Wrong:
        """What is wrong at `now`, or a few seconds before."""
        with self._lock:
            if self._last is None or not _lately(self._last.at, now):
                self._last = Wrong(self._store, now)
                self._register = now, self._last.lines.values()
            return self._last

    def register(self, scope: Scope, now: float) -> list[StationLine]:
        """The stations within a scope, in the order of their codes, as they were then: each list and map shows all of them."""
        with self._lock:
            if self._register is None or not _lately(self._register[0], now):
                self._register = now, self._store.register(EVERYWHERE)
            return [each for each in self._register[1] if scope.covers(each.code)]

    def forget(self) -> None:
        """Somebody has done something: the next who asks is to see it."""
        with self._lock:
            self._last = self._register = None


def _lately(at: float, now: float) -> bool:
    return 0 <= now - at < KEPT_FOR
