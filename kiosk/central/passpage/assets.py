"""What a phone loads, all of it: each file below a name that changes when any of them does, so that they fit each other."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from msgspec import Struct

from kiosk.central.passpage.libraries import LIBRARIES, library, missing

YEAR: Final = 365 * 86_400
HERE: Final = "/pass"
BACK: Final = f"{HERE}/back"
"""Where a login elsewhere sends people: to the same page, which has kept what is needed with its answer."""

PAGE: Final = "page.html"
WORKER: Final = "worker.js"
SCRIPT: Final = "text/javascript"
PARTS: Final = ("awake.js", "cbor.js", "holder.js", "kept.js", "keys.js", "qr.js", "server.js", "shown.js", "words.js")
"""What page.js imports, and these one another: the page names all of them, so that none is found only when another is there."""

OURS: Final = {
    **dict.fromkeys(("page.js", *PARTS), SCRIPT),
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
    "icon.png": "image/png",
    "manifest.webmanifest": "application/manifest+json",
}  # fmt: skip
KINDS: Final = OURS | dict.fromkeys(LIBRARIES, SCRIPT)


class Asset(Struct, frozen=True):
    """A file as it is sent; `packed` is the same by gzip. What `stays` is kept by the browser for ever."""

    kind: str
    whole: bytes
    packed: bytes
    stays: bool


@cache
def assets(*, login: bool = False) -> dict[str, Asset]:
    """Each by its address: the page and its worker where they always are, the rest below a digest of all of it.

    `login`: the page offers a login elsewhere.
    """
    raw = {name: _read(name) for name in OURS} | {name: library(name) for name in LIBRARIES}
    shell = bytes([login]) + _read(PAGE) + _read(WORKER) + b"".join(name.encode() + each for name, each in raw.items())
    digest = hashlib.sha256(shell).hexdigest()[:12]
    root = f"{HERE}/{digest}"
    filled = {"HERE": HERE, "ROOT": root, "DIGEST": digest, "READY": "no" if missing() else "yes"}
    filled["LOGIN"] = "yes" if login else "no"
    filled["MODULES"] = "\n".join(f'<link rel="modulepreload" href="{root}/{name}">' for name in PARTS)
    filled["LIST"] = json.dumps([HERE, *(f"{root}/{name}" for name in raw)])
    return {
        HERE: _asset("text/html", Template(_read(PAGE).decode()).substitute(filled).encode(), stays=False),
        f"/{WORKER}": _asset(SCRIPT, Template(_read(WORKER).decode()).safe_substitute(filled).encode(), stays=False),
        **{f"{root}/{name}": _asset(KINDS[name], each, stays=True) for name, each in raw.items()},
    }


def _asset(kind: str, whole: bytes, *, stays: bool) -> Asset:
    return Asset(kind, whole, gzip.compress(whole, mtime=0), stays)


def _read(name: str) -> bytes:
    return files(__package__).joinpath("assets", name).read_bytes()
