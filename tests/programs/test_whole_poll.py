"""A whole poll: 500 ballots at three stations that lose their power, the centre, both custodians, and the model's tally.

What is checked of anonymity besides: from all that stations and centre hold, with both keys known, no ballot has a time or a
place, and no remark a ballot.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.board.files import Known, read_ballots
from kiosk.board.opening import opened
from kiosk.board.result import Result, result_of
from kiosk.central.gathering import Gathering
from kiosk.central.store import CentralStore
from kiosk.cli.main import main as kiosk
from kiosk.core.desk.ballot import Shown
from kiosk.demo.founding import founded
from kiosk.index.answers import ANSWERS, DIMENSIONS, Ballot
from kiosk.index.ballots import sealed_in
from kiosk.index.poll import poll_words
from kiosk.index.remarks import Remark
from kiosk.index.sealing import open_ballot, open_remark
from kiosk.index.slips import digest_of, slip_text
from kiosk.logbook.reader import Reader
from tests.index.polls import INNER_KEY, OUTER_KEY, PREPARED, heap, held, serial
from tests.logbook.booth import Voted
from tests.programs.test_days import CODES, NOW, take

VOTERS, CANCELLED = 500, range(500, 520)
POLL = held(heap(*range(520)), remarks=PREPARED)

pytestmark = pytest.mark.slow


class Station:
    """A desk with its disk, whose power may go at any moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.voted = Voted(folder, POLL)
        self.cuts = 0
        self.order: list[int] = []
        self.said: list[Remark] = []

    def cut(self, slip: int | None = None) -> None:
        """Begin anew with what is on the disk; in the middle of that slip's ballot."""
        if slip is not None:
            self.voted.take(Shown(slip_text(serial(slip))))
            assert self.voted.booth.open
        self.cuts += 1
        self.voted.book.close()
        self.voted = Voted(self.folder, POLL)

    def vote(self, slip: int, answers: Ballot) -> bool:
        """One in three says something, of whom half in words of their own."""
        remark = (0, 0, 0, 0, slip % 2 + 1, f"slip {slip}")[slip % 6]
        cast = self.voted.vote(slip, answers, remark)
        if cast:
            self.order.append(slip)
            self.said.append(remark)
        return cast

    def entries(self) -> list[dict[str, Any]]:
        reader = Reader(self.folder)
        rows = [row.wire() for row in reader.rows("services")]
        reader.close()
        return rows


def correlation(order: Sequence[int]) -> float:
    """Spearman's, of where somebody stands with where they were when they cast."""
    n = len(order)
    return 1 - 6 * sum((at - place) ** 2 for at, place in enumerate(order)) / (n * (n * n - 1))


def slips_in(sealed: Sequence[bytes], numbers: dict[bytes, int]) -> list[int]:
    """Whose they are, as whoever has key A finds."""
    found = [open_ballot(POLL.id, OUTER_KEY, each) for each in sealed]
    return [numbers[each.serial] for each in found if each]


def voted(stations: Sequence[Station], chance: random.Random) -> dict[int, Ballot]:
    """All vote; the power goes now and then; some try a second time, here and elsewhere. Whose ballot counts, and which."""
    tally: dict[int, Ballot] = {}
    for slip in chance.sample(range(VOTERS), VOTERS):
        station = chance.choice(stations)
        answers: Any = tuple(chance.randrange(len(ANSWERS)) for _each in DIMENSIONS)
        if chance.random() < 0.1:
            station.cut(slip)
        assert station.vote(slip, answers), "a cut in mid-ballot burns nothing"
        tally[slip] = answers
        if chance.random() < 0.1:
            station.cut()
            assert not station.vote(slip, (0,) * 7), "after a cut the display says that it was cast"
        if chance.random() < 0.02:
            other = next(each for each in stations if each is not station)
            assert other.vote(slip, answers), "two stations offline and one slip"
            del tally[slip]
    for slip in CANCELLED[:5]:
        stations[0].vote(slip, (3,) * 7)
    return tally


def test_the_count_is_the_models_and_nothing_on_its_way_ties_a_ballot_to_a_time(tmp_path: Path) -> None:
    chance = random.Random(11)  # noqa: S311
    stations = [Station(tmp_path / f"station{number}") for number in range(3)]
    tally = voted(stations, chance)
    folder = tmp_path / "central"
    store = CentralStore(folder)
    founded(folder, store, lambda: NOW)
    numbers = {serial(slip): slip for slip in range(520)}
    for station, code in zip(stations, (*CODES, "37081199"), strict=False):
        (urn,) = station.voted.unsent()
        linked(station, urn.sealed, urn.remarks, numbers)
        station.voted.end()
        told = station.entries()
        linked(station, in_entries(told, "sealed"), in_entries(told, "remarks"), numbers)
        take(store, [each | {"seq": seq} for seq, each in enumerate([*told, *told], 1)], stream="services", code=code)
    assert sum(station.cuts for station in stations) > 50
    assert sum(Gathering(store).gather(NOW)) > 0
    result, passed = counted(folder, tmp_path / "ballots.json")
    assert (passed.repeated_slips, passed.cancelled, passed.unknown, passed.unreadable) == (
        VOTERS - len(tally),
        5,
        0,
        0,
    )
    assert result.outcome
    assert [dimension.counts for dimension in result.outcome.dimensions] == [
        tuple(sum(ballot[at] == answer for ballot in tally.values()) for answer in range(len(ANSWERS)))
        for at in range(len(DIMENSIONS))
    ]
    tied(store, stations, numbers, [*tally])
    store.close()


