"""What a phone may ask: for a challenge; for a pass, by a code, and another later by its key; for a door; to be forgotten."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final, NoReturn

from msgspec import Struct

from kiosk.central import by_phone
from kiosk.central.api.answers import Refused
from kiosk.central.issuer import Issuer
from kiosk.central.pass_codes import as_made
from kiosk.central.passes import By, Issued, NotSo, Passes
from kiosk.central.passpage.bodies import (
    PROBLEM,
    Challenge,
    Coming,
    Enrolment,
    Held,
    Nothing,
    Opened,
    Opening,
    Proof,
    proof_of,
)
from kiosk.central.passpage.challenges import Challenges
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import Act
from kiosk.central.store.people import Credential
from kiosk.central.throttle import Throttle
from kiosk.central.web.network import network
from kiosk.contract.issuing import LONGEST_BOUND
from kiosk.trust.cose import public_key, verify
from kiosk.trust.passes import Pass, peek
from kiosk.trust.reasons import WORDS, Reason
from kiosk.trust.status import Status

MOST_OF_ADDRESS: Final = 3000
"""Wrong codes from an address in a quarter of an hour: a county's phones stand behind one, and a code has 47 bits."""

ALARMING: Final = 10_000
"""Wrong codes from everywhere in that time after which an operator is told; nobody who has a right one is kept out."""

NOT_PROVEN: Final = "the challenge is over, or not signed by this key"

PHONE: Final = "@phone"
"""As the audit names the page that a holder uses."""


class Asked(Struct, frozen=True):
    """A question of a phone's, and by whom it can be answered."""

    store: CentralStore
    issuer: Issuer
    body: Any
    address: str
    now: float
    keys: Throttle
    """How often each phone may ask."""

    challenges: Challenges


class Question(Struct, frozen=True):
    """The name of a question, what is said with it, and the act that answers it; None: there is nothing to say."""

    name: str
    body: type[Any]
    act: Callable[[Asked], Any]
    look: Callable[[Asked, Any], Any] | None = None
    """Of what is answered later: looks whether the answer to what the act gave is there."""

    anybodys: bool = False
    """Whether somebody asks it who has no pass."""

    abroad: bool = False
    """Whether it asks another server, for which those alone wait who ask the same."""


def challenge(asked: Asked) -> Challenge:
    """Something to sign."""
    return Challenge(asked.challenges.make(asked.now), asked.now)


def enrol(asked: Asked) -> Held:
    """The first pass of a phone, for a code; whichever phone had it before gets none any more."""
    body: Enrolment = asked.body
    prove(asked, "enrol", body)
    guesser = f"pass code {network(asked.address)}"
    if asked.store.guesses_of(guesser, asked.now) >= MOST_OF_ADDRESS:
        refuse(429, "often", "too many wrong codes were tried; wait a quarter of an hour")
    use(asked, body)
    issued = _by_code(asked, body)
    if issued is None:
        _guessed_wrong(asked, guesser)
        refuse(403, "code", "this code is wrong, over or used up")
    return told(asked, issued)


def _by_code(asked: Asked, body: Enrolment) -> Issued | None:
    """The pass for which the code is; None for one that is wrong."""
    with asked.store.transaction():
        code = asked.store.take_pass_code(as_made(body.code), asked.now)
        held = asked.store.credential(code.index) if code else None
        if code is None or held is None:
            return None
        return bound(asked, held, body.public_key, f"code of {code.made_by}")


def bound(asked: Asked, held: Credential, key: bytes, why: str) -> Issued:
    """The phone's first pass of it. Refuses what no station would take."""
    _refuse_if_ended(held, asked.now)
    return _acts(asked).bind(held, key, LONGEST_BOUND, By(PHONE, why))


def _guessed_wrong(asked: Asked, guesser: str) -> None:
    """It counts; so many from everywhere are somebody who tries them all."""
    asked.store.guess_wrong(guesser, asked.now)
    if not asked.store.may_guess({"pass code": ALARMING}, asked.now):
        asked.store.alarm("pass_codes_guessed", f"{ALARMING} wrong codes for phones in a quarter of an hour", asked.now)


def renew(asked: Asked) -> Held:
    """Another pass for the phone that has it."""
    body: Proof = asked.body
    prove(asked, "renew", body)
    held = _bound_to(asked, body.public_key)
    use(asked, body)
    _refuse_if_ended(held, asked.now)
    try:
        return told(asked, _acts(asked).renew_bound(held, body.public_key, By(PHONE)))
    except NotSo:  # between two questions to the database somebody changed it: the next try says how
        refuse(409, "changed", "the pass was changed just now; ask again")


