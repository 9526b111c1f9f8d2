"""At the server: which keys the next keyset is to hold. Their private halves are made here, and never leave."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.central.keys.files import has_private
from kiosk.central.keys.papers import KeyRequest
from kiosk.central.keys.windows import BACKDATED, DAY, HOLDS, windows
from kiosk.central.store import CentralStore
from kiosk.central.store.keys import StoredKey
from kiosk.keyfiles import write_raw
from kiosk.trust.keyset import Key, Use, key_id

USES: Final[tuple[Use, ...]] = ("issuer", "document")

REMEMBERED: Final = HOLDS
"""Seconds for which an issuer key stays in the keyset after its end, for the cards that it has signed."""

MOST_VOID: Final = 32
"""Keys that a keyset names as void; it has room for 64 in all."""


def request_keys(folder: Path, store: CentralStore, now: int, compromised: Use | None = None) -> KeyRequest:
    """A request for the keys of the coming 13 months; those that are lacking are made. Raises OSError.

    `compromised`: no key of that use whose private half is, or may have been, here shall hold again, and new ones hold at
    once. A document key that has ended by itself would go on vouching for what a station holds of it: it is named as void.
    """
    with store.transaction():
        if compromised:
            known = [*store.signing_keys(), *store.requested_keys()]
            store.compromise(key.kid for key in known if key.use == compromised and has_private(folder, key, now))
        for use in USES:
            for begin, end in windows(_since(store, use, now), now):
                store.add_requested_key(_made(folder, use, begin, end))
        keys = tuple(Key(key.kid, key.use, key.public, key.not_before, key.not_after) for key in wanted(store, now))
        return KeyRequest(store.database(), now, _newest(store, now), (*keys, *_void(store, now)))


def wanted(store: CentralStore, now: int) -> list[StoredKey]:
    """The keys of the next keyset: those that hold, or will, and issuers' whose passes may still be shown."""
    lost = store.compromised()
    return [
        key
        for key in (*store.signing_keys(), *store.requested_keys())
        if key.kid not in lost and key.not_after > now - (REMEMBERED if key.use == "issuer" else 0)
    ]


def _void(store: CentralStore, now: int) -> list[Key]:
    """The compromised document keys that have ended, with a window in which nothing is."""
    lost = store.compromised()
    void = [
        Key(key.kid, key.use, key.public, 0, 0)
        for key in store.signing_keys()
        if key.kid in lost and key.use == "document" and now - REMEMBERED < key.not_after <= now
    ]
    return void[-MOST_VOID:]


def _since(store: CentralStore, use: Use, now: int) -> int:
    """From when on keys of that use are lacking."""
    ends = [key.not_after for key in wanted(store, now) if key.use == use]
    if not ends and not any(key.use == use for key in store.signing_keys()):
        return now - BACKDATED
    return max([now, *ends])


def _made(folder: Path, use: Use, not_before: int, not_after: int) -> StoredKey:
    key, name = Ed25519PrivateKey.generate(), f"{use}-{secrets.token_hex(4)}.key"
    write_raw(folder / name, key.private_bytes_raw(), 0o600)
    public = key.public_key().public_bytes_raw()
    return StoredKey(key_id(public), use, public, not_before, not_after, name)


def _newest(store: CentralStore, now: int) -> int:
    """The highest number of a keyset that anybody has; a station that says more than a day ahead is not believed."""
    ours = store.versions().get("keyset", 0)
    said = (store.said(station).get("keyset", 0) for station in store.saying())
    return max([ours, *(each for each in said if each <= now + DAY)])
