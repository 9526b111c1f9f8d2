"""The station's files: in the data folder, or in memory while that takes no write.

A card that has locked itself, is full or has gone keeps nobody out. The station then begins a logbook in memory, with an epoch
of its own, from what it can still read: documents, floor, and what the old logbook remembers. Sync sends it like any other. At
the first start that can write again, what was in memory is gone through like a broken logbook, and sent under its epoch.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from msgspec import Struct

from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import FILE, Row, read_back
from kiosk.logbook.schema import Broken, free_name
from kiosk.logbook.store import Logbook
from kiosk.settings import Settings

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another station program holds this station's folder."""


class Files(Struct, frozen=True):
    """What is open. `held`: keeps others out until it is closed; `refused`: why the data folder is not used, or empty."""

    held: int
    cold: ColdState
    book: Logbook
    refused: str = ""

    def remembered(self, settings: Settings) -> Iterator[Row]:
        """The entries of the access stream, newest first; also those of a folder that can only be read."""
        mine = self.book.backwards("access")
        return chain(mine, read_back(settings.data, "access")) if self.refused else mine


def open_files(settings: Settings, boot_id: str) -> Files:
    """Open them wherever they can be. Raises AlreadyRunning, and OSError or sqlite3.Error when not even memory takes them."""
    try:
        return _open(settings.data, boot_id, settings.volatile)
    except (OSError, sqlite3.Error, Broken) as error:
        refused = f"{settings.data} takes no write ({error}): entries are kept in memory"
        log.error("%s", refused)  # noqa: TRY400  a fault of the machine's, not of ours
    fresh = not (settings.volatile / FILE).exists()
    settings.volatile.mkdir(mode=0o750, parents=True, exist_ok=True)
    files = _open(settings.volatile, boot_id)
    if fresh:
        with suppress(sqlite3.Error):
            files.cold.take_over(settings.data)
    return Files(files.held, files.cold, files.book, refused)


def _open(folder: Path, boot_id: str, volatile: Path | None = None) -> Files:
    """Open or make the files in a folder, which takes in what an earlier start had to leave in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    held = hold_folder(folder)
    cold = None
    try:
        cold = ColdState(folder)
        book = Logbook(folder, boot_id)
        if volatile is not None and volatile.exists():
            _take_in(volatile, folder)
    except BaseException:
        if cold is not None:
            cold.close()
        os.close(held)
        raise
    return Files(held, cold, book)


def hold_folder(folder: Path) -> int:
    """Keep any other station program out until the descriptor is closed; nothing is written. Raises AlreadyRunning, OSError."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise AlreadyRunning(
            f"another station program runs on {folder}; type: systemctl status kiosk-station"
        ) from error
    return held


def _take_in(volatile: Path, folder: Path) -> None:
    """To be gone through like a broken logbook, and sent under its own epoch."""
    aside = free_name(folder / FILE)
    for suffix in ("-wal", ""):
        found = volatile / (FILE + suffix)
        if found.exists():
            shutil.copyfile(found, aside.with_name(aside.name + suffix))
    shutil.rmtree(volatile)
