"""500 people vote at three real stations, which are killed while a ballot is on its way: each slip gives one ballot alone."""

from __future__ import annotations

import random
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from kiosk.index.answers import ANSWERS, DIMENSIONS, Ballot
from kiosk.index.ballots import sealed_in
from kiosk.index.sealing import open_answers, open_ballot
from kiosk.wire.inside import Kept
from tests.index.polls import INNER_KEY, OUTER_KEY, Held, serial
from tests.keys import DAY, NOW
from tests.programs.house import PATIENCE, until
from tests.programs.votes import Voting, VotingHouse, poll

VOTERS, KILLS = 500, 12
MOMENTS = ("opened", "sent", "on its way", "told")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


class Station:
    """A real one, which begins anew wherever it was killed."""

    def __init__(self, folder: Path, held: Held) -> None:
        self.house = VotingHouse(folder, held)
        self._running = ExitStack()
        self.begin()

    def begin(self) -> None:
        self.voting: Voting = self._running.enter_context(self.house.voting())

    def end(self) -> None:
        self._running.close()

    def killed_at(self, slip: int, answers: Ballot, moment: str) -> None:
        """It dies once the ballot is opened, sent, on its way, or told to be cast; then the slip is shown again."""
        ballot = self.voting.opened(slip)
        if moment != "opened":
            self.voting.desk.send(self.voting.sealed(ballot, answers))
        if moment == "on its way":
            self.house.view()
        if moment == "told":
            assert self.voting.desk.receive(PATIENCE) == Kept()
        self.voting.station.kill()
        self.end()
        self.begin()
        self.voting.show(slip)
        view = until(self._told, f"what became of slip {slip}")
        assert view.ballot or moment != "opened", "nothing was cast"
        assert not view.ballot or moment != "told", "it was cast"
        if view.ballot:
            self.voting.vote(slip, answers)

    def _told(self) -> Any:
        view = self.voting.view()
        return view if view.ballot or view.told == "slip_cast" else None

    def sent(self) -> list[bytes]:
        """What it tells once the poll is over."""
        self.voting.prove_time(NOW + 301 * DAY)
        until(lambda: self.house.urn().sent, "the urn to be sent")
        return [sealed_in(text) for each in self.house.entries("services") for text in each["sealed"]]


def test_each_slip_gives_one_ballot_whichever_moment_the_station_dies_at(tmp_path: Path) -> None:
    chance, held = random.Random(12), poll(VOTERS)  # noqa: S311
    killed = dict(zip(chance.sample(range(VOTERS), KILLS), cycle(MOMENTS), strict=False))
    tally: dict[bytes, Any] = {}
    with ExitStack() as all_of_them:
        stations = [Station(tmp_path / f"station{number}", held) for number in range(3)]
        for each in stations:
            all_of_them.callback(each.end)
        for slip in range(VOTERS):
            answers: Any = tuple(chance.randrange(len(ANSWERS)) for _each in DIMENSIONS)
            tally[serial(slip)] = answers
            station = chance.choice(stations)
            if slip in killed:
                station.killed_at(slip, answers, killed[slip])
            else:
                station.voting.vote(slip, answers)
        sent = [each for station in stations for each in station.sent()]
    opened = [open_ballot(held.id, OUTER_KEY, each) for each in sent]
    assert len(sent) == VOTERS
    assert {each.serial: open_answers(held.id, INNER_KEY, each.inner) for each in opened if each} == tally
