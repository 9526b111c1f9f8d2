"""What a page gives as a file."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.language import _

CSV: Final = "text/csv; charset=utf-8"
PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PRINTING: Final = Lock()
"""One PDF at a time: each takes a core for some seconds."""


def file_of(content: bytes, kind: str, name: str) -> Response:
    """A file under its name."""
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def printed_alone(make: Callable[[], bytes], name: str, waits: float = 0.0) -> Response:
    """The PDF, made while nobody else prints.

    Refuses with 503 after so many seconds; whoever waits holds a thread, which only what was done before is worth.
    """
    if not PRINTING.acquire(timeout=waits):
        raise HTTPException(503, _("Others are printing. Try again in a minute."), {"Retry-After": "60"})
    try:
        return file_of(make(), PDF, name)
    finally:
        PRINTING.release()
