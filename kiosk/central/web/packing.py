"""Answers packed by gzip: on a slow line bytes are seconds."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

LEVEL: Final = 6
LEAST: Final = 500
"""Bytes of what is worth it: less goes in one packet anyway."""

REFUSED: Final = re.compile(r"q=0(\.0*)?", re.ASCII)


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether a browser names gzip, and not with a weight of 0 (RFC 9110, 12.5.3). `headers`: in small letters."""
    named = [each.partition(";") for each in headers.get("accept-encoding", "").lower().split(",")]
    return any(coding.strip() == "gzip" and not REFUSED.fullmatch(weight.strip()) for coding, _, weight in named)


def pack(answer: Response) -> None:
    """The same in fewer bytes; nothing is done with a few."""
    if len(answer.body) >= LEAST:
        answer.body = gzip.compress(answer.body, LEVEL, mtime=0)
        answer.headers.update({"Content-Encoding": "gzip", "Content-Length": f"{len(answer.body)}"})
