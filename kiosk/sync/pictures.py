"""Fetches the pictures that the station is missing, one after the other and slowly; the station alone judges them."""

from __future__ import annotations

import hashlib
import logging
import random
from contextlib import closing
from typing import Final

from kiosk.local import NotGranted, NotReachable, boot_time
from kiosk.sync.answers import NoAnswer
from kiosk.sync.client import Client
from kiosk.sync.link import Link
from kiosk.sync.pieces import NoPiece, Piece, asked_piece
from kiosk.trust.service import MOST_OF_A_PICTURE
from kiosk.wire import Done, GetView, TakePicture
from kiosk.wire.views import View

log = logging.getLogger(__name__)

NAME: Final = "pictures"
PIECE: Final = 32 * 1024
LOOK_EVERY: Final = 60.0
"""Seconds between two looks at whether one is missing."""

LATER: Final = 3600.0
"""Seconds until one is asked for again that the server has not, or of which something else came."""

DAY: Final = 86_400.0
MOST_A_DAY: Final = 256 * MOST_OF_A_PICTURE
"""Bytes that are fetched in a day, whatever comes: four times as many pictures as a station holds."""

MOST_LATER: Final = 256


class Pictures:
    """A turn is a look, or a piece; then it rests. What was cut off goes on where it was."""

    def __init__(self, link: Link, client: Client) -> None:
        self._link, self._client = link, client
        self._rate = link.settings.updates.kilobytes_per_second * 1024
        self._coming, self._body = "", b""
        self._later: dict[str, float] = {}
        self._day, self._fetched = boot_time(), 0

    def turn(self) -> None:
        """One step, and the rest after it."""
        try:
            seconds = self._step()
        except (NoAnswer, NotReachable) as error:
            log.debug("no picture: %s", error)
            seconds = (getattr(error, "retry_after", 0.0) or LOOK_EVERY) * random.uniform(1, 2)  # noqa: S311
        self._link.rest(NAME, seconds)

    def _step(self) -> float:
        """What is next; the seconds until the next turn. Raises NoAnswer and NotReachable."""
        wanted, now = self._wanted(), boot_time()
        if now - self._day >= DAY:
            self._day, self._fetched = now, 0
        if not wanted or self._fetched >= MOST_A_DAY:
            return LOOK_EVERY
        if wanted != self._coming:
            self._coming, self._body = wanted, b""
        piece = self._piece(wanted)
        self._fetched += len(piece.body)
        self._body += piece.body
        if piece.size > MOST_OF_A_PICTURE or len(self._body) > piece.size:
            self._put_off(wanted, "it is too large")
        elif len(self._body) == piece.size:
            self._whole(wanted)
        return len(piece.body) / self._rate

    def _wanted(self) -> str:
        """The picture that is fetched now; the one that was begun, as long as it is missing. Raises NotReachable."""
        now = boot_time()
        with closing(self._link.line()) as line:
            missing = line.ask(GetView(), View).pictures
        found = [each for each in missing if now >= self._later.get(each, 0.0)]
        return self._coming if self._coming in found else next(iter(found), "")

    def _piece(self, wanted: str) -> Piece:
        path, held = f"/v1/stations/{self._link.settings.station.code}/pictures/{wanted}", len(self._body)
        try:
            return asked_piece(self._client, path, wanted, held, held + PIECE - 1)
        except NoPiece as error:
            if error.gone:
                self._put_off(wanted, f"{error}")
            raise

    def _whole(self, wanted: str) -> None:
        """All of it should be there."""
        if hashlib.sha256(self._body).hexdigest() != wanted:
            self._put_off(wanted, "what came is another")
            return
        try:
            with closing(self._link.line()) as line:
                line.ask(TakePicture(self._body), Done)
        except NotGranted as error:
            self._put_off(wanted, f"the station: {error}")
            return
        self._put_off(wanted, "")  # it is stored in a moment

    def _put_off(self, wanted: str, why: str) -> None:
        """Begin anew, and not soon; a long list of those would be a server's that lies."""
        if why:
            log.debug("no picture %s: %s", wanted[:16], why)
        self._coming, self._body = "", b""
        self._later[wanted] = boot_time() + LATER
        if len(self._later) > MOST_LATER:
            del self._later[next(iter(self._later))]
