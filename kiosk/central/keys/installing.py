"""At the server: a keyset that came back from the root key is judged, and published in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

from kiosk.central.issuer import SLACK, Issuer
from kiosk.central.keys.files import signing_key
from kiosk.central.keys.papers import SignedKeyset
from kiosk.central.keys.requesting import USES
from kiosk.central.refusals import NotTaken
from kiosk.central.store import CentralStore
from kiosk.central.store.keys import StoredKey
from kiosk.core.ratchets import absurd
from kiosk.language import _
from kiosk.trust.cose import holds, public_key, read_sign1
from kiosk.trust.documents import REFUSAL_WORDS, Refusal, read_document
from kiosk.trust.keyset import NO_KEYS, Key, Keyset

ANEW: Final = "kiosk central keys request --out FILE"


class Installed(Struct, frozen=True):
    """What was published; `news` is False when it was already, `dropped`: the keys that are void before their end."""

    keyset: Keyset
    news: bool
    dropped: tuple[StoredKey, ...] = ()


def strange_root(store: CentralStore, signed: SignedKeyset) -> bool:
    """Whether this is the first keyset of all, so that nobody but a person knows its root key. Raises NotTaken for another."""
    known = store.root()
    if known is None:
        held = store.documents().get("keyset")
        public = public_key(signed.root)
        known = signed.root if held and public and holds(read_sign1(held[1]), public) else None
        if held is None:
            return True
    if known != signed.root:
        raise NotTaken(
            _(
                "It is signed by another root key than the one that every enrolled station trusts. "
                "Next: sign the request with the right stick: kiosk root sign REQUEST --root FOLDER"
            )
        )
    return False


def install(folder: Path, store: CentralStore, issuer: Issuer, signed: SignedKeyset, now: int) -> Installed:
    """Publish the keyset, and what its keys must sign anew. Raises CannotSign, NotTaken for one; then nothing has changed."""
    strange_root(store, signed)
    keyset = _judged(signed, now)
    with store.transaction():
        held = store.documents().get("keyset", (0, b""))
        if signed.keyset == held[1]:
            return Installed(keyset, news=False)
        _check_number(keyset, held[0])
        keys = _own(folder, store, keyset, now)
        dropped = _dropped(store, keyset, now)
        store.pin_root(signed.root)
        for key in dropped:
            store.end_key(key.kid, now - 1)
        for stored in keys:
            store.add_key(stored)
        store.forget_requested(key.kid for key in keyset.keys)
        store.put_document("keyset", keyset.version, signed.keyset, now)
        if any(key.use == "document" for key in dropped):
            issuer.sign_anew()
    return Installed(keyset, True, tuple(dropped))


def _judged(signed: SignedKeyset, now: int) -> Keyset:
    """As a station would judge it."""
    keyset = read_document(signed.keyset, signed.root, NO_KEYS)
    if not isinstance(keyset, Keyset):
        why = REFUSAL_WORDS[keyset if isinstance(keyset, Refusal) else Refusal.MALFORMED][1]
        raise NotTaken(_("It is no keyset of that root key: {why} Next: sign the request again", why=_(why)))
    if keyset.issued_at > now + SLACK:
        raise NotTaken(
            _(
                "It is dated ahead of this server's clock, and stations would refuse it. Next: compare the clock of the "
                "computer with the root key and this one (date), set the wrong one, and sign the request again"
            )
        )
    lacking = [use for use in USES if not any(key.use == use and _holds(key, now) for key in keyset.keys)]
    if lacking:
        raise NotTaken(_("It has no {use} key that holds now. Next: {command}", use=_(lacking[0]), command=ANEW))
    return keyset


def _holds(key: Key, now: int) -> bool:
    return key.not_before <= now <= key.not_after


def _check_number(keyset: Keyset, held: int) -> None:
    if keyset.version <= held:
        raise NotTaken(
            _(
                "Its number {number} is not above {held}, which is published: it is an older one. Next: sign a new request: "
                "{command}",
                number=keyset.version,
                held=held,
                command=ANEW,
            )
        )
    if absurd(keyset.version, held, keyset.issued_at):
        raise NotTaken(
            _(
                "Its number {number} is far ahead of its date: stations would refuse it. Next: compare the clock of the "
                "computer with the root key (date), and sign a new request",
                number=keyset.version,
            )
        )


def _own(folder: Path, store: CentralStore, keyset: Keyset, now: int) -> list[StoredKey]:
    """Each of its keys with the file of its private half; one that has ended needs none. Raises NotTaken and KeyLost."""
    known = {key.public: key for key in (*store.signing_keys(), *store.requested_keys())}
    lost = store.compromised()
    found = []
    for key in keyset.keys:
        stored = known.get(key.public)
        if stored is None:
            raise NotTaken(
                _(
                    "Its key {kid} is not this server's: it answers a request of another database, or one that is lost. "
                    "Next: {command}",
                    kid=key.kid.hex(),
                    command=ANEW,
                )
            )
        if key.kid in lost and key.not_after:
            raise NotTaken(
                _(
                    "Its key {kid} is a compromised one: it answers an older request. Next: {command}",
                    kid=key.kid.hex(),
                    command=ANEW,
                )
            )
        if key.not_after > now:
            signing_key(folder, stored)
        if key.not_after:  # one that is named as void keeps the window that it had
            found.append(StoredKey(key.kid, key.use, key.public, key.not_before, key.not_after, stored.file))
    return found


def _dropped(store: CentralStore, keyset: Keyset, now: int) -> list[StoredKey]:
    """The keys that sign, or would have, and are not in it."""
    kids = {key.kid for key in keyset.keys}
    return [key for key in store.signing_keys() if key.kid not in kids and key.not_after > now]
