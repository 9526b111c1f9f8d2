"""A share on paper: its lines, to be typed in again if the stick is lost, and the same as a code for a reader that types."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.board.custody import Share
from kiosk.board.shares import share_text
from kiosk.printing.marks import A4, Code, Mark, Sheet, Words

MARGIN = 20.0
CODE = 80.0


def share_sheet(share: Share) -> Sheet:
    """The page of one share."""
    return Sheet(*A4, tuple(_marks(share)))


def _marks(share: Share) -> Iterator[Mark]:
    text = share_text(share)
    yield _line(25.0, f"私钥 {share.key}，保管人 {share.custodian} 的份额（共三份，任意两份可用）", 14, bold=True)
    yield _line(32.0, f"Key {share.key}, the share of custodian {share.custodian} of three; any two are enough", 10)
    yield _line(42.0, "请密封保管，与 U 盘分开存放。申诉期过后销毁。", 10)
    yield _line(47.0, "Keep it sealed, apart from the stick. Destroy both once the time of appeal is over.", 8)
    for at, line in enumerate(text.splitlines()):
        yield _line(60.0 + 8.0 * at, line, 9)
    typed = "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("#"))  # what a reader can type
    yield Code((A4[0] - CODE) / 2, 150.0, CODE, typed, "m")
    yield _line(245.0, "丢失时：把上面各行原样录入一个文本文件，或用打字式读码器扫码。", 10)
    yield _line(
        250.0, "If the stick is lost: type the lines above into a file, or let a reader that types read the code.", 8
    )


def _line(y: float, text: str, size: float, *, bold: bool = False) -> Words:
    return Words(MARGIN, y, text, size, A4[0] - 2 * MARGIN, bold)
