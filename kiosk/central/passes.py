"""What becomes of people's passes: issued, renewed, replaced by another card, suspended, revoked; by whom, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import Act
from kiosk.central.store.people import Credential, PassFacts
from kiosk.central.store.phones import PhoneKey
from kiosk.contract.issuing import CARD, HOLDER, LONGEST_BOUND, LONGEST_LIVE
from kiosk.language import _
from kiosk.trust.cose import public_key as usable
from kiosk.trust.passes import SCOPE_LIMIT, Kind, Pass, PassClass
from kiosk.trust.status import Status

DAY: Final = 86_400
LONGEST: Final = 3650 * DAY
"""Seconds for which a pass may hold."""

PHONE: Final = r"1[3-9]\d{9}"
IDENTITY: Final = r"\d{17}[\dXx]"
STATUS_ACTS: Final = {
    Status.VALID: "pass restored", Status.REVOKED: "pass revoked", Status.SUSPENDED: "pass suspended",
}  # fmt: skip
STAFF: Final = frozenset({PassClass.TECHNICIAN, PassClass.STEWARD})


class Wanted(Struct, frozen=True):
    """A pass as somebody orders it; `until`: seconds since 1970."""

    holder: str
    until: float
    card: str = ""
    pass_class: PassClass = PassClass.WORKER
    scope: str = ""
    district: str = ""


class By(Struct, frozen=True):
    """Who does something, as the audit names them, and why."""

    name: str
    reason: str = ""


class Issued(Struct, frozen=True):
    """A credential, and the text of a pass for it, which is kept nowhere."""

    credential: Credential
    text: str


class NotSo(ValueError):
    """It cannot be done as things are; the text says why. `field`: what of the order is to be changed."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


def wrong_with(wanted: Wanted, now: float, district: str = "") -> Iterator[tuple[str, str]]:
    """Each field that is wrong, and why; `district`: the prefix of whoever orders it."""
    if wrong := wrong_holder(wanted.holder):
        yield "holder", wrong
    if wrong := wrong_card(wanted.card):
        yield "card", wrong
    if not now < wanted.until <= now + LONGEST:
        yield "until", _("must be a day to come, within ten years")
    for name, prefix in (("scope", wanted.scope), ("district", wanted.district)):
        if not re.fullmatch(f"[0-9A-Za-z]{{0,{SCOPE_LIMIT}}}", prefix):
            yield name, _("is no beginning of a station's code")
    if not wanted.district.startswith(district):
        yield "district", _("must begin with {prefix}: others are not yours", prefix=district)
    if wanted.pass_class in STAFF and not wanted.scope.startswith(district):
        yield (
            "scope",
            _("must begin with {prefix}: technicians' and stewards' passes open your stations", prefix=district),
        )


def shortens(held: Credential, until: float) -> bool:
    """Whether it would end sooner than it does; one without an end does so by any."""
    return not 0 < held.facts.until <= until


def wrong_holder(holder: str) -> str:
    """What is wrong with a pseudonym; empty for nothing. Whatever names a person to anybody is none."""
    if not re.fullmatch(HOLDER, holder):
        return _("is no pseudonym, which is at most 64 letters, digits and . _ - (no name)")
    if re.fullmatch(PHONE, holder) or re.fullmatch(IDENTITY, holder):
        return _("looks like a telephone or identity number, by which anybody would know who it is")
    return ""


def wrong_card(card: str) -> str:
    """What is wrong with a card's number, which may be empty; empty for nothing."""
    return "" if not card or re.fullmatch(CARD, card) else _("must be at most 32 letters, digits and . _ / -")


