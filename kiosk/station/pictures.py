"""The pictures that services name, for the display inside: kept under their hashes, and no others.

Who fetches them is not believed: what it brings is kept only where its hash is one that a signed service names. All is on the
disk of a thread of its own, and whatever it lost is asked for again.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kiosk.local import boot_time
from kiosk.loops import Loops
from kiosk.replacing import replacing
from kiosk.trust.service import MOST_OF_A_PICTURE

log = logging.getLogger(__name__)

PICTURES: Final = "pictures"

LOOK_EVERY: Final = 6 * 3600.0
"""Seconds after which all are read again: a card may have lost one."""

AGAIN_AFTER: Final = 60.0
"""Seconds until a disk that took none is asked again."""

MOST_WAITING: Final = 2
"""That have come and are not stored yet."""

MODE: Final = 0o640


class PicturesAtWork:
    """Of the station's thread, but for its own loop, which alone touches the disk."""

    def __init__(self, folder: Path, loops: Loops) -> None:
        self._folder, self._stop = folder, loops.stop
        self._named: Mapping[str, int] | None = None
        self._there: frozenset[str] | None = None
        self._came: deque[bytes] = deque()
        self._work, self._look_at, self._refused = threading.Event(), 0.0, False
        loops.start(PICTURES, self._turn, float("inf"))

    def missing(self, named: Mapping[str, int]) -> tuple[str, ...]:
        """Of those that services name now, with their sizes, the ones that are to be fetched; none before the first look."""
        if named != self._named:
            self._named, self._look_at = named, 0.0
            self._work.set()
        there = self._there
        return () if there is None else tuple(name for name in named if name not in there)

    def take(self, body: bytes) -> bool:
        """Keep what was fetched; False where no service names it, or there is no room just now."""
        if (
            not self._named
            or self._named.get(hashlib.sha256(body).hexdigest()) != len(body)
            or len(self._came) >= MOST_WAITING
        ):
            return False
        self._came.append(body)
        self._work.set()
        return True

    def _turn(self) -> None:
        if not self._work.wait(1.0) and boot_time() < self._look_at:
            return
        if (named := self._named) is None:  # nobody has said yet which are to stay
            return
        self._work.clear()
        try:
            self._store()
            if boot_time() >= self._look_at:
                self._look_at = boot_time() + LOOK_EVERY
                self._there = self._looked(named)
            self._refused = False
        except OSError as error:
            (log.debug if self._refused else log.warning)("the pictures: %s", error)
            self._refused, self._look_at = True, 0.0
            self._stop.wait(AGAIN_AFTER)

    def _store(self) -> None:
        """Raises OSError where the disk takes none."""
        self._folder.mkdir(mode=0o750, exist_ok=True)
        while self._came:
            body = self._came.popleft()
            name = hashlib.sha256(body).hexdigest()
            with replacing(self._folder / name, MODE) as file:
                file.write(body)
            self._there = (self._there or frozenset()) | {name}

    def _looked(self, named: Mapping[str, int]) -> frozenset[str]:
        """Those that are there and whole; what nothing names, or is damaged, goes."""
        found = set()
        for path in self._folder.iterdir():
            if path.name in named and _hash_of(path) == path.name:
                found.add(path.name)
            else:
                path.unlink()
        return frozenset(found)


def _hash_of(path: Path) -> str:
    """Of a file of a bounded size; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.sha256(file.read(MOST_OF_A_PICTURE + 1)).hexdigest()
    except OSError:
        return ""
