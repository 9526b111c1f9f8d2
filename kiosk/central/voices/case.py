"""A case: what was said of a station, who answers for it, and what they answered.

    received ──own──> owned ──do, refuse, pass on──> done | will not | passed on ──confirm──> confirmed
                      disputed ──do, refuse, pass on────^         │                               │
                          ^───────────────dispute─────────────────┴───────────────dispute─────────┘

Nobody can make a case go away. There is no state *closed*: a case ends in words of its owner (`done`, `will_not`, `passed_on`),
which whoever said it, or somebody who stands there, confirms or disputes; disputed it is its owner's again, with a new due day.
So every way to an end leads through an owner and an answer, and TABLE is the proof: the three ends are entered from states
that have an owner, by acts that have words, and by no others. What was said is in no state, since it changes nothing: that
many said the same is a number beside it.

Who may own is not decided here (see owners), nor who sees the case. A day is Beijing's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final, Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.figures import ZONE, local
from kiosk.central.voices.calendar import Calendar
from kiosk.core.desk.vocabulary import Source

OWNED_WITHIN: Final = 1
ANSWERED_WITHIN: Final = 15
"""Working days: until somebody owns it, and until it is answered or, disputed, answered again."""

LONGEST_ANSWER: Final = 500
"""Characters."""


class State(Enum):
    """Where a case stands."""

    RECEIVED = "received"
    OWNED = "owned"
    DONE = "done"
    WILL_NOT = "will not"
    PASSED_ON = "passed on"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class Event(Enum):
    """What may become of it."""

    OWN = "own"
    DO = "do"
    REFUSE = "refuse"
    HAND_ON = "pass on"
    CONFIRM = "confirm"
    DISPUTE = "dispute"


MOST_TOO: Final = 1_000_000
"""People who said the same; beyond that nobody counts."""

OPEN: Final = frozenset({State.RECEIVED, State.OWNED, State.DISPUTED})
"""Somebody still has to act."""

TABLE: Final[Mapping[State, Mapping[Event, State | None]]] = {
    State.RECEIVED: {
        Event.OWN: State.OWNED,
        Event.DO: None,
        Event.REFUSE: None,
        Event.HAND_ON: None,
        Event.CONFIRM: None,
        Event.DISPUTE: None,
    },
    State.OWNED: {
        Event.OWN: State.OWNED,  # another owner
        Event.DO: State.DONE,
        Event.REFUSE: State.WILL_NOT,
        Event.HAND_ON: State.PASSED_ON,
        Event.CONFIRM: None,
        Event.DISPUTE: None,
    },
    State.DONE: {
        Event.OWN: None,
        Event.DO: None,
        Event.REFUSE: None,
        Event.HAND_ON: None,
        Event.CONFIRM: State.CONFIRMED,
        Event.DISPUTE: State.DISPUTED,
    },
    State.WILL_NOT: {
        Event.OWN: None,
        Event.DO: State.DONE,  # they have thought better of it
        Event.REFUSE: None,
        Event.HAND_ON: None,
        Event.CONFIRM: State.CONFIRMED,
        Event.DISPUTE: State.DISPUTED,
    },
    State.PASSED_ON: {
        Event.OWN: None,
        Event.DO: State.DONE,  # whom it was passed to has done it
        Event.REFUSE: State.WILL_NOT,
        Event.HAND_ON: State.PASSED_ON,
        Event.CONFIRM: State.CONFIRMED,
        Event.DISPUTE: State.DISPUTED,
    },
    State.CONFIRMED: {
        Event.OWN: None,
        Event.DO: None,
        Event.REFUSE: None,
        Event.HAND_ON: None,
        Event.CONFIRM: None,
        Event.DISPUTE: State.DISPUTED,  # it is so again
    },
    State.DISPUTED: {
        Event.OWN: State.DISPUTED,  # another owner
        Event.DO: State.DONE,
        Event.REFUSE: State.WILL_NOT,
        Event.HAND_ON: State.PASSED_ON,
        Event.CONFIRM: None,
        Event.DISPUTE: None,
    },
}
"""What becomes of a state by an event; None: it cannot be meant there, and whoever tries is told so."""


class Own(Struct, frozen=True):
    """Somebody is to answer for it."""

    owner: str


class Answer(Struct, frozen=True):
    """Its owner's words: that it is done, will not be, or is passed `to` whom."""

    event: Literal[Event.DO, Event.REFUSE, Event.HAND_ON]
    words: str
    to: str = ""


