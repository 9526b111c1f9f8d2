"""The page with who may enrol: claims that are open, made and withdrawn, and what enrolled lately."""

from __future__ import annotations

import re
from collections.abc import Mapping

import segno
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.web.forms import Form
from kiosk.core.enrolment import enrolment_code
from kiosk.language import _
from kiosk.wording.words import word

CODE = re.compile("[0-9A-Za-z]{4,12}")


def show(asked: Asked) -> Response:
    """Open claims, the form for another, and the last enrolments."""
    return _all(asked, Form({"station": asked.query.get("station", "")[:12]}), {})


def make(asked: Asked) -> Response:
    """A claim, whose code is shown once."""
    station, reason = asked.form.words("station"), asked.form.words("reason")
    if wrong := _wrong(asked, station, reason):
        return _all(asked, asked.form, wrong, 422)
    with asked.store.transaction():
        claim = asked.store.make_claim(station, asked.now, reason)
        asked.acted("claim made", station, station, reason)
    code = segno.make_qr(enrolment_code(station, claim), error="m", boost_error=False)
    return page(
        "claim", asked, station=station, claim=claim, picture=code.svg_inline(scale=5, border=4, omitsize=False)
    )


def withdraw(asked: Asked) -> Response:
    """Nobody enrols with a station's open claims any longer."""
    station = asked.form.words("station")
    if not asked.scope.covers(station):
        missing(_("There is no such station."))
    with asked.store.transaction():
        if asked.store.withdraw_claims(station, asked.now):
            asked.acted("claims withdrawn", station, station, asked.form.words("reason"))
    return to("/enrolments")


def _wrong(asked: Asked, station: str, reason: str) -> Mapping[str, str]:
    """What is wrong with the order, by field."""
    if not CODE.fullmatch(station):
        return {"station": _("A station's code has 4 to 12 letters and digits.")}
    if not asked.scope.covers(station):
        return {"station": _("Your own stations begin with {prefix}.", prefix=asked.scope.prefix)}
    found = next(iter(asked.store.register(asked.scope, station)), None)
    if not reason and found and (found.public_key or found.state in {"retired", "stolen"}):
        words = _("It is {state}: another one in its place asks for a reason.", state=word(found.state))
        return {"reason": words}
    return {}


def _all(asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    claims = asked.store.open_claims(asked.now, asked.scope)
    lately = asked.store.lately_enrolled(asked.scope)
    return page("enrolments", asked, status, claims=claims, lately=lately, form=form, wrong=wrong)
