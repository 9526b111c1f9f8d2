"""The two files that are carried between the server and the root key: a request for a keyset, and the keyset signed.

They are JSON, so that whoever carries them can read them. Neither is secret. A request is proven by its words, which are read
out at both ends, and a keyset by the root key's signature.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from kiosk.central.refusals import NotTaken
from kiosk.language import _
from kiosk.replacing import replacing
from kiosk.trust.cose import public_key
from kiosk.trust.fingerprint import words
from kiosk.trust.keyset import USES, Key, RawKey, UnixTime, key_id, usable

MOST: Final = 64 * 1024
"""Bytes of such a file; 64 keys are some 12 kB."""


class KeyRequest(Struct, frozen=True, tag="kiosk_key_request", tag_field="file"):
    """The keys that the next keyset is to hold, by the database of that name, `made` in seconds since 1970.

    `newest`: the highest number of a keyset that the server has, or a station says that it has.
    """

    database: Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z")]
    made: UnixTime
    newest: Annotated[int, Meta(ge=0, lt=2**52)]
    keys: Annotated[tuple[Key, ...], Meta(max_length=64)]


class SignedKeyset(Struct, frozen=True, tag="kiosk_signed_keyset", tag_field="file"):
    """A keyset as it travels to the stations, and the public root key that signed it."""

    root: RawKey
    keyset: bytes


Paper = KeyRequest | SignedKeyset
T = TypeVar("T", KeyRequest, SignedKeyset)


def write_paper(path: Path, paper: Paper) -> None:
    """Write it at once or not at all. Raises OSError."""
    with replacing(path, 0o644) as file:
        file.write(msgspec.json.format(msgspec.json.encode(paper)) + b"\n")


def read_request(path: Path) -> KeyRequest:
    """Raises OSError and NotTaken."""
    request = _read(path, KeyRequest, _("Make it anew at the server: kiosk central keys request --out FILE"))
    good = all(
        key.kid == key_id(key.public) and usable(key) and key.not_before <= key.not_after for key in request.keys
    )
    if (
        not good
        or {key.use for key in request.keys} < USES
        or len({key.kid for key in request.keys}) < len(request.keys)
    ):
        raise NotTaken(_("{file}: its keys are not as a server makes them", file=path))
    return request


def read_signed(path: Path) -> SignedKeyset:
    """Raises OSError and NotTaken."""
    signed = _read(path, SignedKeyset, _("Sign the request again: kiosk root sign REQUEST"))
    if public_key(signed.root) is None:
        raise NotTaken(_("{file}: its root key is no key", file=path))
    return signed


def _read(path: Path, wanted: type[T], remedy: str) -> T:
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        raw = file.read(MOST + 1) or b""
    try:
        paper = msgspec.json.decode(raw, type=Paper) if len(raw) <= MOST else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        paper = None
    if paper is None:
        raise NotTaken(_("{file}: is cut off, damaged, or something else. {remedy}", file=path, remedy=remedy))
    if not isinstance(paper, wanted):
        named = _("a request") if isinstance(paper, KeyRequest) else _("a signed keyset")
        raise NotTaken(_("{file}: is {what}. {remedy}", file=path, what=named, remedy=_swapped(paper)))
    return paper


def _swapped(paper: Paper) -> str:
    """What such a file is for."""
    if isinstance(paper, KeyRequest):
        return _("It goes to the root key: kiosk root sign FILE")
    return _("It goes to the server: kiosk central keys install FILE")


def words_of_request(request: KeyRequest) -> str:
    """By which two people at two ends know that it is the same request."""
    return words(b"request\0" + msgspec.msgpack.encode(request))


def words_of_root(public: bytes) -> str:
    """By which people know the root key."""
    return words(b"root\0" + public)
