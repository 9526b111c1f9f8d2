"""None of sync's loops dies alone: what nobody lists is told to a real station, and the loop goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import loops as roof
from kiosk.keyfiles import STATION_KEY, read_private
from kiosk.loops import LoopFailed
from kiosk.settings.loading import load
from kiosk.sync import documents, enrolment, program, uploads
from kiosk.sync.link import Link
from tests.programs.house import until
from tests.programs.town import Town


class Unlisted(Exception):
    """Nobody has thought of it."""


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roof, "PAUSE", 0.05)
    monkeypatch.setattr(uploads, "LOOK_FOR_SURVIVORS", 0.1)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    with town.server():
        town.enrol(town.port)
        with town.house.station():
            yield town


class Running:
    """Sync in a thread of this process; how it ended."""

    def __init__(self, town: Town) -> None:
        settings = load(town.house.config)
        assert settings.central
        self.link = Link(settings, settings.central)
        self._key = read_private(town.house.data / STATION_KEY)
        self.failed = ""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            program.work(self.link, self._key)
        except LoopFailed as error:
            self.failed = str(error)

    def end(self) -> None:
        self.link.loops.end()
        self.wait()

    def wait(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


def failing(before: Callable[..., Any], times: int) -> tuple[list[int], Callable[..., Any]]:
    """What was there before, that now fails so many times first; the calls are counted."""
    calls: list[int] = []

    def work(*args: Any) -> Any:
        calls.append(1)
        if len(calls) <= times:
            raise Unlisted("a surprise")
        return before(*args)

    return calls, work


PLACES = {
    "uploads": (uploads.Uploads, "_send"),
    "documents": (documents.Downloads, "_round"),
    "survivors": (uploads, "survivors"),
}


@pytest.mark.parametrize("loop", PLACES)
def test_what_nobody_lists_is_told_and_the_loop_goes_on(loop: str, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, work = failing(getattr(*PLACES[loop]), 2)
    monkeypatch.setattr(*PLACES[loop], work)
    monkeypatch.setattr(roof, "WITHIN", 1.0)
    running = Running(town)
    until(lambda: f"{loop}: Unlisted: a surprise" in town.house.view().faults.get("sync.loop", ""), "the fault")
    until(lambda: len(calls) > 2 and town.numbers() == town.everything(), "the arrival of everything")
    until(lambda: town.house.view().quality == "synced", "a document")
    until(lambda: "sync.loop" not in town.house.view().faults, "the end of the fault")
    running.end()
    assert not running.failed


@pytest.mark.parametrize("loop", PLACES)
def test_a_loop_that_only_fails_ends_the_program(loop: str, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    _, work = failing(getattr(*PLACES[loop]), 10**6)
    monkeypatch.setattr(*PLACES[loop], work)
    running = Running(town)
    running.wait()
    assert running.failed == f"{loop} failed 5 times within 60 s"


def test_the_loop_that_waits_for_a_key_goes_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(tmp_path)
    town.house.config.write_text(town.house.config.read_text() + '[central]\nurl = "http://127.0.0.1:1"\n')
    with town.house.station():
        settings = load(town.house.config)
        assert settings.central
        link = Link(settings, settings.central)
        _, work = failing(enrolment._await_code, 2)
        monkeypatch.setattr(enrolment, "_await_code", work)
        found: list[Ed25519PrivateKey | None] = []
        thread = threading.Thread(target=lambda: found.append(enrolment.await_key(link)))
        thread.start()
        until(lambda: "enrolment: Unlisted" in town.house.view().faults.get("sync.loop", ""), "the fault")
        assert thread.is_alive()
        link.loops.end()
        thread.join(30)
        assert found == [None]


def test_a_fault_that_lasts_is_told_to_a_station_that_starts_anew(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with town.server():
        town.enrol(town.port)
        settings = load(town.house.config)
        assert settings.central
        running = Running(town)
        running.link.tell("documents: Unlisted: a surprise")
        for _ in range(2):
            with town.house.station():
                until(lambda: "sync.loop" in town.house.view().faults, "the fault")
        running.end()
