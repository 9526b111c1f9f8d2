"""What the verbs that print share: what must be installed for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kiosk.cli.common import fail
from kiosk.language import _


@contextmanager
def printable(extra: str = "central") -> Iterator[None]:
    """Exit code 1, with the next command, where a library or a font is missing; `extra`: which brings the libraries."""
    try:
        from kiosk.printing.pdf import NoFont  # noqa: PLC0415
    except ImportError as error:
        _fail(error, extra)
    try:
        yield
    except NoFont as error:
        fail(str(error))
    except ImportError as error:
        _fail(error, extra)


def _fail(error: ImportError, extra: str) -> None:
    fail(_("{library} is not installed. Next: pip install 'yizhan-kiosk[{extra}]'", library=error.name, extra=extra))
