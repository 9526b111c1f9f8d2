"""The page that takes in sheets from a spreadsheet, and gives them as one: every wrong line is told, as for holders."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from kiosk.central.numbers.files import MARK
from kiosk.central.office.asked import Asked, page
from kiosk.central.office.numbers import file_of
from kiosk.central.office.people_import import MOST_SHOWN, read_one_at_a_time
from kiosk.central.people_table import MOST_ROWS
from kiosk.central.sheet_file import COLUMNS, Found, exported, public_codes, read_sheets

NAME: Final = "sheets.csv"


def ask(asked: Asked) -> Response:
    """The form."""
    return _page(asked, None, "", taken=False)


def take(asked: Asked) -> Response:
    """What the file says: taken in when every line is right, or of the others when that is wanted."""
    return read_one_at_a_time(
        asked,
        lambda data: _taken(asked, data),
        lambda wrong, status: _page(asked, None, wrong, taken=False, status=status),
    )


def _taken(asked: Asked, data: bytes) -> Response:
    store = asked.store
    found = read_sheets(data, store.sheets(asked.scope), public_codes(store.register(asked.scope)))
    only_right, dry = bool(asked.form.raw("only_right")), asked.form.raw("do") == "check"
    takes = not dry and (only_right or not found.wrong) and bool(found.sheets)
    if takes:
        with store.transaction():
            store.add_stations(found.places.values(), asked.now)
            store.put_sheets(found.sheets, asked.who.name, asked.now)
            asked.acted("sheets taken in", f"{len(found.sheets)}", asked.scope.prefix, asked.form.words("reason"))
    return _page(asked, found, "", taken=takes, status=422 if found.wrong and not takes else 200)


def _page(asked: Asked, found: Found | None, wrong: str, *, taken: bool, status: int = 200) -> Response:
    lines = [each.told("") for each in found.wrong[:MOST_SHOWN]] if found else []
    return page(
        "sheets", asked, status, found=found, lines=[line.lstrip(":") for line in lines], wrong=wrong, taken=taken,
        columns=COLUMNS, most=MOST_ROWS, form=asked.form,
    )  # fmt: skip


def given(asked: Asked) -> Response:
    """The sheets of the operator's stations, to be changed and taken in again."""
    store, scope = asked.store, asked.scope
    _count, text = exported(store.register(scope), store.places(scope), store.sheets(scope))
    return file_of((MARK + text).encode(), "text/csv; charset=utf-8", NAME)
