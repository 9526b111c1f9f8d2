"""The pages that print: cards of a list and of one holder; and whose passes end soon."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page
from kiosk.central.office.files import CSV, file_of, printed_alone
from kiosk.central.office.people import holder_page, row_of
from kiosk.central.office.spreadsheets import ONE_AT_A_TIME
from kiosk.central.passes import By, NotSo
from kiosk.central.people_file import Found, ordered
from kiosk.central.people_table import MOST_BYTES
from kiosk.central.printing.registering import PrintedPasses
from kiosk.central.printing.sheets import Form, Print
from kiosk.central.renewals import DAYS, YEAR, ending_csv, replaced_by_month
from kiosk.central.store.people import Credential
from kiosk.language import _

MOST_CARDS: Final = 500
"""Cards of one request, which take some 15 s; more are printed at the server."""

MOST_SHOWN: Final = 200
LONGEST: Final = 365
WAITS: Final = 20.0
"""Seconds that those who were registered just now wait for others' cards."""


def ask(asked: Asked) -> Response:
    """The form for a list."""
    return _ask(asked, None, {})


def print_many(asked: Asked) -> Response:
    """The cards of a list as PDF, its holders registered: all of it, or where a line is wrong nothing."""
    data = asked.form.file("file", MOST_BYTES)
    wrong = {
        "file": "" if data else _("Choose a file."),
        "reason": "" if asked.form.words("reason") else _("This asks for a reason."),
    }
    if any(wrong.values()):
        return _ask(asked, None, {field: words for field, words in wrong.items() if words}, 422)
    if not ONE_AT_A_TIME.acquire(blocking=False):
        return _ask(asked, None, {"file": _("Another file is being taken in. Try again in a minute.")}, 409)
    try:
        found = ordered(data, asked.store, asked.now, asked.scope.prefix)
    finally:
        ONE_AT_A_TIME.release()
    if found.wrong or not 0 < len(found.holders) <= MOST_CARDS:
        return _ask(asked, found, {} if found.wrong else {"file": _wrong_count(found)}, 422)
    _with_fonts()
    held = _acts(asked).register_cards(found.new, found.renewed, asked.scope.prefix, _by(asked))
    return _printed(asked, [held[each] for each in found.holders])


def _wrong_count(found: Found) -> str:
    if not found.holders:
        return _("There are no holders in it.")
    return _("{most} cards at the most; print more at the server: kiosk central cards print", most=MOST_CARDS)


def print_one(asked: Asked) -> Response:
    """One holder's card as PDF, once more: the same credential, the same number on it."""
    held = asked.store.credentials(asked.form.raw("holder"), asked.scope)
    meant = next((each for each in held if f"{each.number}" == asked.form.words("number")), None)
    if meant is None:
        missing(_("There is no such pass."))
    if not asked.form.words("reason"):
        return holder_page(asked, held, asked.form, {"reason": _("This asks for a reason.")}, 422)
    _with_fonts()
    try:
        return _printed(asked, [_acts(asked).numbered(meant, _by(asked))])
    except NotSo as error:
        return holder_page(asked, held, asked.form, {"reason": str(error)}, 409)


def _with_fonts() -> None:
    """Refuses with 503 where no card can be drawn: then nobody is registered either."""
    from kiosk.printing.pdf import NoFont, fonts  # noqa: PLC0415  fpdf2 takes half a second

    try:
        fonts()
    except NoFont as error:
        raise HTTPException(503, str(error)) from error


def _printed(asked: Asked, held: list[Credential]) -> Response:
    """The PDF; where it cannot be made, what is registered stays so, and is printed by the next try."""
    from kiosk.central.printing.cards import cards_pdf, signed_cards  # noqa: PLC0415  fpdf2 takes half a second

    form: Form = "single" if asked.form.words("sheet") == "single" else "a4"
    return printed_alone(
        lambda: cards_pdf(signed_cards(_acts(asked), held, asked.store.printed.call), Print(form)), "cards.pdf", WAITS
    )


def _ask(asked: Asked, found: Found | None, wrong: dict[str, str], status: int = 200) -> Response:
    lines = [each.told("").lstrip(":") for each in found.wrong[:MOST_SHOWN]] if found else []
    return page(
        "cards", asked, status, found=found, lines=lines, wrong=wrong, form=asked.form, most=MOST_CARDS,
    )  # fmt: skip


def _acts(asked: Asked) -> PrintedPasses:
    return PrintedPasses(asked.store, asked.issuer)


def _by(asked: Asked) -> By:
    return By(asked.who.name, asked.form.words("reason"))


# Whose passes end soon.


def ending(asked: Asked) -> Response:
    """The page: whose passes end within so many days, and how many cards were replaced."""
    days, found = _days(asked), _ending(asked)
    rows = [row_of(each, asked.now) for each in found[:MOST_SHOWN]]
    replaced = replaced_by_month(asked.store.replaced_since(asked.now - YEAR, asked.scope), asked.now)
    return page("ending", asked, rows=rows, count=len(found), days=days, replaced=replaced, most=LONGEST)


def ending_file(asked: Asked) -> Response:
    """The same as CSV, which can be taken in again."""
    return file_of(ending_csv(_ending(asked)), CSV, "ending.csv")


def _ending(asked: Asked) -> list[Credential]:
    return asked.store.ending(asked.now, asked.now + _days(asked) * 86_400, asked.scope)


def _days(asked: Asked) -> int:
    text = asked.query.get("days", "")
    return min(LONGEST, int(text)) if text.isascii() and text.isdecimal() and 0 < len(text) < 5 else DAYS
