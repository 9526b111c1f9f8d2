"""Whether a camera sees: black, over-exposed, covered, frozen and out of focus pictures, told from pictures alone.

A camera looks at the shelf that codes are laid on, so something in focus is always in view. A hand before the lens for a moment
is no fault: a picture must be bad for BAD_FOR seconds.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from hardware.codes import Grey

EVERY: Final = 1.0
"""Seconds between two judgements."""

BAD_FOR: Final = 5.0
"""Seconds for which a picture must be bad before it is reported."""

BLACK: Final = 8.0
"""Mean grey level below which nothing is seen."""

WHITE: Final = 250
MOSTLY: Final = 0.6
"""Share of white pixels from which on a picture is over-exposed."""

FLAT: Final = 3.0
"""Standard deviation, in grey levels, of the shrunk picture below which there is nothing in it: the lens is covered."""

FAR: Final = 12
"""Pixels across which the height of an edge is measured."""

STEEPEST: Final = 99.9
"""Percentile of the differences that counts as the sharpest edge: beyond it there is noise."""

SOFT: Final = 6.0
"""How much higher an edge is across 2 x FAR pixels than across 2: about 5 pixels of blur (1 for a sharp one)."""

SMALL: Final = (64, 36)


class Sight:
    """Takes the frames; `judge` gives what is wrong with them."""

    def __init__(self) -> None:
        self._due = 0.0
        self._last: Grey | None = None
        self._bad, self._since = "", 0.0

    def judge(self, grey: Grey, at: float) -> str:
        """What has been wrong with the pictures for some time at boot time `at`; empty when nothing is."""
        if at >= self._due:
            self._due = at + EVERY
            bad = self._fault(grey)
            if bad != self._bad:
                self._bad, self._since = bad, at
        return self._bad if self._bad and at - self._since >= BAD_FOR else ""

    def _fault(self, grey: Grey) -> str:
        sample = grey[::4, ::4].copy()
        before, self._last = self._last, sample
        if before is not None and np.array_equal(before, sample):
            return "the picture is frozen: not a pixel changes"
        return fault(grey)


def fault(grey: Grey) -> str:
    """What is wrong with one picture; empty when nothing is."""
    small = np.asarray(cv2.resize(grey, SMALL, interpolation=cv2.INTER_AREA))
    if float(small.mean()) < BLACK:
        return "the picture is black: is the lens cap on, or the lamp out?"
    if np.count_nonzero(grey >= WHITE) > MOSTLY * grey.size:
        return "the picture is over-exposed: set exposure_ms"
    if float(small.std()) < FLAT:
        return "the lens is covered: nothing but one shade"
    if softness(grey) > SOFT:
        return "the picture is out of focus: set focus, or clean the lens"
    return ""


def softness(grey: Grey) -> float:
    """How many times as high the sharpest edges are across 2 x FAR pixels as across 2: 1 is sharp."""
    calm = np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), dtype="uint8")
    return _highest(calm, 2 * FAR) / max(1.0, _highest(calm, 2))


def _highest(grey: Grey, across: int) -> float:
    """The height of the highest edges, upright or lying, in grey levels."""
    upright = cv2.absdiff(grey[:, across:], grey[:, :-across])
    lying = cv2.absdiff(grey[across:], grey[:-across])
    return max(float(np.percentile(each[::2, ::2], STEEPEST)) for each in (upright, lying))
