"""The root key, in a folder on a stick, with a log of all that it has ever signed. Nothing here needs a network or a database.

The log is written before what was signed leaves: a number that somebody may have seen is never signed again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from kiosk.central.keys.papers import KeyRequest, SignedKeyset
from kiosk.central.refusals import NotTaken
from kiosk.core.ratchets import absurd
from kiosk.keyfiles import ROOT_KEY, read_private, write_raw
from kiosk.language import _
from kiosk.replacing import replacing
from kiosk.trust.documents import ROOT_KID, sign_document
from kiosk.trust.keyset import Key, Keyset, UnixTime, Version
from kiosk.trust.release import Release, sign_release

KEY: Final = "root.key"
LOG: Final = "root.log"
MOST_LOG: Final = 4 << 20
"""Bytes of a log that are read; a signature is some 3 kB."""

DAY: Final = 86_400


class Begun(Struct, frozen=True, tag="begun", tag_field="what"):
    """The log begins: the key was made then (seconds since 1970), or `taken` from an older release's server."""

    at: UnixTime
    taken: bool = False


class SignedKeys(Struct, frozen=True, tag="keyset", tag_field="what"):
    """A keyset was signed, for the database of that name."""

    at: UnixTime
    number: Version
    database: Annotated[str, Meta(max_length=64)]
    keys: Annotated[tuple[Key, ...], Meta(max_length=64)]


class SignedRelease(Struct, frozen=True, tag="release", tag_field="what"):
    """A release was signed."""

    at: UnixTime
    version: Annotated[str, Meta(max_length=64)]
    ring: Annotated[str, Meta(max_length=64)]


Entry = Begun | SignedKeys | SignedRelease


class Root:
    """The root key in a folder, and what it has signed."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError and NotTaken."""
        self._folder = folder
        self._key = _key_in(folder)
        self.log = _read_log(folder / LOG)

    @property
    def public(self) -> bytes:
        """The public half."""
        return self._key.public_key().public_bytes_raw()

    @property
    def last(self) -> SignedKeys | None:
        """The keyset that was signed last."""
        return next((each for each in reversed(self.log) if isinstance(each, SignedKeys)), None)

    def keyset(self, request: KeyRequest, now: int) -> Keyset:
        """The keyset that a request asks for; its number exceeds each that was ever signed. Raises NotTaken."""
        if now < request.made - DAY:
            raise NotTaken(
                _(
                    "This computer's clock is behind: the request was made later than the date here.\n"
                    "Next: set the clock (sudo date -s 'YEAR-MONTH-DAY HOUR:MINUTE'), and sign again"
                )
            )
        numbers = [each.number for each in self.log if isinstance(each, SignedKeys)]
        if numbers and absurd(request.newest, max(numbers), max(now, request.made)):
            raise NotTaken(
                _(
                    "It says that a keyset of number {newest} is known, and the highest that this key has signed is {highest}. "
                    "No station would ever take the next one, nor any that this key signs after it.\n"
                    "Next: find out what is wrong with that server, and make the request anew",
                    newest=request.newest,
                    highest=max(numbers),
                )
            )
        return Keyset(next_number(numbers, request.newest, min(now, request.made)), now, request.keys)

    def sign(self, keyset: Keyset, database: str) -> SignedKeyset:
        """The keyset as it is carried to the server; first it stands in the log. Raises OSError."""
        self._note(SignedKeys(keyset.issued_at, keyset.version, database, keyset.keys))
        return SignedKeyset(self.public, sign_document(keyset, self._key, ROOT_KID))

    def sign_release(self, release: Release) -> bytes:
        """The release as it travels; first it stands in the log. Raises OSError."""
        self._note(SignedRelease(release.issued_at, release.version, release.ring))
        return sign_release(release, self._key)

    def _note(self, entry: Entry) -> None:
        log = [*self.log, entry]
        _write_log(self._folder / LOG, log)
        self.log = log


def next_number(signed: Iterable[int], newest: int, at: int) -> int:
    """The seconds since 1970, or the number after the last where that is more: of those signed, and of what stations have."""
    return max(max(signed, default=0) + 1, newest + 1, at)


def make_root(folder: Path, now: int, key: Ed25519PrivateKey | None = None) -> Root:
    """A root key in a folder of its own, which is made; `key`: that of an older release. Raises OSError and NotTaken."""
    for name in (KEY, LOG):
        if (folder / name).exists():
            raise NotTaken(
                _(
                    "{file}: is there already; no root key is ever replaced. Next: kiosk root log --root {folder}",
                    file=folder / name,
                    folder=folder,
                )
            )
    folder.mkdir(exist_ok=True)
    _write_log(folder / LOG, [Begun(now, key is not None)])
    key = key or Ed25519PrivateKey.generate()
    write_raw(folder / ROOT_KEY, key.public_key().public_bytes_raw(), 0o644)
    write_raw(folder / KEY, key.private_bytes_raw(), 0o600)
    return Root(folder)


def _key_in(folder: Path) -> Ed25519PrivateKey:
    path = folder / KEY
    try:
        return read_private(path)
    except FileNotFoundError as error:
        remedy = _("Next: name the folder on the stick with --root, or make the key: kiosk root init --out FOLDER")
        raise NotTaken(_("{folder}: there is no root key. {remedy}", folder=folder, remedy=remedy)) from error
    except ValueError as error:
        remedy = _("Put it back from the second stick; no other key will do: every station trusts it alone.")
        raise NotTaken(_("{file}: holds no key. {remedy}", file=path, remedy=remedy)) from error


def _read_log(path: Path) -> list[Entry]:
    """Raises OSError, and NotTaken: without its log the key signs nothing."""
    try:
        with path.open("rb") as file:
            lines = file.read(MOST_LOG).split(b"\n")
        if lines.pop():  # what is whole ends with a line end
            lines.append(b"")
        return [msgspec.json.decode(line, type=Entry) for line in lines]
    except (FileNotFoundError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        remedy = _(
            "Put it back from the second stick. Where there is none: kiosk root init --from {key} --out NEW begins a new log",
            key=path.with_name(KEY),
        )
        raise NotTaken(
            _("{file}: is gone or damaged, so nothing is signed. {remedy}", file=path, remedy=remedy)
        ) from error


def _write_log(path: Path, log: Iterable[Entry]) -> None:
    with replacing(path, 0o644) as file:
        file.writelines(msgspec.json.encode(each) + b"\n" for each in log)
