"""The keys of the union and what they sign: keysets, status lists, times, passes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.central.store import CentralStore
from kiosk.keyfiles import read_private, write_raw
from kiosk.trust.documents import ROOT_KID, TimeDocument, sign_document
from kiosk.trust.keyset import Key, Keyset, Use, key_id
from kiosk.trust.passes import Pass, make_pass
from kiosk.trust.status import Status, StatusDocument, pack

KEY_HOLDS: Final = 400 * 86_400


class Issuer:
    """Keeps the private keys as files that only their owner can read; makes them on first use."""

    def __init__(self, folder: Path, store: CentralStore) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._store = store
        self._root = read_or_make_key(folder / "root.key")
        self._keys: dict[Use, Ed25519PrivateKey] = {
            "issuer": read_or_make_key(folder / "issuer.key"),
            "document": read_or_make_key(folder / "document.key"),
        }
        published = store.versions()
        if "keyset" not in published:
            self.publish_keyset(1)
        if "status" not in published:
            self.publish_status()

    @property
    def root_public(self) -> bytes:
        """The raw public root key, which a station gets at enrolment."""
        return self._root.public_key().public_bytes_raw()

    def publish_keyset(self, version: int) -> None:
        """Sign and store a keyset with the present keys."""
        now = int(time.time())
        keys = tuple(
            Key(key_id(public), use, public, now - 30 * 86_400, now + KEY_HOLDS)
            for use, key in self._keys.items()
            for public in [key.public_key().public_bytes_raw()]
        )
        body = sign_document(Keyset(version, now, keys), self._root, ROOT_KID)
        self._store.put_document("keyset", version, body)

    def publish_status(self) -> None:
        """Sign and store the status list as the credentials are now."""
        version = self._store.versions().get("status", 0) + 1
        statuses, size = self._store.statuses()
        document = StatusDocument(version, int(time.time()), pack(statuses, size))
        self._store.put_document("status", version, self._sign(document))

    def set_status(self, index: int, status: Status) -> bool:
        """Revoke, suspend or restore a credential and publish it; False when there is none of that index."""
        changed = self._store.set_status(index, status)
        if changed:
            self.publish_status()
        return changed

    def time_document(self, nonce: str) -> bytes:
        """The time now, in answer to a station's nonce."""
        return self._sign(TimeDocument(int(time.time()), nonce))

    def issue(self, claims: Pass, holder: str = "") -> tuple[Pass, str]:
        """Sign a pass; with index 0 for a new credential of `holder`. Returns the claims with their index, and the text."""
        if claims.index == 0:
            claims = replace(claims, index=self._store.add_credential(holder))
        key = self._keys["issuer"]
        return claims, make_pass(claims, key, key_id(key.public_key().public_bytes_raw()))

    def _sign(self, document: StatusDocument | TimeDocument) -> bytes:
        key = self._keys["document"]
        return sign_document(document, key, key_id(key.public_key().public_bytes_raw()))


def read_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the file, made with mode 600 when there is none."""
    if not path.exists():
        write_raw(path, Ed25519PrivateKey.generate().private_bytes_raw(), 0o600)
    return read_private(path)
