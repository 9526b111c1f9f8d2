"""The bundles of releases, in the server's folder: one file for each platform, under the SHA-256 of what it holds."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Container
from pathlib import Path
from typing import Final

from kiosk.central.store.releases import Bundle, Released
from kiosk.update.bundle import MOST_FETCHED, BadBundle, split

SHELF: Final = "releases"
LEFT_ALONE: Final = 86_400.0
"""Seconds for which what was laid down lies in any case: whoever has done it may be about to publish it."""


def put_up(bundle: Path, root: bytes, folder: Path, quiet: float, now: float) -> tuple[Released, list[Bundle]]:
    """Verify a bundle of the root key's, and lay down one of each of its platforms. Raises BadBundle and OSError."""
    shelf = folder / SHELF
    shelf.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=shelf) as beside:
        release, signed, parts = split(bundle, root, Path(beside))
        bundles = [_laid(shelf, release.version, platform, part) for platform, part in sorted(parts.items())]
    return Released(release.version, release.ring, signed, now, quiet, "", ""), bundles


def _laid(shelf: Path, version: str, platform: str, part: Path) -> Bundle:
    size = part.stat().st_size
    if size > MOST_FETCHED:
        raise BadBundle("damaged", f"the bundle for {platform} has {size >> 20} MiB; {MOST_FETCHED >> 20} at the most")
    with part.open("rb") as file:
        name = hashlib.file_digest(file, "sha256").hexdigest()
    part.replace(shelf / name)
    return Bundle(name, version, platform, size)


def path_of(folder: Path, id: str) -> Path:  # noqa: A002
    """Where that bundle lies, if it does."""
    return folder / SHELF / id


def clear(folder: Path, wanted: Container[str], now: float) -> None:
    """Remove the bundles that are not among these, and what was left of one that was never laid down. Raises OSError."""
    for each in (folder / SHELF).iterdir():
        if each.name in wanted or now - each.stat().st_mtime < LEFT_ALONE:
            continue
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()
