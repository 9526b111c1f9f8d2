"""A report: as a page, as PDF, and as a workbook."""

from __future__ import annotations

from typing import Final

from kiosk.central.figures import HOURS
from kiosk.central.numbers.files import xlsx_of
from kiosk.central.numbers.measures import MEASURES
from kiosk.central.numbers.plots import bars
from kiosk.central.numbers.ratings import EVERY_WAY, means, printed, questions_table, ratings_table, table_by
from kiosk.central.numbers.subject import Subject
from kiosk.central.numbers.tables import By, Column, Table, shown, table
from kiosk.central.printing.html import pdf_of_html
from kiosk.central.web.templates import page_language, templates_of
from kiosk.language import _

PAGES: Final = templates_of("kiosk.central.numbers")

PRINTED: Final[tuple[By, ...]] = ("class", "reason", "place", "day")


def definitions() -> Table:
    """What each measure means."""
    rows = (*((each.name(), each.means()) for each in MEASURES), means())
    return Table(_("Definitions"), (Column("measure", _("Measure")), Column("means", _("What it means"))), rows)


def workbook(subject: Subject) -> bytes:
    """A sheet for each table, the definitions first."""
    meant = definitions()
    notes = tuple((note, "") for note in (subject.title, *subject.notes))
    return xlsx_of(
        [table_by(way, subject) for way in EVERY_WAY], Table(meant.title, meant.columns, (*meant.rows, *notes))
    )


def page(subject: Subject) -> str:
    """The report as HTML, which needs nothing from elsewhere."""
    whole = subject.whole
    return PAGES.get_template("report.html").render(
        language=page_language(),
        subject=subject,
        cards=[(each.name(), shown(each.of(whole), each.digits)) for each in MEASURES],
        plots=plots(subject),
        tables=[*(table(by, subject) for by in PRINTED), *(printed(each) for each in _rated(subject) if each.rows)],
        definitions=definitions(),
        shown=shown,
    )


def _rated(subject: Subject) -> tuple[Table, ...]:
    """How content people are, where anybody has said."""
    return (ratings_table(subject), questions_table(subject)) if subject.ratings or subject.answers else ()


def plots(subject: Subject) -> list[tuple[str, str]]:
    """The title and the SVG of each plot: visits by day, and what passes opened by hour."""
    days = subject.period.days
    visits = dict.fromkeys(days, 0)
    for line in subject.lines:
        visits[line.day] += line.figures.visits
    by_day, by_hour = _("Visits by day"), _("Opened by a pass, by hour")
    return [
        (by_day, bars([*visits.values()], [day[5:] for day in days], by_day)),
        (by_hour, bars(subject.whole.hours or (0,) * HOURS, [f"{hour:02}" for hour in range(HOURS)], by_hour)),
    ]


def pdf(subject: Subject) -> bytes:
    """The report on A4."""
    return pdf_of_html(page(subject))
