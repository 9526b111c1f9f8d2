"""What is stored of the doctor and of the cabinet, in a file of two slots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.core.desk.consulting import Lies
from kiosk.core.desk.shelves import Shelf
from kiosk.core.events import Event, Faulted
from kiosk.decoding import UNDECODABLE
from kiosk.logbook.urn import SLOT, Damaged, UrnFile
from kiosk.loops import Loops
from kiosk.station.storing import Storing

CABINET: Final = "cabinet"
"""The fault of the file."""

FILE: Final = "cabinet.urn"
SIZE: Final = 2 * SLOT
"""Bytes of a slot of the file: as many shelves as are watched, of the longest names, and all that may lie of the doctor."""


class Content(Struct, frozen=True):
    """What is stored: of the slots what lies there, and of the doctor what is not told yet."""

    shelves: dict[str, Shelf] = {}
    lying: tuple[Lies, ...] = ()


class CabinetFile:
    """`content`: as it is to be. `tell` and `stored` (with what is on the disk) are called from any thread."""

    def __init__(
        self, folder: Path, tell: Callable[[Event], None], stored: Callable[[Content], None], loops: Loops
    ) -> None:
        self._is_stored = stored
        trouble = "what lies in the slots cannot be stored"
        self._storing = Storing(trouble, self._store, lambda fault: tell(Faulted(CABINET, fault)))
        self._file = UrnFile(folder, FILE, SIZE)
        self.content = self._read()
        self._storing.start(CABINET, loops)

    def keep(self, content: Content) -> None:
        """Store it; a later one takes the place of one that still waits."""
        self.content = content
        self._storing.want()

    def close(self) -> None:
        """Store what waits."""
        self._storing.close()

    def _read(self) -> Content:
        """What the file holds; of what is not whole nothing is given out until it is filled anew."""
        try:
            found = self._file.read()
            return Content() if found is None else msgspec.msgpack.decode(found, type=Content)
        except (Damaged, OSError, *UNDECODABLE) as error:
            self._storing.found(f"what lies in the slots is not known: {error}")
            return Content()

    def _store(self) -> None:
        """The newest content."""
        content = self.content
        self._file.write(msgspec.msgpack.encode(content))
        self._is_stored(content)
