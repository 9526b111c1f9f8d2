"""Native decoders read pictures that strangers hold up: one that crashes or loops costs a moment, and not the door.

The program forks before it starts any thread. The child works; the parent waits for it and does nothing else. What the child
tries on which picture stands in memory that both share, so that the next child knows what the last one died of and leaves it.
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import CLOCK_BOOTTIME, clock_gettime
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Thumb = NDArray[np.uint8]
"""A small grey picture by which pictures are compared: uint8, always of one shape."""

ENOUGH: Final = 1.5
"""Seconds of processor time for one attempt; then the kernel ends the process (setitimer(2), ITIMER_PROF)."""

ALIKE: Final = 6.0
"""Grey levels of mean difference up to which two pictures count as the same."""

REMEMBERED: Final = 600.0
"""Seconds for which a picture is remembered that ended a decoder."""

MOST_DEATHS: Final = 3
"""Deaths of one decoder within REST seconds after which it rests altogether; the others go on."""

REST: Final = 60.0
CRASHES: Final = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGPROF}
ENDS: Final = {signal.SIGTERM, signal.SIGINT}
AWAITED: Final = {*ENDS, signal.SIGCHLD}
M_MMAP_THRESHOLD: Final = -3
LARGE: Final = 128 * 1024
"""Bytes."""

NAME_BYTES: Final = 64
PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True)
class Death:
    """A decoder ended the process at boot time `at`, on a picture that looked like `thumb`."""

    attempt: str
    thumb: Thumb
    at: float


class Guard:
    """Knows which attempts must not be made on which pictures; `trying` marks one that is made."""

    def __init__(self, shape: tuple[int, int]) -> None:
        """`shape` is that of the thumbs."""
        self._shape = shape
        self._shared = mmap.mmap(-1, 1 + NAME_BYTES + shape[0] * shape[1])
        self.deaths: list[Death] = []

    def allows(self, attempt: str, thumb: Thumb) -> bool:
        """Whether nothing is known against this attempt on a picture like that."""
        if not self.deaths:
            return True
        now = clock_gettime(CLOCK_BOOTTIME)
        mine = [death for death in self.deaths if death.attempt == attempt and now - death.at < REMEMBERED]
        if sum(now - death.at < REST for death in mine) >= MOST_DEATHS:
            return False
        return not any(float(np.abs(thumb.astype("int16") - death.thumb).mean()) < ALIKE for death in mine)

    @contextmanager
    def trying(self, attempt: str, thumb: Thumb) -> Iterator[None]:
        """Within this block the process may die of `attempt`."""
        self._shared[1:] = attempt.encode()[:NAME_BYTES].ljust(NAME_BYTES) + thumb.tobytes()
        self._shared[0] = 1
        signal.setitimer(signal.ITIMER_PROF, ENOUGH)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._shared[0] = 0

    def tried(self) -> Death | None:
        """What was being tried when the process died; for the parent."""
        if not self._shared[0]:
            return None
        self._shared[0] = 0
        name = self._shared[1 : 1 + NAME_BYTES].decode(errors="replace").strip()
        thumb = np.frombuffer(self._shared[1 + NAME_BYTES :], "uint8").reshape(self._shape)
        return Death(name, thumb, clock_gettime(CLOCK_BOOTTIME))


def settle() -> None:
    """Keep the process small: one thread, and large pictures given back to the kernel when they are done with (mallopt(3))."""
    cv2.setNumThreads(1)  # the reader keeps one core busy; threads beside it cost memory and win nothing
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)


def shelter(guard: Guard) -> None:
    """Return in a child process, as often as decoders die. In the parent it ends, by SystemExit, as the last child did.

    Who wants to be asked to end sets its handlers before: from here on a request reaches the child, whenever it comes.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    try:
        while child := os.fork():
            status = _wait(child)
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) in CRASHES and (death := guard.tried()):
                log.error("%s ended the decoder (%s)", death.attempt, signal.Signals(os.WTERMSIG(status)).name)
                guard.deaths.append(death)
                del guard.deaths[: -4 * MOST_DEATHS]
                continue
            raise SystemExit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
        _die_with_parent()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(child: int) -> int:
    """The child's end; a request to end is handed on to it.

    They are blocked and fetched: one that came just before waitpid(2) would otherwise be heard only when the child has ended.
    """
    while True:
        number = signal.sigwait(AWAITED)
        if number in ENDS:
            os.kill(child, number)
        elif (found := os.waitpid(child, os.WNOHANG))[0]:
            return found[1]


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
