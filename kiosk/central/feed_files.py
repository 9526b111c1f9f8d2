"""The feed as files for a web server: written when they change, each at once or not at all, with the same by gzip beside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.central.feed import NAMES, bodies
from kiosk.central.publicly import public_stations
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.replacing import replacing

MODE: Final = 0o644
"""Everybody may read them."""


class FeedFiles:
    """Whoever calls `turn` every half minute keeps them; where no folder is named there are none."""

    def __init__(self, store: CentralStore, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._written: dict[str, str] = {}

    def turn(self) -> None:
        """Write what has changed; where that cannot be known or written, no file says anything. Raises StoreFailed."""
        if not self._store.feed.folder:
            return
        try:
            self._write_changed()
        except StoreFailed:
            _remove(self._folder())
            self._written.clear()
            raise

    def withdraw(self) -> None:
        """Take back, once, what this one wrote: it is another that writes from now on, or nobody. Raises StoreFailed."""
        if self._written:
            _remove(self._folder())
            self._written.clear()

    def _folder(self) -> Path:
        return self._store.folder / self._store.feed.folder

    def _write_changed(self) -> None:
        folder, stations = self._folder(), public_stations(self._store)
        for name, body in bodies(stations, self._clock(), self._store.addresses.public).items():
            if self._written.get(name) != body.tag or not (folder / name).exists():
                self._written[name] = ""  # what is half written is taken back, too
                _write(folder / f"{name}.gz", body.packed)
                _write(folder / name, body.raw)
                self._written[name] = body.tag


def _remove(folder: Path) -> None:
    """What nobody can say any longer is said by no file. Raises StoreFailed."""
    failed: OSError | None = None
    for name in (f"{each}{packed}" for each in NAMES for packed in ("", ".gz")):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            failed = error
    if failed:
        raise StoreFailed(Trouble.OTHER, f"{folder}: {failed.strerror}") from failed


def _write(path: Path, raw: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, MODE) as file:
            os.fchmod(file.fileno(), MODE)  # whatever this account's mask is
            file.write(raw)
    except OSError as error:
        raise StoreFailed(Trouble.OTHER, f"{path}: {error.strerror}") from error
