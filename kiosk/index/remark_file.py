"""The file of sealed remarks that the centre gives to the board, for holder B alone: sorted, and apart from the ballots.

Whoever takes the slips away from the ballots never has it, so nobody has a slip and a remark in one hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from kiosk.decoding import NotUnderstood, read_json
from kiosk.index.ballots import PollHex, sealed_text
from kiosk.index.sealing import REMARK

MOST_REMARKS: Final = 50_000
"""Three times as many as a poll has slips; what is beyond this, as stations that were taken over may send, nobody opens."""

MOST_BYTES: Final = 40_000_000

SealedRemark = Annotated[str, Meta(max_length=2 * REMARK)]


class RemarkFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `poll`: the id of the poll, hexadecimal; `remarks`: their envelopes in Base64."""

    poll: PollHex
    remarks: Annotated[tuple[SealedRemark, ...], Meta(max_length=MOST_REMARKS)]
    format: Literal["yizhan-remarks-1"] = "yizhan-remarks-1"


def remark_file(poll: bytes, remarks: Iterable[bytes]) -> bytes:
    """The file of these remarks, each once."""
    file = RemarkFile(poll.hex(), tuple(sorted(map(sealed_text, set(remarks)))))
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


def read_remark_file(data: bytes) -> RemarkFile:
    """The file. Raises NotUnderstood, and nothing else."""
    file = read_json(data, RemarkFile, MOST_BYTES)
    if not isinstance(file, RemarkFile):
        raise NotUnderstood("no file of remarks")
    return file
