"""Fetches the release that the server offers, slowly and at night, for the update unit, which alone judges it."""

from __future__ import annotations

import logging
import random
from contextlib import closing
from pathlib import Path
from typing import Final

from kiosk import __version__
from kiosk.contract.bodies import OfferedRelease
from kiosk.core.door.hours import in_hours, weekly
from kiosk.keyfiles import ROOT_KEY, read_kept
from kiosk.local import NotReachable, boot_id, boot_time
from kiosk.sync.answers import NoAnswer
from kiosk.sync.client import Client
from kiosk.sync.link import Link
from kiosk.sync.pieces import GONE, NoPiece, asked_piece
from kiosk.trust.release import Release, order, read_release
from kiosk.update.bundle import MOST_FETCHED, bundle_size
from kiosk.update.machine import platform_here
from kiosk.update.members import BLOCK
from kiosk.update.spool import Coming, Spool
from kiosk.wire import GetView
from kiosk.wire.views import View

log = logging.getLogger(__name__)

NAME: Final = "releases"
PIECE: Final = 256 * 1024
LOOK_EVERY: Final = 60.0
"""Seconds between two looks at whether it is night."""

ASK_EVERY: Final = 3600.0
ASK_AGAIN: Final = 300.0
"""Seconds, up to twice as many, after which a server is asked again that did not answer."""

SPREAD: Final = 1800.0
"""Seconds of a night over which stations begin to ask: not all of a province at once."""

DAY: Final = 86_400.0
"""Seconds after which a version is fetched again of which came to nothing."""

MOST_A_DAY: Final = 2 * MOST_FETCHED
"""Bytes that are fetched in a day, whatever the server offers; a program that starts anew begins anew."""

OK: Final = 200
NOTHING: Final = 204


class Releases:
    """A turn is a look at the clock, a question, or a piece; then it rests."""

    def __init__(self, link: Link, client: Client, platform: str = "") -> None:
        self._link, self._client = link, client
        self._updates = link.settings.updates
        self._spool = Spool(Path(self._updates.spool_dir))
        self._platform = platform or platform_here()
        self._ask_at: float | None = None
        self._wanted: Coming | None = None
        self._manifest = b""
        self._day, self._fetched = boot_time(), 0

    def turn(self) -> None:
        """One step, and the rest after it."""
        try:
            seconds = self._step()
        except (NoAnswer, NotReachable, OSError) as error:
            log.debug("no release: %s", error)
            seconds = (getattr(error, "retry_after", 0.0) or LOOK_EVERY) * random.uniform(1, 2)  # noqa: S311
        self._link.rest(NAME, seconds)

    def _step(self) -> float:
        """What is next; the seconds until the next turn."""
        if not self._updates.fetch or not self._spool.there or not self._is_night():
            self._ask_at = self._wanted = None
            return LOOK_EVERY
        now = boot_time()
        if self._ask_at is None:
            self._ask_at = now + random.uniform(0, SPREAD)  # noqa: S311
        if now >= self._ask_at:
            self._ask_at = now + ASK_AGAIN * random.uniform(1, 2)  # noqa: S311
            self._wanted = self._asked(now)
            self._ask_at = now + ASK_EVERY
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
        if found.size > MOST_FETCHED or not self._is_signed(found) or not self._spool.has_room(found.size):
            return None
        self._manifest = found.manifest
        return self._begun(Coming(found.bundle, found.size, found.version, now, boot_id()))

    def _is_signed(self, found: OfferedRelease) -> bool:
        """Whether the root key signed it, and for this station: nothing else is worth its bytes; the update unit asks again."""
        release = read_release(found.manifest, read_kept(self._link.settings.data, ROOT_KEY).raw)
        good = (
            isinstance(release, Release)
            and release.version == found.version
            and order(release.version) > order(__version__)
            and self._platform in release.packages
            and release.ring in {"all", self._updates.ring}
            and found.size == self._signed_size(release, found)
        )
        if not good:
            log.warning("the release %s that is offered is none for this station: %s", found.version, release)
        return good

    def _signed_size(self, release: Release, found: OfferedRelease) -> int:
        """Bytes that the bundle must have; those that are offered where the root key has signed none."""
        package = release.sizes.get(self._platform)
        return found.size if package is None else bundle_size(len(found.manifest), package)

    def _begun(self, wanted: Coming) -> Coming | None:
        """What there is to fetch of it; None when all of it is there, or it was in vain not long ago."""
        before = self._spool.coming()
        if (
            before
            and before.vain
            and before.version == wanted.version
            and before.is_offered(wanted.at, wanted.boot, DAY)
        ):
            return None
        if before is None or before.vain or (before.bundle, before.size) != (wanted.bundle, wanted.size):
            self._spool.begin(wanted)
        elif before.whole:
            self._spool.end(wanted)
            return None
        else:
            self._spool.say(wanted)
        return wanted

    def _fetch(self, wanted: Coming) -> float:
        """The next piece; the seconds for which the road is others' then. Raises NoAnswer."""
        held = self._spool.held
        if held >= wanted.size:
            self._wanted = None
            self._spool.end(wanted)
            return LOOK_EVERY
        if not self._may_fetch(boot_time()):
            return LOOK_EVERY
        piece = self._piece(wanted, held)
        self._fetched += len(piece)
        if held == 0 and not self._begins_well(piece):
            self._wanted = None
            self._spool.give_up(wanted)
            return LOOK_EVERY
        self._spool.add(piece)
        return len(piece) / (self._updates.kilobytes_per_second * 1024)

    def _may_fetch(self, now: float) -> bool:
        """Whether this day's bytes are not spent."""
        if now - self._day >= DAY:
            self._day, self._fetched = now, 0
        return self._fetched < MOST_A_DAY

    def _begins_well(self, piece: bytes) -> bool:
        """Whether a bundle begins with the manifest that was offered, as every bundle of ours does."""
        return piece[BLOCK : BLOCK + len(self._manifest)] == self._manifest

    def _piece(self, wanted: Coming, first: int) -> bytes:
        path = f"/v1/stations/{self._link.settings.station.code}/releases/{wanted.bundle}/bundle"
        last = min(first + PIECE, wanted.size) - 1
        try:
            piece = asked_piece(self._client, path, wanted.bundle, first, last)
        except NoPiece as error:
            self._wanted = None if error.gone else self._wanted
            raise
        if piece.size != wanted.size:
            raise NoAnswer("a piece of something else", connected=True)
        return piece.body
