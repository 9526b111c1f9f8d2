"""What the numbers of a campaign mean, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from kiosk.central.figures import ZONE
from kiosk.central.numbers.tables import Column, Table
from kiosk.central.reconciling import Why
from kiosk.language import _


def definitions() -> Table:
    """What each number means, and of what it is a part."""
    rows = (*_of_gifts(), *_of_reasons(), _of_stock())
    return Table(_("Definitions"), (Column("measure", _("Measure")), Column("means", _("What it means"))), rows)


def _of_gifts() -> Iterator[tuple[str, str]]:
    yield (
        _("Given to passes"),
        _(
            "Pieces that a steward gave for a pass, or that were taken from a slot as far as its contact tells. The day is "
            "that on which they were offered."
        ),
    )
    yield (
        _("Given twice"),
        _(
            "Of what was given to passes, and in % of that: to a holder who had it before in the same campaign, day or week. "
            "Nobody is to blame: whoever asks cannot know that a line was cut."
        ),
    )
    yield (
        _("Without a pass"),
        _("Pieces given while a steward had opened it for everybody: whether somebody had it twice nobody knows."),
    )
    yield (
        _("Not taken"),
        _(
            "A slot opened, and its contact never told that something was taken: it counts as not given. In % of these and of "
            "what was given to passes."
        ),
    )


def _of_reasons() -> Iterator[tuple[str, str]]:
    yield (
        why_word(Why.NOT_HEARD),
        _("What the other station had given came to the centre only after this gift: its line was cut."),
    )
    yield (
        why_word(Why.NOT_TOLD),
        _("The centre had known it for longer than a ledger counts as fresh, and this station had none that was."),
    )
    yield (
        why_word(Why.ON_ITS_WAY),
        _("The centre knew it, and the ledger that this station went by was still fresh, and older."),
    )
    yield (
        why_word(Why.OWN_MARKS),
        _("Both at this station: it lost its data in between, or its card was replaced."),
    )
    yield (why_word(Why.NO_TIME), _("One of the two stations did not know the time: its entries prove nothing."))


def _of_stock() -> tuple[str, str]:
    return (
        _("Expected"),
        _(
            "What the station reckoned to be there: what was filled in since the count before, less what was given. Whoever "
            "counted was not shown it."
        ),
    )


def why_word(why: Why) -> str:
    """A reason in words."""
    match why:
        case Why.NOT_HEARD:
            return _("the first station was cut off")
        case Why.NOT_TOLD:
            return _("this station's ledger was old")
        case Why.ON_ITS_WAY:
            return _("within the age of a fresh ledger")
        case Why.OWN_MARKS:
            return _("its own marks were lost")
        case Why.NO_TIME:
            return _("a clock was not set")


def cut_word(why: Why) -> str:
    """What was so at a station while its line was cut."""
    return _("what it gave had not come") if why is Why.NOT_HEARD else _("it had no fresh ledger")


def beijing(at: float) -> str:
    """A moment where the stations are; the number if no calendar has it."""
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    except (ArithmeticError, ValueError, OSError):
        return f"{at:g}"
