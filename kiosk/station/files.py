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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import chain
from pathlib import Path
from typing import Final

from msgspec import Struct

from kiosk.core.entries import Stream
from kiosk.decoding import UNDECODABLE
from kiosk.keyfiles import ROOT_KEY, STATION_KEY, Kept, heal, read_kept
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import FILE, Row, read_back
from kiosk.logbook.salvage import set_aside
from kiosk.logbook.schema import Broken, free_name
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.stops import ToldAt, read_stops
from kiosk.logbook.store import Logbook
from kiosk.logbook.urn import FILE as RATINGS
from kiosk.settings import Settings
from kiosk.settings.kept import COPY as SETTINGS
from kiosk.station.cabinet_file import FILE as CABINET

log = logging.getLogger(__name__)

PROBE: Final = 1 << 20
"""Bytes: more than the files need at a start."""

LEFT: Final = (SETTINGS, RATINGS, CABINET)
"""What a station that has run has left beside documents and logbook: where both have gone, it says that they were there."""


class AlreadyRunning(Exception):
    """Another station program holds this station's folder."""


class Files(Struct, frozen=True):
    """What is open. `held`: keep others out until they are closed; `refused`: why the data folder is not used, or empty.

    `root`: the public root key, `own`: the station's private one, both empty before it is enrolled; `faults`: what was damaged
    of what is kept twice.
    """

    held: tuple[int, ...]
    cold: ColdState
    book: Logbook
    services: ServicesFile
    root: bytes = b""
    own: bytes = b""
    faults: tuple[str, ...] = ()
    refused: str = ""

    def remembered(self, settings: Settings, stream: Stream = "access") -> Iterator[Row]:
        """The entries of a stream, newest first; also those of a folder that can only be read."""
        mine = self._mine(stream)
        return chain(mine, read_back(settings.data / FILE, stream)) if self.refused else mine

    def aside(self, settings: Settings, stream: Stream = "access") -> Iterator[Row]:
        """Those of the logbooks that were set aside, as far as they can be read: the newest file first."""
        folders = dict.fromkeys((self.book.folder, settings.data))
        found = (path for folder in folders for path in reversed(set_aside(folder)))
        return chain.from_iterable(read_back(path, stream) for path in found)

    def stops(self, settings: Settings) -> list[ToldAt]:
        """What was told last of each stop; a file that does not say it says it in its entries."""
        with suppress(sqlite3.Error, *UNDECODABLE):
            return [*(read_stops(settings.data) if self.refused else ()), *self.book.stops()]
        return []

    def _mine(self, stream: Stream) -> Iterator[Row]:
        """A file that cannot be read back to its end is moved aside: what it gave until then counts, and another is begun."""
        try:
            yield from self.book.backwards(stream)
        except (sqlite3.Error, *UNDECODABLE) as error:
            log.error("the logbook cannot be read back: %s", error)  # noqa: TRY400  a fault of the card's
            self.book.replace(str(error))


def open_files(settings: Settings, boot_id: str) -> Files:
    """Open them wherever they can be. Raises AlreadyRunning, and OSError or sqlite3.Error when not even memory takes them."""
    settings.run.mkdir(parents=True, exist_ok=True)
    held = [hold_folder(settings.run)]
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        if not settings.data.samefile(settings.run):
            held.append(hold_folder(settings.data))
        opened = _open(settings.data, boot_id, settings.volatile)
        root, own, faults = _kept(settings.data, heal)
        return Files(tuple(held), *opened, root, own, (*opened[0].faults, *faults))
    except (OSError, sqlite3.Error, Broken) as error:
        refused = f"{settings.data} takes no write ({error}): entries are kept in memory"
        log.error("%s", refused)  # noqa: TRY400  a fault of the machine's, not of ours
    fresh = not settings.volatile.exists()
    settings.volatile.mkdir(mode=0o750, exist_ok=True)
    cold, book, services = _open(settings.volatile, boot_id)
    if fresh:
        with suppress(sqlite3.Error):
            cold.take_over(settings.data)
            services.take_over(settings.data)
    root, own, faults = _kept(settings.data, read_kept)
    return Files(tuple(held), cold, book, services, root, own, (*cold.faults, *faults), refused)


def _kept(folder: Path, how: Callable[[Path, str], Kept]) -> tuple[bytes, bytes, tuple[str, ...]]:
    """The root key, the station's own, and what is wrong with either."""
    root, own = how(folder, ROOT_KEY), how(folder, STATION_KEY)
    return root.raw, own.raw, (*root.wrong, *own.wrong)


def _open(folder: Path, boot_id: str, volatile: Path | None = None) -> tuple[ColdState, Logbook, ServicesFile]:
    """`volatile`: take in what an earlier start had to leave there."""
    with ExitStack() as stack:
        cold = ColdState(folder)
        stack.callback(cold.close)
        if volatile and volatile.exists():
            _take_in(volatile, folder, cold)
        begun = cold.begun() or any((folder / name).exists() for name in LEFT)
        book = Logbook(folder, boot_id, begun=begun)
        stack.callback(book.close)
        if not cold.begun():
            with cold.transaction():
                cold.keep_begun()
        services = ServicesFile(folder)
        stack.pop_all()
    return cold, book, services


def takes_writes(folder: Path) -> bool:
    """Whether a file of some size can be written there and flushed; it may take as long as the disk does."""
    probe = folder / "probe.tmp"
    try:
        with probe.open("wb") as file:
            file.write(bytes(PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        with suppress(OSError):
            probe.unlink()
    return True


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


def _take_in(volatile: Path, folder: Path, cold: ColdState) -> None:
    """The logbook, to be gone through like a broken one; and then the documents and the floor that came meanwhile."""
    aside = free_name(folder / FILE)
    copies = {volatile / (FILE + suffix): aside.with_name(aside.name + suffix) for suffix in ("-wal", "")}
    try:
        for found, copy in copies.items():
            if found.exists():
                shutil.copyfile(found, copy)
        cold.take_newer(volatile)
    except (OSError, sqlite3.Error):
        for copy in copies.values():
            copy.unlink(missing_ok=True)
        raise
    shutil.rmtree(volatile)
