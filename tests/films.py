"""What workers hold up to door cameras, each as a film: the phone or the card comes, is held for a second or so, and goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
from msgspec import Struct

from hardware.codes import Grey
from kiosk.demo.film import COME, FACE, Film, Visit, frames
from kiosk.demo.spoil import Picture

AT: Final = 0.2
HELD: Final = AT + COME
"""Second of the film at which the hand has arrived."""

EDGE: Final = 24
"""Pixels of the phone around its screen."""


class Kind(Struct, frozen=True):
    """What makes a film what it is: of the thing that is held, and of the camera."""

    visit: dict[str, Any] = {}
    film: dict[str, Any] = {}


KINDS: Final = {
    "a phone": Kind(),
    "far away": Kind({"side": 300}),
    "a card": Kind({"holding": "card", "side": 380}),
    "nearly upside down": Kind({"turn": 2.5}),
    "at an angle": Kind({"tilt": 0.9}),
    "a walking hand": Kind({"shake": 6.0}),
    "out of focus": Kind({}, {"defocus": 2.5}),
    "a dark street": Kind({"side": 420}, {"light": 0.12, "noise": 14.0}),
    "over-exposed": Kind({}, {"light": 5.0}),
    "glare": Kind({"glare": 1.2}),
    "moire": Kind({"moire": 0.8}),
    "rolling bands": Kind({"bands": 0.85, "brightness": 0.4}),
    "rain on the window": Kind({}, {"dirt": 0.3}),
    "strong JPEG": Kind({"side": 400}, {"jpeg": 12}),
    "dark mode": Kind({"dark_mode": True}),
    "a finger on a corner": Kind({"finger": 0.22}),
}

ONLY_SEVERAL: Final = ("a dark street", "rolling bands", "rain on the window")
"""Of these no single frame is read by any attempt."""


def film_of(kind: Kind, text: str, seed: int, rate: float = 15.0) -> Film:
    """A film of that kind in which `text` is held up from second HELD on, for a second."""
    visit = Visit(text, AT, hold=1.2, seed=seed, **kind.visit)
    return Film((visit,), seconds=visit.until - COME, rate=rate, seed=seed + 6, **kind.film)


def grey_frames(film: Film) -> Iterator[tuple[float, Grey]]:
    """Each frame, grey, with its second."""
    for number, picture in enumerate(frames(film)):
        yield number / film.rate, grey(picture)


def grey(picture: Any) -> Grey:
    """As the camera's driver gives it to the reader."""
    found: Grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return found


def phone_with(screen: Any) -> Picture:
    """A phone that shows this picture (BGR), flat, as a film holds it up."""
    width, height = FACE["phone"]
    flat = np.full((height, width, 3), 28, "uint8")
    wide = width - 2 * EDGE
    shown = cv2.resize(screen, (wide, round(screen.shape[0] * wide / screen.shape[1])), interpolation=cv2.INTER_AREA)
    part = shown[: height - 2 * EDGE]
    flat[EDGE : EDGE + part.shape[0], EDGE : EDGE + wide] = part
    return flat
