"""A central server whose clock is ahead when it starts, by less than its own documents can tell: stations' tokens tell it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time

import pytest
import requests

from kiosk.central.api.doubt import Doubt, Refusals
from kiosk.central.store import CentralStore
from kiosk.central.store.alarms import DOUBTED
from kiosk.contract.bodies import TOKEN_SECONDS
from tests.programs.house import House, until
from tests.programs.test_central_bounds import CODES, Running, bearer, running

HOUR, DAY, START = 3600.0, 86_400.0, 1.8e9
FORKED = """
import os
from kiosk.central.api.doubt import Refusals
refused = Refusals()
if not (child := os.fork()):
    refused.add("37081101")
    os._exit(0)
os.waitpid(child, 0)
print("37081101" in refused, "37081102" in refused)
"""
AHEAD = pytest.mark.parametrize("ahead", [HOUR, DAY, 29 * DAY])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(tmp_path)) as store:
        yield store


@pytest.fixture
def doubted(store: CentralStore) -> Doubt:
    return Doubt(store, Refusals())


def said(doubted: Doubt, *ahead: float, now: float = START, first: int = 0) -> float | None:
    """What is thought of the clock when it is ahead of each of these stations by so much, an hour after they were heard."""
    for number, each in enumerate(ahead, first):
        doubted.heard(f"{number:08}", now - each, now, 5000.0, taken=abs(each) < 60)
    return doubted.ahead(now + HOUR, 5000.0 + HOUR)


@AHEAD
def test_a_clock_that_is_ahead_of_most_alike_is_doubted(doubted: Doubt, ahead: float) -> None:
    assert said(doubted, ahead, ahead + 20, ahead - 20, 0.0, 77.0) == pytest.approx(ahead, abs=21)


@pytest.mark.parametrize(
    "ahead",
    [
        (),
        (DAY, DAY),
        (DAY, DAY, DAY, 0.0, 0.0, 0.0),
        (1000.0, 2000.0, 3000.0, 4000.0, 5000.0),
        (200.0, 201.0, 202.0),
        (-DAY, -DAY, -DAY),
    ],
    ids=["nobody", "two", "half", "each another: they have stood still", "no more than a phone's may", "behind"],
)
def test_a_clock_is_not_doubted_for_less(doubted: Doubt, ahead: tuple[float, ...]) -> None:
    assert said(doubted, *ahead) is None


def test_what_a_station_says_after_a_refusal_is_this_clocks_and_does_not_count(doubted: Doubt) -> None:
    assert said(doubted, DAY, DAY, DAY) == DAY
    assert said(doubted, 0.0, 0.0, 0.0) == DAY
    assert doubted.ahead(START + HOUR - DAY, 5000.0 + HOUR) is None, "it was set right"


def test_a_clock_that_jumps_while_the_server_runs_is_doubted_too(doubted: Doubt) -> None:
    assert said(doubted, 0.0, 0.0, 0.0) is None
    assert doubted.ahead(START + DAY, 5000.0) == DAY
    assert said(doubted, DAY, DAY, DAY, now=START + DAY) == DAY, "they were refused, since this clock has moved"


def test_stations_that_stood_still_in_one_power_cut_speak_against_no_clock_that_they_agreed_with(
    doubted: Doubt,
) -> None:
    """A card without a clock of its own goes on from the hour in which it was last written: all of a town's alike."""
    assert said(doubted, 0.0, 0.0, 0.0, 0.0) is None
    assert said(doubted, HOUR, HOUR + 5, HOUR - 5, HOUR) is None
    assert said(doubted, 0.0, 0.0, 0.0, 0.0) is None


def test_what_a_station_says_after_another_process_refused_it_does_not_count_either(store: CentralStore) -> None:
    """Each connection may be to another of them, behind one port."""
    shared = Refusals()
    one, other = Doubt(store, shared), Doubt(store, shared)
    assert said(one, DAY, DAY, DAY) == said(other, DAY, DAY, DAY, first=3) == DAY
    for each, first in ((one, 3), (other, 0)):
        assert said(each, 0.0, 0.0, 0.0, first=first) == DAY


def test_processes_that_have_forked_know_of_each_others_refusals() -> None:
    found = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == ["True", "False"]


def test_what_a_station_said_goes_with_its_key(doubted: Doubt) -> None:
    assert said(doubted, DAY, DAY, DAY) == DAY
    doubted.forget("00000001")
    assert said(doubted) is None
    assert said(doubted, DAY, DAY) == DAY, "it speaks anew"


def test_times_that_no_clock_says_are_nobodys(doubted: Doubt) -> None:
    for number in range(4):
        doubted.heard(f"{number:08}", -1e300, START, 5000.0, taken=False)
    assert doubted.ahead(START, 5000.0) is None