class Passes:
    """The acts. Each is a transaction, and raises NotSo, CannotSign and StoreFailed.

    What is only signed (:meth:`live`, :meth:`renew_bound`) is no act: it gives nobody more than they had, and the audit, which
    is written one after the other, would be full of who was about to go to a station.
    """

    def __init__(self, store: CentralStore, issuer: Issuer) -> None:
        self._store, self._issuer = store, issuer

    def issue(self, wanted: Wanted, by: By) -> Issued:
        """A new credential, for somebody who has none that counts."""
        with self._store.transaction():
            if any(each.counts for each in self._store.credentials(wanted.holder)):
                raise NotSo("holder", _("has a pass already: renew it, or replace its card"))
            self._free(wanted.card)
            self._acted("pass issued", wanted.holder, wanted.district, by)
            index = self._store.add_credential(wanted.holder)
            return self._signed(index, self._facts(wanted, by))

    def renew(self, held: Credential, until: float, by: By) -> Issued:
        """The same credential, with the same index, holds until then; what was shown of it before goes on as it said."""
        with self._store.transaction():
            held = self._still(held)
            self._acted(
                "pass shortened" if shortens(held, until) else "pass renewed", held.holder, held.facts.district, by
            )
            return self._signed(held.index, self._changed(held.facts, by, until=until))

    def replace(self, held: Credential, card: str, by: By) -> Issued:
        """Another credential in its place, which is revoked."""
        with self._store.transaction():
            held = self._still(held)
            self._free(card)
            self._acted("pass replaced", held.holder, held.facts.district, by)
            index = self._store.add_credential(held.holder)
            self._store.put_facts([(held.index, self._changed(held.facts, by, replaced_by=index))])
            self._issuer.set_status(held.index, Status.REVOKED)
            return self._signed(index, replace(self._changed(held.facts, by, card=card), made=self._issuer.now()))

    def card(self, held: Credential, by: By) -> Issued:
        """The pass of its card once more, to be printed: what was printed before goes on as it said."""
        with self._store.transaction():
            held = self._opens(self._still(held))
            self._acted("card signed", held.holder, held.facts.district, by)
            return self._text(held, Kind.CARD, int(held.facts.until))

    def live(self, held: Credential, seconds: float, by: By) -> Issued:  # noqa: ARG002  as the other acts are called
        """A pass for minutes, of the same index; nothing is written."""
        held = self._opens(self._still(held))
        return self._text(held, Kind.LIVE, self._ends(held, min(seconds, LONGEST_LIVE)))

    def bind(self, held: Credential, public_key: bytes, seconds: float, by: By) -> Issued:
        """A pass for a phone's key, of the same index; the phone that was bound before gets none any more.

        What that one has goes on until it ends, since stations know indices and not phones: where it is in wrong hands, the
        pass is to be replaced.
        """
        if usable(public_key) is None:
            raise NotSo("public_key", _("is no Ed25519 key, or one under which everybody can sign"))
        with self._store.transaction():
            held = self._opens(self._still(held))
            self._not_anothers(held, public_key)
            what = "phone displaced" if self.displaces(held, public_key) else "phone bound"
            self._acted(what, held.holder, held.facts.district, by)
            now, until = self._issuer.now(), self._ends(held, min(seconds, LONGEST_BOUND))
            self._store.bind_phone(PhoneKey(public_key, held.index, now, until, by.name))
            return self._text(held, Kind.BOUND, until, public_key)

    def displaces(self, held: Credential, public_key: bytes) -> bool:
        """Whether another phone is bound, which gets no pass any more once this key is."""
        phone = self._store.phone_of(held.index)
        return phone is not None and phone.public_key != public_key

    def renew_bound(self, held: Credential, public_key: bytes, by: By, seconds: float = LONGEST_BOUND) -> Issued:  # noqa: ARG002
        """Another pass for the phone that is bound, however long its last one is over; to any other none."""
        with self._store.transaction():
            held = self._opens(self._still(held))
            phone = self._store.phone_of(held.index)
            if phone is None or phone.public_key != public_key:
                raise NotSo("public_key", _("this phone is not the one that the pass is bound to"))
            until = self._ends(held, min(seconds, LONGEST_BOUND))
            self._store.prolong_phone(public_key, until)
            return self._text(held, Kind.BOUND, until, public_key)

    def set_status(self, held: Sequence[Credential], status: Status, by: By) -> int:
        """Suspend, restore or revoke these; how many of them were anything else before."""
        with self._store.transaction():
            changed = [each for each in map(self._anew, held) if each.status is not status]
            if status is Status.VALID and any(each.state == "replaced" for each in changed):
                raise NotSo("holder", _("was replaced by another card, which counts"))
            if status is Status.VALID and any(map(self._has_another, changed)):
                raise NotSo("holder", _("has another pass since then: one person has one"))
            if status is Status.SUSPENDED and any(each.status is Status.REVOKED for each in changed):
                raise NotSo("holder", _("is revoked already"))
            for each in changed:
                self._issuer.set_status(each.index, status)
                self._acted(STATUS_ACTS[status], each.holder, each.facts.district, by)
            self._store.put_facts([(each.index, self._changed(each.facts, by)) for each in changed])
        return len(changed)

    def _has_another(self, held: Credential) -> bool:
        """Whether a revoked one's holder was given another that counts."""
        others = self._store.credentials(held.holder)
        return not held.counts and any(each.counts and each.index != held.index for each in others)

    def look_up(self, held: Credential, by: By) -> int:
        """Its index: from then on somebody can find in the entries where its holder was."""
        self._acted("index looked up", held.holder, held.facts.district, by)
        return held.index

    def register(
        self, new: Sequence[Wanted], renewed: Sequence[tuple[Credential, Wanted]], district: str, by: By
    ) -> list[int]:
        """Take in what a file says, all of it: credentials for whoever has none, and what has changed of the others'."""
        with self._store.transaction():
            self._acted("holders taken in", f"{len(new)} + {len(renewed)}", district, by)
            indices = self._store.add_credentials([each.holder for each in new])
            self._store.put_facts((index, self._facts(each, by)) for index, each in zip(indices, new, strict=True))
            self._store.put_facts((held.index, self._renewed(held.facts, each, by)) for held, each in renewed)
        return indices

    def _acted(self, what: str, about: str, scope: str, by: By) -> None:
        self._store.acted(Act(by.name, what, about, scope, by.reason), self._issuer.now())

    def _facts(self, wanted: Wanted, by: By) -> PassFacts:
        now = self._issuer.now()
        given = (wanted.card, wanted.pass_class, wanted.scope, wanted.district, wanted.until)
        return PassFacts(*given, now, now, by.name, by.reason)

    def _renewed(self, facts: PassFacts, wanted: Wanted, by: By) -> PassFacts:
        return replace(self._facts(wanted, by), card=wanted.card or facts.card, made=facts.made or self._issuer.now())

    def _changed(self, facts: PassFacts, by: By, **new: object) -> PassFacts:
        return replace(facts, changed=self._issuer.now(), changed_by=by.name, reason=by.reason, **new)

    def _anew(self, held: Credential) -> Credential:
        """As it is now: somebody may have changed it meanwhile."""
        return self._store.credential(held.index) or held

    def _still(self, held: Credential) -> Credential:
        held = self._anew(held)
        if not held.counts:
            raise NotSo("holder", _("this pass counts no longer"))
        return held

    def _opens(self, held: Credential) -> Credential:
        """It, if it would open: nothing is signed that no station takes."""
        if held.status is not Status.VALID:
            raise NotSo("holder", _("this pass is suspended"))
        if 0 < held.facts.until <= self._issuer.now():
            raise NotSo("until", _("this pass is over: renew it first"))
        return held

    def _ends(self, held: Credential, seconds: float) -> int:
        """When a pass of it ends that is to hold so long: no later than it does itself."""
        ends = self._issuer.now() + int(seconds)
        return min(ends, int(held.facts.until)) if held.facts.until else ends

    def _not_anothers(self, held: Credential, public_key: bytes) -> None:
        """A phone is one holder's: whoever has its key could otherwise show the passes of two."""
        known = self._store.phone_key(public_key)
        other = self._store.credential(known.index) if known and known.voided is None else None
        if other and other.holder != held.holder and other.counts:
            raise NotSo("public_key", _("is bound to another holder's pass"))

    def _text(self, held: Credential, kind: Kind, expires: int, holder_key: bytes = b"") -> Issued:
        facts, now = held.facts, self._issuer.now()
        claims = Pass(
            held.index, PassClass(facts.pass_class), kind, now, expires, scope=facts.scope, holder_key=holder_key
        )
        return Issued(held, self._issuer.issue(claims)[1])

    def _free(self, card: str) -> None:
        if self._store.credential_of_card(card):
            raise NotSo("card", _("is another pass's already"))

    def _signed(self, index: int, facts: PassFacts) -> Issued:
        self._store.put_facts([(index, facts)])
        found = self._store.credential(index)
        assert found is not None, "it was put there"  # noqa: S101  an invariant of the database
        return self._text(found, Kind.CARD, int(facts.until))
