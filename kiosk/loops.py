"""A program's loops under one roof: none dies alone, and systemd is fed only while every one of them turns.

A turn that raises what nobody thought of is told as a fault, and the loop goes on; one that does so MOST_FAILURES times within
WITHIN seconds ends the whole program, for systemd to start it anew. This file has the broad `except` of the house.
"""

from __future__ import annotations

import _thread
import asyncio
import logging
import signal
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Final

from kiosk.local import notify
from kiosk.redaction import hidden

log = logging.getLogger(__name__)

MOST_FAILURES: Final = 5
WITHIN: Final = 60.0
PAUSE: Final = 1.0
"""Seconds between a failure and the next turn."""

MOST_WORDS: Final = 200
"""Characters of what a loop's failure says."""

PATIENCE: Final = 30.0
"""Seconds after which a loop that has not turned is late, where it names no others."""

Tell = Callable[[str | None], None]
"""Takes what is wrong with the program's loops, or None once nothing is any longer; called from any thread."""


class LoopFailed(Exception):
    """A loop failed too often; the program must end."""


class _Loop:
    """When a loop last turned, how long it may take for it, and when it failed."""

    def __init__(self, patience: float, now: float) -> None:
        self.patience = patience
        self.turned_at = now
        self.failed_at: deque[float] = deque(maxlen=MOST_FAILURES)

    def too_often(self, now: float) -> bool:
        return len(self.failed_at) == MOST_FAILURES and now - self.failed_at[0] <= WITHIN


class Loops:
    """All loops of a program. `stop` is set when they shall end: by whoever ends the program, or by a loop that failed."""

    def __init__(self, tell: Tell = log.error, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` ends what the main thread waits for, when it waits for something else than `stop`."""
        self.stop = threading.Event()
        self._tell, self._wake = tell, wake
        self._loops: dict[str, _Loop] = {}
        self._broken = ""
        self._told = False
        self._late: list[str] = []

    def start(self, name: str, turn: Callable[[], None], patience: float = PATIENCE) -> None:
        """Call `turn` again and again in a thread of its own, until `stop`; infinite `patience`: it may wait for ever."""
        self._loops[name] = _Loop(patience, monotonic())
        self._thread(name, lambda: self._turn(name, turn))

    def run(self, name: str, turn: Callable[[], None], patience: float = PATIENCE) -> None:
        """Call `turn` again and again in this thread, until `stop`. Raises LoopFailed when any loop failed too often."""
        self._loops[name] = _Loop(patience, monotonic())
        self._turn(name, turn)
        self.check()

    def once(self, name: str, work: Callable[[], None]) -> None:
        """Do one piece of work in a thread of its own; what it raises is told."""
        self._loops[name] = _Loop(float("inf"), monotonic())
        self._thread(name, lambda: self.attempt(name, work))

    async def keep(self, name: str, turn: Callable[[], Awaitable[None]], patience: float = PATIENCE) -> None:
        """As :meth:`run`, for a coroutine in an event loop; it ends by being cancelled, or with LoopFailed."""
        self._loops[name] = _Loop(patience, monotonic())
        while not self.stop.is_set():
            task = asyncio.ensure_future(turn())
            try:
                await asyncio.wait({task})
            finally:
                task.cancel()
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error:
                log.error("%s: a turn failed", name, exc_info=error)
                self._failed(name, error)
                await asyncio.sleep(PAUSE)
            self._turned(name)
        self.check()

    def attempt(self, name: str, work: Callable[[], None]) -> bool:
        """Do a part of the loop's turn, which goes on when it raises what nobody lists; whether it did not."""
        error = attempt(name, work)
        if error is not None:
            self._failed(name, error)
        return error is None

    def turned(self, name: str) -> None:
        """The loop lives, though its turn is not over."""
        self._loops[name].turned_at = monotonic()

    def feed(self) -> None:
        """Tell systemd that the program works, if every loop has turned lately."""
        now = monotonic()
        late = [name for name, loop in [*self._loops.items()] if now - loop.turned_at > loop.patience]
        if late != self._late:
            log.error("these loops do not turn: %s", ", ".join(late) or "none")
            self._late = late
        if not late:
            notify("WATCHDOG=1")

    def check(self) -> None:
        """Raises LoopFailed when a loop failed too often."""
        if self._broken:
            raise LoopFailed(self._broken)

    def _thread(self, name: str, work: Callable[[], object]) -> None:
        """Work in a thread of its own. What ends that thread alone (`sys.exit` in a library) ends the program."""

        def outlived() -> None:
            if error := attempt(name, work, passing=()):
                self._broken = self._broken or f"{name} ended by {type(error).__name__}"
                self.end()

        threading.Thread(target=outlived, name=name, daemon=True).start()

    def _turn(self, name: str, turn: Callable[[], None]) -> None:
        while not self.stop.is_set():
            if not self.attempt(name, turn):
                self.stop.wait(PAUSE)
            self._turned(name)

    def _turned(self, name: str) -> None:
        now = monotonic()
        self._loops[name].turned_at = now
        if self._told and all(
            not loop.failed_at or now - loop.failed_at[-1] > WITHIN for loop in [*self._loops.values()]
        ):
            self._told = False
            self._tell(None)

    def _failed(self, name: str, error: BaseException) -> None:
        loop = self._loops.setdefault(name, _Loop(float("inf"), monotonic()))  # it may fail before it runs
        loop.failed_at.append(monotonic())
        self._told = True
        self._tell(f"{name}: {said(error)}"[:MOST_WORDS])
        if loop.too_often(monotonic()):
            self._broken = self._broken or f"{name} failed {MOST_FAILURES} times within {WITHIN:g} s"
            self.end()

    def end(self) -> None:
        """Let every loop end after its turn; safe from any thread, but not from a signal handler, for it takes a lock."""
        self.stop.set()
        with suppress(OSError):
            self._wake()


def end_by_signals(*programs: Loops) -> None:
    """SIGTERM and SIGINT let all loops of these end.

    The handler takes no lock: a second signal may come within it, as when Ctrl-C reaches a process and its parent hands it on.
    """

    def end_all() -> None:
        for each in programs:
            each.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _thread.start_new_thread(end_all, ()))


def said(error: BaseException) -> str:
    """What an exception says, without secrets, whatever its own words raise; to be cut to a length only now."""
    words = [type(error).__name__]
    attempt("the words of a failure", lambda: words.append(hidden(f"{words[0]}: {error}")))
    return words[-1]


ENDS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)
"""What is no failure of the work, but a wish to end."""


def attempt(
    name: str, work: Callable[[], object], passing: tuple[type[BaseException], ...] = ENDS
) -> BaseException | None:
    """Do it; what it raises is logged and given back, a panic of a library in Rust, too, but for what is `passing`."""
    try:
        work()
    except passing:
        raise
    except BaseException as error:
        log.exception("%s failed", name)
        return error
    return None
