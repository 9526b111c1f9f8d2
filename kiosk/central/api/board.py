"""What is published, as every question for documents is answered from it; and who waits for which part of it to change."""

from __future__ import annotations

import asyncio
import random
from typing import Final

import msgspec
from msgspec import Raw

from kiosk.central.published import Publication, Published, prefixes

MOST_SPREAD: Final = 2.0
"""Seconds over which those who wait for the same news are woken."""

WOKEN: Final = 2500.0
"""Stations that are woken in a second."""

MOST_WAITING: Final = 1000
"""Questions of one station that wait at once, at 12 kB each; it asks one, but those of a line that broke stay for a minute."""


class Board:
    """Not safe for threads: the event loop's alone."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._encoded: dict[bytes, Raw] = {}
        self._waiting: dict[str, list[asyncio.Future[bool]]] = {}
        self._ended = False

    def versions(self, station: str) -> dict[str, int]:
        """The newest version of each kind for that station."""
        return self._published.versions(station)

    def newer(self, station: str, known: dict[str, int], now: float, *, admits: bool = False) -> list[Raw]:
        """What a station that knows these versions lacks, each as JSON; it is encoded once for all."""
        return [self._raw(body) for body in self._published.newer(station, known, now, admits=admits)]

    def put_up(self, published: Published, news: list[Publication]) -> None:
        """Answer from this from now on, and wake those whom the news concerns."""
        self._published, self._encoded = published, {}
        scopes: dict[str, set[str]] = {}
        for each in news:
            scopes.setdefault(each.scope, set()).add(each.kind)
        for code in [*self._waiting]:
            if kinds := set[str]().union(*(scopes[prefix] for prefix in prefixes(code) if prefix in scopes)):
                self._wake(code, at_once=kinds == {"command"})

    def end(self) -> None:
        """Nobody waits any longer."""
        self._ended = True
        for code in self._waiting:
            self.leave(code)

    def leave(self, station: str) -> None:
        """That station waits no longer: its key may be another, or none."""
        for woken in self._waiting.get(station, ()):
            _done(woken, False)

    async def news(self, station: str, within: float) -> bool:
        """Wait until something may be new for that station, or for that many seconds; whether waiting on has any sense."""
        if self._ended:
            return False
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[bool] = loop.create_future()
        timer = loop.call_later(within, _done, woken, False)
        waiting = self._waiting.setdefault(station, [])
        for oldest in waiting[: 1 - MOST_WAITING]:
            _done(oldest, False)
        waiting.append(woken)
        try:
            return await woken
        finally:
            timer.cancel()
            waiting.remove(woken)
            if not waiting:
                self._waiting.pop(station, None)

    def _wake(self, code: str, *, at_once: bool) -> None:
        """A command is for one station; a list is for all, who do not fetch it in the same moment."""
        spread = 0.0 if at_once else min(MOST_SPREAD, len(self._waiting) / WOKEN)
        loop = asyncio.get_running_loop()
        for woken in self._waiting[code]:
            loop.call_later(random.uniform(0.0, spread), _done, woken, True)  # noqa: S311  it spreads load

    def _raw(self, body: bytes) -> Raw:
        found = self._encoded.get(body)
        if found is None:
            found = self._encoded[body] = encoded(body)
        return found


def encoded(body: bytes) -> Raw:
    """A document as JSON, in Base64."""
    return Raw(msgspec.json.encode(body))


def _done(woken: asyncio.Future[bool], more: bool) -> None:
    if not woken.done():
        woken.set_result(more)
