"""The file of sealed ballots that the centre gives to the board once a poll is over: sorted, without station, batch or time.

JSON, so that a custodian can look into it, and `sha256sum` can be compared.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from kiosk.decoding import NotUnderstood, read_json
from kiosk.index.sealing import OUTER

MOST_BALLOTS: Final = 200_000
"""A station that was taken over may send more than there are slips; what is beyond this nobody opens."""

MOST_BYTES: Final = 40_000_000

PollHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Sealed = Annotated[str, Meta(max_length=4 * OUTER)]


class BallotFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `poll`: the id of the poll, hexadecimal; `ballots`: outer envelopes in Base64."""

    poll: PollHex
    ballots: Annotated[tuple[Sealed, ...], Meta(max_length=MOST_BALLOTS)]
    format: Literal["yizhan-ballots-1"] = "yizhan-ballots-1"


def sealed_text(sealed: bytes) -> str:
    """An outer envelope as it stands in the logbook's entries, and in the file."""
    return base64.b64encode(sealed).decode()


def sealed_in(text: str) -> bytes:
    """The outer envelope in a text; empty where there is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def ballot_file(poll: bytes, ballots: Iterable[str]) -> bytes:
    """The file of these ballots, each once: what came twice, byte for byte, was sent twice."""
    file = BallotFile(poll.hex(), tuple(sorted(set(ballots))))
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


def read_ballot_file(data: bytes) -> BallotFile:
    """The file. Raises NotUnderstood, and nothing else."""
    file = read_json(data, BallotFile, MOST_BYTES)
    if not isinstance(file, BallotFile):
        raise NotUnderstood("no file of ballots")
    return file
