"""Keys as files: 32 raw bytes in Base64, a line each."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

STATION_KEY: Final = "station.key"
"""In the data folder: the station's private key, made by `kiosk enrol` or at the door. No program but sync needs it."""

NO_KEY: Final = "none"
"""What the unit of sync hands over (SetCredential=) while the station has no key."""

CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what a unit's LoadCredential= names (systemd.exec(5))."""

ROOT_KEY: Final = "root.pub"
"""In the data folder: the public root key, which `kiosk enrol` was given."""


def station_key(data: Path) -> Path:
    """Where this process finds the station's key: handed to it by systemd, or else in the data folder."""
    handed = os.environ.get(CREDENTIALS)
    return Path(handed, STATION_KEY) if handed else data / STATION_KEY


def is_there(path: Path) -> bool:
    """Whether there is a key in it, or the unit's word for none. Raises OSError."""
    return path.exists() and path.read_text().strip() != NO_KEY


def read_raw(path: Path) -> bytes:
    """The key's bytes. Raises OSError or ValueError."""
    return base64.b64decode(path.read_text())


def read_private(path: Path) -> Ed25519PrivateKey:
    """A private key. Raises OSError or ValueError."""
    return Ed25519PrivateKey.from_private_bytes(read_raw(path))


def write_raw(path: Path, raw: bytes, mode: int) -> None:
    """Replace the file at once or not at all, owned as its folder is, never readable by more than `mode`."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    owner = path.parent.stat()
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(base64.b64encode(raw).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
