"""What the page inside sends of a ballot, and what the station is told of it: nothing that it can read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core.desk.ballot import TOLD
from kiosk.desk import words
from kiosk.desk.asked import PATHS, BallotLeft, Cast, message
from kiosk.desk.page import shown
from kiosk.index.answers import ANSWERS, DIMENSIONS
from kiosk.index.sealing import INNER, open_answers, open_remark
from kiosk.wire.inside import BallotView, CastBallot, DeskView, LeaveBallot
from tests.index.polls import INNER_KEY, PREPARED, held

POLL = held()
VIEW = BallotView(5, POLL.id.hex(), "six words", POLL.poll.title, POLL.poll.questions, POLL.poll.inner_key)
ballots = st.tuples(*[st.integers(0, len(ANSWERS) - 1)] * len(DIMENSIONS))


@given(ballots)
def test_the_answers_leave_sealed_and_always_as_long(answers: Any) -> None:
    sent = message(Cast("t", 5, answers), VIEW)
    assert isinstance(sent, CastBallot)
    assert len(sent.inner) == INNER
    assert open_answers(POLL.id, INNER_KEY, sent.inner) == answers


def test_a_ballot_that_is_not_the_open_one_is_not_cast() -> None:
    assert message(Cast("t", 4, (0, 0, 0, 0, 0, 0, 0)), VIEW) is None
    assert message(Cast("t", 5, (0, 0, 0, 0, 0, 0, 0)), None) is None
    assert message(BallotLeft("t", 4), VIEW) == LeaveBallot(4)


@pytest.mark.parametrize("answers", [[0] * 6, [0] * 8, [5] + [0] * 6, [-1] + [0] * 6, ["0"] * 7, None])
def test_what_is_no_ballot_is_not_taken(answers: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"token": "t", "number": 1, "answers": answers}, PATHS["/cast"])


ASKS = held(remarks=PREPARED)
OPEN = replace(VIEW, poll=ASKS.id.hex(), remarks=PREPARED)
ZERO = (0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("sent", "said"), [({}, 0), ({"remark": 2}, 2), ({"words": " 更多的饮水机 "}, "更多的饮水机"), ({"words": "  "}, 0)]
)
def test_each_ballot_has_a_remark_that_was_said_or_not(sent: Any, said: Any) -> None:
    asked = msgspec.convert({"token": "t", "number": 5, "answers": ZERO} | sent, PATHS["/cast"])
    told = message(asked, OPEN)
    assert isinstance(told, CastBallot)
    assert open_remark(ASKS.id, INNER_KEY, told.remark) == said


def test_a_poll_that_asks_for_none_gets_none_and_one_gets_what_it_has_prepared() -> None:
    told = message(Cast("t", 5, ZERO, words="whatever"), VIEW)
    assert told is not None
    assert getattr(told, "remark", None) == b""
    assert message(Cast("t", 5, ZERO, remark=1), VIEW) is None
    assert message(Cast("t", 5, ZERO, remark=3), OPEN) is None


@pytest.mark.parametrize(
    "odd", [{"remark": 5}, {"words": "工" * 167}, {"words": "\1"}, {"words": "a\0"}, {"remark": 1, "words": "x"}]
)
def test_what_is_no_remark_is_not_taken(odd: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"token": "t", "number": 1, "answers": ZERO} | odd, PATHS["/cast"])


def test_the_page_is_told_what_is_asked_and_not_by_which_key() -> None:
    told = msgspec.json.encode(shown(DeskView("37081101", ballot=VIEW)))
    assert b"six words" in told
    assert msgspec.json.encode(POLL.poll.inner_key)[1:-1] not in told


def test_each_thing_that_is_said_of_a_slip_and_each_answer_has_words() -> None:
    known = words.words()
    assert {f"told_{word}" for word in TOLD} <= known.keys()
    assert {f"ballot{at}" for at in range(len(ANSWERS))} | {f"dimension{at}" for at in range(7)} <= known.keys()
