"""What is the same for whoever asks, made once of each look at the stations: a map of thousands costs thirty pages of one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

from kiosk.central.publicly import Publicly, Seen

MOST: Final = 32
"""Things that are kept of one look; whoever asks for ever new ones has them made anew."""

T = TypeVar("T")


class MadeOnce:
    """Any thread may ask."""

    def __init__(self, publicly: Publicly) -> None:
        self._publicly, self._lock = publicly, threading.Lock()
        self._seen: Seen | None = None
        self._made: dict[Hashable, Any] = {}

    def of(self, now: float, name: Hashable, make: Callable[[Seen], T]) -> T:
        """That thing, as it was at `now` or a few seconds before."""
        seen = self._publicly.seen(now)
        with self._lock:
            if self._seen is not seen or len(self._made) >= MOST:
                self._seen, self._made = seen, {}
            if name not in self._made:
                self._made[name] = make(seen)
            found: T = self._made[name]
            return found
