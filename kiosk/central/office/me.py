"""One's own account: the password, and a second factor, a code that changes every half minute (RFC 6238)."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Final

import pyotp
import segno
from markupsafe import Markup
from starlette.responses import Response

from kiosk.central.office.asked import Asked, page, to
from kiosk.central.passwords import LONGEST, SHORTEST, fits, hashed
from kiosk.language import _

WINDOW: Final = 1
"""Half minutes by which a telephone's clock may be wrong."""

ISSUER: Final = "yizhan"


def right_code(secret: str, code: str, now: float) -> bool:
    """Whether it is the code of this half minute, or of one beside it; `code`: six digits, and nothing else."""
    if not re.fullmatch("[0-9]{6}", code):
        return False
    return pyotp.TOTP(secret).verify(code, for_time=datetime.fromtimestamp(now, UTC), valid_window=WINDOW)


def digits_of(asked: Asked) -> str:
    """The code that was typed, in one way, however its digits are grouped."""
    return asked.form.words("code").replace(" ", "")


def offered(token: str) -> str:
    """The secret that this session offers, the same until it is taken."""
    return base64.b32encode(hashlib.sha256(b"second " + token.encode()).digest()[:20]).decode()


def show(asked: Asked) -> Response:
    """What one may change oneself."""
    return _page(asked, {})


def change_password(asked: Asked) -> Response:
    """Another one, for who knows the old one."""
    old, new = asked.form.raw("old"), asked.form.raw("password")
    wrong = {}
    if not asked.store.may_guess({f"password {asked.who.name}": 10}, asked.now) or not fits(old, asked.who.password):
        wrong["old"] = _("That is not your password.")
    if not SHORTEST <= len(new) <= LONGEST:
        wrong["password"] = _("From {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST)
    if wrong:
        return _page(asked, wrong, 422)
    kept = hashed(new)
    with asked.store.transaction():
        asked.store.set_password(asked.who.name, kept)
        asked.acted("account password", asked.who.name, asked.who.scope)
    return to("/login")


def take_second(asked: Asked) -> Response:
    """From now on a code is asked for at each login, which the telephone has just shown that it knows."""
    if asked.who.second:
        return _page(asked, {"code": _("You have one already. An administrator takes it away.")}, 422)
    secret = offered(asked.token)
    if not right_code(secret, digits_of(asked), asked.now):
        return _page(asked, {"code": _("That is not the code of just now. Is the telephone's clock right?")}, 422)
    with asked.store.transaction():
        asked.store.set_second(asked.who.name, secret)
        asked.acted("second factor", asked.who.name, asked.who.scope)
    return to("/me")


def _page(asked: Asked, wrong: dict[str, str], status: int = 200) -> Response:
    secret = offered(asked.token)
    uri = pyotp.TOTP(secret).provisioning_uri(name=asked.who.name, issuer_name=ISSUER)
    picture = Markup(segno.make(uri, micro=False).svg_inline(scale=4, border=4))  # noqa: S704  drawn here, of our own words
    return page("me", asked, status, wrong=wrong, form=asked.form, secret=secret, picture=picture)
