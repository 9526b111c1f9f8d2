"""Sheets as PDF, by fpdf2: lines and codes as vectors, and a font with Chinese, of which what is used is embedded."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final, assert_never

import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont

from kiosk.language import _
from kiosk.printing.marks import Box, Code, Line, Mark, Picture, Sheet, Words

FOLDERS: Final = (
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/noto-cjk"),
    Path("/usr/share/fonts/google-noto-cjk"),
)
"""Where Debian, Arch and Fedora put Noto Sans CJK."""

FILES: Final = {"": "NotoSansCJK-Regular.ttc", "B": "NotoSansCJK-Bold.ttc"}
SIMPLIFIED: Final = 2
"""The number of the font with simplified forms in these collections."""

FAMILY: Final = "cjk"
QUIET: Final = 4
"""Modules of the quiet zone (ISO/IEC 18004, 6.3.8)."""

HAIR: Final = 0.1
"""Millimetres."""

INSTEAD: Final = "□"
"""What stands for a letter that the font has not."""


class NoFont(Exception):
    """There is no font with Chinese here; the text says what to do."""


def pdf_of(sheets: Iterable[Sheet], title: str) -> bytes:
    """The sheets, each a page of its size. Raises NoFont."""
    paper = FPDF(unit="mm")
    paper.set_auto_page_break(auto=False)
    paper.set_title(title)
    paper.set_creator("yizhan-kiosk")
    for style, file in fonts().items():
        paper.add_font(FAMILY, style, file, collection_font_number=SIMPLIFIED)
    for sheet in sheets:
        paper.add_page(orientation="P", format=(sheet.width, sheet.height))
        paper.set_line_width(HAIR)
        for mark in sheet.marks:
            _draw(paper, mark)
    return bytes(paper.output())


def fonts() -> dict[str, Path]:
    """The files of the font, by style, where the system has them. Raises NoFont."""
    for folder in FOLDERS:
        if all((folder / name).exists() for name in FILES.values()):
            return {style: folder / name for style, name in FILES.items()}
    raise NoFont(_("There is no font with Chinese here. Next: sudo apt-get install fonts-noto-cjk"))


def _draw(paper: FPDF, mark: Mark) -> None:
    match mark:
        case Words():
            _write(paper, mark)
        case Code():
            for x, y, width, height in bars(mark):
                paper.rect(x, y, width, height, style="F")
        case Line():
            paper.line(mark.x, mark.y, mark.x + mark.dx, mark.y + mark.dy)
        case Box():
            paper.set_fill_color(mark.colour)
            paper.rect(mark.x, mark.y, mark.width, mark.height, style="F")
            paper.set_fill_color(0)
        case Picture():
            paper.image(io.BytesIO(mark.data), mark.x, mark.y, mark.width, mark.height)
        case _:
            assert_never(mark)


def _write(paper: FPDF, mark: Words) -> None:
    paper.set_font(FAMILY, "B" if mark.bold else "", mark.size)
    font = paper.current_font
    text = "".join(each if isinstance(font, TTFFont) and ord(each) in font.cmap else INSTEAD for each in mark.text)
    wide = paper.get_string_width(text)
    if wide > mark.width:
        paper.set_font_size(mark.size * mark.width / wide)
    paper.text(mark.x, mark.y, text)


def bars(code: Code) -> Iterator[tuple[float, float, float, float]]:
    """The dark parts of a code: left, top, width and height of each run of modules."""
    symbol = segno.make_qr(code.text, error=code.level, boost_error=False)
    rows = [*symbol.matrix]
    module = code.side / (len(rows) + 2 * QUIET)
    for down, row in enumerate(rows, QUIET):
        for begin, end in _runs(row):
            yield code.x + (begin + QUIET) * module, code.y + down * module, (end - begin) * module, module


def _runs(row: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin and end."""
    at = 0
    for dark, some in groupby(row):
        begin, at = at, at + len([*some])
        if dark:
            yield begin, at
