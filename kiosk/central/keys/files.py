"""The private halves of the signing keys, as files that only their owner can read. None is ever made anew where one was."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.central.refusals import KeyLost
from kiosk.central.store.keys import StoredKey
from kiosk.keyfiles import read_private, write_raw
from kiosk.language import _
from kiosk.trust.keyset import key_id

KEPT: Final = 40 * 86_400
"""Seconds after its end for which a key's private half is kept: longer than a clock may be wrong and still be believed."""


def read_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the file, made with mode 600 when there is none. Raises OSError or ValueError."""
    if not path.exists():
        write_raw(path, Ed25519PrivateKey.generate().private_bytes_raw(), 0o600)
    return read_private(path)


def signing_key(folder: Path, stored: StoredKey) -> Ed25519PrivateKey:
    """The private half of a signing key. Raises KeyLost."""
    path = folder / stored.file
    remedy = _(
        "Put it back from a backup, or replace it at every station: kiosk central keys request --compromised {use} --out FILE",
        use=stored.use,
    )
    key = read_key(path, remedy)
    if key_id(key.public_key().public_bytes_raw()) != stored.kid:
        raise KeyLost(_("{file}: is another key than the one that stations know. {remedy}", file=path, remedy=remedy))
    return key


def has_private(folder: Path, key: StoredKey, now: int) -> bool:
    """Whether whoever took over the server at `now` may have it: a key that is over goes a while after its end."""
    return key.not_after > now - KEPT or (folder / key.file).exists()


def remove_ended(folder: Path, keys: Iterable[StoredKey], now: int) -> None:
    """Remove the private halves of the keys that are long over: nobody can sign anything more that is dated back to them."""
    for key in keys:
        if key.not_after <= now - KEPT:
            with suppress(OSError):
                (folder / key.file).unlink(missing_ok=True)


def read_key(path: Path, remedy: str) -> Ed25519PrivateKey:
    """The private key in the file. Raises KeyLost with the remedy."""
    try:
        return read_private(path)
    except OSError as error:
        raise KeyLost(f"{path}: {error.strerror}. {remedy}") from error
    except ValueError as error:
        raise KeyLost(_("{file}: holds no key. {remedy}", file=path, remedy=remedy)) from error
