"""The highest index that was ever given, in a file beside the database: what a backup has forgotten is not given again.

A pass of that index may be in somebody's pocket, and its revocation in every station's list. Other servers of the same
database have files of their own, and tell each other through it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.replacing import replacing

FILE: Final = "highest-index"
UNKNOWN: Final = 100_000
"""How many are passed over where there is no such file: so many may a lost machine have given since its last backup.

They are 25 kB of a station's list, and next to nothing of what is sent.
"""


class Highest:
    """That file in a central server's folder. Its methods raise StoreFailed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def read(self) -> int | None:
        """The number; None where there is none, or what is there is no number."""
        try:
            text = self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except ValueError:
            return None
        except OSError as error:
            raise self._failed(error) from error
        return int(text) if text.isdigit() and len(text) <= len(str(2**32)) else None

    def raise_to(self, index: int) -> None:
        """Write it, on the disk before this ends, unless it is there or above."""
        if (self.read() or -1) >= index:
            return
        try:
            with replacing(self._path, 0o644) as file:
                file.write(b"%d\n" % index)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StoreFailed:
        return StoreFailed(Trouble.OTHER, f"{self._path}: {error.strerror}")