def test_a_clock_that_was_set_while_the_machine_stood_still_is_believed_as_stations_are_heard(doubted: Doubt) -> None:
    """A virtual machine that was halted: its monotonic clock has lost the time."""
    assert said(doubted, 0.0, 0.0, 0.0, 0.0) is None
    assert doubted.ahead(START + HOUR, 5000.0) == HOUR
    for number in range(2):
        doubted.heard(f"{number:08}", START + HOUR, START + HOUR, 5000.0, taken=True)
    assert doubted.ahead(START + HOUR, 5000.0) is None


def asked(server: Running, code: str, ago: float) -> requests.Response:
    """By a station that signs at a time that long ago."""
    signed = int(time() - ago)
    url = f"{server.url}/v1/stations/{code}/documents?nonce=n"
    return requests.get(url, headers=bearer(sub=code, iat=signed, exp=signed + TOKEN_SECONDS), timeout=30)


def signs_time(server: Running) -> bool:
    """The keyset and the list are there in any case."""
    found = asked(server, CODES[0], 0.0).json()["documents"]
    assert len(found) in {2, 3}
    return len(found) == 3


@AHEAD
def test_a_server_that_starts_with_its_clock_ahead_signs_no_time_and_says_why_until_somebody_vouches_for_it(
    central_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    monkeypatch.setattr("kiosk.central.api.app.CLOCK_EVERY", 0.05)
    house = House(tmp_path / "house")
    with running(central_folder, monkeypatch) as server:
        assert [asked(server, code, ahead).status_code for code in CODES] == [401] * len(CODES)
        assert not signs_time(server), "to none, also not to the first that asks"

        def told() -> list[str]:
            return [each.detail for each in server.store.alarms() if each.what == DOUBTED]

        (words,) = until(told, "the alarm")
        assert "kiosk central clock --trust" in words
        assert house.kiosk("central", "clock", "--trust", "--data", str(central_folder)).returncode == 0
        until(lambda: signs_time(server), "that it is believed")
        assert told() == []


def test_one_station_whose_clock_is_wrong_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path, monkeypatch) as server:
        assert asked(server, CODES[1], DAY).status_code == 401
        assert asked(server, CODES[2], 0.0).status_code == 200
        assert signs_time(server)


def alarmed(store: CentralStore) -> bool:
    return [each.what for each in store.alarms()] == [DOUBTED]


def test_the_alarm_ends_when_the_clock_is_set_right(store: CentralStore, doubted: Doubt) -> None:
    said(doubted, DAY, DAY, DAY)
    for ahead in (DAY, DAY, None, None):
        doubted.tell(ahead, START)
        assert alarmed(store) == (ahead is not None)


def test_an_alarm_of_a_server_that_was_started_anew_ends_once_stations_are_heard(store: CentralStore) -> None:
    before, anew = Doubt(store, Refusals()), Doubt(store, Refusals())
    before.tell(said(before, DAY, DAY, DAY), START)
    anew.tell(said(anew, 0.0, 0.0), START)
    assert alarmed(store), "of two nothing is known"
    anew.tell(said(anew, 0.0, 0.0, 0.0), START)
    assert not alarmed(store)


def test_an_alarm_that_is_gone_is_nobodys_word_for_the_clock(store: CentralStore) -> None:
    """Another process may have ended it, whose stations say otherwise, or a standby has come that lacks it."""
    one, other = Doubt(store, Refusals()), Doubt(store, Refusals())
    for each in (one, other):
        each.tell(said(each, DAY, DAY, DAY), START)
    other.tell(None, START)
    assert not alarmed(store)
    for _ in range(2):
        one.tell(said(one), START)
        assert said(one) == DAY
        assert alarmed(store)


@pytest.mark.parametrize("by", ["forget_alarm", "clear_alarms"])
def test_whoever_clears_the_alarm_vouches_for_the_clock_to_every_process(store: CentralStore, by: str) -> None:
    one, other = Doubt(store, Refusals()), Doubt(store, Refusals())
    one.tell(said(one, DAY, DAY, DAY), START)
    if by == "forget_alarm":
        store.forget_alarm(DOUBTED, "")
    else:
        store.clear_alarms()
    for each in (one, other):
        each.tell(said(each, DAY, DAY, DAY), START)
        assert said(each) is None
    assert not alarmed(store)
    anew = Doubt(store, Refusals())
    anew.tell(said(anew, DAY, DAY, DAY), START)
    assert alarmed(store), "it was said of the clock as it was then"


def test_whoever_clears_other_alarms_vouches_for_no_clock(store: CentralStore, doubted: Doubt) -> None:
    store.alarm("keys_end", "", START)
    store.forget_alarm("keys_end", "")
    store.clear_alarms()
    doubted.tell(said(doubted, DAY, DAY, DAY), START)
    assert alarmed(store)
