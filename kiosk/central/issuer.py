"""The keys of the union and what they sign: keysets, status lists, policies, commands, times, passes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.central.store import CentralStore, StoredKey
from kiosk.keyfiles import read_private, write_raw
from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.documents import ROOT_KID, CommandDocument, Document, TimeDocument, sign_document
from kiosk.trust.keyset import Key, Keyset, Use, key_id
from kiosk.trust.passes import Pass, make_pass
from kiosk.trust.policy import PolicyDocument, contradiction
from kiosk.trust.release import Release, Ring, sign_release
from kiosk.trust.status import Status, StatusDocument, pack

DAY: Final = 86_400
KEY_HOLDS: Final = 400 * DAY
BACKDATED: Final = 30 * DAY
"""Seconds before its making from which the first key of a use holds, for stations whose clocks are behind."""

AHEAD: Final = 90 * DAY
"""Seconds between the publication of the next key and its first use: a station may be offline for that long."""

RENEW_BEFORE: Final = AHEAD + 30 * DAY
"""Seconds before a key's end at which its successor is made."""

LIST_EVERY: Final = 20 * 3600

USES: Final[tuple[Use, ...]] = ("issuer", "document")


class Contradiction(ValueError):
    """A policy that contradicts itself; the text says where."""


class Issuer:
    """Keeps the private keys as files that only their owner can read; makes them on first use. `clock`: seconds since 1970."""

    def __init__(self, folder: Path, store: CentralStore, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._store = store
        self._clock = clock
        self._root = read_or_make_key(folder / "root.key")
        self._private: dict[bytes, Ed25519PrivateKey] = {}
        for use in USES:
            if not any(key.use == use for key in store.signing_keys()):
                self._add_key(use, f"{use}.key", self._now() - BACKDATED)
        if "keyset" not in store.versions():
            self.publish_keyset()
        self.renew()

    @property
    def root_public(self) -> bytes:
        """The raw public root key, which a station gets at enrolment."""
        return self._root.public_key().public_bytes_raw()

    def release(self, version: str, ring: Ring, packages: dict[str, bytes]) -> bytes:
        """A signed release of these packages, by platform their SHA-256. Raises msgspec.ValidationError."""
        wanted = {"type": "release", "version": version, "issued_at": self._now(), "ring": ring, "packages": packages}
        return sign_release(msgspec.convert(wanted, Release, builtin_types=(bytes,)), self._root)

    def renew(self) -> None:
        """What time alone asks for: the next key of a use whose last one ends soon, and a status list of today.

        A list that says nothing new is still news: its age is what a station goes by. Called every hour.
        """
        now = self._now()
        ending = [use for use in USES if max(self._ends(use)) < now + RENEW_BEFORE]
        for use in ending:
            self._add_key(use, "", now + AHEAD)
        if ending:
            self.publish_keyset()
        if self._store.published("status") < now - LIST_EVERY:
            self.publish_status()
        self._sign_again()

    def replace_keys(self, use: Use) -> None:
        """Every key of that use is compromised: a new one holds at once, and the others leave the keyset.

        With a document key gone, what it signed must be signed again; with an issuer key gone, its passes must be issued anew.
        """
        now = self._now()
        for key in self._store.signing_keys():
            if key.use == use:
                self._store.end_key(key.kid, now - 1)
        self._add_key(use, "", now)
        self.publish_keyset()
        if use == "document":
            self.publish_status()
            self._sign_again()

    def _sign_again(self) -> None:
        """Publish again each policy that an older key signed: a station that restarts after its end must still believe it."""
        kid, _ = self._signer("document")
        for body in self._store.policies():
            message = read_sign1(body)
            if message.kid != kid:
                self.publish_policy(msgspec.convert(read_cbor(message.payload), PolicyDocument, builtin_types=(bytes,)))

    def publish_keyset(self) -> None:
        """Sign and store the next keyset, with every key that has not ended."""
        now, version = self._now(), self._store.versions().get("keyset", 0) + 1
        keys = tuple(
            Key(key.kid, key.use, key.public, key.not_before, key.not_after)
            for key in self._store.signing_keys()
            if key.not_after > now
        )
        body = sign_document(Keyset(version, now, keys), self._root, ROOT_KID)
        self._store.put_document("keyset", version, body, now)

    def publish_status(self) -> None:
        """Sign and store the status list as the credentials are now."""
        version = self._store.versions().get("status", 0) + 1
        statuses, size = self._store.statuses()
        now = self._now()
        body = self._sign(StatusDocument(version, now, pack(statuses, size)))
        self._store.put_document("status", version, body, now)

    def set_status(self, index: int, status: Status) -> bool:
        """Revoke, suspend or restore a credential and publish it; False when there is none of that index."""
        changed = self._store.set_status(index, status)
        if changed:
            self.publish_status()
        return changed

    def publish_policy(self, policy: PolicyDocument) -> int:
        """Publish a policy for the stations of its prefix; its version is given here, and returned. Raises Contradiction."""
        if wrong := contradiction(policy):
            raise Contradiction(wrong)
        return self._store.put_policy(
            policy.station, lambda version: self._sign(replace(policy, version=version, issued_at=self._now()))
        )

    def command(self, command: CommandDocument, holds: float) -> CommandDocument:
        """Send a command that is to be obeyed within `holds` seconds; its number, id and times are given here."""
        now = self._now()
        command = replace(command, id=secrets.token_hex(6), issued_at=now, expires=now + round(holds))
        number = self._store.put_command(
            command.station, command.id, command.expires, lambda seq: self._sign(replace(command, version=seq))
        )
        return replace(command, version=number)

    def time_document(self, nonce: str) -> bytes:
        """The time now, in answer to a station's nonce."""
        return self._sign(TimeDocument(self._now(), nonce))

    def issue(self, claims: Pass, holder: str = "") -> tuple[Pass, str]:
        """Sign a pass; with index 0 for a new credential of `holder`. Returns the claims with their index, and the text."""
        if claims.index == 0:
            claims = replace(claims, index=self._store.add_credential(holder))
        kid, key = self._signer("issuer")
        return claims, make_pass(claims, key, kid)

    def _sign(self, document: Document) -> bytes:
        kid, key = self._signer("document")
        return sign_document(document, key, kid)

    def _signer(self, use: Use) -> tuple[bytes, Ed25519PrivateKey]:
        """The newest key of that use that holds now."""
        now = self._now()
        found = [
            key for key in self._store.signing_keys() if key.use == use and key.not_before <= now <= key.not_after
        ][-1]
        if found.kid not in self._private:
            self._private[found.kid] = read_private(self._folder / found.file)
        return found.kid, self._private[found.kid]

    def _add_key(self, use: Use, file: str, not_before: int) -> None:
        path = self._folder / (file or f"{use}-{secrets.token_hex(4)}.key")
        public = read_or_make_key(path).public_key().public_bytes_raw()
        not_after = max(not_before, self._now()) + KEY_HOLDS
        self._store.add_key(StoredKey(key_id(public), use, public, not_before, not_after, path.name))

    def _ends(self, use: Use) -> list[int]:
        return [key.not_after for key in self._store.signing_keys() if key.use == use]

    def _now(self) -> int:
        return int(self._clock())


def read_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the file, made with mode 600 when there is none."""
    if not path.exists():
        write_raw(path, Ed25519PrivateKey.generate().private_bytes_raw(), 0o600)
    return read_private(path)
