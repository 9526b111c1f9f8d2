"""What each number is called, what it means, and of what it is a part. Only computes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from kiosk.central.figures import Figures
from kiosk.central.retention import DAY
from kiosk.foreign import visible
from kiosk.language import _, chosen
from kiosk.trust.reasons import WORDS, Reason

Number = int | float | None
"""None: nothing to divide by."""


FIRST_WORDS: Final = r"[。，；]|[.,;:](?: |$)"
"""What ends them, in both languages."""


class Measure(Struct, frozen=True):
    """A number of figures: its key for machines, its name and definition for people, and its places behind the point."""

    key: str
    name: Callable[[], str]
    means: Callable[[], str]
    of: Callable[[Figures], Number]
    digits: int = 0


def share(part: float, whole: float) -> float | None:
    """In per cent."""
    return 100 * part / whole if whole else None


def _per_station_day(figures: Figures) -> float | None:
    return figures.visits / (figures.watched / DAY) if figures.watched else None


MEASURES: Final = (
    Measure(
        "visits",
        lambda: _("Visits"),
        lambda: _(
            "Passes that opened a door, less those after which nobody opened it. Whoever comes three times is three visits; "
            "a second showing within 10 seconds is none. Whoever comes in while a door is free, or behind another, is not "
            "counted."
        ),
        lambda figures: figures.visits,
    ),
    Measure(
        "visits_per_station_day",
        lambda: _("Visits per station and day"),
        lambda: _("Visits, divided by the days for which the centre watched each station (see silent)."),
        _per_station_day,
        1,
    ),
    Measure(
        "refused",
        lambda: _("Refusals"),
        lambda: _("Codes that opened nothing, for whatever reason, also those that are no passes."),
        lambda figures: figures.refused,
    ),
    Measure(
        "refused_share",
        lambda: _("Refusals, %"),
        lambda: _("Refusals, of all codes that were shown: those that opened and those that did not."),
        lambda figures: share(figures.refused, figures.refused + sum(figures.granted.values())),
        1,
    ),
    Measure(
        "exits",
        lambda: _("Exit button"),
        lambda: _("How often the button inside was pressed. It is no count of persons: several may leave at once."),
        lambda figures: figures.exits,
    ),
    Measure(
        "faults",
        lambda: _("Faults"),
        lambda: _("Faults that stations told of, each time that one began."),
        lambda figures: figures.faults,
    ),
    Measure(
        "kilowatt_hours",
        lambda: _("Energy, kWh"),
        lambda: _("What the appliances with a meter used. What has none is not in it."),
        lambda figures: figures.kilowatt_hours if figures.metered else None,
        1,
    ),
    Measure(
        "silent_share",
        lambda: _("Silent, %"),
        lambda: _(
            "The time in which a station had not been heard for a quarter of an hour, of the time in which the centre itself "
            "ran and watched; to five minutes."
        ),
        lambda figures: share(figures.silent, figures.watched),
        2,
    ),
)


def named(value: str) -> str:
    """A class of pass in words."""
    return visible(_(value.replace("_", " ")))


def why(reason: str) -> str:
    """The reason of a refusal: the first words of what the door shows for it."""
    if reason not in set(Reason):
        return named(reason)
    return re.split(FIRST_WORDS, chosen(WORDS[Reason(reason)]))[0]
