"""Keys as files: 32 raw bytes in Base64, a line each, and under it the checksum of the key; what a station keeps, twice.

The previous version reads the first line alone, and writes no second one.
"""

from __future__ import annotations

import base64
import os
import stat
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk.replacing import replacing

STATION_KEY: Final = "station.key"
"""In the data folder: the station's private key, made by `kiosk enrol` or at the door. Sync proves itself by it.

The station signs with it what the display shows to phones; no other program needs it."""

NO_KEY: Final = "none"
"""What the unit of sync hands over (SetCredential=) while the station has no key."""

CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what a unit's LoadCredential= names (systemd.exec(5))."""

ROOT_KEY: Final = "root.pub"
"""In the data folder: the public root key, which `kiosk enrol` was given."""

COPY: Final = ".copy"
MODES: Final = {ROOT_KEY: 0o644, STATION_KEY: 0o600}
"""What a station keeps twice, and who may read it."""

LENGTH: Final = 32
MOST: Final = 1000
"""Bytes of a key's file that are read."""


class Kept(Struct, frozen=True):
    """A key that is kept twice: the better of both (empty: none), and what is wrong with either."""

    raw: bytes
    wrong: tuple[str, ...] = ()


def station_key(data: Path) -> Path:
    """Where this process finds the station's key: handed to it by systemd, or else in the data folder."""
    handed = os.environ.get(CREDENTIALS)
    return Path(handed, STATION_KEY) if handed else data / STATION_KEY


def is_there(path: Path) -> bool:
    """Whether there is a key in it, or the unit's word for none. Raises OSError."""
    return path.exists() and path.read_bytes().strip() != NO_KEY.encode()


def read_raw(path: Path) -> bytes:
    """The key's bytes. Raises OSError, or ValueError when they are not as they were written.

    An editor may have put a byte order mark before them, and other ends to the lines.
    """
    try:
        lines = [each.strip() for each in _read(path).decode("utf-8-sig").splitlines()] or [""]
        raw = base64.b64decode(lines[0], validate=True)
    except ValueError as error:  # UnicodeDecodeError, binascii.Error
        raise ValueError(f"{path} holds no key in Base64") from error
    if len(raw) != LENGTH:
        raise ValueError(f"{path} has {len(raw)} bytes of a key and not {LENGTH}")
    if len(lines) > 1 and lines[1] not in {"", _checksum(raw)}:
        raise ValueError(f"{path} is not as it was written")
    return raw


def read_private(path: Path) -> Ed25519PrivateKey:
    """A private key. Raises OSError or ValueError."""
    return Ed25519PrivateKey.from_private_bytes(read_raw(path))


def write_raw(path: Path, raw: bytes, mode: int) -> None:
    """Replace the file at once or not at all, owned as its folder is, never readable by more than `mode`."""
    owner = path.parent.stat()
    with replacing(path, mode) as file:
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(f"{base64.b64encode(raw).decode()}\n{_checksum(raw)}\n".encode())


def keep(folder: Path, name: str, raw: bytes) -> None:
    """Write one of a station's keys and its copy. Raises OSError."""
    for path in (folder / name, folder / (name + COPY)):
        write_raw(path, raw, MODES[name])


def read_kept(folder: Path, name: str) -> Kept:
    """One of a station's keys: the file's own, or the copy's where that is not as it was written. Writes nothing."""
    found, wrong, gone = list[bytes](), list[str](), False
    for path in (folder / name, folder / (name + COPY)):
        try:
            found.append(read_raw(path))
        except FileNotFoundError:
            gone = gone or path.name == name
        except (OSError, ValueError) as error:
            wrong.append(f"{path.name} cannot be used: {error}")
    if found and gone:
        wrong.append(f"{name} has gone")
    if wrong:
        wrong.append(f"{name} comes from the other" if found else "there is no other: enrol the station anew")
    return Kept(found[0] if found else b"", tuple(wrong))


def heal(folder: Path, name: str) -> Kept:
    """As :func:`read_kept`; then both files are as they should be, if the disk takes it.

    A key without a copy, or without a checksum, is one of a previous version: it is kept twice from now on, without a word.
    """
    kept = read_kept(folder, name)
    if kept.raw:
        for path in (folder / name, folder / (name + COPY)):
            with suppress(OSError):
                _mend(path, kept.raw, MODES[name])
    return kept


def _mend(path: Path, raw: bytes, mode: int) -> None:
    with suppress(OSError, ValueError):
        if read_raw(path) == raw and _checksum(raw).encode() in _read(path):
            return
    if os.path.lexists(path) and not path.is_file():
        path.rename(path.with_name(path.name + ".broken"))
    write_raw(path, raw, mode)


def _read(path: Path) -> bytes:
    """What is in a file; ValueError for what is none, such as a FIFO, at which whoever reads would wait for ever."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise ValueError(f"{path} is not a file")
        return os.read(opened, MOST)
    finally:
        os.close(opened)


def _checksum(raw: bytes) -> str:
    return f"crc32 {zlib.crc32(raw):08x}"
