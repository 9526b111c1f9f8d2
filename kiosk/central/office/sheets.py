"""The page that takes in sheets from a spreadsheet, and gives them as one: every wrong line is told, as for holders."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from kiosk.central.numbers.files import MARK
from kiosk.central.office.asked import Asked
from kiosk.central.office.files import CSV, file_of
from kiosk.central.office.spreadsheets import Spreadsheet, is_wanted
from kiosk.central.sheet_file import COLUMNS, exported, public_codes, read_sheets

NAME: Final = "sheets.csv"
SHEETS: Final = Spreadsheet("sheets", COLUMNS)


def ask(asked: Asked) -> Response:
    """The form."""
    return SHEETS.show(asked)


def take(asked: Asked) -> Response:
    """What the file says: taken in when every line is right, or of the others when that is wanted."""
    return SHEETS.read(asked, lambda data: _taken(asked, data))


def _taken(asked: Asked, data: bytes) -> Response:
    store = asked.store
    found = read_sheets(data, store.sheets(asked.scope), public_codes(store.register(asked.scope)))
    takes = is_wanted(asked.form, found) and bool(found.sheets)
    if takes:
        with store.transaction():
            store.add_stations(found.places.values(), asked.now)
            store.put_sheets(found.sheets, asked.who.name, asked.now)
            asked.acted("sheets taken in", f"{len(found.sheets)}", asked.scope.prefix, asked.form.words("reason"))
    return SHEETS.show(asked, found, taken=takes)


def given(asked: Asked) -> Response:
    """The sheets of the operator's stations, to be changed and taken in again."""
    store, scope = asked.store, asked.scope
    _count, text = exported(store.register(scope), store.places(scope), store.sheets(scope))
    return file_of((MARK + text).encode(), CSV, NAME)
