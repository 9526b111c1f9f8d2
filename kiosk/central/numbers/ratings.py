"""How content people are, as a table: by phone and inside apart, no share alone, nobody ranked. Only computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kiosk.central.figures import level_within, total
from kiosk.central.numbers.measures import Number
from kiosk.central.numbers.medicine import medicine_table
from kiosk.central.numbers.subject import Subject
from kiosk.central.numbers.tables import WAYS, By, Cell, Column, Table, table
from kiosk.central.voice_words import face_word
from kiosk.central.voices.ratings import FACES, FEWEST, Bundle, Counts, added, content
from kiosk.core.desk.vocabulary import Source
from kiosk.language import _

NONE: Final[Counts] = (0, 0, 0, 0)
RATING: Final = "rating"
QUESTION: Final = "question"
MEDICINE: Final = "medicine"
EVERY_WAY: Final = (*WAYS, RATING, QUESTION, MEDICINE)
"""By which there is a table."""


def table_by(way: str, subject: Subject) -> Table:
    """The table of that way; by day where there is no such way."""
    if way == RATING:
        return ratings_table(subject)
    if way == QUESTION:
        return questions_table(subject)
    if way == MEDICINE:
        return medicine_table(subject.medicine)
    by: By = next((each for each in WAYS if each == way), "day")
    return table(by, subject)


def ratings_table(subject: Subject) -> Table:
    """Of each place in the order of its code, then of all together."""
    level = level_within(subject.prefix)
    places = sorted({each.station[:level] for each in subject.ratings})
    rows = [row for place in places for row in _rows(place, subject, (subject.names.get(place, ""),))]
    rows += _rows("", subject, ("",))
    return Table(_("Ratings"), _columns(), tuple(rows))


def questions_table(subject: Subject) -> Table:
    """Of each question that was asked inside each place in the order of its code, then all of them together."""
    level, rows = level_within(subject.prefix), list[tuple[Cell, ...]]()
    for question in sorted({each.question for each in subject.answers}):
        own = [each for each in subject.answers if each.question == question]
        words = subject.questions.get(question, question)
        for place in (*sorted({each.station[:level] for each in own}), ""):
            found = [each for each in own if each.station.startswith(place)]
            entered = sum(each.entered or 0 for each in found)
            rows.append((words, place or _("Together"), subject.names.get(place, ""), *_measured(found, entered)))
    first = Column("question", _("Question"))
    return Table(_("Ratings by question"), (first, *(each for each in _columns() if each.key != "source")), tuple(rows))


def printed(made: Table) -> Table:
    """The same with so many columns as a page of paper has room for."""
    kept = [at for at, column in enumerate(made.columns) if column.key not in {*FACES, "name", "surplus"}]
    rows = tuple(tuple(row[at] for at in kept) for row in made.rows)
    return Table(made.title, tuple(made.columns[at] for at in kept), rows)


def means() -> tuple[str, str]:
    """What a share of content people is, and of what it is a part."""
    return _("Satisfied, %"), _(
        "Very satisfied or satisfied, of all ratings of the weeks that begin in this time; with the interval in which it lies "
        "in 95 of 100 cases (Wilson), and none of fewer than {fewest} ratings. Answered: ratings, of the visits that the doors "
        "counted in this time (by phone, where nobody checks who rates, and some have not come in), or of those who came in "
        "(at the display inside). No station is ranked by it.", fewest=FEWEST,
    )  # fmt: skip


def _columns() -> tuple[Column, ...]:
    return (
        Column("place", _("Place")),
        Column("name", _("Name")),
        Column("source", _("Where it was rated")),
        *(Column(face, face_word(face)) for face in FACES),
        Column("n", _("Ratings")),
        Column("k", _("of them satisfied")),
        Column("share", _("Satisfied, %"), 1),
        Column("low", _("at least, %"), 1),
        Column("high", _("at most, %"), 1),
        Column("asked", _("Visits")),
        Column("response", _("Answered, %"), 1),
        Column("surplus", _("beyond those who came in")),
    )


def _rows(place: str, subject: Subject, names: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
    """Of those who rated by phone, and of those inside."""
    own = [each for each in subject.ratings if each.station.startswith(place)]
    visits = total(line.figures for line in subject.lines if line.place.startswith(place)).visits
    sources: tuple[tuple[Source, str], ...] = (("phone", _("by phone, unverified")), ("desk", _("inside")))
    for source, told in sources:
        found = [each for each in own if each.source == source]
        if found or not place:
            entered = visits if source == "phone" else sum(each.entered or 0 for each in found)
            yield (place or _("Together"), *names, told, *_measured(found, entered))


def _measured(found: Iterable[Bundle], asked: int) -> tuple[Number, ...]:
    counts, surplus = NONE, 0
    for each in found:
        counts, surplus = added(counts, each.counts), surplus + each.surplus
    told = content(counts, asked)
    shares = (told.share, told.low, told.high)
    return (
        *counts, told.n, told.k, *(None if each is None else 100 * each for each in shares), asked,
        None if told.response is None else 100 * told.response, surplus,
    )  # fmt: skip
