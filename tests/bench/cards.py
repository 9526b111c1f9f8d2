"""Cards made by the hundred: how many a second, beside their codes alone and one card by WeasyPrint."""

from __future__ import annotations

import resource
from collections.abc import Callable
from time import process_time

import segno

from kiosk.central.printing.card import LEVEL, Card
from kiosk.central.printing.cards import cards_pdf
from kiosk.central.printing.html import pdf_of_html
from kiosk.central.printing.sheets import Print
from kiosk.trust.passes import PassClass
from tests.bench.road import Report
from tests.keys import NOW, claims, signed

COUNT = 400
A_DISTRICT = 30_000


def measure() -> Report:
    """The table; the peak of memory is that of all up to there."""
    cards = [_card(number) for number in range(COUNT)]
    ways: dict[str, Callable[[], object]] = {
        "both sides, A4": lambda: cards_pdf(cards, Print()),
        "fronts alone, single": lambda: cards_pdf(cards, Print("single", backs=False)),
        "the codes alone": lambda: [segno.make_qr(each.code, error=LEVEL, boost_error=False) for each in cards],
        "signed alone": lambda: [_card(number) for number in range(COUNT)],
        "fronts by WeasyPrint": lambda: pdf_of_html("".join(map(_html, cards[: COUNT // 4] * 4))),
    }
    rows = [_row(name, way) for name, way in ways.items()]
    peak = f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    return (
        "Cards",
        ["", "a second", f"{A_DISTRICT} cards", "memory"],
        [[*rows[0], peak], *([*row, ""] for row in rows[1:])],
    )


def _row(name: str, way: Callable[[], object]) -> list[str]:
    began = process_time()
    way()
    each = (process_time() - began) / COUNT
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [name, f"{1 / each:.0f}", f"{each * A_DISTRICT / 60:.1f} min", f"{peak:.0f} MB"]


def _card(number: int) -> Card:
    code = signed(claims(1_500_000 + number, scope="370811", issued_at=NOW, expires=NOW + 400 * 86_400))
    return Card(f"{482139000 + number}", code, PassClass.WORKER, "370811…", "2027-12-31", "12351")


def _html(card: Card) -> str:
    code = segno.make_qr(card.code, error=LEVEL, boost_error=False).svg_inline(border=4, omitsize=True)
    style = "position:relative;width:85mm;height:53mm;font-size:8pt"
    words = "".join(f"<p>{text}</p>" for text in (card.number, card.place, card.until, "劳动者", "通行码"))
    return f'<div style="{style}"><div style="width:50mm;height:50mm">{code}</div>{words}</div>'
