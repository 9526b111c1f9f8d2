"""Fetches the release that the server offers, slowly and at night, for the update unit, which alone judges it."""

from __future__ import annotations

import logging
import random
import re
from contextlib import closing
from pathlib import Path
from typing import Final

from kiosk import __version__
from kiosk.contract.bodies import OfferedRelease
from kiosk.core.door.hours import in_hours, weekly
from kiosk.local import NotReachable, boot_time
from kiosk.sync.answers import NoAnswer
from kiosk.sync.client import Client
from kiosk.sync.link import Link
from kiosk.update.bundle import MOST_FETCHED
from kiosk.update.machine import platform_here
from kiosk.update.spool import Coming, Spool
from kiosk.wire import GetView, View

log = logging.getLogger(__name__)

NAME: Final = "releases"
PIECE: Final = 256 * 1024
LOOK_EVERY: Final = 60.0
"""Seconds between two looks at whether it is night."""

ASK_EVERY: Final = 3600.0
SPREAD: Final = 1800.0
"""Seconds of a night over which stations begin to ask: not all of a province at once."""

AGAIN_AFTER: Final = 86_400.0
"""Seconds after which a bundle is fetched again that came to nothing."""

SLICE: Final = 10.0
RANGE: Final = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})")

OK: Final = 200
NOTHING: Final = 204
PARTIAL: Final = 206
GONE: Final = (404, 416)


class Releases:
    """A turn is a look at the clock, a question, or a piece; then it rests."""

    def __init__(self, link: Link, client: Client, platform: str = "") -> None:
        self._link, self._client = link, client
        self._updates = link.settings.updates
        self._spool = Spool(Path(self._updates.spool_dir))
        self._platform = platform or platform_here()
        self._ask_at: float | None = None
        self._wanted: Coming | None = None
        self._vain: dict[str, float] = {}

    def turn(self) -> None:
        """One step, and the rest after it."""
        try:
            seconds = self._step()
        except (NoAnswer, NotReachable, OSError) as error:
            log.debug("no release: %s", error)
            seconds = (getattr(error, "retry_after", 0.0) or LOOK_EVERY) * random.uniform(1, 2)  # noqa: S311
        self._rest(seconds)

    def _step(self) -> float:
        """What is next; the seconds until the next turn."""
        if not self._updates.fetch or not self._spool.there or not self._is_night():
            self._ask_at = self._wanted = None
            return LOOK_EVERY
        now = boot_time()
        if self._ask_at is None:
            self._ask_at = now + random.uniform(0, SPREAD)  # noqa: S311
        if now >= self._ask_at:
            self._ask_at = now + ASK_EVERY
            self._wanted = self._asked(now)
        return self._fetch(self._wanted) if self._wanted else min(LOOK_EVERY, max(0.0, self._ask_at - now))

    def _is_night(self) -> bool:
        """By the station's own time. Raises NotReachable."""
        with closing(self._link.line()) as line:
            wall = line.ask(GetView(), View).wall
        hours = weekly(self._updates.hours, int(self._link.settings.station.utc_offset * 3600))
        return hours is not None and in_hours(hours, wall)

    def _asked(self, now: float) -> Coming | None:
        """What there is to fetch; None when nothing is, or it is there. Raises NoAnswer."""
        code = self._link.settings.station.code
        query = {"platform": self._platform, "version": __version__}
        answer = self._client.release(f"/v1/stations/{code}/release", query)
        if answer.status in {NOTHING, *GONE}:
            self._spool.clear()  # it runs, or was withdrawn
            return None
        if answer.status != OK:
            raise NoAnswer(f"HTTP {answer.status}", answer.retry_after, connected=True, took=answer.took)
        found = answer.read(OfferedRelease)
        self._vain = {each: until for each, until in self._vain.items() if now < until}
        if found.size > MOST_FETCHED or found.bundle in self._vain or not self._spool.has_room(found.size):
            return None
        wanted, before = Coming(found.bundle, found.size), self._spool.coming()
        if before is None or before.bundle != wanted.bundle or before.size != wanted.size:
            self._spool.begin(wanted)
        elif before.whole and self._spool.is_whole(wanted):
            return None
        return wanted

    def _fetch(self, wanted: Coming) -> float:
        """The next piece; the seconds for which the road is others' then. Raises NoAnswer."""
        held = self._spool.held
        if held >= wanted.size:
            self._wanted = None
            if not self._spool.end(wanted):
                self._vain[wanted.bundle] = boot_time() + AGAIN_AFTER
            return LOOK_EVERY
        piece = self._piece(wanted, held)
        self._spool.add(piece)
        return len(piece) / (self._updates.kilobytes_per_second * 1024)

    def _piece(self, wanted: Coming, first: int) -> bytes:
        path = f"/v1/stations/{self._link.settings.station.code}/releases/{wanted.bundle}/bundle"
        last = min(first + PIECE, wanted.size) - 1
        answer = self._client.piece(path, first, last, wanted.bundle)
        if answer.status in GONE:
            self._wanted = None
        place = RANGE.fullmatch(answer.content_range)
        good = answer.status == PARTIAL and place and (int(place[1]), int(place[2])) == (first, wanted.size)
        if not good or not 0 < len(answer.body) <= last - first + 1:
            why = f"HTTP {answer.status} to a question for a piece"
            raise NoAnswer(why, answer.retry_after, connected=True, took=answer.took)
        return answer.body

    def _rest(self, seconds: float) -> None:
        while seconds > 0 and not self._link.loops.stop.wait(min(SLICE, seconds)):
            self._link.loops.turned(NAME)
            seconds -= SLICE
