"""Forty days inside: five thousand workers rate thirty stations, answer a question and say what is wrong.

The stations lose their power in the middle of things, and have their answers sent twice. The rules of the desk run on real
logbooks, and what they tell comes to the central server's own store. Virtual time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, assert_never

import msgspec
import pytest

from kiosk.central.gathering import Gathering
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.rounds import SaidService
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.ratings import Bundle
from kiosk.contract.bodies import Batch
from kiosk.core.desk.events import Offers, Said, Touched
from kiosk.core.desk.ratings import ANSWERS, CROWD, FEWEST, PLACES
from kiosk.core.desk.urn import Leaves, Urn
from kiosk.core.desk.vocabulary import WHATS, urgent
from kiosk.core.entries import Cleaned, Inspected, Rated, Voiced
from kiosk.core.events import Record, Tick
from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook
from kiosk.trust.service import STATION, Question
from tests.inside import MONDAY, Inside

DAYS: Final = 40
WORKERS: Final = 5000
STATIONS: Final = 30
DAY: Final = 86_400.0
COMES: Final = 0.1
"""The chance of a worker on a day."""

VILLAGE, CONTENT, PLAYED = "37081101", "37081102", "37081103"
"""To one only four people come; at one everybody says the same; at one a hand plays with the display."""

CODES: Final = [f"370811{number:02}" for number in range(1, STATIONS + 1)]
CUTS: Final = ("before", "after", "recorded")
"""What the disk has when the power goes: neither, what was to be kept, or the logbook alone what was to be recorded."""

LUNCH: Final = "lunch"
ASKED: Final = (3, 24)
"""Days on which the question is asked."""

KINDS: Final = [(place, what) for place, whats in WHATS.items() for what in whats]
Kind = tuple[str, str]


class PowerCut(Exception):
    """Now."""


class Station:
    """Its desk, and what we know of it that it tells nobody: `rated`, by question, and `voiced`, with the times."""

    def __init__(self, code: str, folder: Path) -> None:
        self.code, self.folder = code, folder / code
        self.folder.mkdir()
        self.book = Logbook(self.folder, "boot")
        self.rated: Counter[str] = Counter()
        self.voiced: list[tuple[Kind, float]] = []
        self.came: dict[str, set[int]] = {STATION: set(), LUNCH: set()}
        self.told: list[Leaves] = []
        self.cut_at, self.cuts, self.now = "", 0, 0.0
        self.questions: tuple[str, ...] = ()
        self._urn = msgspec.json.encode(Urn(f"urn of {code}"))
        self._start()

    def _start(self) -> None:
        self.inside = Inside(msgspec.json.decode(self._urn, type=Urn), self._keep, self._record)
        self.ask(self.questions)

    def ask(self, questions: tuple[str, ...]) -> None:
        """These are asked from now on."""
        self.questions = questions
        self.happens(lambda: self.inside.take(Offers(questions), self.now))

    @property
    def urn(self) -> Urn:
        return self.inside.desk.urn

    def _keep(self, urn: Urn) -> None:
        """The power goes before the disk has it, or after."""
        if self.cut_at == "before":
            raise PowerCut
        self._urn = msgspec.json.encode(urn)
        if self.cut_at == "after":
            raise PowerCut

    def _record(self, told: Record) -> None:
        """The power may go when the logbook has it and the urn does not know."""
        for each in told.entries:
            assert isinstance(each, Leaves)
            if each not in self.told:
                self.told.append(each)
                self._allowed(each, told.stamp.wall - MONDAY)
        self.book.append([(told.stamp, each) for each in told.entries])
        if self.cut_at == "recorded":
            raise PowerCut

    def _allowed(self, told: Leaves, at: float) -> None:
        """Whatever the rules forbid is found here."""
        assert told.urn == f"urn of {self.code}"
        match told:
            case Rated():
                assert FEWEST <= sum(told.counts) <= told.entered
                assert len(self.came[told.question]) >= max(FEWEST, CROWD / told.weeks)
                assert max(told.counts) < sum(told.counts) or told.weeks > 1, "unanimous, and it did not wait"
                assert self.cuts or at % (7 * DAY) < 1.0, "not on a Monday at three"
                self.came[told.question].clear()
            case Voiced():
                self._said_before(told, at)
            case Inspected() | Cleaned():
                pytest.fail("nobody makes rounds here")
            case _:
                assert_never(told)

    def _said_before(self, told: Voiced, at: float) -> None:
        """By so many people; what is not urgent at its second 03:00, and at no other time of the day."""
        kind = (told.place, told.what)
        said = [each for each in self.voiced if each[0] == kind][: told.me_too + 1]
        assert len(said) == told.me_too + 1
        assert told.urgent == urgent(told.what)
        assert told.urgent or all(then // DAY + 2 <= at // DAY for _kind, then in said)
        assert told.urgent or self.cuts or at % DAY < 1.0
        for each in said:
            self.voiced.remove(each)

    def happens(self, event: Callable[[], None]) -> bool:
        """Whether it did, as far as the disk knows."""
        try:
            event()
        except PowerCut:
            kept = self.cut_at != "before"
            self.cut_at, self.cuts = "", self.cuts + 1
            self._start()
            return kept
        return True

    def wait(self, at: float) -> None:
        """Time passes, as the station's loop lets it."""
        while (then := self.inside.due(self.now)) < at:
            self.now = max(self.now, then)
            self.happens(lambda: self.inside.take(Tick(), self.now))
        self.now = at

    def enter(self, worker: int) -> None:
        if self.happens(lambda: self.inside.enter(worker, self.now)):
            for question in (STATION, *self.questions):
                self.came[question].add(worker % PLACES)

    def rate(self, answer: int, question: str = STATION) -> None:
        if self.happens(lambda: self.inside.take(Touched(answer, question), self.now)):
            self.rated[question] += 1

    def say(self, kind: Kind) -> None:
        """It may leave, and be asked for, before the call returns."""
        self.voiced.append((kind, self.now))
        if not self.happens(lambda: self.inside.take(Said(*kind), self.now)):
            self.voiced.pop()

    def send(self, store: CentralStore, chance: random.Random) -> None:
        """What sync does; in one of three cases the answer does not come back."""
        with closing(Reader(self.folder)) as reader:
            rows = reader.batch("services", reader.heads()["services"].acked, 500, 10**6)
            if not rows:
                return
            batch = Batch(reader.epoch, rows[0].seq, "b", self.now, 0.0, [row.wire() for row in rows])
        acked, _ = store.take(self.code, "services", batch, MONDAY + self.now)
        if chance.random() > 1 / 3:
            self.book.acknowledge("services", acked, 0.0)


