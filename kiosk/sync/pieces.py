"""A piece of what the server has under its SHA-256, as an answer that is one, or none."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from kiosk.sync.answers import NoAnswer
from kiosk.sync.client import Client

RANGE: Final = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})")

PARTIAL: Final = 206
GONE: Final = (404, 416)


class NoPiece(NoAnswer):
    """`gone`: it is not there, and will not be soon."""

    gone: bool = False


class Piece(Struct, frozen=True):
    """Bytes, and of how many."""

    body: bytes
    size: int


def asked_piece(client: Client, path: str, name: str, first: int, last: int) -> Piece:
    """Those bytes at the most. Raises NoPiece, and NoAnswer."""
    answer = client.piece(path, first, last, name)
    place = RANGE.fullmatch(answer.content_range)
    good = answer.status == PARTIAL and place and int(place[1]) == first
    if not good or place is None or not 0 < len(answer.body) <= last - first + 1:
        why = f"HTTP {answer.status} to a question for a piece"
        error = NoPiece(why, answer.retry_after, connected=True, took=answer.took)
        error.gone = answer.status in GONE
        raise error
    return Piece(answer.body, int(place[2]))
