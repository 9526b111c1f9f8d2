"""What sync has fetched for the update unit: two files that are there already, since sync may make none.

Whoever has taken sync over can fill these, as far as its unit lets a file grow (LimitFSIZE=), and nothing else; so the unit
believes nothing that stands here. Neither file can be replaced at once: one that was cut off is begun anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from kiosk.decoding import NotUnderstood, read_json
from kiosk.update.bundle import MARGIN, MOST_FETCHED

ABOUT: Final = "fetched.about"
BUNDLE: Final = "fetched"
MOST_ABOUT: Final = 4096
CHUNK: Final = 1 << 20


OFFER_HOLDS: Final = 5400.0
"""Seconds for which the server's last offer is one: sync asks each hour of the night."""


class Coming(Struct, frozen=True):
    """The bundle that is fetched: its SHA-256 in hexadecimal and its bytes, as the server says; `whole`: all of it is there.

    It was offered last `at` seconds after the boot `boot` began. `vain`: what came of that version was not it.
    """

    bundle: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size: Annotated[int, Meta(ge=1, le=MOST_FETCHED)]
    version: str = ""
    at: float = 0.0
    boot: str = ""
    whole: bool = False
    vain: bool = False

    def is_offered(self, now: float, boot: str, holds: float = OFFER_HOLDS) -> bool:
        """Whether the server offered it not long ago; of another boot nobody knows how long ago it was."""
        return self.boot == boot and 0 <= now - self.at < holds


class Spool:
    """The two files. Raises OSError where they cannot be written."""

    def __init__(self, folder: Path) -> None:
        self.bundle, self._about, self._folder = folder / BUNDLE, folder / ABOUT, folder

    @property
    def there(self) -> bool:
        """Whether whoever installed the station has made them, for this account."""
        return all(os.access(each, os.R_OK | os.W_OK) for each in (self.bundle, self._about))

    def coming(self) -> Coming | None:
        """What is fetched; None for nothing, and for what a cut has left."""
        try:
            with self._about.open("rb") as file:
                found: Coming = read_json(file.read(MOST_ABOUT), Coming, MOST_ABOUT)
        except (OSError, NotUnderstood):
            return None
        return found

    @property
    def held(self) -> int:
        """Bytes of it that are there."""
        return self.bundle.stat().st_size

    def has_room(self, size: int) -> bool:
        """Whether so many bytes leave some to the logbook."""
        return shutil.disk_usage(self._folder).free + self.held >= size + MARGIN

    def begin(self, coming: Coming) -> None:
        """Forget what was fetched, and fetch this from now on."""
        self.clear()
        self.say(coming)

    def add(self, piece: bytes) -> None:
        """The next bytes, on the disk when it returns."""
        with self.bundle.open("ab") as file:
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def end(self, coming: Coming) -> bool:
        """All of it should be there: whether it is, and is what was to come. Otherwise it was in vain."""
        good = self.is_whole(coming)
        if good:
            self.say(msgspec.structs.replace(coming, whole=True))
        else:
            self.give_up(coming)
        return good

    def give_up(self, coming: Coming) -> None:
        """Forget what was fetched, and remember that it was in vain."""
        self.clear()
        self.say(msgspec.structs.replace(coming, vain=True))

    def is_whole(self, coming: Coming) -> bool:
        """Whether what is there is what was to come, byte for byte."""
        if self.held != coming.size:
            return False
        digest = hashlib.sha256()
        with self.bundle.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest() == coming.bundle

    def clear(self) -> None:
        """Forget what was fetched, and give its place back."""
        for path in (self._about, self.bundle):
            if path.stat().st_size:
                self._write(path, b"")

    def say(self, coming: Coming) -> None:
        """What is there of it stays; this is known of it now."""
        self._write(self._about, msgspec.json.encode(coming))

    def _write(self, path: Path, data: bytes) -> None:
        with path.open("r+b") as file:
            file.truncate(0)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
