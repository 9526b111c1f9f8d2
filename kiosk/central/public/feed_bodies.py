"""The feed's bodies, made once of each look at the stations."""

from __future__ import annotations

import threading

from kiosk.central.feed import Body, bodies
from kiosk.central.publicly import Publicly, Seen


class FeedBodies:
    """Any thread may ask. `site`: the address of the public pages; empty where nobody has said it."""

    def __init__(self, publicly: Publicly, site: str) -> None:
        self._publicly, self._site = publicly, site
        self._lock = threading.Lock()
        self._made: tuple[Seen, dict[str, Body]] | None = None

    def of(self, now: float) -> dict[str, Body]:
        """By name, as they were at `now` or a few seconds before."""
        seen = self._publicly.seen(now)
        with self._lock:
            if self._made is None or self._made[0] is not seen:
                self._made = seen, bodies(seen.stations, seen.at, self._site)
            return self._made[1]
