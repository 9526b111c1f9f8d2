"""A poll at a real station: slips, ballots, kills; what is in the urn, what leaves it, and what of it lies anywhere."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.core.desk.urn import Urn as RatingsUrn
from kiosk.index.ballots import sealed_in
from kiosk.index.poll import poll_words
from kiosk.index.sealing import REMARK, open_answers, open_ballot, open_remark
from kiosk.index.slips import slip_text
from kiosk.local import Line, NotGranted
from kiosk.logbook.urn import UrnFile
from kiosk.station.ballots import IN_A_NAME, NAME
from kiosk.wire import GetRecording, Shown
from kiosk.wire.inside import CastBallot, Kept
from tests.index.polls import INNER_KEY, OUTER_KEY, PREPARED, Held, serial
from tests.keys import DAY, NOW
from tests.programs.house import until
from tests.programs.votes import Voting, VotingHouse, poll

ANSWERS = (0, 1, 2, 3, 4, 3, 1)
ENDED = NOW + 301 * DAY


@pytest.fixture
def house(tmp_path: Path) -> VotingHouse:
    return VotingHouse(tmp_path, poll())


def counted(held: Held, *sealed: bytes) -> dict[bytes, object]:
    """As both custodians open them: the answers, by serial."""
    opened = [open_ballot(held.id, OUTER_KEY, each) for each in sealed]
    return {each.serial: open_answers(held.id, INNER_KEY, each.inner) for each in opened if each}


@pytest.mark.slow
def test_a_slip_gives_one_ballot_whatever_is_killed(house: VotingHouse) -> None:
    with house.voting() as voting:
        ballot = voting.opened(1)
        assert (ballot.title["zh"], len(ballot.questions), len(ballot.words.split())) == ("满意度", 7, 6)
        voting.station.kill()
    assert house.urn().burnt == (), "power gone in mid-ballot burns nothing"
    with house.voting() as voting:
        assert voting.opened(1).number > ballot.number, "a page that shows the one before would cast this one"
        voting.vote(1, ANSWERS)
        voting.station.kill()
    with house.voting() as voting:
        voting.is_told(1, "slip_cast")
        voting.vote(2, (4,) * 7)
    assert counted(house.held, *house.urn().sealed) == {serial(1): ANSWERS, serial(2): (4,) * 7}


def test_each_slip_that_gives_none_is_told_why(house: VotingHouse) -> None:
    with house.voting() as voting:
        voting.vote(1, ANSWERS)
        voting.is_told(1, "slip_cast")
        voting.is_told(999, "slip_unknown")
        voting.shows(slip_text(serial(2))[:-3])
        until(lambda: voting.view().told == "slip_torn")
        ballot = voting.opened(2)
        voting.show(3)
        assert voting.view().ballot == ballot, "somebody else is at it"
        voting.leave(ballot)
        until(lambda: voting.view().ballot is None)
        with pytest.raises(NotGranted):
            voting.desk.ask(voting.sealed(ballot, ANSWERS), Kept)
        with pytest.raises(NotGranted):
            voting.desk.ask(CastBallot(voting.opened(2).number, b"too short"), Kept)
    assert len(house.urn().sealed) == 1


def test_a_slip_of_a_poll_that_has_not_begun_is_told_so_and_is_good_once_it_has(tmp_path: Path) -> None:
    """As long as the time is not known, nobody is told that it is early."""
    house = VotingHouse(tmp_path, poll(begins=NOW + 10 * DAY))
    with house.station() as station:
        voting = Voting(house, station)
        voting.is_told(1, "slip_no_time")
        voting.prove_time(NOW + 9 * DAY)
        voting.is_told(1, "slip_early")
        assert (voting.view().ballot, house.path.exists()) == (None, False)
        voting.prove_time(NOW + 10 * DAY + 60)
        until(house.path.exists, "the urn")
        voting.vote(1, ANSWERS)
        voting.is_told(1, "slip_cast")
        voting.desk.close()
    assert counted(house.held, *house.urn().sealed) == {serial(1): ANSWERS}


def test_a_ballot_has_a_remark_where_the_poll_asks_for_them_and_nowhere_else(tmp_path: Path) -> None:
    asks = VotingHouse(tmp_path, poll(remarks=PREPARED))
    with asks.voting() as voting:
        ballot = voting.opened(1)
        assert ballot.remarks == PREPARED
        whole = voting.sealed(ballot, ANSWERS, "更多的饮水机")
        for remark in (b"", whole.remark[:-1]):
            with pytest.raises(NotGranted):
                voting.desk.ask(replace(whole, remark=remark), Kept)
        voting.desk.ask(whole, Kept)
        voting.vote(2, ANSWERS)
        voting.station.kill()
    with asks.voting() as voting:
        voting.is_told(1, "slip_cast")
        said = {open_remark(asks.held.id, INNER_KEY, each) for each in asks.urn().remarks}
        assert said == {"更多的饮水机", 0}
        voting.prove_time(ENDED)
        until(lambda: asks.urn().sent, "the urn to be sent")
    (told,) = asks.entries("services")
    assert [len(told[field]) for field in ("sealed", "remarks")] == [2, 2]
    assert told["remarks"] == sorted(told["remarks"], key=sealed_in)
    assert asks.urn().remarks == ()


def test_a_remark_that_nobody_asked_for_casts_nothing(house: VotingHouse) -> None:
    with house.voting() as voting:
        with pytest.raises(NotGranted):
            voting.desk.ask(replace(voting.sealed(voting.opened(1), ANSWERS), remark=b"x" * REMARK), Kept)
        voting.vote(1, ANSWERS)


def test_a_poll_that_the_centre_has_changed_shows_other_words_and_its_ballots_are_none_of_the_boards(
    tmp_path: Path,
) -> None:
    """With the slips of the board's, and signed as any other: the station cannot know, the voter sees it."""
    boards, changed = poll(), poll(quorum=2)
    house = VotingHouse(tmp_path, changed)
    with house.voting() as voting:
        words = voting.opened(1).words
        assert (words, words == poll_words(boards.data)) == (poll_words(changed.data), False)
        voting.vote(1, ANSWERS)
    assert counted(changed, *house.urn().sealed) == {serial(1): ANSWERS}
    assert counted(boards, *house.urn().sealed) == {}


