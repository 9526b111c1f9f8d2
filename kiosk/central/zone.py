"""The zone in which the centre tells times, by its name in the tz database (IANA). Days that are counted are Beijing's."""

from __future__ import annotations

from datetime import tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from kiosk.settings.table import did_you_mean

USUAL: Final = "Asia/Shanghai"


@cache
def zone_named(name: str) -> tzinfo:
    """The zone of that name. Raises ValueError, which says which one was probably meant."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # also a name that leads out of the database, or to a folder in it
        raise ValueError(_unknown(name)) from error


def _unknown(name: str) -> str:
    return f"zone: {name[:40]}: no such time zone" + did_you_mean(name, available_timezones())
