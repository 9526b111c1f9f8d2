"""What comes back over the wire, and the one way to read it: whatever a gateway makes of it, it is an answer or a NoAnswer."""

from __future__ import annotations

import math
import zlib
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar, cast

from msgspec import Struct

from kiosk.contract.bodies import Problem
from kiosk.decoding import UNDECODABLE, NotUnderstood, read_json

T = TypeVar("T")

MAX_ANSWER: Final = 1024 * 1024
"""Bytes of an answer's body, unpacked."""

LONGEST_WISH: Final = 86_400.0
"""Seconds: a Retry-After beyond a day is a day."""

SLOW: Final = 5.0
"""Seconds after which a request that went unanswered counts as one that took too long."""

EARLIEST: Final = 1_577_836_800.0
LATEST: Final = 4_102_444_800.0
"""2020 and 2100: a time outside is no time."""

GZIP: Final = 31
"""zlib's window bits for gzip."""


class NoAnswer(Exception):
    """The server was not reached, or what answered is not our server.

    `retry_after` is in seconds; `connected`: somebody took the request, and for `took` seconds it was under way.
    """

    def __init__(self, why: str, retry_after: float = 0.0, *, connected: bool = False, took: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after, self.connected, self.took = retry_after, connected, took

    @property
    def slow(self) -> bool:
        """Whether it may be the road that was too slow for it, or a gateway that waits no longer."""
        return self.connected and self.took >= SLOW


class Answer(Struct, frozen=True):
    """A status, the body, the Retry-After in seconds, the Date if it is one, and how many seconds it took."""

    status: int
    body: bytes
    retry_after: float = 0.0
    date: float | None = None
    took: float = 0.0
    content_range: str = ""

    @property
    def slow(self) -> bool:
        """As of a NoAnswer."""
        return self.took >= SLOW

    def problem(self) -> Problem:
        """The problem that the server tells. Raises NoAnswer when it is none."""
        return self.read(Problem)

    def read(self, kind: type[T]) -> T:
        """The body as `kind`. Raises NoAnswer when it is something else."""
        try:
            return cast("T", read_json(self.body, kind, MAX_ANSWER))
        except NotUnderstood as error:
            why = f"HTTP {self.status}, and the answer is not the contract's: {error}"
            raise NoAnswer(why, self.retry_after, connected=True, took=self.took) from error


def sane(moment: float) -> bool:
    """Whether that can be a time of now, in seconds since 1970."""
    return math.isfinite(moment) and EARLIEST <= moment < LATEST


def date_of(value: str) -> float | None:
    """A `Date` (RFC 9110, 5.6.7) in seconds since 1970; None for what is none, or cannot be now."""
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (*UNDECODABLE, OSError):
        return None
    return moment if sane(moment) else None


def seconds_of(value: str, now: float) -> float:
    """A `Retry-After` (RFC 9110, 10.2.3): seconds, or a date by the clock that says `now`; 0 for what is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_WISH)
    until = date_of(value)
    return 0.0 if until is None else min(max(0.0, until - now), LONGEST_WISH)


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its Content-Encoding, of which there is none or gzip. Raises NotUnderstood."""
    if encoding.strip().lower() in {"", "identity"}:
        return body
    inflate = zlib.decompressobj(GZIP)
    try:
        data = inflate.decompress(body, MAX_ANSWER)
    except zlib.error as error:
        raise NotUnderstood(f"not gzip: {encoding[:40]!r}") from error
    if not inflate.eof:
        raise NotUnderstood("a gzip body that is cut off, or too large")
    return data


def text_of(headers: Any, name: str) -> str:
    """A header's text, empty when it is not there."""
    return str(headers.get(name) or "")
