"""What somebody lays down for the update unit who has taken over `kiosk sync`, from within that unit.

rubbish.py KIND prints what they got, as JSON: bytes, or the error.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from kiosk.local import boot_id, boot_time

PLACE = Path("/var/lib/yizhan-kiosk")
MADE = Path("/run/mnt/repo/build/fleet/rubbish")
BUNDLE, ABOUT = PLACE / "fetched", PLACE / "fetched.about"
CHUNK = 1 << 20
MOST = 400 * CHUNK


def tries(what: Callable[[], object]) -> str:
    """What comes of it."""
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"


def lays(pieces: list[bytes]) -> int:
    """The bundle's file holds these, as far as one may; the bytes that it has then."""
    with BUNDLE.open("r+b", buffering=0) as file:
        file.truncate(0)
        for piece in pieces:
            try:
                file.write(piece)
            except OSError:
                break
    return BUNDLE.stat().st_size


def says() -> None:
    """All of it is there, and was offered just now."""
    with BUNDLE.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    told = {"bundle": digest, "size": max(1, BUNDLE.stat().st_size), "version": "99.0.0", "whole": True}
    with ABOUT.open("r+b") as file:
        file.truncate(0)
        file.write(json.dumps({**told, "at": boot_time(), "boot": boot_id()}).encode())


def laid(kind: str) -> dict[str, str]:
    """The bundle of that kind, in the one file."""
    match kind:
        case "noise":
            pieces = [random.Random(1).randbytes(CHUNK)]  # noqa: S311
        case "oversize":
            pieces = [bytes(CHUNK)] * (MOST // CHUNK)
        case _:
            pieces = [(MADE / f"{kind}.update").read_bytes()]
    size = lays(pieces)
    says()
    return {"bytes": str(size)}


def around() -> dict[str, str]:
    """By other ways than the two files."""
    return {
        "another file": tries(lambda: (PLACE / "more").write_bytes(b"x")),
        "a version": tries((PLACE / "99.0.0").mkdir),
        "the link": tries(lambda: (PLACE / "current").symlink_to(MADE)),
        "the floor": tries(lambda: (PLACE / "floor").write_text("99.0.0")),
        "a link in its place": tries(BUNDLE.unlink),
        "the unit's files": tries(lambda: (PLACE / "outcome").write_text("99.0.0 kept")),
        "its turn": tries(lambda: os.kill(1, 0)),
    }


if __name__ == "__main__":
    print(json.dumps(around() if sys.argv[1] == "around" else laid(sys.argv[1])))
