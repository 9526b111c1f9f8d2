"""How long questions are held back, and when a refused document is asked for again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sync.polls import LONGEST, HeldBack, Polls, number_of
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.service import ServiceDocument
from kiosk.trust.status import StatusDocument
from tests.keys import DOCUMENT, keyset_document, public


def hour_behind(cut: float, seconds: float = 3600.0) -> tuple[list[float], int]:
    """The waits that were asked for behind a gateway that cuts after so many seconds, and how many of them it cut."""
    polls, now, waits, lost = Polls(), 0.0, list[float](), 0
    polls.answered(0.0, now)
    while now < seconds:
        wait = polls.wait
        waits.append(wait)
        if wait <= cut:
            now += wait or 1.0
            polls.answered(wait, now)
        else:
            now, lost = now + cut, lost + 1
            assert polls.unanswered(wait, cut, now, connected=True), "asked again at once"
    return waits, lost


@pytest.mark.parametrize("cut", [0.1, 1.0, 3.0, 5.0, 10.0, 24.0])
def test_it_is_learnt_what_the_road_bears_and_asked_at_once(cut: float) -> None:
    waits, lost = hour_behind(cut)
    assert lost <= 12, "a few to learn it, and ever fewer to see whether it bears more"
    assert waits[-1] <= cut
    assert waits[-1] >= min(cut, LONGEST) * 0.4 or cut <= 3


def test_a_road_that_was_mended_is_used_again() -> None:
    polls, now = Polls(), 0.0
    polls.answered(0.0, now)
    polls.unanswered(LONGEST, 3.0, 3.0, connected=True)
    assert polls.wait == pytest.approx(2.4)
    for _ in range(2000):
        now += polls.wait
        polls.answered(polls.wait, now)
    assert polls.wait == LONGEST


def test_a_road_that_bore_nothing_at_all_and_was_mended_is_used_again() -> None:
    polls, now = Polls(), 0.0
    polls.answered(0.0, now)
    assert polls.unanswered(LONGEST, 0.5, 0.5, connected=True)
    assert polls.wait == 0
    for _ in range(5000):
        now += polls.wait or 1.0
        polls.answered(polls.wait, now)
    assert polls.wait == LONGEST


def test_an_outage_is_no_gateway() -> None:
    """The server's end cuts a question; then nobody is there, and afterwards it is all as it was."""
    polls = Polls()
    polls.answered(LONGEST, 100.0)
    assert polls.unanswered(LONGEST, 3.0, 103.0, connected=True)
    assert not polls.unanswered(polls.wait, 0.0, 103.0, connected=False)
    assert polls.wait == 0, "first of all: is anybody there?"
    polls.answered(0.0, 200.0)
    assert polls.wait == LONGEST


def test_a_server_that_is_silent_for_long_is_waited_for() -> None:
    polls = Polls()
    polls.answered(LONGEST, 0.0)
    assert polls.unanswered(LONGEST, 45.0, 45.0, connected=True)
    assert not polls.unanswered(polls.wait, 32.5, 110.0, connected=True)


def status(version: int) -> bytes:
    return sign_document(StatusDocument(version, 1_795_000_000, b"x"), DOCUMENT, key_id(public(DOCUMENT)))


HAVE = {"keyset": 1, "status": 4, "policy": 0, "command": 0}


def test_a_refused_document_is_named_as_had_for_a_while_that_grows() -> None:
    held, now, asked = HeldBack(), 0.0, list[float]()
    while now < 86_400:
        if held.query(HAVE, now)["status"] == 4:
            asked.append(now)
            assert held.offer(status(5), HAVE, now)
            assert not held.offer(status(5), HAVE, now), "also if the server says it again"
        assert held.query(HAVE, now)["status"] == 5
        assert held.left(now) > 0
        now += held.left(now)
    assert asked[:4] == [0.0, 2.0, 6.0, 14.0]
    assert 90 < len(asked) < 120


def test_other_documents_come_meanwhile() -> None:
    held = HeldBack()
    held.offer(status(5), HAVE, 0.0)
    assert held.query(HAVE, 1.0) == HAVE | {"status": 5}, "so number 6 is answered at once"


def test_one_that_was_taken_is_forgotten_and_a_new_keyset_tries_all_again() -> None:
    held = HeldBack()
    held.offer(status(5), HAVE, 0.0)
    assert held.query(HAVE | {"status": 5}, 0.5)["status"] == 5
    assert held.left(0.5) == math.inf
    held.offer(status(6), HAVE | {"status": 5}, 1.0)
    later = HAVE | {"keyset": 2, "status": 5}
    assert held.query(later, 1.5) == later


def test_a_station_that_wants_every_service_anew_is_offered_those_that_it_refused() -> None:
    held, have = HeldBack(), HAVE | {"service": 4}
    refused = sign_document(ServiceDocument(5, "a", "notice", 1, 1, 2), DOCUMENT, key_id(public(DOCUMENT)))
    assert held.query(have, 0.0) == have
    assert held.offer(refused, have, 0.0)
    assert held.query(have, 0.1)["service"] == 5
    assert held.query(have | {"service": 6}, 0.2)["service"] == 6
    assert held.query(HAVE | {"service": 0}, 0.3)["service"] == 0
    assert held.offer(refused, HAVE | {"service": 0}, 0.3)


def test_a_number_far_off_is_named_to_nobody() -> None:
    """Nobody has signed it, maybe; a server that hears of it would make haste to get beyond it."""
    held = HeldBack()
    held.offer(status(2**53 - 1), HAVE, 0.0)
    assert held.query(HAVE, 0.1) == HAVE


def test_numbers_that_are_seconds_are_named_up_to_a_day_ahead() -> None:
    held = HeldBack()
    held.offer(status(1_795_086_400), HAVE, 0.0, 1_795_000_000.0)
    assert held.query(HAVE, 0.1)["status"] == 1_795_086_400
    held = HeldBack()
    held.offer(status(1_795_086_401), HAVE, 0.0, 1_795_000_000.0)
    assert held.query(HAVE, 0.1) == HAVE


def test_what_has_no_number_is_offered_again_after_a_while_too() -> None:
    held = HeldBack()
    assert [now for now in range(60) if held.offer(b"rubbish", HAVE, now)] == [0, 2, 6, 14, 30]
    for number in range(1000):
        held.offer(b"%d" % number, HAVE, 0.0)
    assert len(held._known) <= 64


@given(st.binary(max_size=300))
def test_any_bytes_may_be_a_document(document: bytes) -> None:
    assert number_of(document) == ("", 0) or number_of(document)[0]
    HeldBack().offer(document, HAVE, 0.0)


def test_the_number_is_read_where_the_document_says_it() -> None:
    assert number_of(status(7)) == ("status", 7)
    assert number_of(keyset_document())[0] == "keyset"
    assert number_of(status(7)[:-70]) == ("", 0)
