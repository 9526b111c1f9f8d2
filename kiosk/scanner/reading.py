"""What a reader with a decoder of its own sent last, as far as a technician may see it.

All bytes of a code are a worker's pass: what stands around it is told, and of itself the beginning, which is the same in all,
and too few characters of its end to be used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from base45 import b45decode

from hardware.layouts import Layout
from kiosk.index.slips import PREFIX as SLIP
from kiosk.local import boot_time
from kiosk.trust.codes import MARK, OURS
from kiosk.wire import LastReading

MOST_BEFORE: Final = 24
BEGINNING, END = 8, 4
"""Bytes that are told of the code itself; of a short one a third, and a quarter."""

MOST_BEHIND: Final = 8
BEHIND: Final = re.compile(rb"[^0-9A-Z $%*+\-./:]*\Z")
"""What stands behind a code and can be no part of it."""

NO_TEXT: Final = re.compile(rb"[^\x20-\x7e]")
POSTER: Final = re.compile(r"https?://[!-~]{1,200}?(/s/[0-9]{1,12})/?")
"""The address on a station's poster, which is public: what it ends with is told."""

ODD_SHARE: Final = 0.25
"""Share of bytes that are no text, above which the speed of the port is wrong."""


def seen(raw: bytes, code: str, others: Mapping[Layout, str]) -> LastReading:
    """What is told of the code that was read just now: `raw` came, `code` was made of it; `others`: in other layouts."""
    at = MARK.search(raw.decode("latin-1").upper())
    begin = raw[max(0, at.end() - MOST_BEFORE) : at.end()] if at else raw[: min(BEGINNING, len(raw) // 3)]
    found = BEHIND.search(raw)
    behind = raw[found.start() :][:MOST_BEHIND] if found else b""
    body = raw[: len(raw) - len(behind)]
    last = 0 if at and at[0] == SLIP else min(END, len(body) // 4)  # a slip's end would tell which one it was
    end = body[len(body) - last :] + behind
    wrong, hint = _wrong(raw, code, others)
    return LastReading(boot_time(), begin, end, len(raw), wrong, hint)


def _wrong(raw: bytes, code: str, others: Mapping[Layout, str]) -> tuple[str, str]:
    """What is wrong with the reader, going by what it sent; a code that is simply none of ours is `no_pass`."""
    for layout, text in others.items():
        if OURS.fullmatch(text) and not OURS.fullmatch(code):
            return "layout", layout
    marks = list(MARK.finditer(code))
    if len(marks) > 1:
        return "glued", ""
    if not marks:
        if poster := POSTER.fullmatch(code):
            return "no_pass", poster[1]
        return "no_pass" if _is_text(raw) else "speed", ""
    before, text = code[: marks[0].start()], code[marks[0].start() :]
    if before:
        return "prefix", before[-MOST_BEFORE:]
    if not OURS.fullmatch(text):
        behind = OURS.sub("", text, count=1)
        return ("suffix", behind[-MOST_BEFORE:]) if behind != text else ("damaged", "")
    return ("", "") if _whole(text) else ("damaged", "")


def _is_text(raw: bytes) -> bool:
    """A stranger's code may be in any script, and comes as UTF-8 then."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return len(NO_TEXT.findall(raw)) <= ODD_SHARE * len(raw)
    return True


def _whole(text: str) -> bool:
    """Whether no character of a pass was lost or added, as far as its form tells."""
    if text.startswith("YZE1:"):
        return True
    try:
        return bool(b45decode(text.partition(":")[2].encode()))
    except ValueError:
        return False