class Judge(Struct, frozen=True):
    """Somebody else's word on the answer."""

    event: Literal[Event.CONFIRM, Event.DISPUTE]


Act = Own | Answer | Judge


class Denied(Enum):
    """Why an act is not done."""

    NOT_NOW = "not now"
    NO_OWNER = "no owner"
    NOT_YOURS = "not yours"
    NO_WORDS = "no words"
    TOO_LONG = "too long"
    NOBODY = "nobody"
    OWN_WORDS = "own words"


class Case(Struct, frozen=True):
    """Under its number: what was said where, first and last, and by how many more (`too`); days are ISO 8601.

    `own_by`: the last day on which somebody may begin to own it; `due`: on which it may be answered.
    """

    number: int
    station: str
    source: Source
    place: str
    what: str
    urgent: bool
    said: float
    last: float
    own_by: str
    due: str
    changed: float
    too: int = 0
    state: State = State.RECEIVED
    owner: str = ""
    passed_to: str = ""
    answer: str = ""
    answered: float = 0.0
    answered_by: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state in OPEN

    def unowned(self, today: str) -> bool:
        """Whether nobody owns it in time."""
        return self.state is State.RECEIVED and today > self.own_by

    def overdue(self, today: str) -> bool:
        """Whether somebody still has to act, and should have."""
        return self.unowned(today) or (self.open and today > self.due)


def today(now: float) -> str:
    """The day of a moment where the stations are."""
    return local(now)[0]


def end_of_day(day: str) -> float:
    """The moment at which a day is over, in seconds since 1970."""
    return (datetime.fromisoformat(day).replace(tzinfo=ZONE) + timedelta(days=1)).timestamp()


def received(station: str, source: Source, place: str, what: str, now: float, calendar: Calendar, urgent: bool) -> Case:
    """What was said for the first time; its number is given by who keeps it."""
    own_by, due = (_day_after(now, count, calendar) for count in (OWNED_WITHIN, ANSWERED_WITHIN))
    return Case(0, station, source, place, what, urgent, now, now, own_by, due, now)


def said_again(case: Case, now: float, *, urgent: bool = False, people: int = 1) -> Case:
    """Others said the same."""
    too = min(MOST_TOO, case.too + people)
    return replace(case, last=max(case.last, now), too=too, urgent=case.urgent or urgent)


def event_of(act: Act) -> Event:
    """What it is in the table."""
    return Event.OWN if isinstance(act, Own) else act.event


def step(case: Case, act: Act, by: str, now: float, calendar: Calendar) -> Case | Denied:
    """The case after what `by` does with it (nobody of the office, where it is empty), or why not."""
    after = TABLE[case.state][event_of(act)]
    if after is None:
        return Denied.NO_OWNER if case.state is State.RECEIVED else Denied.NOT_NOW
    then = replace(case, state=after, changed=now)
    match act:
        case Own():
            return replace(then, owner=act.owner) if act.owner else Denied.NOBODY
        case Answer():
            return _answered(then, act, by, now)
        case Judge(Event.CONFIRM):
            return then if by != case.answered_by else Denied.OWN_WORDS
        case Judge():
            return replace(then, due=_day_after(now, ANSWERED_WITHIN, calendar))
        case _:
            assert_never(act)


def _answered(case: Case, act: Answer, by: str, now: float) -> Case | Denied:
    words = act.words.strip()
    if not by or by != case.owner:
        return Denied.NOT_YOURS
    if not words:
        return Denied.NO_WORDS
    if len(words) > LONGEST_ANSWER:
        return Denied.TOO_LONG
    if act.event is Event.HAND_ON and not act.to.strip():
        return Denied.NOBODY
    return replace(case, answer=words, passed_to=act.to.strip(), answered=now, answered_by=by)


def _day_after(now: float, count: int, calendar: Calendar) -> str:
    return calendar.after(date.fromisoformat(today(now)), count).isoformat()
