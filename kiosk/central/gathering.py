"""What desks send, kept by kind: ratings counted, voices as cases, rounds and supplies by station. Each once.

A station may send anything: what is no such entry, or of a question or a checklist that nobody published, is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from kiosk.central.cases import Cases, Said
from kiosk.central.figures import local
from kiosk.central.moments import moment_of
from kiosk.central.polls import published_polls
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.ballots import KIND as BALLOTS
from kiosk.central.store.bundles import RATINGS, Came, Unread
from kiosk.central.store.rounds import SaidService
from kiosk.central.store.stops import ToldOfStop
from kiosk.central.supplying import KINDS as SUPPLIES
from kiosk.central.supplying import Supplying, remember_campaigns
from kiosk.central.treating import Treating
from kiosk.central.voices.ratings import Bundle, monday
from kiosk.central.voices.rounds import Listed, Round, found_at, place_of
from kiosk.core.desk.rounds import MONTH, NO, YES
from kiosk.core.desk.vocabulary import known
from kiosk.core.room.stops import What
from kiosk.trust.service import MOST_ITEMS, STATION, ServiceId, Word, body_in

REMEMBERED: Final = ("question", "checklist")
"""Kinds of services of which something comes back."""

MOST_SAME: Final = 1000
"""People who said the same within a day, of whom one entry tells."""

T = TypeVar("T")
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Generation = Annotated[int, Meta(ge=0, le=2**31)]
Urn = Annotated[str, Meta(min_length=1, max_length=32)]
MaybeUrn = Annotated[str, Meta(max_length=32)]
Result = Annotated[str, Meta(pattern=rf"^({YES}|{NO}|{MONTH.pattern})\Z")]


class _Rated(Struct, frozen=True):
    """What is counted of a `rated` entry, which a station may have filled with anything."""

    question: ServiceId
    counts: tuple[Count, Count, Count, Count]
    urn: Urn
    surplus: Count = 0
    entered: Count = 0
    weeks: Annotated[int, Meta(ge=1, le=520)] = 1
    generation: Generation = 0


class _Voiced(Struct, frozen=True):
    place: str
    what: str
    urn: Urn
    me_too: Count = 0
    generation: Generation = 0


class _Inspected(Struct, frozen=True):
    checklist: ServiceId
    results: Annotated[dict[Word, Result], Meta(max_length=MOST_ITEMS)]
    index: Annotated[int, Meta(ge=0, le=2**31)]
    version: Annotated[int, Meta(ge=0, le=2**53)] = 0
    proven: Annotated[tuple[Word, ...], Meta(max_length=MOST_ITEMS)] = ()
    urn: MaybeUrn = ""
    generation: Generation = 0


class _Cleaned(Struct, frozen=True):
    urn: MaybeUrn = ""
    generation: Generation = 0


class _StoppedAt(Struct, frozen=True):
    stop: ServiceId
    what: What


class Gathering:
    """Of one store. What was published is looked at anew with each gathering."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._cases, self._supplies = Cases(store), Supplying(store)
        self._questions: set[str] = set()
        self._checklists: dict[str, Listed] = {}
        self._over: set[tuple[str, str, float]] = set()
        self._kinds: Mapping[str, Callable[[Came], None]] = {
            "rated": self._rated,
            "voiced": self._voiced,
            "inspected": self._inspected,
            "cleaned": self._cleaned,
            **Treating(store).kinds,
            "stopped_at": self._stopped_at,
        }

    def gather(self, now: float) -> Iterator[int]:
        """Take in what has come; each step is a transaction, and gives how many numbers it went through."""
        remember(self._store)
        remember_campaigns(self._store)
        self._questions = set(self._store.questions())
        self._checklists = self._store.checklists()
        while unread := self._store.unread():
            for each in unread:
                with self._store.reading(each, (*self._kinds, *SUPPLIES, BALLOTS)) as came:
                    for entry in came:
                        if entry.kind in self._kinds:
                            self._kinds[entry.kind](entry)
                    self._supplies.take(each, came)
                    self._ballots(each, came)
                yield each.until - each.mark
        yield self._medicine(now)

    def _ballots(self, unread: Unread, came: Sequence[Came]) -> None:
        """Merged; those beyond a poll's slips, or what a board can open, are refused, which is among what is wrong."""
        if not any(each.kind == BALLOTS for each in came):
            return
        slips = {poll: len(found) for poll, found in published_polls(self._store)}
        for poll in self._store.take_ballots(unread, came, slips):
            words = f"poll {poll[:8]}: more have come than it can have; the rest is refused"
            self._store.alarm("too_many_ballots", words, came[0].received, unread.station)

    def _rated(self, came: Came) -> None:
        sent = _decoded(came.body, _Rated)
        if sent is None or not (sent.question == STATION or sent.question in self._questions):
            return
        about = RATINGS if sent.question == STATION else f"rated {sent.question}"
        if self._store.first_time(came.station, sent.urn, sent.generation, about, came.received):
            first = first_day(came.wall, came.received, sent.weeks)
            bundle = Bundle(came.station, "desk", first, sent.counts, sent.surplus, sent.entered, sent.question)
            add = self._store.add_ratings if sent.question == STATION else self._store.add_question_ratings
            add(bundle)

    def _voiced(self, came: Came) -> None:
        """Counted from when it is received: when it was said nobody is to know, and who answers begins now."""
        sent = _decoded(came.body, _Voiced)
        if sent is None or not known(sent.place, sent.what):
            return
        about = f"voiced {sent.place} {sent.what}"
        if self._store.first_time(came.station, sent.urn, sent.generation, about, came.received):
            said = Said(came.station, sent.place, sent.what, source="desk")
            self._cases.say_inside(said, min(sent.me_too, MOST_SAME), came.received)

    def _inspected(self, came: Came) -> None:
        sent = _decoded(came.body, _Inspected)
        checklist = self._checklists.get(sent.checklist) if sent else None
        if sent is None or checklist is None or self._came_before(came, sent.urn, sent.generation):
            return
        results = {key: result for key, result in sent.results.items() if checklist.has(key)}
        proven = tuple(sorted({key for key in sent.proven if key in results}))
        made = Round(came.station, sent.checklist, moment_of(came), sent.version, results, proven)
        if self._store.keep_round(made, sent.index, came.received):
            for item in made.no:
                self._cases.found_wrong(came.station, place_of(item), found_at(checklist.id, item), came.received)

    def _cleaned(self, came: Came) -> None:
        sent = _decoded(came.body, _Cleaned)
        if sent is not None and not self._came_before(came, sent.urn, sent.generation):
            self._store.add_cleaning(came.station, moment_of(came))

    def _stopped_at(self, came: Came) -> None:
        sent = _decoded(came.body, _StoppedAt)
        if sent is not None:
            self._store.keep_stop(ToldOfStop(came.station, sent.stop, sent.what, moment_of(came)), came.received)

    def _came_before(self, came: Came, urn: str, generation: int) -> bool:
        """Whether a station sends it again, as it does after a power cut; what has no urn says nothing of that."""
        return bool(urn) and not self._store.first_time(came.station, urn, generation, came.kind, came.received)

    def _medicine(self, now: float) -> int:
        """Medicine that has ended counts as none; once after each round, whatever became of that case. How many are new."""
        day, count, over = local(now)[0], 0, set[tuple[str, str, float]]()
        for made in self._store.last_rounds(month=day[:7]):
            checklist = self._checklists.get(made.checklist)
            for item in made.ended(day) if checklist else ():
                what = found_at(made.checklist, item)
                if (each := (made.station, what, made.at)) not in self._over:
                    count += self._cases.found_wrong(made.station, place_of(item), what, now, unless_since=made.at)
                over.add(each)
        self._over = over
        return count


def remember(store: CentralStore) -> None:
    """Keep what questions and checklists say; of one that was withdrawn, what it said before."""
    known = {each.id: each for kind in REMEMBERED for each in store.said_services(kind)}
    for kind in REMEMBERED:
        for each in store.services(kind):
            before = known.get(each.id)
            if before and before.version >= each.version:
                continue
            said = body_in(*read_service(each.body))
            body = msgspec.json.encode(said).decode() if said else before.body if before else ""
            if body:
                told = SaidService(each.id, each.version, kind, each.scope, each.begins, each.ends, body)
                store.remember_service(told)


def first_day(wall: Any, received: float, weeks: int) -> str:
    """The Monday on which its first week began. What a station says of the time ahead of us is not believed."""
    closed = wall if isinstance(wall, float | int) and 0 < wall <= received else received
    return (date.fromisoformat(monday(local(closed)[0])) - timedelta(weeks=weeks)).isoformat()


def _decoded(body: str, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        return None
