"""The numbers: what was counted, by day, hour, class, reason and place; as a page, and as files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from threading import Lock
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
from kiosk.central.numbers.subject import Subject, subject_of
from kiosk.central.numbers.tables import WAYS, By, shown, table
from kiosk.central.office.asked import Asked, Form, page
from kiosk.central.scope import Scope
from kiosk.language import _

USUAL_DAYS: Final = 30
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PRINTING: Final = Lock()
"""One report at a time: each takes a core for some seconds."""

PATIENCE: Final = 20.0
"""Seconds for which somebody waits for another's report."""


class Wanted(Struct, frozen=True):
    """Of which stations and days; and what is wrong with what was asked for, by field."""

    prefix: str
    period: Period
    wrong: Mapping[str, str]


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
    return Wanted(scope.prefix if "prefix" in wrong else prefix, period or newest(now, USUAL_DAYS), wrong)


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
        tables=[(by, table(by, subject)) for by in WAYS],
        definitions=report.definitions(),
        shown=shown,
        stations=level_within(found.prefix) == STATION,
        asked_for=urlencode({name: asked.query.get(name, "") for name in ("prefix", "month")}),
        of_month=asked.query.get("month", "") if "month" not in found.wrong else "",
    )


def csv(asked: Asked) -> Response:
    """One table, for a spreadsheet."""
    by: By = next((each for each in WAYS if each == asked.query.get("by")), "day")
    return _file(csv_of(table(by, _asked_for(asked))), "text/csv; charset=utf-8", f"{by}.csv")


def xlsx(asked: Asked) -> Response:
    """All tables, in a workbook."""
    return _file(report.workbook(_asked_for(asked)), XLSX, "numbers.xlsx")


def pdf(asked: Asked) -> Response:
    """The report, to be printed."""
    subject = _asked_for(asked)
    if not PRINTING.acquire(timeout=PATIENCE):
        raise HTTPException(503, _("Others are making reports. Try again in a minute."), {"Retry-After": "60"})
    try:
        return _file(report.pdf(subject), "application/pdf", "report.pdf")
    finally:
        PRINTING.release()


def _asked_for(asked: Asked) -> Subject:
    """What a file is of. Refuses with 400."""
    found = wanted(asked.query, asked.scope, asked.now)
    if found.wrong:
        raise HTTPException(400, " ".join(found.wrong.values()))
    return _subject(asked, found)


def _subject(asked: Asked, found: Wanted) -> Subject:
    return subject_of(asked.store, asked.scope, found.prefix, found.period, asked.now)


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