def leave(asked: Asked) -> None:
    """The phone has deleted its key."""
    body: Proof = asked.body
    prove(asked, "leave", body)
    with asked.store.transaction():
        held = _bound_to(asked, body.public_key)
        use(asked, body)
        asked.store.void_phone_key(body.public_key, asked.now)
        asked.store.acted(Act(PHONE, "phone left", held.holder, held.facts.district), asked.now)


def ask_to_open(asked: Asked) -> by_phone.Waiting:
    """Ask a station to let this phone's holder in, by the code that its display shows."""
    body: Opening = asked.body
    key, signed = public_key(body.public_key), proof_of("open", f"{body.challenge}\n{body.text}")
    if key is None or not verify(key, body.signature, signed):
        refuse(403, "proof", "not signed by this key")
    _seldom(asked, body.public_key)
    try:
        with asked.store.transaction():
            held = _bound_to(asked, body.public_key)
            _refuse_if_ended(held, asked.now)
            return by_phone.ask(asked.store, asked.issuer, body.text, held, body.public_key + signed, asked.now)
    except by_phone.NotAsked as found:
        refuse(429 if found.kind in {"often", "enough"} else 409, found.kind, str(found))


def look(asked: Asked, waiting: by_phone.Waiting) -> Opened | None:
    """What the station has told by now; None while it has told nothing and may still do so."""
    found = by_phone.outcome(asked.store, waiting)
    if not found and time.time() < asked.now + by_phone.HOLDS + by_phone.UNDERWAY:
        return None
    found = found or by_phone.NO_ANSWER
    asked.store.ended_opening(waiting.command, found)
    return Opened(found, dict(zip(("zh", "en"), WORDS[Reason(found)], strict=True)) if found in set(Reason) else {})


QUESTIONS: Final = (
    Question("challenge", Nothing, challenge, anybodys=True),
    Question("enrol", Enrolment, enrol, anybodys=True),
    Question("renew", Proof, renew),
    Question("leave", Proof, leave),
    Question("open", Opening, ask_to_open, look),
)


def refuse(status: int, kind: str, detail: str) -> NoReturn:
    """Raises Refused, with the kind that the page goes by."""
    raise Refused(status, detail, kind=PROBLEM + kind)


def prove(asked: Asked, what: str, proof: Proof | Enrolment | Coming) -> None:
    """Whoever asks holds the key, now. Nothing is written: anybody can make a key."""
    key, good = public_key(proof.public_key), asked.challenges.is_good(proof.challenge, asked.now)
    if key is None or not good or not verify(key, proof.signature, proof_of(what, proof.challenge)):
        refuse(403, "proof", NOT_PROVEN)
    _seldom(asked, proof.public_key)


def use(asked: Asked, proof: Proof | Enrolment | Coming) -> None:
    """The challenge is used up, whatever becomes of the question."""
    if not asked.challenges.use(proof.challenge, asked.now):
        refuse(403, "proof", NOT_PROVEN)


def _seldom(asked: Asked, key: bytes) -> None:
    """Whoever has signed asks not too often: by their key alone, so that nobody else's questions count."""
    if wait := asked.keys.wait(key.hex(), time.monotonic()):
        raise Refused(429, "too many questions from this phone", kind=PROBLEM + "often", retry_after=math.ceil(wait))


def _bound_to(asked: Asked, key: bytes) -> Credential:
    """What the phone has a pass of. Refuses, by what has become of it since."""
    phone = asked.store.phone_key(key)
    held = asked.store.credential(phone.index) if phone else None
    if phone is None or held is None:
        refuse(404, "unknown", "this phone has no pass here")
    if phone.voided is not None:
        refuse(410, "elsewhere", "the pass is on another phone, or was taken off this one")
    return held


def _refuse_if_ended(held: Credential, now: float) -> None:
    """What no station would take is not signed, and the holder is told why."""
    if held.status is Status.SUSPENDED:
        refuse(403, "suspended", "this pass is suspended")
    if held.status is not Status.VALID:
        refuse(403, "revoked", "this pass is revoked")
    if 0 < held.facts.until <= now:
        refuse(403, "ended", "this pass is over")


def _acts(asked: Asked) -> Passes:
    return Passes(asked.store, asked.issuer)


def told(asked: Asked, issued: Issued) -> Held:
    """A pass as the phone keeps it."""
    said = peek(issued.text)
    assert isinstance(said, Pass), "it was made just now"  # noqa: S101  an invariant
    return Held(issued.credential.holder, said.expires, asked.now, issued.text)
