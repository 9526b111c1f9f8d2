"""The orders about one holder: a credential made, renewed, replaced, suspended, restored, revoked; passes signed for it."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final

from msgspec import Meta, convert

from kiosk.central.api.answers import refuse
from kiosk.central.issuing.asked import Answered, Asked
from kiosk.central.issuing.strict import refuse_fields
from kiosk.central.passes import Issued, NotSo, Wanted, shortens, wrong_with
from kiosk.central.store.people import Credential, Sought
from kiosk.central.store.phones import PhoneKey
from kiosk.contract.bodies import FieldError
from kiosk.contract.issuing import (
    MOST_PAGE,
    PAGE,
    HeldPass,
    HolderPasses,
    LiveOrder,
    NewHolder,
    Nothing,
    PassPage,
    Phone,
    PhoneOrder,
    Renewal,
    Replacement,
    SignedPass,
    State,
    Time,
    Why,
)
from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.trust.passes import Pass, PassClass, peek
from kiosk.trust.status import Status

Number = Annotated[int, Meta(ge=0, lt=2**31)]
"""Of a holder's pass."""

CLASSES: Final = {each.name.lower(): each for each in PassClass}


def held_pass(each: Credential, phone: PhoneKey | None = None) -> HeldPass:
    """A credential as a client sees it: all but its index, and who changed it why."""
    facts = each.facts
    told = Phone(phone.public_key, phone.bound_at, phone.until) if phone else None
    kind = PassClass(facts.pass_class).name.lower()
    times = (facts.until, facts.changed)
    return HeldPass(each.holder, each.number, each.state, *times, facts.card, kind, facts.scope, facts.district, told)


# Looking.


def one(asked: Asked, _order: None) -> Answered:
    """All passes of a holder."""
    found = [held_pass(each, asked.store.phone_of(each.index)) for each in asked.held()]
    return Answered(HolderPasses(asked.holder, found))


def several(asked: Asked, _order: None) -> Answered:
    """A page of the passes in the order of their holders; `prefix`, `state` and `ends_before` say which."""
    query = asked.query
    sought = Sought(
        query.get("prefix", "")[:64],
        _value(query.get("state", ""), "state", State) if "state" in query else None,
        _value(query.get("ends_before", ""), "ends_before", Time) if "ends_before" in query else None,
        _after(query["cursor"]) if "cursor" in query else ("", 0),
        min(max(_value(query.get("limit", f"{PAGE}"), "limit", int), 1), MOST_PAGE),
    )
    found = asked.store.list_credentials(sought, asked.scope)
    next_ = _cursor(found[-2]) if len(found) > sought.most else ""
    return Answered(PassPage([held_pass(each) for each in found[: sought.most]], next_))


def _value(text: str, name: str, kind: Any) -> Any:
    try:
        return convert(text, kind, strict=False)
    except UNDECODABLE as error:
        refuse(400, f"{name}: {error}"[:200])


def _cursor(last: Credential) -> str:
    return base64.urlsafe_b64encode(f"{last.holder}/{last.number}".encode()).decode().rstrip("=")


def _after(cursor: str) -> tuple[str, int]:
    """Behind which pass a page begins."""
    try:
        text = base64.urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4)).decode("ascii")
        holder, _slash, number = text.rpartition("/")
        return holder, convert(number, Number, strict=False)
    except UNDECODABLE:  # of Base64 and ASCII, too: each is a ValueError
        refuse(400, "cursor: is none of ours")


# Acts.


def wanted(order: NewHolder, asked: Asked) -> Wanted:
    """What it orders; it is the client's own district's unless it says otherwise."""
    district = order.district or asked.scope.prefix
    return Wanted(order.holder, order.until, order.card, CLASSES[order.pass_class], order.scope, district)


def create(asked: Asked, order: NewHolder) -> Answered:
    """A new credential."""
    meant = wanted(order, asked)
    if wrong := [FieldError(*each) for each in wrong_with(meant, asked.now, asked.scope.prefix)]:
        refuse_fields(wrong)
    return Answered(held_pass(asked.passes.issue(meant, asked.by()).credential), 201)


def renew(asked: Asked, order: Renewal) -> Answered:
    """It holds until another time."""
    held = asked.one()
    wrong = dict(wrong_with(Wanted(held.holder, order.until), asked.now))
    if "until" in wrong:
        refuse_fields([FieldError("until", wrong["until"])])
    return _held(asked, asked.passes.renew(held, order.until, asked.by()).credential)


def replace(asked: Asked, order: Replacement) -> Answered:
    """Another credential, with another index; the old one is revoked."""
    issued = asked.passes.replace(asked.one(), order.card, asked.by(order.reason))
    return Answered(held_pass(issued.credential), 201)


def revoke(asked: Asked, order: Why) -> Answered:
    """It opens nothing from the next status list on, and for good: a card that is found again is replaced, too."""
    return _set_status(asked, asked.one(), Status.REVOKED, order)


def suspend(asked: Asked, order: Why) -> Answered:
    """It opens nothing until it is restored."""
    return _set_status(asked, asked.one(), Status.SUSPENDED, order)


def restore(asked: Asked, order: Why) -> Answered:
    """One that was suspended opens again; whoever has taken a client over brings no lost card back."""
    held = asked.one()
    if held.status is Status.REVOKED:
        raise NotSo("holder", _("was revoked, which is for good here"))
    return _set_status(asked, held, Status.VALID, order)


def _set_status(asked: Asked, held: Credential, status: Status, order: Why) -> Answered:
    asked.passes.set_status([held], status, asked.by(order.reason))
    return _held(asked, held)


def _held(asked: Asked, held: Credential) -> Answered:
    """As it is now."""
    found = asked.store.credential(held.index) or held
    return Answered(held_pass(found, asked.store.phone_of(held.index)))


# Passes.


def card(asked: Asked, _order: Nothing) -> Answered:
    """The pass to be printed on the card."""
    return _signed(asked.passes.card(asked.one(), asked.by()))


def live(asked: Asked, order: LiveOrder) -> Answered:
    """A pass for minutes; nothing is written."""
    return _signed(asked.passes.live(asked.one(), order.seconds, asked.by()))


def bind(asked: Asked, order: PhoneOrder) -> Answered:
    """A pass for a phone, which takes the place of the one that was bound before."""
    return _signed(asked.passes.bind(asked.one(), order.public_key, order.seconds, asked.by()))


def renew_bound(asked: Asked, order: PhoneOrder) -> Answered:
    """Another pass for the phone that is bound; of any other it is refused."""
    return _signed(asked.passes.renew_bound(asked.one(), order.public_key, asked.by(), order.seconds))


def _signed(issued: Issued) -> Answered:
    claims = peek(issued.text)
    assert isinstance(claims, Pass), "it was made just now"  # noqa: S101
    kind = claims.kind.name.lower()
    return Answered(SignedPass(issued.text, kind, claims.expires), signed=kind)  # type: ignore[arg-type]


# What an order brings to an end, besides what it says.


def shortened(asked: Asked, order: Renewal) -> int:
    """1 where the pass would end sooner."""
    return int(shortens(asked.one(), order.until))


def displaced(asked: Asked, order: PhoneOrder) -> int:
    """1 where another phone is bound by now."""
    return int(asked.passes.displaces(asked.one(), order.public_key))
