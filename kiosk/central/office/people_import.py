"""The page that takes in holders from a spreadsheet: every wrong line is told, and nothing is taken until somebody says so."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from kiosk.central.office.asked import Asked
from kiosk.central.office.files import CSV, file_of
from kiosk.central.office.spreadsheets import Spreadsheet, is_wanted
from kiosk.central.passes import By, Passes
from kiosk.central.people_file import COLUMNS, ordered

HOLDERS: Final = Spreadsheet("people_import", COLUMNS)


def ask(asked: Asked) -> Response:
    """The form."""
    return HOLDERS.show(asked)


def take(asked: Asked) -> Response:
    """What the file orders: taken in when every line is right, or of the others when that is wanted."""
    return HOLDERS.read(asked, lambda data: _taken(asked, data))


def _taken(asked: Asked, data: bytes) -> Response:
    found = ordered(data, asked.store, asked.now, asked.scope.prefix)
    takes = is_wanted(asked.form, found) and bool(found.new or found.renewed)
    if takes:
        by = By(asked.who.name, asked.form.words("reason"))
        Passes(asked.store, asked.issuer).register(found.new, found.renewed, asked.scope.prefix, by)
    return HOLDERS.show(asked, found, taken=takes)


def empty(_asked: Asked) -> Response:
    """An empty file with the heads of the columns, which spreadsheets open in the right coding."""
    head = ",".join(names[0] for names in COLUMNS.values())
    return file_of(f"\ufeff{head}\r\n".encode(), CSV, "holders.csv")
