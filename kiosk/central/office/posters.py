"""The poster of a station, as PDF."""

from __future__ import annotations

from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing
from kiosk.central.office.files import printed_alone
from kiosk.central.printing.poster import Size, no_poster, posters_of, posters_pdf
from kiosk.central.scope import Scope
from kiosk.language import _


def show(asked: Asked) -> Response:
    """On A4 or A5; why there is none, where there is none."""
    code = asked.path["code"]
    if not asked.store.register(asked.scope, code):
        missing(_("There is no such station, or it is not one of yours."))
    why, found = no_poster(code, asked.store.addresses.public), posters_of(asked.store, Scope(code))[0]
    its = [each for each in found if each.code == code]  # another's may begin so
    if not its:
        missing(why or _("It stands nowhere any more."))
    size: Size = "a5" if asked.query.get("size") == "a5" else "a4"
    return printed_alone(lambda: posters_pdf(its, size), f"poster-{code}-{size}.pdf")
