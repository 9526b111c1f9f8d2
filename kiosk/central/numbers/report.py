"""A report: as a page, as PDF, and as a workbook."""

from __future__ import annotations

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from kiosk.central.figures import HOURS
from kiosk.central.numbers.files import xlsx_of
from kiosk.central.numbers.measures import MEASURES
from kiosk.central.numbers.plots import bars
from kiosk.central.numbers.subject import Subject
from kiosk.central.numbers.tables import WAYS, By, Column, Table, shown, table
from kiosk.language import _, chinese

PAGES: Final = Environment(
    loader=PackageLoader("kiosk.central.numbers"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

PRINTED: Final[tuple[By, ...]] = ("class", "reason", "place", "day")


def definitions() -> Table:
    """What each measure means."""
    rows = tuple((each.name(), each.means()) for each in MEASURES)
    return Table(_("Definitions"), (Column("measure", _("Measure")), Column("means", _("What it means"))), rows)


def workbook(subject: Subject) -> bytes:
    """A sheet for each table, the definitions first."""
    meant = definitions()
    notes = tuple((note, "") for note in (subject.title, *subject.notes))
    return xlsx_of([table(by, subject) for by in WAYS], Table(meant.title, meant.columns, (*meant.rows, *notes)))


def page(subject: Subject) -> str:
    """The report as HTML, which needs nothing from elsewhere."""
    whole = subject.whole
    return PAGES.get_template("report.html").render(
        language="zh-CN" if chinese() else "en",
        subject=subject,
        cards=[(each.name(), shown(each.of(whole), each.digits)) for each in MEASURES],
        plots=plots(subject),
        tables=[table(by, subject) for by in PRINTED],
        definitions=definitions(),
        shown=shown,
    )


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
    from weasyprint import HTML  # noqa: PLC0415  takes a second to import

    made: bytes = HTML(string=page(subject), url_fetcher=_nothing).write_pdf()
    return made


def _nothing(url: str, *_more: Any, **_named: Any) -> Any:
    raise ValueError(f"a report takes nothing from elsewhere: {url}")
