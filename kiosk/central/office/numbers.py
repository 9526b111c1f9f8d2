"""The numbers: what was counted, by day, hour, class, reason and place; as a page, and as files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.figures import STATION, level_within
from kiosk.central.numbers import report
from kiosk.central.numbers.files import csv_of
from kiosk.central.numbers.measures import MEASURES
from kiosk.central.numbers.period import Period, month, newest
from kiosk.central.numbers.ratings import EVERY_WAY, table_by
from kiosk.central.numbers.subject import Subject, subject_of
from kiosk.central.numbers.tables import shown
from kiosk.central.office.asked import ROOT, Asked, page
from kiosk.central.office.files import CSV, XLSX, file_of, printed_alone
from kiosk.central.scope import Scope
from kiosk.central.web.forms import Form
from kiosk.language import _

USUAL_DAYS: Final = 30


class Wanted(Struct, frozen=True):
    """Of which stations and days; and what is wrong with what was asked for, by field."""

    prefix: str
    period: Period
    wrong: Mapping[str, str]
    month: str = ""


def wanted(query: Mapping[str, str], scope: Scope, now: float) -> Wanted:
    """What somebody asks for; where it cannot be meant, the newest days of all that they see."""
    prefix, text = query.get("prefix", "").strip() or scope.prefix, query.get("month", "").strip()
    period, wrong = month(text) if text else newest(now, USUAL_DAYS), {}
    if not re.fullmatch("[0-9A-Za-z]{0,12}", prefix):
        wrong["prefix"] = _("A station's code begins with digits or letters, 12 at the most.")
    elif not scope.covers(prefix):
        wrong["prefix"] = _("You see the stations whose code begins with {prefix}.", prefix=scope.prefix)
    if period is None:
        wrong["month"] = _("A month is written like 2026-10.")
    where = scope.prefix if "prefix" in wrong else prefix
    return Wanted(where, period or newest(now, USUAL_DAYS), wrong, text if period else "")


def show(asked: Asked) -> Response:
    """The page."""
    found = wanted(asked.query, asked.scope, asked.now)
    subject = _subject(asked, found)
    return page(
        "numbers",
        asked,
        status=400 if found.wrong else 200,
        form=Form(asked.query),
        wrong=found.wrong,
        subject=subject,
        cards=[(each.name(), shown(each.of(subject.whole), each.digits)) for each in MEASURES],
        plots=report.plots(subject),
        tables=[(way, table_by(way, subject)) for way in EVERY_WAY],
        definitions=report.definitions(),
        shown=shown,
        links=_links(subject, found),
        asked_for=urlencode({name: asked.query.get(name, "") for name in ("prefix", "month")}),
    )


def _links(subject: Subject, found: Wanted) -> dict[str, str]:
    """Where each place of the table leads: a station's page, or the numbers of a narrower place."""
    places = {line.place for line in subject.lines}
    if level_within(found.prefix) == STATION:
        return {each: f"{ROOT}/stations/{each}" for each in places}
    month = urlencode({"month": found.month})
    return {each: f"{ROOT}/numbers?prefix={each}&{month}" for each in places}


def csv(asked: Asked) -> Response:
    """One table, for a spreadsheet."""
    way = next((each for each in EVERY_WAY if each == asked.query.get("by")), "day")
    return file_of(csv_of(table_by(way, _asked_for(asked))), CSV, f"{way}.csv")


def xlsx(asked: Asked) -> Response:
    """All tables, in a workbook."""
    return file_of(report.workbook(_asked_for(asked)), XLSX, "numbers.xlsx")


def pdf(asked: Asked) -> Response:
    """The report, to be printed."""
    subject = _asked_for(asked)
    return printed_alone(lambda: report.pdf(subject), "report.pdf")


def _asked_for(asked: Asked) -> Subject:
    """What a file is of. Refuses with 400."""
    found = wanted(asked.query, asked.scope, asked.now)
    if found.wrong:
        raise HTTPException(400, " ".join(found.wrong.values()))
    return _subject(asked, found)


def _subject(asked: Asked, found: Wanted) -> Subject:
    return subject_of(asked.store, asked.scope, found.prefix, found.period, asked.now)
