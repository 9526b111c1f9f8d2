"""A hospital's own part: a key, and releases of a medicine. It needs cryptography, cbor2 and base45, and nothing of ours.

    python hospital.py key hospital.pem                                         prints what the union's doctor document needs
    python hospital.py release hospital.pem 37081101 cabinet1 ibuprofen 1700042 prints the text of a QR code

`1700042` is the number of the holder's pass, `cabinet1` a slot of that station, in which a steward has put `ibuprofen`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import cbor2
from base45 import b45encode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

ALG, KID, EDDSA = 1, 4, -8
EXPIRES, ISSUED_AT, ID, INDEX, STATION, SLOT, ITEM = 4, 6, 7, -70001, -70020, -70021, -70022
HOLDS = 15 * 60
"""Seconds; more than 30 minutes no station takes."""


def kid_of(key: Ed25519PrivateKey) -> bytes:
    """The name of a key: the first four bytes of the SHA-256 of its public half."""
    return hashlib.sha256(key.public_key().public_bytes_raw()).digest()[:4]


def release(key: Ed25519PrivateKey, station: str, slot: str, item: str, index: int, now: int) -> str:
    """A COSE_Sign1 (RFC 9052) of deterministic CBOR (RFC 8949, 4.2), in Base45 (RFC 9285)."""
    said = {EXPIRES: now + HOLDS, ISSUED_AT: now, ID: os.urandom(16), INDEX: index}
    payload = cbor2.dumps(said | {STATION: station, SLOT: slot, ITEM: item}, canonical=True)
    protected = cbor2.dumps({ALG: EDDSA, KID: kid_of(key)}, canonical=True)
    signature = key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    return "YZ6:" + b45encode(cbor2.dumps([protected, {}, payload, signature])).decode()


def make_key(path: str) -> None:
    """Into a file that there was not, and that nobody else can read."""
    key = Ed25519PrivateKey.generate()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    print(f'public = "{key.public_key().public_bytes_raw().hex()}"')


def main(act: str, path: str, *said: str) -> None:
    """What the command line asks for."""
    if act == "key":
        make_key(path)
        return
    key = load_pem_private_key(Path(path).read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{path} is no Ed25519 key")
    station, slot, item, index = said
    print(release(key, station, slot, item, int(index), int(time.time())))


if __name__ == "__main__":
    main(*sys.argv[1:])
