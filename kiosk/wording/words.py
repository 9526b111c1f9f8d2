"""How the verbs put values, times and quantities into words: one vocabulary, in both languages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.appliances import ON_OFF

FORM: Final = "%Y-%m-%d %H:%M:%S"
SHORT: Final = "%m-%d %H:%M"
PROVEN: Final = frozenset({"synced", "holdover"})
UNPROVEN: Final = "?"
"""Behind a time that nobody had proven to the station when it wrote it."""

MINUTE, HOUR = 60, 3600


READ_IN: Final[ContextVar[tzinfo | None]] = ContextVar("read_in", default=None)
"""The zone of whoever is answered just now; None: this machine's."""


@contextmanager
def in_zone(there: tzinfo) -> Iterator[None]:
    """Within it this thread, or task, tells times of no station in this zone, whatever the machine's is."""
    before = READ_IN.set(there)
    try:
        yield
    finally:
        READ_IN.reset(before)


def word(value: object) -> str:
    """A value of a closed set, such as `held_open`, in the technician's language; what is in none stays as it is."""
    return visible(_(str(value).replace("_", " ")))


def service_word(kind: str) -> str:
    """A kind of service; one has a rollout's name."""
    return _("place of a bus") if kind == "stop" else word(kind)


def place_word(place: str) -> str:
    """A kind of place of which something may be said; of an appliance's alarms one has the name of another."""
    return _("drinking water") if place == "water" else word(place)


def thing_said(place: str, what: str) -> str:
    """Where, and what: `drinking water: not hot`."""
    return f"{place_word(place)}{_(': ')}{word(what)}"


def alarm(value: str) -> str:
    """Of a door's alarms one has another door mode's name."""
    return _("open too long") if value == "held_open" else word(value)


def released(outcome: str) -> str:
    """Of a release's outcomes one has the name of what becomes of a document, and one that of a part of the machine."""
    apart = {"taken": _("taken out"), "disk": _("it could not be written down")}
    return apart.get(outcome) or word(outcome)


def rests(seconds: float) -> str:
    """That a stream rests, in brackets; empty where it does not."""
    words = _(" (the central server does not know it; asked again in {hours:.0f} h)", hours=math.ceil(seconds / 3600))
    return words if seconds > 0 else ""


def listed(values: Iterable[str]) -> str:
    """Some words in a row."""
    return _(", ").join(values)


def when(wall: float, settings: Settings | None = None, form: str = FORM) -> str:
    """A time in the station's zone; without a station in the reader's, or this machine's with its offset.

    The number if no calendar has it.
    """
    there = READ_IN.get()
    try:
        moment = datetime.fromtimestamp(wall, UTC)
        if settings is None:
            return moment.astimezone(there).strftime(form + " %z" * (form == FORM and there is None))
        return moment.astimezone(zone(settings)).strftime(form)
    except (ArithmeticError, ValueError, OSError):
        return f"{wall:g}"


def zone(settings: Settings) -> timezone:
    """The station's."""
    return timezone(timedelta(hours=settings.station.utc_offset))


def iso(wall: float, settings: Settings) -> str:
    """The station's time as ISO 8601 has it, with its offset; empty for one that no calendar has."""
    try:
        return datetime.fromtimestamp(wall, UTC).astimezone(zone(settings)).isoformat(timespec="seconds")
    except (ArithmeticError, ValueError, OSError):
        return ""


def stamped(wall: float, quality: str, settings: Settings | None, form: str = FORM) -> str:
    """A time with the sign of its quality, which :func:`legend` explains."""
    return when(wall, settings, form) + ("" if quality in PROVEN else UNPROVEN)


def clocked(wall: float, quality: str, settings: Settings) -> str:
    """What the station's clock says, how well it knows, and what the sign behind it means."""
    unproven = "" if quality in PROVEN else _(" ({sign}: not proven)", sign=UNPROVEN)
    return f"{word(quality)}{_(': ')}{stamped(wall, quality, settings)}{unproven}"


def legend(qualities: Iterable[str]) -> list[str]:
    """What the sign behind a time means, where one stands."""
    if all(each in PROVEN for each in qualities):
        return []
    return [_("{sign} behind a time: the station could not prove it when it wrote this", sign=UNPROVEN)]


def span(seconds: float) -> str:
    """How long, in the unit that people would say it in."""
    if seconds < 2 * MINUTE:
        return _("{count:g} s", count=round(seconds, 1))
    if seconds < 2 * HOUR:
        return _("{count:g} min", count=round(seconds / MINUTE, 1))
    return _("{count:g} h", count=round(seconds / HOUR, 1))


def quantity(value: float, unit: str) -> str:
    """A value with its unit; of a sensor that only switches, the word."""
    return (_("on") if value else _("off")) if unit == ON_OFF else f"{value:.4g} {unit}"
