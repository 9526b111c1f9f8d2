"""Sealed ballots at the central server: each once, sorted, with nothing of where they came from, for as long as is needed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from kiosk.central.gathering import Gathering
from kiosk.central.polls import head_of, missing_stations, published_polls
from kiosk.central.retention import DAY
from kiosk.central.store import CentralStore
from kiosk.central.store.ballots import APPEAL
from kiosk.cli.main import main as kiosk
from kiosk.core.desk.ballot import IN_AN_ENTRY, MOST
from kiosk.demo.founding import founded
from kiosk.index.ballots import read_ballot_file, sealed_in, sealed_text
from kiosk.index.poll import poll_bytes, poll_words
from kiosk.index.remark_file import read_remark_file
from kiosk.index.sealing import OUTER, REMARK
from kiosk.trust.service import poll_name
from tests.index.polls import PREPARED
from tests.programs.test_days import CODES, NOW, entry, take
from tests.programs.votes import poll

POLL = "ab" * 32


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def sealed(number: int) -> bytes:
    return number.to_bytes(3, "big").ljust(OUTER, b"x")


def ballots(seq: int, *numbers: int, poll: str = POLL, **more: Any) -> dict[str, Any]:
    said = {"poll": poll, "part": 1, "parts": 1, "sealed": [sealed_text(sealed(each)) for each in numbers]}
    return entry(seq, "ballots", NOW, **said | more)


def gathered(store: CentralStore, poll: str = POLL) -> list[bytes]:
    assert sum(Gathering(store).gather(NOW)) >= 0
    found = store.gathered_ballots(poll)
    return list(found.ballots) if found else []


def test_ballots_of_all_stations_are_one_sorted_value_each_once(store: CentralStore) -> None:
    take(store, [ballots(1, 5, 9), ballots(2, 1)], stream="services")
    take(store, [ballots(1, 3, 7)], stream="services", code=CODES[1])
    assert gathered(store) == [sealed(each) for each in (1, 3, 5, 7, 9)]
    take(store, [ballots(3, 5, 9), ballots(4, 2, poll="cd" * 32)], stream="services")
    assert gathered(store) == [sealed(each) for each in (1, 3, 5, 7, 9)], "sent again after a cut"
    assert gathered(store, "cd" * 32) == [sealed(2)]
    assert [each.stations for each in store.gathered_polls()] == [2, 1]


def remark(number: int) -> bytes:
    return number.to_bytes(3, "big").ljust(REMARK, b"r")


def said(store: CentralStore) -> list[bytes]:
    gathered(store)
    found = store.gathered_ballots(POLL)
    return list(found.remarks) if found else []


def with_remarks(seq: int, *numbers: int) -> dict[str, Any]:
    return ballots(seq, *numbers, remarks=[sealed_text(remark(1000 - each)) for each in numbers])


def test_remarks_of_all_stations_are_a_sorted_value_beside_it_each_once(store: CentralStore) -> None:
    take(store, [with_remarks(1, 5, 9), with_remarks(2, 1)], stream="services")
    take(store, [with_remarks(1, 3)], stream="services", code=CODES[1])
    assert said(store) == [remark(1000 - each) for each in (9, 5, 3, 1)]
    assert gathered(store) == [sealed(each) for each in (1, 3, 5, 9)]
    take(store, [with_remarks(3, 5, 9)], stream="services")
    assert len(said(store)) == 4, "sent again after a cut"
    assert store._engine.all("SELECT count(*) FROM entries WHERE kind = 'ballots'") == [(0,)]
    store.note_export(POLL, NOW)
    assert store.forget_ballots(NOW + APPEAL + 1, 0.0) == 1
    assert said(store) == []


def test_of_a_poll_a_station_has_no_more_remarks_than_there_are_slips(store: CentralStore) -> None:
    kept = poll(6, remarks=PREPARED)
    issuer = founded(store.folder, store, lambda: NOW)
    issuer.publish_service(head_of(kept.data, NOW - 1000), {"kind": "poll", "poll": kept.data})
    flood = [sealed_text(remark(each)) for each in range(7)]
    take(store, [ballots(1, 1, poll=kept.id.hex(), remarks=flood)], stream="services")
    take(store, [ballots(1, 2, poll=kept.id.hex(), remarks=[sealed_text(remark(9))])], stream="services", code=CODES[1])
    assert len(gathered(store, kept.id.hex())) == 2
    found = store.gathered_ballots(kept.id.hex())
    assert found
    assert [*found.remarks] == [remark(each) for each in (*range(6), 9)]
    assert [(each.what, each.station) for each in store.alarms()] == [("too_many_ballots", CODES[0])]


@pytest.mark.parametrize(
    "odd", ["x", ["!"], [7], [sealed_text(b"short")], [sealed_text(b"x" * OUTER)], ["QUJD"] * 1001]
)
def test_what_is_no_remark_is_passed_over(store: CentralStore, odd: Any) -> None:
    take(store, [ballots(1, remarks=odd), with_remarks(2, 5)], stream="services")
    assert said(store) == [remark(995)]


def test_nothing_stays_of_the_entries_with_which_they_came(store: CentralStore) -> None:
    take(store, [ballots(1, 5, 9), entry(2, "voiced", NOW, place="x", what="y")], stream="services")
    gathered(store)
    assert store._engine.all("SELECT kind FROM entries WHERE kind IN ('ballots', 'voiced')") == [("voiced",)]
    take(store, [ballots(3, 6)], stream="services")
    assert gathered(store) == [sealed(each) for each in (5, 6, 9)]


def test_an_empty_urn_tells_which_station_has_sent(store: CentralStore) -> None:
    take(store, [ballots(1)], stream="services", code=CODES[1])
    assert gathered(store) == []
    assert store.stations_of_poll(POLL) == [CODES[1]]


def test_what_is_no_ballot_is_passed_over(store: CentralStore) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"poll": "AB" * 32}, {"poll": POLL[:-2]}, {"poll": POLL + "\n"},
        {"poll": None}, {"sealed": "x"}, {"sealed": ["!"]}, {"sealed": [7]},
        {"sealed": [sealed_text(b"short")]}, {"sealed": [sealed_text(b"x" * (OUTER + 1))]}, {"sealed": ["\ud800"]},
        {"sealed": ["QUJD"] * 1001},
    )  # fmt: skip
    take(store, [ballots(seq, **more) for seq, more in enumerate(wrong[:-2], 1)], stream="services")
    assert gathered(store) == []
    assert store.gathered_polls() == [store.gathered_ballots(POLL)], "one poll, whose id can be typed"


def test_a_station_gets_no_more_room_than_its_urn_has_and_takes_nobody_elses(store: CentralStore) -> None:
    parts = MOST // IN_AN_ENTRY + 2
    flood = [ballots(part + 1, *range(part * IN_AN_ENTRY, (part + 1) * IN_AN_ENTRY)) for part in range(parts)]
    take(store, flood, stream="services")
    take(store, [ballots(1, 200_000)], stream="services", code=CODES[1])
    found = gathered(store)
    assert len(found) == MOST + 1
    assert sealed(200_000) in found
    assert [(each.what, each.station) for each in store.alarms()] == [("too_many_ballots", CODES[0])]


def test_of_a_poll_a_station_has_no_more_ballots_than_there_are_slips(store: CentralStore) -> None:
    kept = poll(6)
    issuer = founded(store.folder, store, lambda: NOW)
    issuer.publish_service(head_of(kept.data, NOW - 1000), {"kind": "poll", "poll": kept.data})
    known = next(published_polls(store))[0]
    take(store, [ballots(1, *range(7), poll=known)], stream="services")
    take(store, [ballots(1, 10, 11, poll=known)], stream="services", code=CODES[1])
    assert len(gathered(store, known)) == 6 + 2
    assert [(each.what, each.station) for each in store.alarms()] == [("too_many_ballots", CODES[0])]


def test_no_more_of_a_poll_are_taken_than_the_board_can_open(
    store: CentralStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.central.store.ballots.MOST_BALLOTS", 5)
    take(store, [ballots(1, *range(4))], stream="services")
    take(store, [ballots(1, *range(10, 14)), ballots(2, 20)], stream="services", code=CODES[1])
    assert len(gathered(store)) == 5
    assert store.stations_of_poll(POLL) == [*CODES[:2]], "each is known to have sent"
    assert [(each.what, each.station) for each in store.alarms()] == [("too_many_ballots", CODES[1])]


def test_they_go_once_nobody_can_doubt_the_count_and_not_before(store: CentralStore) -> None:
    take(store, [ballots(1, 5)], stream="services")
    gathered(store)
    sum(store.purge(NOW + 300 * DAY))
    assert gathered(store), "nobody has exported them"
    store.note_export(POLL, NOW + 300 * DAY)
    sum(store.purge(NOW + 300 * DAY + APPEAL - 10))
    assert gathered(store)
    sum(store.purge(NOW + 300 * DAY + APPEAL + 10))
    assert (gathered(store), store.stations_of_poll(POLL)) == ([], [])


def test_the_board_is_handed_a_file_that_it_can_open_and_the_poll_is_told_apart(tmp_path: Path) -> None:
    kept = poll(6)
    store = CentralStore(tmp_path / "central")
    founded(tmp_path / "central", store, lambda: NOW)
    cast = [kept.cast(slip, (slip % 5,) * 7) for slip in range(6)]
    for code, some in ((CODES[0], cast[:4]), (CODES[1], cast[4:])):
        take(store, [entry(1, "ballots", NOW, poll=kept.id.hex(), part=1, parts=1, sealed=[*map(sealed_text, some)])],
             stream="services", code=code)  # fmt: skip
    gathered(store)
    out = tmp_path / "ballots.json"
    said = told("ballots", kept.id.hex()[:8], "--out", str(out), folder=tmp_path / "central")
    assert "6 sealed ballots of 2 stations" in said
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said
    file = read_ballot_file(out.read_bytes())
    assert (file.poll, sorted(map(sealed_in, file.ballots))) == (kept.id.hex(), sorted(cast))
    assert "handed out" in told("ballots", folder=tmp_path / "central")
    assert "No ballots of abcd have come" in told("ballots", "abcd", folder=tmp_path / "central", code=2)
    assert "is no beginning of a poll's id" in told("ballots", "happiness", folder=tmp_path / "central", code=2)
    store.close()


def test_holder_b_is_handed_the_remarks_in_a_file_of_their_own(tmp_path: Path) -> None:
    folder, out = tmp_path / "central", tmp_path / "remarks.json"
    with closing(CentralStore(folder)) as store:
        founded(folder, store, lambda: NOW)
        take(store, [with_remarks(1, 5, 9)], stream="services")
        take(store, [ballots(1, 3, poll="cd" * 32)], stream="services", code=CODES[1])
        gathered(store)
    assert "2 sealed remarks, for holder B alone" in told("ballots", POLL[:8], folder=folder)
    told("ballots", POLL[:8], "--remarks", str(out), folder=folder)
    assert "handed out" not in told("ballots", folder=folder), "the ballots are still to come, and do not go before"
    said = told("ballots", POLL[:8], "--out", str(tmp_path / "ballots.json"), "--remarks", str(out), folder=folder)
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said
    assert "kiosk index remarks" in said
    file = read_remark_file(out.read_bytes())
    assert (file.poll, [*map(sealed_in, file.remarks)]) == (POLL, [remark(991), remark(995)])
    assert "remarks" not in (tmp_path / "ballots.json").read_text(), "holder A has none of them"
    assert "No remarks of cdcd" in told("ballots", "cdcd", "--remarks", str(out), folder=folder, code=2)
    both = ("--out", str(out), "--remarks", str(out))
    assert "two files" in told("ballots", POLL[:8], *both, folder=folder, code=2)


def told(*words: str, folder: Path, code: int = 0) -> str:
    result = CliRunner().invoke(kiosk, ["central", *words, "--data", str(folder)])
    assert result.exit_code == code, result.output
    return result.output


def test_a_poll_is_published_as_the_board_made_it(tmp_path: Path) -> None:
    kept, folder = poll(6), tmp_path / "central"
    founded(folder, CentralStore(folder), time.time)
    file = tmp_path / "index.poll"
    file.write_bytes(kept.data)
    said = told("service", "publish", str(file), folder=folder)
    assert poll_words(kept.data) in said
    store = CentralStore(folder)
    assert dict(published_polls(store)) == {kept.id.hex(): kept.poll}
    found = store.service(poll_name(kept.data))
    assert found
    assert (found.kind, found.scope) == ("poll", "3708")
    assert missing_stations(store, kept.id.hex()) == []
    assert poll_words(kept.data) in told("service", "show", found.id, folder=folder)
    file.write_bytes(kept.data[:-9])
    assert "it is damaged, cut off, or no poll" in told("service", "publish", str(file), folder=folder, code=2)
    file.write_bytes(poll_bytes(replace(kept.poll, begins=1000, ends=2000)))
    assert "is over already" in told("service", "publish", str(file), folder=folder, code=2)
    store.close()
