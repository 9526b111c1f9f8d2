"""Which attempt to read a code is spent on which frame.

Every frame gets a glance. While something moves, or a symbol stands that a glance could not read, and for a while after, the
time that is left for a frame goes into stacking it on those before it, and into the costly attempts, by turns. An empty street
costs a glance and nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.border import ODD
from hardware.codes import ATTEMPTS, GLANCE, Attempt, Glance, Grey, Quad, bounded, glance
from hardware.guard import Guard, Thumb
from hardware.stack import Part, Stack

log = logging.getLogger(__name__)

BUDGET: Final = 0.025
"""Seconds for one frame: no attempt begins later. One attempt is made even so."""

INTERESTED: Final = 30
"""Frames for which a movement or an unread symbol is worth the costly attempts: a second or two."""

THUMB: Final = (64, 36)
"""Width and height of the picture in which movement is looked for."""

MOVED: Final = 8
"""Grey levels by which a pixel of the small picture must change; noise of a dim sensor stays below once it is shrunk."""

MOVED_PIXELS: Final = 20
SLOW: Final = 0.05
"""Share of a new frame that goes into what counts as the unmoved scene: light that changes slowly is no movement."""

EDGE: Final = 0.25
"""Share of the strongest change that still belongs to what moved."""

STACK: Final = "stack"
T = TypeVar("T")


class Looking:
    """Takes one frame after the other; `look` gives the texts read in it, or by it and those before it."""

    def __init__(
        self,
        budget: float = BUDGET,
        clock: Callable[[], float] = perf_counter,
        guard: Guard | None = None,
        attempts: Sequence[Attempt] = ATTEMPTS,
    ) -> None:
        """`guard` knows which attempts to leave on which pictures."""
        self._budget, self._clock = budget, clock
        self._guard, self._attempts = guard, attempts
        self._scene: NDArray[np.float32] | None = None
        self._stack = Stack()
        self._part: Part | None = None
        self._interest = 0
        self._next = 0
        self.took = ""
        """What read the texts that `look` gave last."""

    def look(self, grey: Grey) -> list[str]:
        """The codes in this frame."""
        until = self._clock() + self._budget
        grey = bounded(grey)
        small: Thumb = np.asarray(cv2.resize(grey, THUMB, interpolation=cv2.INTER_AREA))
        seen = self._try(GLANCE, small, lambda: glance(grey)) or Glance([], [])
        if part := self._moving(grey, small) or _around(grey, seen.unread):
            self._interest, self._part = INTERESTED, part
        if seen.texts or self._interest == 0:
            self._next, self.took = 0, GLANCE
            self._stack.forget()
            return seen.texts
        self._interest -= 1
        if self._part and (texts := self._try(STACK, small, partial(self._stack.add, grey, self._part))):
            self.took = STACK
            return texts
        for _ in self._attempts:
            attempt, self._next = self._attempts[self._next], (self._next + 1) % len(self._attempts)
            texts = self._try(attempt.name, small, partial(attempt.read, grey))
            if texts:
                self.took = attempt.name
                return texts
            if texts is not None and self._clock() >= until:
                break
        return []

    def _try(self, name: str, small: Thumb, read: Callable[[], T]) -> T | None:
        """What an attempt gives; None when it has ended a process on such a picture, or raises for this one."""
        if self._guard is not None and not self._guard.allows(name, small):
            return None
        try:
            with self._guard.trying(name, small) if self._guard else nullcontext():
                return read()
        except (
            *ODD,
            cv2.error,
        ) as error:  # strangers hold pictures up: whatever a decoder raises for one, the next are read
            log.debug("%s: %s", name, error)
            return None

    def _moving(self, grey: Grey, thumb: Thumb) -> Part | None:
        """The part of the picture that differs from the scene as it has been; None when hardly anything does."""
        small = thumb.astype("float32")
        if self._scene is None:
            self._scene = small
        change = np.abs(small - self._scene)
        self._scene += SLOW * (small - self._scene)
        if np.count_nonzero(change > MOVED) < MOVED_PIXELS:
            return None
        rows, columns = np.nonzero(change > max(MOVED / 2, EDGE * float(change.max())))
        height, width = grey.shape[0] / THUMB[1], grey.shape[1] / THUMB[0]
        top, bottom = (rows.min() - 1) * height, (rows.max() + 2) * height
        left, right = (columns.min() - 1) * width, (columns.max() + 2) * width
        return _within(grey, top, bottom, left, right)


def _around(grey: Grey, unread: list[Quad]) -> Part | None:
    """The part of the picture where symbols stand that could not be read."""
    if not unread:
        return None
    corners = np.concatenate(unread)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    margin = max(right - left, bottom - top) / 4
    return _within(grey, top - margin, bottom + margin, left - margin, right + margin)


def _within(grey: Grey, top: float, bottom: float, left: float, right: float) -> Part:
    height, width = grey.shape
    return Part(max(0, int(top)), min(height, int(bottom)), max(0, int(left)), min(width, int(right)))
