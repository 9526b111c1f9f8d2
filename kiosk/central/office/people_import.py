"""The page that takes in holders from a spreadsheet: every wrong line is told, and nothing is taken until somebody says so."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final

from starlette.responses import Response

from kiosk.central.office.asked import Asked, page
from kiosk.central.passes import By, Passes
from kiosk.central.people_file import COLUMNS, Found, ordered
from kiosk.central.people_table import MOST_BYTES, MOST_ROWS
from kiosk.language import _

MOST_SHOWN: Final = 200
ONE_AT_A_TIME: Final = Lock()
"""A file of a district takes seconds and a lot of memory."""


def ask(asked: Asked) -> Response:
    """The form."""
    return _page(asked, None, "", taken=False)


def take(asked: Asked) -> Response:
    """What the file orders: taken in when every line is right, or of the others when that is wanted."""
    return read_one_at_a_time(
        asked,
        lambda data: _taken(asked, data),
        lambda wrong, status: _page(asked, None, wrong, taken=False, status=status),
    )


def read_one_at_a_time(
    asked: Asked, take: Callable[[bytes], Response], refuse: Callable[[str, int], Response]
) -> Response:
    """Take the file that was sent, while nobody else's is being taken in; or say why not."""
    file = asked.form.files.get("file")
    data = file.file.read(MOST_BYTES + 1) if file else b""
    if not data:
        return refuse(_("Choose a file."), 422)
    if not ONE_AT_A_TIME.acquire(blocking=False):
        return refuse(_("Another file is being taken in. Try again in a minute."), 409)
    try:
        return take(data)
    finally:
        ONE_AT_A_TIME.release()


def _taken(asked: Asked, data: bytes) -> Response:
    found = ordered(data, asked.store, asked.now, asked.scope.prefix)
    only_right, dry = bool(asked.form.raw("only_right")), asked.form.raw("do") == "check"
    takes = not dry and (only_right or not found.wrong) and bool(found.new or found.renewed)
    if takes:
        by = By(asked.who.name, asked.form.words("reason"))
        Passes(asked.store, asked.issuer).register(found.new, found.renewed, asked.scope.prefix, by)
    return _page(asked, found, "", taken=takes, status=422 if found.wrong and not takes else 200)


def _page(asked: Asked, found: Found | None, wrong: str, *, taken: bool, status: int = 200) -> Response:
    lines = [each.told("") for each in found.wrong[:MOST_SHOWN]] if found else []
    return page(
        "people_import", asked, status, found=found, lines=[line.lstrip(":") for line in lines], wrong=wrong,
        taken=taken, columns=COLUMNS, most=MOST_ROWS, form=asked.form,
    )  # fmt: skip


def empty(_asked: Asked) -> Response:
    """An empty file with the heads of the columns, which spreadsheets open in the right coding."""
    head = ",".join(names[0] for names in COLUMNS.values())
    headers = {"Content-Disposition": 'attachment; filename="holders.csv"'}
    return Response("\ufeff" + head + "\r\n", media_type="text/csv; charset=utf-8", headers=headers)
