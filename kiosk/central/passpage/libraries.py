"""The two script libraries that the page needs, as Debian's packages install them; nothing of theirs is in this program."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path("/usr/share/nodejs")
LIBRARIES: Final = {
    "qrcode.js": ("node-qrcode-generator", FOLDER / "qrcode-generator" / "qrcode.js"),
    "nacl.js": ("node-tweetnacl", FOLDER / "tweetnacl" / "nacl-fast.min.js"),
}
"""By the name under which the page asks for it: the package, and its file. One draws codes (MIT), one signs (public domain)."""


def library(name: str) -> bytes:
    """What it holds; nothing where its package is not installed."""
    try:
        return LIBRARIES[name][1].read_bytes()
    except OSError:
        return b""


def missing() -> list[str]:
    """The packages that are not installed."""
    return [package for name, (package, _path) in LIBRARIES.items() if not library(name)]
