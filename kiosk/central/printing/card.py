"""The card of a holder: ID-1 (85.60 x 53.98 mm, ISO/IEC 7810), with a code, a number, and no name.

The code takes the whole height, at level L: at a door what counts is how large its modules are, and level M needs two versions
more for the same pass; scratched, worn and dim cards were read more often so.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.printing.marks import Code, Mark, Words
from kiosk.trust.passes import PassClass

WIDTH, HEIGHT = 85.60, 53.98
CODE: Final = 51.0
"""Side of the code with its quiet zone of four modules, which nothing else may come near."""

EDGE: Final = (HEIGHT - CODE) / 2
LEVEL: Final = "l"
LEFT: Final = EDGE + CODE + 0.5
COLUMN: Final = WIDTH - LEFT - EDGE

CLASSES: Final = {
    PassClass.WORKER: ("劳动者", "worker"),
    PassClass.TECHNICIAN: ("技术员", "technician"),
    PassClass.STEWARD: ("管理员", "steward"),
    PassClass.VISITOR: ("访客", "visitor"),
}
"""A card is read by whoever finds it, so it has both languages."""


class Card(Struct, frozen=True):
    """What a card says: its number, the pass, its holder's class, where and up to which day it holds, whom to call."""

    number: str
    code: str
    pass_class: PassClass
    place: str
    until: str
    call: str


def front(card: Card) -> tuple[Mark, ...]:
    """The side with the code."""
    zh, en = CLASSES[card.pass_class]
    place = (f"{card.place} 驿站", f"stations {card.place}") if card.place else ("各驿站通用", "every station")
    return (
        Code(EDGE, EDGE, CODE, card.code, LEVEL),
        _column(8.0, "户外劳动者驿站", 12, bold=True),
        _column(12.5, "通行码 · Rest station pass", 6.5),
        _column(20.0, zh, 10, bold=True),
        _column(23.2, en, 6),
        _column(28.6, place[0], 8.5),
        _column(31.6, place[1], 6),
        _column(37.0, f"至 {card.until}", 8.5),
        _column(40.0, f"valid until {card.until}", 6),
        _column(44.6, "卡号 No.", 6),
        _column(51.0, card.number, 17, bold=True),
    )


def back(card: Card) -> tuple[Mark, ...]:
    """The side that says how it is used, and what to do when it is lost."""
    rows = (
        ("把二维码对准门口的镜头，距离约 25 厘米。", "Hold the code before the camera at the door, about 25 cm away."),
        ("门锁响后推门；离开时请关好门。", "Push when the lock clicks; close the door when you leave."),
        ("此卡只供本人使用，请勿折叠、涂画或拍照外传。", "For its holder alone. Do not fold it, write on it or photograph it."),
    )  # fmt: skip
    marks: list[Mark] = [Words(5.0, 8.5, "怎样使用  How to use", 10, WIDTH - 10, bold=True)]
    for at, (zh, en) in enumerate(rows):
        marks += [_across(15.0 + 8.0 * at, f"{at + 1}. {zh}", 7.5), _across(18.2 + 8.0 * at, f"    {en}", 6)]
    return (
        *marks,
        _across(41.5, f"丢失或捡到此卡，请致电 {card.call}", 9.5, bold=True),
        _across(45.4, f"Card lost or found: call {card.call}. A lost card is blocked at once, and replaced.", 6),
        _across(50.0, f"卡号 No. {card.number}", 7),
    )


def _column(y: float, text: str, size: float, *, bold: bool = False) -> Words:
    return Words(LEFT, y, text, size, COLUMN, bold)


def _across(y: float, text: str, size: float, *, bold: bool = False) -> Words:
    return Words(5.0, y, text, size, WIDTH - 10.0, bold)
