"""What comes between a code and a camera: glare, moire, rolling bands, a finger, rain, too much light or too little, JPEG.

Pictures are BGR, uint8, shape (height, width, 3). `at` is the second of the film: what the hand or the screen moves, moves.
"""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
SKIN: Final = (120, 150, 200)
BLOOM: Final = 0.12
"""Share of the light beyond white that spills over to what is beside it."""


def finger(flat: Picture, corner: tuple[int, int], covers: float) -> None:
    """Lay a finger on the flat object, from its right, over `covers` pixels of the code at its lower right corner."""
    right, bottom = corner
    tip = (int(right - covers * 0.7), int(bottom - covers * 0.7))
    cv2.line(flat, tip, (right + 400, bottom + 120), SKIN, max(4, int(covers)))


def cracks(flat: Picture, count: int, seed: int) -> None:
    """Crack the glass of the flat object: from where it fell to its edges, each crack bright with a dark side, and forked."""
    chance = np.random.default_rng(seed + 3)
    height, width = flat.shape[:2]
    middle = np.array([width, height]) * chance.uniform(0.3, 0.7, 2)
    for began in chance.uniform(0, 2 * math.pi, count):
        at, angle = middle, float(began)
        for _ in range(12):
            angle += chance.normal(0, 0.25)
            then = at + chance.uniform(30, 90) * np.array([math.cos(angle), math.sin(angle)])
            for shade, aside in ((70, 2), (255, 0)):
                ends = [tuple(int(value) + aside for value in point) for point in (at, then)]
                cv2.line(flat, ends[0], ends[1], (shade,) * 3, 2)
            at = then


def glare(held: Picture, strength: float, at: float, seed: int) -> Picture:
    """A lamp mirrored in the surface: a bright spot that wanders as the hand does."""
    chance = np.random.default_rng(seed)
    height, width = held.shape[:2]
    middle = chance.uniform(0.35, 0.65, 2) + 0.12 * np.array([math.sin(2.9 * at), math.cos(2.3 * at)])
    down, across = np.ogrid[0:height, 0:width]
    away = ((across / width - middle[0]) / 0.16) ** 2 + ((down / height - middle[1]) / 0.12) ** 2
    spot = (255 * strength * np.exp(-away))[:, :, None]
    return _picture(held + spot)


def moire(held: Picture, strength: float, at: float, seed: int) -> Picture:
    """The beat of the screen's pixels with the sensor's: waves, other ones for each colour, that move with the hand."""
    phase = np.random.default_rng(seed).uniform(0, 2 * math.pi, 3)
    down, across = np.ogrid[0 : held.shape[0], 0 : held.shape[1]]
    waves = [
        np.sin(across / (2.1 + 0.3 * colour) + down / (7.0 - colour) + phase[colour] + 19 * at) for colour in range(3)
    ]
    return _picture(held * (1 - strength * (0.5 + 0.5 * np.stack(waves, axis=2))))


def bands(held: Picture, strength: float, at: float) -> Picture:
    """The dark bands of a dimmed screen, which flickers faster than the sensor's rows are read."""
    rows = np.arange(held.shape[0])[:, None, None]
    dark = (np.sin(2 * math.pi * (rows / 90.0 + 3.7 * at)) > 0.2).astype("float32")
    return _picture(held * (1 - strength * dark))


def drops(size: tuple[int, int], share: float, seed: int) -> NDArray[np.float32]:
    """Where drops lie on the window, covering about `share` of it: 0 to 1, shape (height, width, 1)."""
    height, width = size
    mask = np.zeros(size, "float32")
    if share:
        chance = np.random.default_rng(seed + 2)
        covered = 0.0
        while covered < share * height * width:
            radius = int(chance.integers(4, 22))
            middle = chance.integers((0, 0), (width, height)).tolist()
            cv2.circle(mask, middle, radius, 1.0, -1)
            covered += math.pi * radius**2
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 2), dtype="float32")[:, :, None]


def wet(picture: Picture, mask: NDArray[np.float32]) -> Picture:
    """The picture through a window with drops on it: each smears and brightens what is behind it."""
    smeared = cv2.GaussianBlur(picture, (0, 0), 7).astype("float32") * 0.9 + 30
    return _picture(picture * (1 - mask) + smeared * mask)


def exposed(picture: Picture, gain: float) -> Picture:
    """The picture with that much light; what is beyond white spills over to its neighbours."""
    light = picture.astype("float32") * gain
    beyond = np.maximum(light - 255, 0)
    return _picture(light + BLOOM * cv2.GaussianBlur(beyond, (0, 0), 5)) if gain > 1 else _picture(light)


def squeezed(picture: Picture, quality: int) -> Picture:
    """The picture after JPEG of that quality."""
    _, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return _picture(cv2.imdecode(data, cv2.IMREAD_COLOR))


def _picture(array: Any) -> Picture:
    found: Picture = np.clip(np.asarray(array), 0, 255).astype("uint8", copy=False)
    return found
