"""What the pages have in common that take in a spreadsheet: one at a time, every wrong line told, taken once it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Final, Protocol

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.office.asked import Asked, page
from kiosk.central.people_file import Wrong
from kiosk.central.people_table import MOST_BYTES, MOST_ROWS
from kiosk.central.web.forms import Form
from kiosk.language import _

MOST_SHOWN: Final = 200
ONE_AT_A_TIME: Final = Lock()
"""A file of a district takes seconds and a lot of memory."""


class Read(Protocol):
    """What a file says; here, what is wrong with it."""

    @property
    def wrong(self) -> list[Wrong]:
        """The first wrong lines."""


class Spreadsheet(Struct, frozen=True):
    """A page that takes one in: its template, and the columns that its file may have, each with its names."""

    template: str
    columns: Mapping[str, Sequence[str]]

    def read(self, asked: Asked, take: Callable[[bytes], Response]) -> Response:
        """Take the file that was sent, while nobody else's is being taken in; or say why not."""
        data = asked.form.file("file", MOST_BYTES)
        if not data:
            return self._page(asked, None, _("Choose a file."), 422)
        if not ONE_AT_A_TIME.acquire(blocking=False):
            return self._page(asked, None, _("Another file is being taken in. Try again in a minute."), 409)
        try:
            return take(data)
        finally:
            ONE_AT_A_TIME.release()

    def show(self, asked: Asked, found: Read | None = None, *, taken: bool = False) -> Response:
        """The form, with what was found in a file, if one was sent."""
        return self._page(asked, found, "", 422 if found and found.wrong and not taken else 200, taken=taken)

    def _page(self, asked: Asked, found: Read | None, wrong: str, status: int, *, taken: bool = False) -> Response:
        lines = [each.told("").lstrip(":") for each in found.wrong[:MOST_SHOWN]] if found else []
        return page(
            self.template, asked, status, found=found, lines=lines, wrong=wrong, taken=taken, columns=self.columns,
            most=MOST_ROWS, form=asked.form,
        )  # fmt: skip


def is_wanted(form: Form, found: Read) -> bool:
    """Whether what is right is to be taken in: all of it is, or the right ones alone are wanted; and not only looked at."""
    return form.raw("do") != "check" and (bool(form.raw("only_right")) or not found.wrong)