def visits(chance: random.Random) -> Iterator[tuple[float, int, str]]:
    """When who comes where: mostly where they always do. The village's people are few."""
    home = [VILLAGE if worker < 4 else chance.choice(CODES[1:]) for worker in range(WORKERS)]
    for day in range(DAYS):
        coming = [worker for worker in range(WORKERS) if chance.random() < COMES]
        for at in sorted(chance.uniform(0.1, 0.8) for _ in coming):
            worker = coming.pop()
            elsewhere = worker >= 4 and chance.random() < 0.1
            yield (day + at) * DAY, worker, chance.choice(CODES[1:]) if elsewhere else home[worker]


def live(stations: dict[str, Station], store: CentralStore, chance: random.Random) -> None:
    night = 0
    for at, worker, code in visits(chance):
        if at // DAY > night:
            night = int(at // DAY)
            evening(stations, store, night, chance)
        station = stations[code]
        station.wait(at)
        station.cut_at = chance.choice(CUTS) if chance.random() < 0.01 else station.cut_at
        station.enter(worker)
        answer = 0 if code == CONTENT else chance.choices(range(len(ANSWERS)), (5, 3, 1, 1))[0]
        for _ in range(4 if code == PLAYED else int(chance.random() < 0.6)):
            station.rate(answer)
        if LUNCH in station.questions and chance.random() < 0.3:
            station.rate(answer, LUNCH)
        if chance.random() < 0.05:
            station.say(chance.choice(KINDS))
    evening(stations, store, DAYS, chance)


def evening(stations: dict[str, Station], store: CentralStore, day: int, chance: random.Random) -> None:
    """All have come to three in the morning; some are online, and the server counts."""
    for station in stations.values():
        station.wait(day * DAY + 1.0)
        if day in ASKED:
            station.ask((LUNCH,) if day == ASKED[0] else ())
        if chance.random() < 0.4 or day == DAYS:
            station.send(store, chance)
    for _step in Gathering(store).gather(MONDAY + day * DAY):
        pass


def answers(bundles: list[Bundle], station: str) -> int:
    """At the centre, those of a station."""
    return sum(sum(each.counts) + each.surplus for each in bundles if each.station == station)


def lying(urn: Urn, question: str) -> int:
    bundle = urn.open if question == STATION else urn.questions.get(question)
    return sum(bundle.counts) + bundle.surplus if bundle else 0


@pytest.mark.slow
def test_what_people_say_in_forty_days_is_at_the_centre_once_and_nothing_tells_of_anybody(tmp_path: Path) -> None:
    chance, said, ever = random.Random(41), Counter[str](), ("2000-01-01", "2100-01-01")  # noqa: S311
    with closing(CentralStore(tmp_path / "central")) as store:
        question = msgspec.json.encode(Question({"zh": "要不要热饭？"})).decode()
        store.remember_service(SaidService(LUNCH, 1, "question", "37", 0, 2**31, question))
        stations = {code: Station(code, tmp_path) for code in CODES}

        live(stations, store, chance)
        rated, lunch = store.ratings(EVERYWHERE, *ever), store.question_ratings(EVERYWHERE, *ever)
        cases = store.cases(CaseFilter(), EVERYWHERE, most=10_000)
    for code, station in stations.items():
        assert not station.urn.leaving
        assert answers(rated, code) + lying(station.urn, STATION) == station.rated[STATION], code
        missing = station.rated[LUNCH] - answers(lunch, code) - lying(station.urn, LUNCH)
        assert missing >= 0
        assert missing < FEWEST or len(station.came[LUNCH]) < CROWD, "too few, and thrown away"
        assert sum(each.people for each in station.urn.voices) == len(station.voiced), "what lies there was said"
        told = sum(each.me_too + 1 for each in station.told if isinstance(each, Voiced))
        assert sum(case.too + 1 for case in cases if case.station == code) == told, code
        said += Counter(rated=station.rated[STATION], lunch=station.rated[LUNCH], voices=told + len(station.voiced))
        station.book.close()
    cuts = sum(each.cuts for each in stations.values())
    print(f"\nForty days, {WORKERS} workers, {STATIONS} stations, {cuts} cuts: {said}; {len(cases)} cases")
    assert answers(rated, VILLAGE) == answers(lunch, VILLAGE) == 0, "four people are too few for ever"
    assert sum(each.surplus for each in rated if each.station == PLAYED) > 0
    assert answers(rated, CONTENT) > 0
    assert min(said.values()) > 500
