"""Tables of figures: by day, by place, by hour, class and reason. Only computes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from msgspec import Struct

from kiosk.central.figures import CLASSES, HOURS, OTHER, Figures
from kiosk.central.numbers.measures import MEASURES, Number, named, share, why
from kiosk.central.numbers.subject import Subject
from kiosk.language import _

By = Literal["day", "place", "hour", "class", "reason"]
WAYS: Final[tuple[By, ...]] = get_args(By)

Cell = str | Number


class Column(Struct, frozen=True):
    """Its key for machines, what it is called, and the places behind the point of its numbers."""

    key: str
    name: str
    digits: int = 0


class Table(Struct, frozen=True):
    """Rows of cells, the first of which says what the row is of; `sum`: of them all, where that means something."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sum: tuple[Cell, ...] = ()


def table(by: By, subject: Subject) -> Table:
    """The figures in that way."""
    lines, whole = subject.lines, subject.whole
    match by:
        case "day":
            found = dict.fromkeys(subject.period.days, Figures()) | together((line.day, line.figures) for line in lines)
            return _of_figures(_("By day"), Column("day", _("Day")), found, whole)
        case "place":
            return _of_places(subject)
        case "hour":
            hours = whole.hours or (0,) * HOURS
            labels = [f"{hour:02}:00–{hour + 1:02}:00" for hour in range(HOURS)]
            return _of_counts(_("By hour"), Column("hour", _("Hour")), zip(labels, hours, strict=True))
        case "class":
            counts = [(named(each), whole.granted.get(each, 0)) for each in (*CLASSES.values(), OTHER)]
            return _of_counts(_("By class of pass"), Column("class", _("Class")), counts)
        case "reason":
            most = sorted(whole.denied.items(), key=lambda each: (-each[1], each[0]))
            return _of_counts(
                _("Refusals by reason"),
                Column("reason", _("Reason")),
                [(why(reason), count) for reason, count in most],
            )


def _of_places(subject: Subject) -> Table:
    found = together((line.place, line.figures) for line in subject.lines)
    made = _of_figures(_("By place"), Column("place", _("Place")), found, subject.whole)
    if not subject.names:
        return made
    columns = (made.columns[0], Column("name", _("Name")), *made.columns[1:])
    rows = tuple((row[0], subject.names.get(str(row[0]), ""), *row[1:]) for row in made.rows)
    return Table(made.title, columns, rows, (made.sum[0], "", *made.sum[1:]))


def together(each: Iterable[tuple[str, Figures]]) -> dict[str, Figures]:
    """The figures of each name."""
    found: dict[str, Figures] = {}
    for name, figures in each:
        found[name] = found[name] + figures if name in found else figures
    return found


def _of_figures(title: str, first: Column, found: Mapping[str, Figures], whole: Figures) -> Table:
    columns = (first, *(Column(each.key, each.name(), each.digits) for each in MEASURES))
    rows = tuple((label, *measured(figures)) for label, figures in found.items())
    return Table(title, columns, rows, (_("Together"), *measured(whole)))


def measured(figures: Figures) -> tuple[Number, ...]:
    """Every measure, in its order."""
    return tuple(each.of(figures) for each in MEASURES)


def _of_counts(title: str, first: Column, found: Iterable[tuple[str, int]]) -> Table:
    counts = list(found)
    whole = sum(count for _label, count in counts)
    columns = (first, Column("count", _("Number")), Column("share", _("Share, %"), 1))
    rows = tuple((label, count, share(count, whole)) for label, count in counts)
    return Table(title, columns, rows, (_("Together"), whole, share(whole, whole)))


def shown(cell: Cell, digits: int) -> str:
    """A cell for people."""
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else f"{cell:,.{digits}f}"
