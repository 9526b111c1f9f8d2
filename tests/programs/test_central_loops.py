"""The central server's loops: what nobody lists is told and gone on from, or ends the server with an error."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from kiosk import loops
from kiosk.central import serve as program
from kiosk.central.api.app import Central
from kiosk.demo.founding import found
from kiosk.demo.place import free_port
from kiosk.loops import LoopFailed
from tests.programs.house import House


class Odd(Central):
    """Its loops raise what nobody lists, `times` times; then the server is asked to end."""

    broken, times = "_watch", 10**6

    async def _watch(self) -> None:
        self._raise("_watch")
        await super()._watch()
        if not self.times:
            self.loops.end()

    async def _work(self) -> None:
        self._raise("_work")
        await super()._work()

    def _raise(self, name: str) -> None:
        if name == self.broken and self.times:
            self.times -= 1
            raise ZeroDivisionError


@pytest.mark.parametrize("name", ["_watch", "_work"])
def test_a_loop_that_fails_too_often_ends_the_server_with_an_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "PAUSE", 0.0)
    monkeypatch.setattr(Odd, "broken", name)
    monkeypatch.setattr(program, "Central", Odd)
    found(tmp_path)
    with pytest.raises(LoopFailed, match=f"{name.strip('_')} failed 5 times"):
        program.serve(tmp_path, "127.0.0.1", free_port())


def test_a_loop_that_fails_now_and_then_is_told_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loops, "PAUSE", 0.0)
    monkeypatch.setattr(Odd, "times", 3)
    monkeypatch.setattr(program, "Central", Odd)
    found(tmp_path)
    with caplog.at_level(logging.ERROR):
        program.serve(tmp_path, "127.0.0.1", free_port())
    assert caplog.text.count("watch: ZeroDivisionError") == 3


def test_a_server_without_its_keys_says_what_to_do_and_ends_with_an_error(tmp_path: Path) -> None:
    house, data = House(tmp_path), tmp_path / "central"
    found(data)
    for key in data.glob("document-*.key"):
        key.unlink()
    for words in (("serve", "--port", str(free_port())), ("revoke", "1")):
        done = house.kiosk("central", *words, "--data", str(data))
        if words[0] == "serve":
            assert (done.returncode, "Traceback" in done.stderr) == (1, False)
            assert "keys request --compromised document" in done.stderr
    assert not list(data.glob("document-*.key"))


@pytest.mark.parametrize(
    "words", ["serve", "stations", "claim 37081101", "alarms", "keys list", "keys request --out x"]
)
def test_no_verb_but_init_makes_a_server(words: str, tmp_path: Path) -> None:
    data = tmp_path / "central"
    done = House(tmp_path).kiosk("central", *words.split(), "--data", str(data))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"Next: kiosk central init --data {data}" in done.stderr
    assert not data.exists()
