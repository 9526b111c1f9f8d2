"""Ratings lie together until nobody can be told from another, and leave as one entry.

Every entry of the logbook has a number and a time, and a grant has a holder: a rating that was written at its touch would be
that person's. So answers are only counted, in a *bundle* for each question. On a Monday at 03:00 local time it closes, if it
holds the answers of FEWEST, and FEWEST different people came in since it was opened; else it waits for the next one. Where all
gave the same answer it waits once more, since that would tell what each of them said.

Where few come at all, each bundle hides an answer, and many bundles tell what somebody keeps saying. So the fewer people, the
more weeks: their product is CROWD at the least. A hundred people fill a bundle in a week, and a dozen in nine.

The bundle of a question that is no longer asked closes by the same rules; what is too little on the second Monday after its
end is thrown away, and nothing is told of it: that few have answered is a word about them, too.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import Rated

FEWEST: Final = 5

CROWD: Final = 100
"""Different people times weeks. Half a year of bundles of fewer names discontented regulars (tests/curious.py)."""

PLACES: Final = 512
"""What is kept of a holder is one bit of so many, which two may share: it tells people apart, and not who they are."""

ANSWERS: Final = ("very_satisfied", "satisfied", "fair", "dissatisfied")
"""The four answers, the best first; a question has no other."""

DAY: Final = 86_400
WEEK: Final = 7 * DAY
FIRST_TURN: Final = 4 * DAY + 3 * 3600
"""Seconds from the beginning of 1970, a Thursday, to its first Monday at 03:00."""

LOOKS: Final = 2
"""Mondays on which the bundle of a question is looked at that is no longer asked."""

Counts = tuple[int, int, int, int]


class Bundle(Struct, frozen=True, omit_defaults=True):
    """The answers since `opened` (a week, see :func:`week_of`; None before the time was known): how many gave each.

    `entered`: how many came in; `surplus`: how many answers were beyond one for each of them.

    `came`: a bit for each of those who came in, of which nobody is told; `waited`: it was unanimous a week ago; `over`: the
    week in which its question was no longer asked.
    """

    opened: int | None = None
    counts: Counts = (0, 0, 0, 0)
    surplus: int = 0
    entered: int = 0
    came: bytes = b""
    waited: bool = False
    over: int | None = None

    @property
    def people(self) -> int:
        """How many different ones came in, or fewer."""
        return int.from_bytes(self.came, "big").bit_count()

    def hides_each(self, week: int) -> bool:
        """Whether there are enough answers by that week, and people from whom they may be."""
        return min(self.people, sum(self.counts)) >= FEWEST and self.people * self.weeks(week) >= CROWD

    def weeks(self, week: int) -> int:
        """How many it was open by that week."""
        end = week if self.over is None else self.over
        return 1 if self.opened is None else max(1, end - self.opened)

    @property
    def unanimous(self) -> bool:
        """Whether each answer is known to whoever knows that it was given."""
        return max(self.counts) == sum(self.counts)


def week_of(wall: float, offset: int) -> int:
    """The weeks since 1970 that have begun at `wall` (seconds since 1970), each on a Monday at 03:00, UTC plus `offset`."""
    return int((wall + offset - FIRST_TURN) // WEEK)


def begins(week: int, offset: int) -> float:
    """When a week does, in seconds since 1970."""
    return float(week * WEEK + FIRST_TURN - offset)


def rated(bundle: Bundle, answer: int) -> Bundle:
    """Somebody touched an answer (0 to 3). There is one for each who came in; what is beyond that is not looked at."""
    if sum(bundle.counts) >= bundle.entered:
        return replace(bundle, surplus=bundle.surplus + 1)
    before, given, after = bundle.counts[:answer], bundle.counts[answer], bundle.counts[answer + 1 :]
    return replace(bundle, counts=(*before, given + 1, *after))


def entered(bundle: Bundle, index: int) -> Bundle:
    """The holder of a pass came in; whoever comes when the question is no longer asked was not asked."""
    if bundle.over is not None:
        return bundle
    came = int.from_bytes(bundle.came, "big") | 1 << index % PLACES
    return replace(bundle, entered=bundle.entered + 1, came=came.to_bytes(PLACES // 8, "big"))


def dated(bundle: Bundle, week: int) -> Bundle:
    """It is that week, and no later: the time was not known, or was ahead."""
    opened = week if bundle.opened is None else min(week, bundle.opened)
    return replace(bundle, opened=opened, over=None if bundle.over is None else min(week, bundle.over))


def waits(bundle: Bundle, week: int) -> Bundle | None:
    """What is left of it on the Monday of that week, if it waits for the next; None where it closes."""
    if not bundle.hides_each(week):
        return bundle
    return replace(bundle, waited=True) if bundle.unanimous and not bundle.waited else None


def thrown_away(bundle: Bundle, week: int) -> bool:
    """Whether it has no more Mondays, and too little in it."""
    return bundle.over is not None and week >= bundle.over + LOOKS and not bundle.hides_each(week)


def closed(question: str, bundle: Bundle, week: int) -> Rated:
    """What is told of it."""
    weeks = 1 if bundle.opened is None else max(1, week - bundle.opened)
    return Rated(question, bundle.counts, bundle.surplus, bundle.entered, weeks)
