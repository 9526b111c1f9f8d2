"""Where something is wrong, and what: what can be touched, at the door's display and on a phone alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Source = Literal["phone", "desk", "round"]
"""By which somebody said it: the station's page, the display inside, or a steward's round that found it."""

DANGEROUS: Final = "dangerous"
BLOCKED: Final = "blocked"
DID_NOT_OPEN: Final = "did_not_open"
"""That a pass opened nothing: it has a form of its own, and is said of a door alone."""

WHATS: Final[Mapping[str, tuple[str, ...]]] = {
    "door": (BLOCKED, "does_not_close", "damaged", DANGEROUS, "something_else"),
    "air_conditioner": ("does_not_cool", "does_not_heat", "loud", "leaking", DANGEROUS, "something_else"),
    "water": ("no_water", "not_hot", "tastes_bad", "leaking", DANGEROUS, "something_else"),
    "fridge": ("not_cold", "dirty", "broken", DANGEROUS, "something_else"),
    "microwave": ("broken", "dirty", DANGEROUS, "something_else"),
    "toilet": ("clogged", "dirty", "no_paper", "locked_up", DANGEROUS, "something_else"),
    "cleanliness": ("dirty", "rubbish", "smells", "insects", "something_else"),
    "other": ("damaged", "missing_thing", "rude", DANGEROUS, "something_else"),
}
"""By place, in the order in which they stand on a page."""

PLACES: Final = tuple(WHATS)
URGENT: Final = frozenset({DANGEROUS, BLOCKED, DID_NOT_OPEN})
"""What is told at once: a danger, and a way in or out that is blocked."""

LONGEST_TEXT: Final = 500
"""Characters."""


def known(place: str, what: str) -> bool:
    """Whether that can be said of that place."""
    return what in WHATS.get(place, ())


def urgent(what: str) -> bool:
    """Whether somebody is to be told at once."""
    return what in URGENT
