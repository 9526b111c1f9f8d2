"""Pages of HTML as PDF, by WeasyPrint; nothing is taken from elsewhere."""

from __future__ import annotations

from typing import Any


def pdf_of_html(page: str) -> bytes:
    """The page on the paper that its style names."""
    from weasyprint import HTML  # noqa: PLC0415  takes a second to import

    made: bytes = HTML(string=page, url_fetcher=_nothing).write_pdf()
    return made


def _nothing(url: str, *_more: Any, **_named: Any) -> Any:
    raise ValueError(f"what is printed takes nothing from elsewhere: {url}")
