"""The poster of a station, A4 or A5: its code with check digit, a QR of its page, how to get in, whom to call.

By WeasyPrint, which breaks lines and finds letters of every script; a poster is one page whatever a station is called.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import segno
from msgspec import Struct
from rich.cells import cell_len

from kiosk.central.codes import grouped, is_public, printed
from kiosk.central.printing.html import pdf_of_html
from kiosk.central.scope import Scope
from kiosk.central.sheets import EMPTY
from kiosk.central.store import CentralStore
from kiosk.central.web.templates import templates_of
from kiosk.foreign import visible
from kiosk.language import _

Size = Literal["a4", "a5"]
REM: Final[dict[Size, float]] = {"a4": 10.0, "a5": 10.0 / 2**0.5}
"""Points of the unit in which everything on it is measured: A5 is A4 made smaller."""

NAME_SIZES: Final = (5.0, 4.2, 3.4, 2.8, 2.2, 1.7, 1.3)
WIDE: Final = 48.0
"""How wide a name may be, in that unit."""

LINES: Final = 2

PAGES: Final = templates_of("kiosk.central.printing")


class Poster(Struct, frozen=True):
    """What a poster says. `origin`: of the public pages; `code`: a public one."""

    code: str
    name: str
    name_en: str
    origin: str
    call: str

    @property
    def address(self) -> str:
        """Of the station's page, as its QR has it."""
        return f"{self.origin}/s/{printed(self.code)}"


def no_poster(code: str, origin: str) -> str:
    """Why a station has no poster, and what to do; empty where it has one."""
    if not is_public(code):
        return _("{code} has no poster: only a code of eight digits has a check digit and a page", code=code)
    if not origin:
        return _(
            "There are no public pages yet, of which a poster has the address. Next: public in [addresses] of central.toml"
        )
    return ""


def posters_of(store: CentralStore, scope: Scope) -> tuple[list[Poster], list[str]]:
    """The posters of the stations there that stand somewhere; and why others have none."""
    standing = [each for each in store.register(scope) if each.state in {"added", "enrolled"}]
    why = {each.code: no_poster(each.code, store.addresses.public) for each in standing}
    sheets = store.sheets(scope)
    found = [
        Poster(each.code, each.name, sheets.get(each.code, EMPTY).name_en, store.addresses.public, store.printed.call)
        for each in standing
        if not why[each.code]
    ]
    return found, [*dict.fromkeys(filter(None, why.values()))]


def name_size(name: str, wide: float = WIDE) -> float:
    """How large a name is set, so that it takes two lines; the longest take more."""
    ems = cell_len(name) / 2
    return next((size for size in NAME_SIZES if ems * size <= wide * LINES * 0.9), NAME_SIZES[-1])


def posters_pdf(posters: Iterable[Poster], size: Size) -> bytes:
    """A page for each."""
    return pdf_of_html(posters_page(posters, size))


def posters_page(posters: Iterable[Poster], size: Size) -> str:
    """The posters as HTML, which needs nothing from elsewhere."""
    return PAGES.get_template("poster.html").render(
        posters=[_shown(each) for each in posters], size=size, rem=REM[size]
    )


def _shown(poster: Poster) -> dict[str, object]:
    code = segno.make_qr(poster.address, error="m")
    name, name_en = visible(poster.name), visible(poster.name_en)
    return {
        "name": name or poster.code,
        "name_size": name_size(name or poster.code),
        "name_en": name_en,
        "name_en_size": min(2.0, name_size(name_en)),
        "code": grouped(poster.code),
        "picture": code.svg_inline(border=4, omitsize=True),
        "address": poster.address,
        "call": poster.call,
    }
