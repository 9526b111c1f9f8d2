"""A poll in the office: the board's file as it is, compared by its words and its id, published when two persons want it."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from time import time
from uuid import uuid4

import pytest
import requests

from kiosk.central.passes import By
from kiosk.central.polls import published_polls
from kiosk.central.proposals import PollPublication, propose
from kiosk.central.scope import EVERYWHERE
from kiosk.central.services import read_service
from kiosk.central.store.sightings import Sighting
from kiosk.index.poll import poll_bytes, poll_words
from kiosk.trust.service import POLL, PollBody, body_in
from tests.index.polls import PREPARED, heap, poll
from tests.keys import private, public
from tests.office.clerks import Clerk, Office, words


def made(*stations: str, ends: float = 86_400, **changed: object) -> bytes:
    """The file of a new poll."""
    now = int(time())
    one = heap(*range(20), name=uuid4().hex)
    return poll_bytes(poll(one, begins=now - 60, ends=now + int(ends), stations=stations, **changed))


def sent(clerk: Clerk, data: bytes = b"", **fields: str) -> requests.Response:
    form = {"csrf": clerk.csrf("/services/poll"), **fields}
    files = {"file": ("index.poll" if data else "", data)}
    return clerk.session.post(f"{clerk.url}/office/services/poll", form, files=files, allow_redirects=False, timeout=30)


def kept(answer: requests.Response) -> str:
    """The file as the page keeps it from one look to the next."""
    return answer.text.split('name="kept" value="')[1].split('"')[0]


@pytest.fixture
def board(office: Office) -> tuple[Clerk, Clerk]:
    """Two administrators of a city."""
    first, second = (office.hire(f"n{uuid4().hex[:10]}", "administrator", "3708") for _ in range(2))
    return first, second


def test_the_file_is_published_as_it_is_when_a_second_person_has_compared_its_words(
    office: Office, board: tuple[Clerk, Clerk]
) -> None:
    office.store.enrol("37081188", office.store.make_claim("37081188", time()), public(private(8)), time())
    first, second, data = *board, made("370811", "370812")
    looked = sent(first, data)
    for told in (poll_words(data), hashlib.sha256(data).hexdigest(), "20 slips", "Nothing is published yet"):
        assert told in words(looked), told
    assert b64decode(kept(looked)) == data
    assert sent(first, kept=kept(looked), do="publish").status_code == 422, "it asks for a reason"
    answer = sent(first, kept=kept(looked), do="publish", reason="the board's letter of May")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/office/proposals"), words(answer)
    assert data not in [each for each, _poll in polls(office)]
    assert poll_words(data) in second.reads("/proposals")
    (waiting,) = [each for each in office.store.proposals(EVERYWHERE, time()) if "letter of May" in each.reason]
    assert first.send(f"/proposals/{waiting.id}", "/services", do="confirm").status_code == 409, "not by oneself"
    assert second.send(f"/proposals/{waiting.id}", "/proposals", do="confirm").status_code == 303
    assert data in [each for each, _scope in polls(office)]
    assert poll_words(data) in first.reads(f"/services?kind={POLL}")
    assert hashlib.sha256(data).hexdigest() in dict(published_polls(office.store))


def test_stations_that_are_too_old_for_its_remarks_are_named_before_anybody_decides(
    office: Office, board: tuple[Clerk, Clerk]
) -> None:
    now = time()
    of_versions = {"37086101": "0.10.3", "37086102": "0.11.0", "37086103": "1.2.0", "37086104": "", "37087101": "0.9.0"}
    for code, version in of_versions.items():
        office.store.enrol(code, office.store.make_claim(code, now), public(private(8)), now)
        office.store.saw([Sighting(code, now, f"yizhan-kiosk/{version}" if version else "", "")])
    doubt = "1 stations take no poll with remarks until they are updated, and nobody can vote there: 37086101"
    assert doubt in words(sent(board[0], made("370861", remarks=PREPARED)))
    assert "until they are updated" not in words(sent(board[0], made("370861"))), "without remarks they take it"


def polls(office: Office) -> list[tuple[bytes, str]]:
    """The files that are published, byte for byte, and for whom."""
    found = [(body_in(*read_service(each.body)), each.scope) for each in office.store.services(POLL)]
    return [(body.poll, scope) for body, scope in found if isinstance(body, PollBody)]


def test_what_is_no_poll_is_told_and_nothing_waits(office: Office, board: tuple[Clerk, Clerk]) -> None:
    clerk, data = board[0], made("370811")
    before = office.store.proposals(EVERYWHERE, time())
    for file, told in (
        (b"", "Choose the file"),
        (b"kind = 'notice'", "no poll"),
        (data[:-1], "damaged, cut off"),
        (data + b"\0", "damaged, cut off"),
        (made("370811", ends=-1), "over already"),
        (made("370811", "3709"), "Your own stations begin with 3708"),
        (b"yizhan-poll-1" * 40_000, "may have"),
    ):
        answer = sent(clerk, file, do="publish", reason="x")
        assert (answer.status_code, told in words(answer)) == (422, True), words(answer)
    for odd in ("no base64", "六个词"):
        assert sent(clerk, kept=odd, do="publish", reason="x").status_code == 422
    assert office.store.proposals(EVERYWHERE, time()) == before


def test_a_file_that_nobody_has_looked_at_is_shown_and_does_not_wait(
    office: Office, board: tuple[Clerk, Clerk]
) -> None:
    clerk, data, other = board[0], made("370811"), made("370811")
    before = office.store.proposals(EVERYWHERE, time())
    looked = kept(sent(clerk, data))
    for already in (dict[str, str](), {"kept": looked}):
        answer = sent(clerk, other, do="publish", reason="x", **already)
        assert (answer.status_code, poll_words(other) in words(answer)) == (200, True)
        assert b64decode(kept(answer)) == other
    assert office.store.proposals(EVERYWHERE, time()) == before


def test_a_poll_that_is_over_when_it_is_confirmed_is_not_published(office: Office, board: tuple[Clerk, Clerk]) -> None:
    second, data = board[1], made("370813", ends=-1)
    waiting = propose(office.store, PollPublication(data), "370813", By("li", "too late"), time())
    answer = second.send(f"/proposals/{waiting.id}", "/proposals", do="confirm")
    assert (answer.status_code, "over already" in words(answer)) == (409, True), words(answer)
    assert data not in [each for each, _scope in polls(office)]


def test_only_administrators_find_the_page(office: Office) -> None:
    steward = office.hire(f"n{uuid4().hex[:10]}", "steward", "3708")
    assert "/services/poll" not in steward.get("/services").text
    assert steward.get("/services/poll").status_code == 403
    assert "/services/poll" in office.hire(f"n{uuid4().hex[:10]}", "administrator").get("/services").text
