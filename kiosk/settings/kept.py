"""The last settings that were good: kept by the station, and used by every program while the file is broken.

The station writes them once it has started with them: into its data folder, which survives, into the folder of the sockets,
which every program may read, and beside the file where it may write there. Each copy has a checksum, and names the file whose
settings it holds, so that nobody starts with another station's. It is compressed: a page of the card instead of three.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.decoding import NotUnderstood, read_json
from kiosk.replacing import replacing
from kiosk.settings import Settings, Station
from kiosk.settings.loading import load
from kiosk.settings.reading import salvage
from kiosk.settings.table import BadSettings
from kiosk.settings.text import MOST_BYTES, read_bounded

COPY: Final = "settings.good"
FORM: Final = b"kiosk-settings-1 "
MODE: Final = 0o640
"""The settings may hold a camera's password: for the station and the group of the programs."""

FOLDERS_OF_THE_UNIT: Final = ("STATE_DIRECTORY", "RUNTIME_DIRECTORY")
"""systemd.exec(5); where they are looked for when the file no longer says where its folders are."""


class Copy(Struct, frozen=True):
    """`path` is that of the settings' file."""

    path: str
    settings: Settings


class Origin(Struct, frozen=True):
    """Where a program's settings come from: the file, or, since that is `wrong`, what was kept of it."""

    path: Path
    wrong: tuple[str, ...] = ()

    @property
    def fault(self) -> str:
        """What to tell of it; empty when nothing is wrong."""
        more = f" (and {len(self.wrong) - 1} more)" if len(self.wrong) > 1 else ""
        return f"{self.wrong[0][:150]}{more}: the last good settings are used" if self.wrong else ""


def load_or_kept(path: Path) -> tuple[Settings, Origin]:
    """The settings in the file or, where that is broken, the last good ones. Raises BadSettings where there are none either."""
    try:
        return load(path), Origin(path)
    except BadSettings as bad:
        settings = kept(path)
        if settings is None:
            raise
        return settings, Origin(path, tuple(bad.errors))


def kept(path: Path) -> Settings | None:
    """The last good settings of that file, wherever a whole copy of them is."""
    return next((copy.settings for place in _places(path) if (copy := _read(place)) and copy.path == _name(path)), None)


def keep(settings: Settings, path: Path) -> None:
    """Write the copies that are not there yet; what takes no write is left out."""
    folders = [settings.data, settings.run, *(Path(found) for found in _of_the_unit())]
    _write({*(folder / COPY for folder in folders), _beside(path)}, settings, path)


def share(settings: Settings, path: Path) -> None:
    """Write only the copy in the folder of the sockets, for the programs that may not look into the data folder."""
    _write({settings.run / COPY}, settings, path)


def _write(places: set[Path], settings: Settings, path: Path) -> None:
    body = zlib.compress(msgspec.json.encode(Copy(_name(path), settings)))
    data = FORM + hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    mode = MODE
    with suppress(OSError):
        mode &= path.stat().st_mode | 0o600
    for place in places:
        with suppress(OSError):
            if _bytes(place) != data:
                _replace(place, data, mode)


def _replace(place: Path, data: bytes, mode: int) -> None:
    """At once or not at all. Raises OSError."""
    with replacing(place, 0o600) as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)


def _read(place: Path) -> Copy | None:
    """What a copy holds; nothing where there is none, or its checksum does not fit."""
    head, _, body = _bytes(place).partition(b"\n")
    if head != FORM + hashlib.sha256(body).hexdigest().encode():
        return None
    try:
        copy: Copy = read_json(zlib.decompressobj().decompress(body, MOST_BYTES), Copy, MOST_BYTES)
    except (NotUnderstood, zlib.error):  # of another version
        return None
    return copy


def _bytes(place: Path) -> bytes:
    try:
        return read_bounded(place)
    except (OSError, ValueError):
        return b""


def _name(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100  as it was named: a link to it may be what is broken


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.good")


def _places(path: Path) -> Iterator[Path]:
    """Where copies may be, the freshest first: the folders that the file still names, beside it, and the usual ones."""
    told = salvage(path).get("station")
    usual = {field.name: field.default for field in msgspec.structs.fields(Station)}
    for each in ("run_dir", "data_dir"):
        folder: Any = told.get(each) if isinstance(told, dict) else None
        if isinstance(folder, str) and re.fullmatch(r"[^\0]+", folder):
            yield Path(folder) / COPY
    yield _beside(path)
    for each in ("run_dir", "data_dir"):
        yield Path(usual[each]) / COPY


def _of_the_unit() -> list[str]:
    told = (os.environ.get(name, "").split(":")[0] for name in FOLDERS_OF_THE_UNIT)
    return [folder for folder in told if folder]
