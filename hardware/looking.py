"""Which attempt to read a code is spent on which frame.

Every frame gets a glance. While something moves, or a symbol stands that a glance could not read, and for a while after, the
time that is left for a frame goes into stacking it on those before it, and into the costly attempts, by turns. An empty street
costs a glance and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.codes import ATTEMPTS, GLANCE, Grey, Quad, bounded, glance
from hardware.stack import Part, Stack

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


class Looking:
    """Takes one frame after the other; `look` gives the texts read in it, or by it and those before it."""

    def __init__(self, budget: float = BUDGET, clock: Callable[[], float] = perf_counter) -> None:
        self._budget, self._clock = budget, clock
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
        seen = glance(grey)
        if part := self._moving(grey) or _around(grey, seen.unread):
            self._interest, self._part = INTERESTED, part
        if seen.texts or self._interest == 0:
            self._next, self.took = 0, GLANCE
            self._stack.forget()
            return seen.texts
        self._interest -= 1
        if self._part and (texts := self._stack.add(grey, self._part)):  # in every frame, since it lives of them all
            self.took = STACK
            return texts
        for _ in ATTEMPTS:
            attempt, self._next = ATTEMPTS[self._next], (self._next + 1) % len(ATTEMPTS)
            if texts := attempt.read(grey):
                self.took = attempt.name
                return texts
            if self._clock() >= until:
                break
        return []

    def _moving(self, grey: Grey) -> Part | None:
        """The part of the picture that differs from the scene as it has been; None when hardly anything does."""
        small = np.asarray(cv2.resize(grey, THUMB, interpolation=cv2.INTER_AREA).astype("float32"))
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
