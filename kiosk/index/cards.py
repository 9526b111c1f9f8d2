"""Six cards by which somebody votes at a display that is not touched: five numbers, and one to go back. All are alike for all.

The page gives each answer a number anew, on each of its pages, and tells nobody: so what a reader, and the station behind it,
see of a ballot is numbers that anybody's ballot could have.
"""

from __future__ import annotations

from typing import Final

from kiosk.index.answers import ANSWERS

BACK: Final = 0
NUMBERS: Final = tuple(range(1, len(ANSWERS) + 1))

CARDS: Final = {f"YZ7:{number}": number for number in (*NUMBERS, BACK)}
"""What is on them; no passes, no slips, and no answer cards of a rating, which say what they are."""
