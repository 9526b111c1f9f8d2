"""No loop dies alone: what nobody lists is told, the loop goes on, and one that fails too often ends its program."""

from __future__ import annotations

import asyncio
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import loops as module
from kiosk.loops import MOST_FAILURES, LoopFailed, Loops


class Unlisted(Exception):
    """Nobody has thought of it."""


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)


def failing(times: int, done: threading.Event) -> tuple[list[int], Callable[[], None]]:
    turns: list[int] = []

    def turn() -> None:
        turns.append(1)
        if len(turns) <= times:
            raise Unlisted("a surprise")
        done.set()
        done.wait(0.01)

    return turns, turn


def test_a_loop_goes_on_after_what_nobody_lists_and_it_is_told() -> None:
    told: queue.Queue[str | None] = queue.Queue()
    loops, done = Loops(told.put), threading.Event()
    _, turn = failing(MOST_FAILURES - 1, done)
    loops.start("documents", turn)
    assert done.wait(30)
    assert told.get(timeout=30) == "documents: Unlisted: a surprise"
    assert not loops.stop.is_set()
    loops.end()
    loops.check()


def test_its_end_is_told_once_it_has_not_failed_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WITHIN", 0.0)
    told: queue.Queue[str | None] = queue.Queue()
    loops, done = Loops(told.put), threading.Event()
    _, turn = failing(1, done)
    loops.start("documents", turn)
    assert told.get(timeout=30)
    assert told.get(timeout=30) is None
    loops.end()


def test_a_loop_that_fails_too_often_ends_the_program_and_wakes_it() -> None:
    woken = threading.Event()
    loops = Loops(lambda _: None, woken.set)
    turns, turn = failing(10**6, threading.Event())
    loops.start("documents", turn)
    with pytest.raises(LoopFailed, match="documents failed 5 times"):
        loops.run("main", lambda: None)
    assert woken.is_set()
    assert len(turns) == MOST_FAILURES


def test_systemd_is_fed_only_while_every_loop_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    systemd.setblocking(False)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    loops, let_go, turned = Loops(), threading.Event(), threading.Event()

    def turn() -> None:
        turned.set()
        let_go.wait(30)

    loops.start("stuck", turn, patience=0.0)
    loops.start("may wait", turn, patience=float("inf"))
    assert turned.wait(30)
    loops.feed()
    with pytest.raises(BlockingIOError):
        systemd.recv(100)
    loops._loops["stuck"].patience = 1e9
    loops.feed()
    assert systemd.recv(100) == b"WATCHDOG=1"
    let_go.set()
    loops.end()
    systemd.close()


def test_a_coroutine_is_kept_alike() -> None:
    told: list[str | None] = []
    loops, turns = Loops(told.append), 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise Unlisted
        loops.end()

    asyncio.run(loops.keep("watch", turn))
    assert told == ["watch: Unlisted: "]


def test_a_coroutine_that_fails_too_often_ends_the_program() -> None:
    async def turn() -> None:
        raise Unlisted

    with pytest.raises(LoopFailed):
        asyncio.run(Loops(lambda _: None).keep("watch", turn))


def test_a_part_of_a_turn_that_fails_is_told_also_before_the_loop_runs() -> None:
    told: queue.Queue[str | None] = queue.Queue()
    loops = Loops(told.put)

    def surprise() -> None:
        raise Unlisted("early")

    assert not loops.attempt("main", surprise)
    assert told.get(timeout=30) == "main: Unlisted: early"
    assert loops.attempt("main", lambda: None)


class Panic(BaseException):
    """As libraries in Rust raise them (pyo3_runtime.PanicException)."""


class Speechless(Exception):
    """Its own words raise."""

    def __str__(self) -> str:
        raise Unlisted


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("start", ["start", "once"])
def test_a_thread_that_somebody_ends_alone_ends_the_program(start: str, error: BaseException) -> None:
    def turn() -> None:
        raise error

    loops = Loops(lambda _: None)
    getattr(loops, start)("documents", turn)
    assert loops.stop.wait(30)
    with pytest.raises(LoopFailed, match=f"documents ended by {type(error).__name__}"):
        loops.check()


def test_a_panic_is_a_failure_as_any_other() -> None:
    told: list[str | None] = []

    def turn() -> None:
        raise Panic("index out of bounds")

    assert not Loops(told.append).attempt("main", turn)
    assert told == ["main: Panic: index out of bounds"]


def test_what_fails_without_words_is_told_by_its_name() -> None:
    told: list[str | None] = []

    def turn() -> None:
        raise Speechless

    assert not Loops(told.append).attempt("main", turn)
    assert told == ["main: Speechless"]


def test_no_secret_is_told_where_the_words_are_cut_off() -> None:
    told: list[str | None] = []

    def turn() -> None:
        raise Unlisted("x" * (module.MOST_WORDS - 60) + " rtsp://admin:" + "Geheim" * 20 + "@h/1")

    Loops(told.append).attempt("main", turn)
    assert "Geheim" not in f"{told[0]}"
    assert len(f"{told[0]}") <= module.MOST_WORDS


def test_a_turn_that_a_library_cancels_has_failed() -> None:
    told: list[str | None] = []
    loops = Loops(told.append)

    async def turn() -> None:
        if told:
            loops.end()
        else:
            raise asyncio.CancelledError

    asyncio.run(loops.keep("watch", turn))
    assert told == ["watch: CancelledError: "]


def test_it_ends_however_often_it_is_told_to() -> None:
    """Ctrl-C reaches a whole group, and a parent hands it on: a second signal comes within the first one's handler."""
    words = (
        "import os, signal; from kiosk.loops import Loops, end_by_signals\n"
        "programs = [Loops(lambda _: None) for _ in range(1000)]\n"
        "end_by_signals(*programs)\n"
        "parent = os.getpid()\n"
        "child = os.fork()\n"
        "while not child: os.kill(parent, signal.SIGINT)\n"
        "for each in programs: each.run('main', lambda: each.stop.wait(30))\n"
        "os.kill(child, signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
