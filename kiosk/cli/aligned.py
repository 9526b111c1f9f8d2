"""click's helps in columns, where some characters take two of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import click
from rich.cells import cell_len, set_cell_size

CLOSES: Final = "[，。；：、）！？]*"
PIECES: Final = re.compile(rf"[!-~]*kiosk(?: [a-z]+)+[!-~]*{CLOSES}|[!-~]+\s*{CLOSES}|[^!-~\s]\s*{CLOSES}|\s+")
"""What stays together on a line: a command, a word, a character with the sign behind it."""


class Aligned(click.HelpFormatter):
    """click's, but for characters that take two columns: it counts them as one."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms with their explanations in a column of their own."""
        rows = list(rows)
        wide = min(max((cell_len(term) for term, _text in rows), default=0), col_max) + col_spacing
        indent = " " * self.current_indent
        for term, text in rows:
            first, *more = wrapped(text, max(self.width - self.current_indent - wide, 10)) or [""]
            head = (
                set_cell_size(term, wide) if cell_len(term) + col_spacing <= wide else f"{term}\n{indent}{' ' * wide}"
            )
            self.write(f"{indent}{head}{first}".rstrip() + "\n")
            self.write("".join(f"{indent}{' ' * wide}{line}\n" for line in more))

    def write_text(self, text: str) -> None:
        """Paragraphs."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            lines = wrapped(" ".join(paragraph.split()), max(self.width - self.current_indent, 10))
            self.write("\n" * bool(number) + "".join(f"{indent}{line}\n" for line in lines))


def wrapped(text: str, width: int) -> list[str]:
    """Lines of so many columns at the most; a Latin word stays whole, and no line begins with a sign that ends a sentence."""
    lines = [""]
    for piece in PIECES.findall(text):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]