def test_an_urn_that_is_damaged_is_told_and_begun_anew(house: VotingHouse) -> None:
    house.path.write_bytes(bytes(8192))
    with house.voting() as voting:
        faults = until(lambda: [each for each in house.entries() if each.get("what") == "ballots"], "the fault")
        assert "ballots are lost" in faults[0]["detail"]
        until(lambda: "ballots" not in house.view().faults, "the fault to be over")
        voting.vote(1, ANSWERS)


def test_at_its_end_the_urn_leaves_whole_and_not_before(house: VotingHouse) -> None:
    with house.voting() as voting:
        for slip in range(3):
            voting.vote(slip, ANSWERS)
        voting.prove_time(NOW + 299 * DAY)
        voting.is_told(0, "slip_cast")
        assert house.entries("services") == []
        voting.prove_time(ENDED)
        until(lambda: house.urn().sent, "the urn to be sent")
        voting.is_told(4, "slip_over")
    (told,) = house.entries("services")
    assert (told["kind"], told["poll"], told["part"], told["parts"]) == ("ballots", house.held.id.hex(), 1, 1)
    assert {*counted(house.held, *map(sealed_in, told["sealed"]))} == {*map(serial, range(3))}
    assert told["sealed"] == sorted(told["sealed"], key=sealed_in)
    assert (house.urn().sealed, len(house.urn().burnt)) == ((), 3)


def test_a_slip_at_the_door_opens_nothing_is_not_used_up_and_is_written_down_nowhere(house: VotingHouse) -> None:
    with house.voting() as voting:
        voting.station.scan(slip_text(serial(1)))
        until(lambda: house.view().doors["main"].refused == "ballot_slip", "the door's display")
        control = Line(house.run / "control.sock")
        control.send(GetRecording())
        assert slip_text(serial(1)) not in repr(control.receive(10.0))
        control.close()
        voting.vote(1, ANSWERS)
    assert "denied" not in house.kinds()


def test_a_damaged_urn_of_another_poll_stops_neither_the_station_nor_the_vote(house: VotingHouse) -> None:
    house.data.mkdir(exist_ok=True)
    house.data.joinpath(NAME.format("0" * IN_A_NAME)).write_bytes(b"\0" * 100)
    with house.voting() as voting:
        voting.vote(1, ANSWERS)
    assert "fault" in house.kinds()


def test_without_a_display_that_asks_a_slip_takes_no_answer_card_from_anybody(house: VotingHouse) -> None:
    with house.station() as station:
        until(house.path.exists, "the poll's urn")
        station.scanner.send(Shown(slip_text(serial(3))))
        station.scanner.send(Shown("YZ5:1"))
        until(lambda: counted_cards(house) == 1, "the station to go on")
        station.scanner.send(Shown("YZ5:1"))
        until(lambda: counted_cards(house) == 2, "the second card to count")


def counted_cards(house: VotingHouse) -> int:
    """Nobody came in, so that each is beyond one for each of them."""
    found = UrnFile(house.data).read()
    return msgspec.json.decode(found, type=RatingsUrn).open.surplus if found else 0
