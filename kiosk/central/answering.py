"""What became of what people said, for the display inside: a document for each station, made anew when that is another.

It says what everybody may know: where, what, since when, and the owner's published words. Nobody's words who said something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.central.issuer import Issuer
from kiosk.central.known_cases import shown
from kiosk.central.retention import DAY
from kiosk.central.store import CentralStore
from kiosk.central.voices.case import Case, State, today
from kiosk.foreign import visible_lines
from kiosk.language import language_of
from kiosk.trust.service import LONGEST, AnsweredCase, Answers, ServiceDocument

KIND: Final = "answers"
HOLDS: Final = 400 * DAY
RENEWED: Final = 200 * DAY
"""Seconds before its end from which on it is published again, though it says nothing new."""

LOOKED_BACK: Final = 1800.0
"""Seconds for which a change is looked at again: what came may be older than the last look."""

AT_ONCE: Final = 50
"""Stations of one step: what is published for them is one transaction, and one reading of it by each server."""

UNNAMED: Final = "something_else"
"""What a display has words for, where a round found it: those of its item are the checklist's."""


class Made(Struct, frozen=True):
    """What a station is to be told; nothing where `cases` is empty."""

    station: str
    cases: tuple[AnsweredCase, ...]

    @property
    def digest(self) -> str:
        """By which it is known whether it is another than before."""
        return hashlib.sha256(msgspec.json.encode(self.cases)).hexdigest()


def answered(case: Case, day: str) -> AnsweredCase:
    """A case as the display inside shows it on that day."""
    late = case.overdue(day)
    due = "" if not case.open else case.own_by if case.unowned(day) else case.due
    what = UNNAMED if case.source == "round" else case.what
    state = case.state.value.replace(" ", "_")
    return AnsweredCase(case.place, what, today(case.said), state, due, late, _words(case))


def _words(case: Case) -> dict[str, str]:
    """The owner's answer, and to whom it was passed on."""
    parts = (case.passed_to if case.state is State.PASSED_ON else "", case.answer)
    text = visible_lines(": ".join(filter(None, parts)))[:LONGEST]
    return {language_of(text): text} if text else {}


def document_id(station: str) -> str:
    """The id of a station's document: of small letters, though its code may have others."""
    if station == station.lower():
        return f"{KIND}-{station}"
    return f"{KIND}-{station.lower()}-{hashlib.sha256(station.encode()).hexdigest()[:10]}"


class Answering:
    """The job: all stations at the first look of a day, since something may be late; else those that are new, or have news."""

    def __init__(self, store: CentralStore, issuer: Issuer) -> None:
        self._store, self._issuer = store, issuer
        self._day = ""

    def look(self, now: float) -> Iterator[int]:
        """Publish what is another than before; each step a transaction, that gives how many were published."""
        day = today(now)
        since = now - LOOKED_BACK if day == self._day else 0.0
        held, enrolled_at = self._store.answered_stations(), {code: at for code, _key, at in self._store.stations()}
        new = {code for code, at in enrolled_at.items() if at > since}
        wanted = self._store.changed_stations(since) | (new if since else held.keys())
        enrolled = sorted(wanted & enrolled_at.keys())
        while some := enrolled[:AT_ONCE]:
            enrolled = enrolled[AT_ONCE:]
            made = [Made(code, self._cases(code, now)) for code in some]
            yield self._publish([each for each in made if self._is_other(each, held.get(each.station), now)], now)
        self._day = day

    def _cases(self, station: str, now: float) -> tuple[AnsweredCase, ...]:
        day = today(now)
        return tuple(answered(each, day) for each in shown(self._store, station, now))

    def _is_other(self, made: Made, held: tuple[str, int] | None, now: float) -> bool:
        if held is None or not made.cases:
            return bool(made.cases) or held is not None
        return held[0] != made.digest or held[1] < now + RENEWED

    def _publish(self, made: Sequence[Made], now: float) -> int:
        if not made:
            return 0
        with self._store.transaction():
            for each in made:
                self._put(each, now)
        return len(made)

    def _put(self, made: Made, now: float) -> None:
        name, ends = document_id(made.station), int(now + HOLDS)
        taken = self._store.service(name)
        if taken and (taken.kind, taken.scope) != (KIND, made.station):
            return  # somebody published something else under its name
        if made.cases:
            head = ServiceDocument(1, name, KIND, 0, int(now), ends, made.station)
            self._issuer.publish_service(head, msgspec.to_builtins(Answers(made.cases)))
            self._store.note_answers(made.station, made.digest, ends)
        else:
            self._issuer.withdraw_service(name)
            self._store.drop_answers(made.station)
