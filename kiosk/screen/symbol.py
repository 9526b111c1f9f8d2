"""The changing code as a QR symbol: what follows the address is alphanumeric, and small."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import segno
from segno.consts import MODE_ALPHANUMERIC, MODE_BYTE

from kiosk.loopback.symbol import Symbol, path_of


@lru_cache(maxsize=2)  # a face is asked for twice a second, and a Pi needs a twentieth of one
def symbol(pass_page: str, code: str) -> Symbol:
    """The symbol of the address at which the pass page opens the door of that code."""
    door, number, signature = code.rsplit(".", 2)
    parts: Any = [  # segments of one symbol; its types know of none
        (f"{pass_page.rstrip('/')}/o/{door}", MODE_BYTE),
        (f".{number}.{signature}", MODE_ALPHANUMERIC),
    ]
    return path_of(segno.make(parts, error="l", micro=False, boost_error=False))
