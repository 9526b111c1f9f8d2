"""Times as somebody reads them who stands in the street: the hour, and the day where it is another."""

from __future__ import annotations

from datetime import datetime

from kiosk.central.figures import ZONE
from kiosk.language import _
from kiosk.wording.words import READ_IN

MINUTE, HOUR = 60, 3600


def ago(seconds: float) -> str:
    """How long ago, roughly."""
    if seconds < 2 * MINUTE:
        return _("just now")
    if seconds < 2 * HOUR:
        return _("{count} minutes ago", count=round(seconds / MINUTE))
    return _("{count} hours ago", count=round(seconds / HOUR))


def day_and_hour(at: float, now: float) -> str:
    """The hour of a moment; with its day of the week, or its date, where that is not today."""
    zone = READ_IN.get() or ZONE
    there, today = (datetime.fromtimestamp(each, zone) for each in (at, now))
    hour = f"{there:%H:%M}"
    days = (there.date() - today.date()).days
    if days == 0:
        return hour
    if abs(days) < 7:
        return _("{day} {hour}", day=_days()[there.weekday()], hour=hour)
    return f"{there:%Y-%m-%d} {hour}"


def _days() -> list[str]:
    return [
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    ]  # fmt: skip
