"""What people said of a station and what became of it, and how content they are, as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from kiosk.central.figures import STATION, local, total
from kiosk.central.known_cases import MOST, shown
from kiosk.central.public.asked import Asked
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.voices import Remark
from kiosk.central.voice_words import NO_ITEMS, about, lateness, standing
from kiosk.central.voices.case import Case, today
from kiosk.central.voices.ratings import Content, Counts, Face, added, content, monday
from kiosk.central.voices.rounds import Texts
from kiosk.language import _

WEEKS: Final = 13
FACES: Final[Mapping[Face, str]] = {
    "very_content": "M14 28a10 10 0 0 0 20 0z",
    "content": "M15 29q9 9 18 0",
    "so_so": "M16 32h16",
    "not_content": "M15 34q9 -9 18 0",
}
"""Each with its mouth, as SVG draws it within 48 by 48; the word beside it says the same."""


class Line(Struct, frozen=True):
    """A case as everybody sees it: no number, and nobody's name."""

    about: str
    said: str
    too: int
    state: str
    late: str
    overdue: bool
    answered: str
    answer: str
    texts: tuple[str, ...]
    photos: tuple[int, ...]


def line(case: Case, remarks: Iterable[Remark], now: float, items: Mapping[str, Texts] = NO_ITEMS) -> Line:
    """A case, with what of it is public."""
    day, own = today(now), [each for each in remarks if each.case == case.number]
    return Line(
        about(case, items),
        today(case.said),
        case.too,
        standing(case),
        lateness(case, day) if case.overdue(day) else "",
        case.overdue(day),
        today(case.answered) if case.answered else "",
        case.answer,
        tuple(each.text for each in own if each.text_public and each.text),
        tuple(each.number for each in own if each.photo_public and each.has_photo),
    )


def lines(asked: Asked, code: str) -> list[Line]:
    """Those of a station."""
    cases = shown(asked.store, code, asked.now)
    remarks = asked.store.public_remarks(each.number for each in cases) if cases else []
    items = asked.store.item_texts(cases)
    return [line(each, remarks, asked.now, items) for each in cases]


def more(asked: Asked, code: str) -> int:
    """How many more are open than the page has room for."""
    return max(0, asked.store.count_open_at(code) - MOST)


def rated(asked: Asked, code: str) -> list[str]:
    """How content those are who rated by phone in the last quarter of a year, in sentences."""
    weeks = last_weeks(asked.now)
    counts: Counts = (0, 0, 0, 0)
    for each in asked.store.ratings_of(code, weeks[0], weeks[-1]):
        if each.source == "phone":
            counts = added(counts, each.counts)
    days = [(date.fromisoformat(weeks[0]) + timedelta(days=number)).isoformat() for number in range(7 * WEEKS)]
    held = asked.store.days(EVERYWHERE, code, STATION, days)
    return said(content(counts, total(each.figures for each in held).visits))


def last_weeks(now: float) -> list[str]:
    """The first days of the last weeks, this one among them."""
    newest = date.fromisoformat(monday(local(now)[0]))
    return [(newest - timedelta(weeks=number)).isoformat() for number in range(WEEKS - 1, -1, -1)]


def said(found: Content) -> list[str]:
    """No share without what it is of, its interval and how many answered; none of too few."""
    if not found.n:
        return [_("Nobody has rated this station by phone yet.")]
    if found.share is None or found.low is None or found.high is None:
        return [_("{n} ratings by phone in 13 weeks: too few to say more; from 30 on a share is told.", n=found.n)]
    told = _(
        "By phone, in 13 weeks: {k} of {n} ratings are satisfied or very satisfied: {share:.0%}, and by chance from {low:.0%} "
        "to {high:.0%}.", k=found.k, n=found.n, share=found.share, low=found.low, high=found.high,
    )  # fmt: skip
    rate = _response(found)
    return [told, rate, _("Nobody checks who rates by phone.")]


def _response(found: Content) -> str:
    if found.response is None:
        return _("How many might have rated is not known: the door counted no visits.")
    return _("That is one rating for each {visits:.0f} visits that the door counted.", visits=1 / found.response)
