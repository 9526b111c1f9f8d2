"""The page with which a pass gets onto a phone: somebody who meets its holder makes a code, and tells it to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import segno
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page
from kiosk.central.pass_codes import make_code
from kiosk.central.passes import STAFF, By, NotSo
from kiosk.central.roles import ISSUER
from kiosk.central.store.pass_codes import CODE_HOLDS
from kiosk.central.store.people import Credential
from kiosk.language import _
from kiosk.wording.words import when

MINUTES: Final = int(CODE_HOLDS / 60)


def ask(asked: Asked) -> Response:
    """Whose pass it is."""
    return _page(asked, asked.query.get("holder", "")[:64])


def make(asked: Asked) -> Response:
    """The code, on the only page that ever shows it."""
    if not asked.store.addresses.passes:
        missing(_("There is no page with a pass: its address is missing in central.toml."))
    words = asked.form.words("holder")[:64]
    held = _held(asked, words)
    if held is None:
        return _page(asked, words, {"holder": _("There is no pass that counts of this pseudonym or card.")})
    if not_theirs := _not_theirs(asked, held):
        return _page(asked, words, {"holder": not_theirs})
    try:
        code = make_code(asked.store, held, By(asked.who.name, asked.form.words("reason")), asked.now)
    except NotSo as error:
        return _page(asked, words, {error.field: str(error)})
    address = f"{asked.store.addresses.passes}/pass"
    picture = segno.make_qr(address, error="m").svg_inline(scale=5, border=4, omitsize=False)
    until = when(asked.now + CODE_HOLDS, form="%H:%M")
    return page("phone_code", asked, holder=held.holder, code=code, address=address, picture=picture, until=until)


def _held(asked: Asked, words: str) -> Credential | None:
    """Of the passes that the operator looks after the newest of that holder that counts, or the one on that card."""
    on_card = asked.store.credential_of_card(words)
    found = [*asked.store.credentials(words, asked.scope), *([on_card] if on_card else [])]
    counts = [each for each in found if each.counts and asked.scope.covers(each.facts.district)]
    return counts[-1] if counts else None


def _not_theirs(asked: Asked, held: Credential) -> str:
    """Why the operator makes no code for it: with one they could have it on a phone of their own."""
    if held.facts.pass_class not in STAFF:
        return ""
    if asked.who.role not in ISSUER:
        return _("Technicians' and stewards' passes get onto phones by whoever issues passes.")
    return "" if asked.scope.covers(held.facts.scope) else _("This pass opens stations that are not yours.")


def _page(asked: Asked, holder: str, wrong: Mapping[str, str] | None = None) -> Response:
    status = 422 if wrong else 200
    return page("phone", asked, status, holder=holder, form=asked.form, wrong=wrong or {}, minutes=MINUTES)
