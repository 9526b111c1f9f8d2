"""What a table or a report of figures is of, read from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from kiosk.central.figures import STATION, ZONE, Figures, level_within, total
from kiosk.central.numbers.period import Period
from kiosk.central.numbers.tables import WAYS, Table, table
from kiosk.central.retention import DAY
from kiosk.central.scope import Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.days import DayLine
from kiosk.language import _


class Subject(Struct, frozen=True):
    """What a report is of. `lines`: of the places within the prefix; `names`: of places; `uncounted`: still to be counted."""

    prefix: str
    period: Period
    lines: Sequence[DayLine]
    names: Mapping[str, str]
    made: float
    uncounted: int = 0

    @property
    def whole(self) -> Figures:
        """All of it."""
        return total(line.figures for line in self.lines)

    @property
    def title(self) -> str:
        """What it is of, in words."""
        where = _("stations {prefix}…", prefix=self.prefix) if self.prefix else _("every station")
        return _("Numbers of {first} to {last}: {where}", first=self.period.first, last=self.period.last, where=where)

    @property
    def notes(self) -> list[str]:
        """What a reader must know of all its numbers."""
        made = datetime.fromtimestamp(self.made, UTC).astimezone(ZONE).isoformat(timespec="seconds")
        watched = self.whole.watched / DAY
        notes = [
            _("Made {made}. Days and hours are Beijing time (UTC+8, no summer time).", made=made),
            _("The centre watched {days} station days of this time.", days=f"{watched:,.1f}"),
            _(
                "They are counts of events, and of no person: nothing here says who came, or that the same one came again."
            ),
        ]
        if self.uncounted:
            notes.append(
                _("{count} entries are still to be counted; make the report anew later.", count=self.uncounted)
            )
        return notes

    def tables(self) -> list[Table]:
        """All of its tables."""
        return [table(by, self.lines, self.period.days, self.names) for by in WAYS]


def subject_of(store: CentralStore, prefix: str, period: Period, now: float) -> Subject:
    """What is held of these stations and days."""
    lines = store.days(prefix, level_within(prefix), period.days)
    stations = store.register(Scope(prefix)) if level_within(prefix) == STATION else []
    names = {each.code: each.name for each in stations if each.name}
    return Subject(prefix, period, lines, names, now, store.uncounted())