def in_entries(told: Sequence[dict[str, Any]], field: str) -> list[bytes]:
    return [sealed_in(text) for each in told for text in each.get(field, ())]


def linked(station: Station, sealed: Sequence[bytes], remarks: Sequence[bytes], numbers: dict[bytes, int]) -> None:
    """The order in which a station keeps its ballots, and tells of them, says nothing of the one in which they were cast.

    Nor does that of its remarks, of either; and of both there are as many, whoever has said something.
    """
    assert len(remarks) == len(sealed) == len(station.order) > 100
    places = {slip: at for at, slip in enumerate(station.order)}
    told = [places[slip] for slip in slips_in(sealed, numbers)]
    assert abs(correlation(told)) < 4 / len(sealed) ** 0.5
    said = {words: places[int(words.split()[1])] for words in station.said if isinstance(words, str)}
    opened = [open_remark(POLL.id, INNER_KEY, each) for each in remarks]
    assert Counter(opened) == Counter(station.said)
    written = [(at, said[words]) for at, words in enumerate(opened) if isinstance(words, str)]
    limit = 4 / len(written) ** 0.5
    assert abs(correlation(ranks([place for _at, place in written]))) < limit
    beside = [told[at] for at, _place in written]
    assert abs(agreement(beside, [place for _at, place in written])) < limit, (
        "the ballot in the same place is another's"
    )


def ranks(values: Sequence[int]) -> list[int]:
    placed = {value: at for at, value in enumerate(sorted(values))}
    return [placed[value] for value in values]


def agreement(some: Sequence[int], others: Sequence[int]) -> float:
    """Spearman's of two things about the same."""
    order = sorted(range(len(some)), key=some.__getitem__)
    return correlation(ranks([others[at] for at in order]))


def tied(store: CentralStore, stations: Sequence[Station], numbers: dict[bytes, int], order: Sequence[int]) -> None:
    """At the centre there is one time for all ballots of the poll, no entry any longer, no order of stations or casting."""
    assert store._engine.all("SELECT count(*) FROM entries WHERE kind = 'ballots'") == [(0,)]
    assert len(store._engine.all("SELECT since FROM polls")) == 1
    found = store.gathered_ballots(POLL.id.hex())
    assert found
    first = {slip: number for number, station in enumerate(stations) for slip in station.order}
    runs = [first[slip] for slip in slips_in(found.ballots, numbers)]
    places = {slip: at for at, slip in enumerate(order)}
    told = ranks([places[slip] for slip in slips_in(found.ballots, numbers) if slip in places])
    assert abs(correlation(told)) < 4 / len(order) ** 0.5
    changes = sum(one != other for one, other in pairwise(runs))
    assert changes > len(runs) / 2, "those of one station stand together no more often than by chance"
    assert len(found.remarks) == len(found.ballots)
    said = [open_remark(POLL.id, INNER_KEY, each) for each in found.remarks]
    heard = [first[int(words.split()[1])] for words in said if isinstance(words, str)]
    assert sum(one != other for one, other in pairwise(heard)) > len(heard) / 2, "nor do what they say"
    assert [*found.remarks] == sorted(found.remarks)


def counted(folder: Path, out: Path) -> tuple[Result, Any]:
    """As the board does it, from the file that the centre hands out."""
    told = CliRunner().invoke(
        kiosk, ["central", "ballots", POLL.id.hex()[:8], "--out", str(out), "--data", str(folder)]
    )
    assert told.exit_code == 0, told.output
    known = Known(POLL.poll, POLL.id, poll_words(POLL.data))
    file, digest = read_ballots(out, known)
    passed = opened(known, OUTER_KEY, file.ballots, {digest_of(serial(each)) for each in CANCELLED}, (digest, ""))
    return result_of(known, passed, "c" * 64, INNER_KEY), passed.opening


def test_the_correlation_itself_sees_an_order() -> None:
    assert agreement([7, 9, 8], [70, 90, 80]) == 1
    assert correlation(range(100)) == 1
    assert correlation(range(99, -1, -1)) == -1
