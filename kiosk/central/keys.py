"""The private keys of the union, as files that only their owner can read. None is ever made anew where another one was."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.central.refusals import KeyLost
from kiosk.central.store import CentralStore
from kiosk.central.store.documents import StoredKey
from kiosk.keyfiles import read_private, write_raw
from kiosk.language import _
from kiosk.trust.cose import holds, read_sign1
from kiosk.trust.keyset import key_id

ROOT: Final = "root.key"


def read_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the file, made with mode 600 when there is none. Raises OSError or ValueError."""
    if not path.exists():
        write_raw(path, Ed25519PrivateKey.generate().private_bytes_raw(), 0o600)
    return read_private(path)


def root_key(folder: Path, store: CentralStore) -> Ed25519PrivateKey:
    """The root key that the folder's database belongs to; made when both are new. Raises KeyLost."""
    path = folder / ROOT
    if store.is_new():
        return read_or_make_key(path)
    remedy = _(
        "Put the right one back from where it is kept. No other will do: every enrolled station trusts it alone."
    )
    key = _read(path, remedy)
    keyset = store.documents().get("keyset")
    if keyset and not holds(read_sign1(keyset[1]), key.public_key()):
        raise KeyLost(_("{file}: is not the key that signed this server's keysets. {remedy}", file=path, remedy=remedy))
    return key


def signing_key(folder: Path, stored: StoredKey) -> Ed25519PrivateKey:
    """The private half of a signing key. Raises KeyLost."""
    path = folder / stored.file
    remedy = _(
        "Put it back from a backup, or replace it at every station: kiosk central rotate --compromised {use}",
        use=stored.use,
    )
    key = _read(path, remedy)
    if key_id(key.public_key().public_bytes_raw()) != stored.kid:
        raise KeyLost(_("{file}: is another key than the one that stations know. {remedy}", file=path, remedy=remedy))
    return key


def _read(path: Path, remedy: str) -> Ed25519PrivateKey:
    try:
        return read_private(path)
    except OSError as error:
        raise KeyLost(f"{path}: {error.strerror}. {remedy}") from error
    except ValueError as error:
        raise KeyLost(_("{file}: holds no key. {remedy}", file=path, remedy=remedy)) from error
