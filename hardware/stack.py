"""One picture from several frames of what a hand holds: it reads what no single frame gives.

Each frame's part is laid onto the sum of those before it and added, as its difference from its surroundings. Noise, moire and
bands then cancel out, and where glare or a drop of rain hides the code, the frames in which it does not decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.codes import Grey, enlarged, read_symbols, sharpened

Signed = NDArray[np.float32]
"""Differences from the surroundings: float32, shape (height, width)."""

Picture = TypeVar("Picture", Grey, Signed)

LARGEST: Final = 720
"""Pixels of the longer side of what is stacked; a larger part is scaled down, so that none costs more than a bound."""

FADE: Final = 0.85
"""What is left of the older frames when one is added: half after four frames."""

SURROUNDINGS: Final = 25
"""Pixels square that make the surroundings of a pixel: several modules."""

SCALES: Final = (0.25, 0.5)
"""How large the pictures are by which the movement is found. The coarse one sees no moire, the fine one sees past bands."""

PATIENCE: Final = 4
"""Frames after which the other scale is tried."""

ALIKE: Final = 0.25
"""The least correlation of a frame with the stack; below that it shows something else."""

OVERLAP: Final = 0.6
"""The least overlap of a part with the one before it, as intersection over union; below that something else moved."""

ITERATIONS: Final = 6
SPREAD: Final = 50
"""Grey levels of the stack's standard deviation when it is read."""


@dataclass(frozen=True)
class Part:
    """A part of a picture, in pixels: rows `top` to `bottom`, columns `left` to `right`, the ends not included."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, grey: Grey) -> Grey:
        """That part of the picture."""
        return grey[self.top : self.bottom, self.left : self.right]

    def overlap(self, other: Part) -> float:
        """Intersection over union."""
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        across = min(self.right, other.right) - max(self.left, other.left)
        common = max(0, down) * max(0, across)
        return common / (self._area + other._area - common)

    @property
    def _area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)


class Stack:
    """Takes a part of each frame; `add` gives the texts that the sum of them shows."""

    def __init__(self) -> None:
        self._part: Part | None = None
        self._sum: Signed | None = None
        self._count = 0

    def forget(self) -> None:
        """Begin anew: something else is in view."""
        self._part = self._sum = None

    def add(self, grey: Grey, part: Part) -> list[str]:
        """Add that part of the frame and read."""
        if self._part is None or part.overlap(self._part) < OVERLAP:
            self._part, self._sum, self._count = part, None, 0
        new = differences(self._part.of(grey))
        self._count += 1
        if self._sum is None or (moved := self._laid_on(new, self._sum)) is None:
            self._sum = new
            return []
        self._sum = moved * FADE + new
        return read_stack(self._sum, self._count)

    def _laid_on(self, new: Signed, old: Signed) -> Signed | None:
        """The old sum where the new frame has it; None when they are not alike.

        The movement is found in two steps: a shift by phase correlation, then turn and size by Evangelidis and Psarakis' ECC.
        """
        scale = SCALES[self._count // PATIENCE % len(SCALES)]
        fine, coarse = shrunk(new, scale), shrunk(old, scale)
        (right, down), _ = cv2.phaseCorrelate(coarse, fine, cv2.createHanningWindow(fine.shape[::-1], cv2.CV_32F))
        guess = np.array([[1, 0, -right], [0, 1, -down]], "float32")
        stop = (cv2.TERM_CRITERIA_COUNT, ITERATIONS, 0)
        try:
            likeness, matrix = cv2.findTransformECC(fine, coarse, guess, cv2.MOTION_AFFINE, stop)
        except cv2.error:  # it does not converge: they have nothing in common
            return None
        if likeness < ALIKE:
            return None
        matrix = np.asarray(matrix, dtype="float32") / (1, 1, scale)
        inverse = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(old, matrix, new.shape[::-1], flags=inverse))


def differences(grey: Grey) -> Signed:
    """What each pixel differs from its surroundings, at LARGEST pixels at the most."""
    scale = LARGEST / max(grey.shape)
    if scale < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    light = grey.astype("float32")
    return np.asarray(light - cv2.blur(light, (SURROUNDINGS, SURROUNDINGS)))


def shrunk(picture: Signed, scale: float) -> Signed:
    """The picture by which a movement is found."""
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0))


def read_stack(stack: Signed, turn: int) -> list[str]:
    """The texts that the stack shows in the lights whose turn it is."""
    return next((texts for light in LIGHTS[turn % len(LIGHTS)] if (texts := read_symbols(light(stack)))), [])


def visible(stack: Signed) -> Grey:
    """The stack as a grey picture."""
    scaled = (stack - stack.mean()) * (SPREAD / (float(stack.std()) + 1e-3)) + 128
    return np.asarray(np.clip(scaled, 0, 255).astype("uint8"))


def smoothed(picture: Picture, sigma: float) -> Picture:
    """With less noise."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))


def crisp(stack: Signed) -> Signed:
    """Edges raised twice: what the noise of one frame forbids, the sum of several allows. Against defocus and a moving hand."""
    for _ in range(2):
        stack = np.asarray(stack + 3 * (stack - cv2.GaussianBlur(stack, (0, 0), 2)))
    return stack


def enlarged_twice(stack: Signed) -> Grey:
    """The stack as a grey picture of twice the size."""
    return TWICE(visible(stack))


TWICE: Final = enlarged(2.0)
Light = Callable[[Signed], Grey]
LIGHTS: Final[tuple[tuple[Light, Light], ...]] = (
    (lambda stack: visible(crisp(smoothed(stack, 0.7))), lambda stack: enlarged_twice(smoothed(stack, 0.75))),
    (lambda stack: TWICE(sharpened(visible(stack))), lambda stack: enlarged_twice(crisp(smoothed(stack, 1.0)))),
)
"""In what the stack is looked at, by turns; found with films of noise, rain, bands, moire, defocus and glare."""
