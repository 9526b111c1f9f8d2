"""What a table or a report of figures is of, read from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from kiosk.central.figures import STATION, ZONE, Figures, level_within, total
from kiosk.central.numbers.period import Period
from kiosk.central.retention import DAY
from kiosk.central.scope import Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.days import DayLine
from kiosk.central.store.medicine import Times
from kiosk.central.voices.ratings import Bundle
from kiosk.language import _, of_languages


class Subject(Struct, frozen=True):
    """Which stations and days, and what was counted.

    `lines`: of the places within the prefix, `whole`: all of them; `names`: of stations, as far as they have any; `uncounted`:
    numbers of logs that are still to be counted; `ratings`, `answers`: of the weeks that begin within these days, how content
    people are, and what they gave to questions; `questions`: in words, by id; `medicine`: how often doctors were asked, and
    what became of their releases.
    """

    prefix: str
    period: Period
    lines: Sequence[DayLine]
    whole: Figures
    names: Mapping[str, str]
    made: float
    uncounted: int = 0
    ratings: Sequence[Bundle] = ()
    answers: Sequence[Bundle] = ()
    questions: Mapping[str, str] = {}
    medicine: Sequence[Times] = ()

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


def subject_of(store: CentralStore, scope: Scope, prefix: str, period: Period, now: float) -> Subject:
    """What is held of these stations and days."""
    level = level_within(prefix)
    lines = store.days(scope, prefix, level, period.days)
    names = store.names(scope, prefix) if level == STATION else {}
    ends = period.days[0], period.days[-1]
    ratings = [each for each in store.ratings(scope, *ends) if each.station.startswith(prefix)]
    answers = [each for each in store.question_ratings(scope, *ends) if each.station.startswith(prefix)]
    questions = {name: of_languages(each.texts) for name, each in store.questions().items()} if answers else {}
    whole = total(line.figures for line in lines)
    medicine = store.medicine(scope, prefix, *ends)
    return Subject(prefix, period, lines, whole, names, now, store.uncounted(), ratings, answers, questions, medicine)
