"""The report of a campaign: as a page, as PDF, and as CSV."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from kiosk.central.numbers.campaign import Reported
from kiosk.central.numbers.campaign_tables import by_day, by_district, by_place_and_day, tables
from kiosk.central.numbers.campaign_words import beijing, definitions
from kiosk.central.numbers.files import csv_of
from kiosk.central.numbers.measures import share
from kiosk.central.numbers.plots import bars
from kiosk.central.numbers.report import PAGES
from kiosk.central.numbers.tables import Table, shown
from kiosk.central.printing.html import pdf_of_html
from kiosk.central.store.campaigns import HandedDay
from kiosk.central.web.templates import page_language
from kiosk.language import _

LONGEST: Final = 500
"""Lines of stations and days that are printed; a file for a spreadsheet has them all."""

MOST_LINES: Final = 150
"""Lines of any other table that are printed: 4,540 stations in each would take ten minutes of a processor."""


def notes(found: Reported) -> list[str]:
    """What a reader must know of all its numbers."""
    campaign = found.campaign
    lines = [
        _("Made {made}. Days and hours are Beijing time (UTC+8, no summer time).", made=beijing(found.made)),
        _("Stations {scope}; item {item}.", scope=campaign.scope or _("of everywhere"), item=campaign.words.item),
        _("These are counts: nothing here says who had something, or that the same person came again."),
    ]
    if campaign.closed is not None:
        closed = _("Closed {when}: who had something is not known here any longer, nor why it was given twice.")
        lines.append(closed.format(when=beijing(campaign.closed)))
    elif found.unheard:
        lines.append(
            _(
                "{count} stations have not been heard since it ended: what they gave is not in it yet.",
                count=len(found.unheard),
            )
        )
    return lines


def cards(whole: HandedDay) -> list[tuple[str, str]]:
    """What stands above all tables."""
    return [
        (_("Given to passes"), shown(whole.given, 0)),
        (_("Given twice"), _of(whole.again, whole.given)),
        (_("Without a pass"), shown(whole.without_pass, 0)),
        (_("Not taken"), _of(whole.not_taken, whole.not_taken + whole.given)),
    ]


def _of(part: int, whole: int) -> str:
    per_cent = share(part, whole)
    return shown(part, 0) if not part or per_cent is None else f"{part:,} ({per_cent:.1f} %)"


def plots(found: Reported) -> list[tuple[str, str]]:
    """What was given on each day: title and SVG; none where there was nothing."""
    title = _("Given to passes, by day")
    rows = by_day(found).rows
    drawn = bars([int(row[1] or 0) for row in rows], [str(row[0])[5:] for row in rows], title)
    return [(title, drawn)] if rows else []


def csv(found: Reported) -> bytes:
    """Each station and day, for a spreadsheet."""
    return csv_of(by_place_and_day(found))


def page(found: Reported) -> str:
    """The report as HTML, which needs nothing from elsewhere."""
    each_day, made = by_place_and_day(found), tables(found)
    if "stations" in made and len(made["stations"].rows) > MOST_LINES:
        made = {"days": made.pop("days"), "districts": by_district(found), **made}
    return PAGES.get_template("report.html").render(
        language=page_language(),
        subject={"title": found.title, "notes": notes(found)},
        cards=cards(found.total),
        plots=plots(found),
        tables=[*map(_printed, made.values()), *([each_day] if 0 < len(each_day.rows) <= LONGEST else [])],
        definitions=definitions(),
        shown=shown,
    )


def _printed(table: Table) -> Table:
    """Its first lines, where it is long."""
    if len(table.rows) <= MOST_LINES:
        return table
    words = _("{title}: the first {count} of {all}", title=table.title, count=MOST_LINES, all=len(table.rows))
    return replace(table, title=words, rows=table.rows[:MOST_LINES])


def pdf(found: Reported) -> bytes:
    """The report on A4."""
    return pdf_of_html(page(found))
