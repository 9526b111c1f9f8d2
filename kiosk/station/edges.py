"""Edges that wait for their turn, a bounded number of each input: a wire that oscillates takes no other's memory or time."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

from kiosk.core.events import Edge

MOST_WAITING: Final = 32
"""Of an input, before its newest: a contact that bounces makes some tens in all."""


class Edges:
    """Of one input those in the middle go when there are too many: what it was at first, and what it is at last, is known.

    The newest of an input comes behind all of it that wait, or not at all.
    """

    def __init__(self) -> None:
        self._waiting: deque[Edge] = deque()
        self._newest: dict[str, Edge] = {}
        self._of_each: Counter[str] = Counter()
        self._counting = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, edge: Edge) -> bool:
        """Let it wait; False where so many of its input do that somebody was woken long since. Safe from any thread."""
        with self._counting:
            if self._of_each[edge.input] >= MOST_WAITING:
                self._newest[edge.input] = edge
                return False
            self._newest.pop(edge.input, None)
            self._of_each[edge.input] += 1
            self._waiting.append(edge)
        return True

    def take(self) -> Iterator[Edge]:
        """Those that wait now, each input's in their order; what comes meanwhile is the next look's."""
        for _ in range(len(self._waiting)):
            with self._counting:
                edge = self._waiting.popleft()
                self._of_each[edge.input] -= 1
            yield edge
        with self._counting:
            newest = [self._newest.pop(name) for name in list(self._newest) if not self._of_each[name]]
        yield from newest
