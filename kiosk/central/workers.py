"""Several processes behind one port, each a whole server. Their parent speaks to systemd for all, and ends with the first.

To each it is what systemd is to a single one: it is told that it is ready, and again and again that it works.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Final

from msgspec import Struct

from kiosk.local import notify
from kiosk.loops import LoopFailed

PATIENCE: Final = 60.0
"""Seconds after which systemd is no longer told that all work, when one has not said so."""

LOOK_EVERY: Final = 0.5


class Worker(Struct, eq=False):
    """A process, what it says as to systemd, and when it last said that it works (seconds, monotonic)."""

    pid: int
    told: socket.socket
    turned_at: float
    ready: bool = False


def shared(count: int) -> bool:
    """Become `count` processes: True in each, which is to go on with its work; False in the parent once all have ended.

    Call it before there is any thread. Raises LoopFailed in the parent when one ended that nobody had asked to.
    """
    with ExitStack() as stack:
        workers: list[Worker] = []
        for number in range(count):
            told = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
            told.bind(f"\0yizhan-central-{os.getpid()}-{number}")
            pid = os.fork()
            if not pid:
                os.environ["NOTIFY_SOCKET"] = f"@yizhan-central-{os.getppid()}-{number}"
                return True
            workers.append(Worker(pid, told, time.monotonic()))
        with _ended_by_signals(workers) as asked:
            _keep(workers)
    if not asked:
        raise LoopFailed("one of the server's processes ended by itself; its own words stand above")
    return False


@contextmanager
def _ended_by_signals(workers: list[Worker]) -> Iterator[list[int]]:
    """Whoever ends the parent ends the workers; the signals that came."""
    asked: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        _end(workers)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep(workers: list[Worker]) -> None:
    """Until one has ended; then the others end, too."""
    with selectors.DefaultSelector() as selector:
        for each in workers:
            selector.register(each.told, selectors.EVENT_READ, each)
        ready = False
        while not _gone(workers):
            for key, _ in selector.select(LOOK_EVERY):
                _hear(key.data)
            if not ready and all(each.ready for each in workers):
                ready = True
                notify("READY=1")
            if ready and time.monotonic() - min(each.turned_at for each in workers) < PATIENCE:
                notify("WATCHDOG=1")
    _end(workers)
    while workers:
        _gone(workers, os.WEXITED)


def _hear(worker: Worker) -> None:
    said = worker.told.recv(4096)  # whatever it is: a worker waits while its words are not taken
    worker.turned_at = time.monotonic()
    worker.ready = worker.ready or said == b"READY=1"


def _gone(workers: list[Worker], how: int = os.WEXITED | os.WNOHANG) -> bool:
    """Whether one has ended; it is no worker any longer."""
    ended = os.waitid(os.P_ALL, 0, how)
    workers[:] = [each for each in workers if ended is None or each.pid != ended.si_pid]
    return ended is not None


def _end(workers: list[Worker]) -> None:
    for each in workers:
        os.kill(each.pid, signal.SIGTERM)
