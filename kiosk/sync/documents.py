"""Documents come in by long poll, and go to the station, which alone decides about them."""

from __future__ import annotations

import hashlib
import logging
import random
from contextlib import closing
from typing import Final

from kiosk.contract.bodies import Documents
from kiosk.core import outbox
from kiosk.local import Line, NotGranted, NotReachable, boot_time
from kiosk.sync.answers import NoAnswer, sane
from kiosk.sync.client import Client
from kiosk.sync.link import SLICE, Link
from kiosk.sync.polls import LONGEST, SERVICE, HeldBack, Polls
from kiosk.trust.documents import MAX_DOCUMENT
from kiosk.wire import Done, GetNonce, GetView, Nonce, Offer
from kiosk.wire.views import View

log = logging.getLogger(__name__)

NAME: Final = "documents"
TIME_EVERY: Final = 1800.0
RETRY: Final = 1.0
PATIENCE: Final = 10
"""So many answers at once and with nothing are each followed by a short wait only: it may be the road that is odd just now."""

OK: Final = 200


class Downloads:
    """Fetches documents; a turn is one question."""

    def __init__(self, link: Link, client: Client) -> None:
        self._link, self._client = link, client
        self._timed_at = -TIME_EVERY
        self._failures = 0
        self._polls, self._held = Polls(), HeldBack()
        self._last: set[bytes] = set()
        self._in_vain = 0

    def turn(self) -> None:
        """Ask once, and wait where the answer makes that wise. Raises RestartAsked."""
        try:
            line = self._link.line()
        except NotReachable:
            self._link.loops.stop.wait(RETRY)
            return
        try:
            with closing(line):
                self._round(line)
            self._failures = 0
        except (NoAnswer, NotReachable) as error:
            log.debug("no documents: %s", error)
            self._wait(self._failures, self._link.central.back_off_cap, getattr(error, "retry_after", 0.0))
            self._failures += 1

    def _round(self, line: Line) -> None:
        """One question: with a nonce and answered at once when the time is due, else held back until there is news."""
        view, now = line.ask(GetView(), View), boot_time()
        self._client.clock.heard("station", view.wall, now)
        query = {kind: str(version) for kind, version in self._held.query(view.documents, now).items()}
        timing = now - self._timed_at >= TIME_EVERY
        if timing:
            query["nonce"] = line.ask(GetNonce(), Nonce).nonce
        wait = 0.0 if timing else max(0.0, min(self._polls.wait, self._held.left(now)))
        found = self._ask({**query, "wait": f"{wait:g}"}, wait)
        if found is None:
            return
        for document in found.documents:
            self._offer(line, document, view.documents, found.server_time)
        if timing:
            self._timed_at = boot_time()
        self._pace(found.documents, wait, boot_time() - now)

    def _ask(self, query: dict[str, str], wait: float) -> Documents | None:
        """The answer; None when the question was held back for longer than the road bears. Raises NoAnswer."""
        try:
            found = self._answer(query, wait)
        except NoAnswer as error:
            shorter = self._polls.unanswered(wait, error.took, boot_time(), connected=error.connected)
            if not shorter or error.retry_after:
                raise
            log.debug("held back for too long: %s", error)
            return None
        self._polls.answered(wait, boot_time())
        self._client.clock.heard("server", found.server_time, boot_time())
        return found

    def _answer(self, query: dict[str, str], wait: float) -> Documents:
        answer = self._client.get(f"/v1/stations/{self._link.settings.station.code}/documents", query, wait)
        if answer.status == OK:
            return answer.read(Documents)
        why = f"HTTP {answer.status}: {answer.problem().detail}"
        raise NoAnswer(why, answer.retry_after, connected=True, took=answer.took)

    def _offer(self, line: Line, document: bytes, have: dict[str, int], wall: float) -> None:
        if not self._held.offer(document, have, boot_time(), wall if sane(wall) else 0.0):
            return
        document = document[
            : MAX_DOCUMENT + 1
        ]  # so much is refused, and told; what no line holds would end the line instead
        try:
            line.ask(Offer(document, have.get(SERVICE, 0)), Done)
        except NotGranted as error:
            log.warning("the station takes no such document: %s", error)

    def _pace(self, found: list[bytes], wait: float, took: float) -> None:
        """Whoever answers at once, and again with the same or with nothing, is asked ever more seldom."""
        digests = {hashlib.sha256(document).digest() for document in found}
        news, self._last = digests - self._last, digests
        if news or (not found and wait and took >= wait / 2):
            self._in_vain = 0
            return
        if found:
            self._wait(self._in_vain, self._link.central.back_off_cap)
        else:
            self._wait(max(0, self._in_vain - PATIENCE), LONGEST)
        self._in_vain += 1

    def _wait(self, failures: int, cap: float, retry_after: float = 0.0) -> None:
        """Back off as the outbox does, but go on at once when the uploads have news of the server."""
        left = outbox.back_off(failures, cap, random.random(), retry_after)  # noqa: S311
        self._link.news.clear()
        while left > 0 and not self._link.loops.stop.is_set() and not self._link.news.wait(min(SLICE, left)):
            self._link.loops.turned(NAME)
            left -= SLICE
