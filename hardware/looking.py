"""Which attempt to read a code is spent on which frame.

Every frame gets a glance. The costly attempts are spread, one a frame, over the frames in which something has moved or a
symbol stands that a glance could not read, and for a while after; an empty street costs a glance and nothing more.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from hardware.codes import ATTEMPTS, Grey, bounded, glance

INTERESTED: Final = 30
"""Frames for which a movement or an unread symbol is worth the costly attempts: a second or two."""

THUMB: Final = (64, 36)
"""Width and height of the picture in which movement is looked for."""

MOVED: Final = 12
"""Grey levels by which a pixel of the small picture must change; noise of a dim sensor stays below once it is shrunk."""

MOVED_PIXELS: Final = 20
SLOW: Final = 0.05
"""Share of a new frame that goes into what counts as the unmoved scene: light that changes slowly is no movement."""


class Looking:
    """Takes one frame after the other; `look` gives the texts read in it."""

    def __init__(self) -> None:
        self._scene: np.ndarray | None = None
        self._interest = 0
        self._next = 0

    def look(self, grey: Grey) -> list[str]:
        """The codes in this frame, by a glance or by the attempt whose turn it is."""
        grey = bounded(grey)
        texts, unread = glance(grey)
        if self._moved(grey) or unread:
            self._interest = INTERESTED
        if texts or self._interest == 0:
            self._next = 0
            return texts
        self._interest -= 1
        attempt, self._next = ATTEMPTS[self._next], (self._next + 1) % len(ATTEMPTS)
        return attempt(grey)

    def _moved(self, grey: Grey) -> bool:
        """Whether enough of the picture differs from the scene as it has been."""
        small = cv2.resize(grey, THUMB, interpolation=cv2.INTER_AREA).astype("float32")
        if self._scene is None:
            self._scene = small
        moved = int(np.count_nonzero(np.abs(small - self._scene) > MOVED))
        self._scene += SLOW * (small - self._scene)
        return moved >= MOVED_PIXELS
