"""Films of what a door camera sees: a hand brings a pass before the camera, holds it not quite still, and takes it away.

Rendered, never a pixel-perfect bitmap: perspective, a hand's movement, motion blur, defocus, sensor noise, JPEG, and what
kiosk.demo.spoil adds to it. Seeded, so that a film is the same each time.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import msgspec
import numpy as np
import segno
from numpy.typing import NDArray

from kiosk.demo import spoil
from kiosk.demo.spoil import Picture

Holding = Literal["phone", "card"]

COME: Final = 0.5
"""Seconds from the edge of the picture to its middle, and back."""

GRAINS: Final = 4
"""Different noise pictures, taken in turn."""

MARGIN: Final = 24
"""Pixels around the object that its blur can reach."""

SHELF: Final = 0.95
"""Share of the picture's height above the shelf."""

FACE: Final = {"phone": (560, 1080), "card": (900, 600)}
"""Pixels of the flat object before it is held up."""


@dataclass(frozen=True)
class Visit:
    """Somebody holds up `text` from second `at` of the film on, for `hold` seconds; `side`: the object's height on the film."""

    text: str
    at: float
    hold: float = 2.2
    holding: Holding = "phone"
    side: int = 560
    seed: int = 1
    turn: float = 0.0
    """Radians around the camera's axis: 1.57 is lying on its side, 3.14 upside down."""
    tilt: float = 0.0
    """How much nearer one edge is than the other: 0.5 is a phone held at an angle."""
    shake: float = 1.0
    """How much the hand trembles; 8 is somebody who walks."""
    dark_mode: bool = False
    brightness: float = 1.0
    """Of the screen."""
    moire: float = 0.0
    bands: float = 0.0
    """Share of the light that dark bands take, which roll over a dimmed screen."""
    glare: float = 0.0
    """Light of a lamp mirrored in the glass or the sleeve: 1.0 is white in its middle."""
    finger: float = 0.0
    """Share of the code's side that a finger covers at a corner."""
    level: Literal["l", "q"] = "l"
    """Of error correction, on a phone: q for a cracked screen."""
    cracks: int = 0
    """How many cracks the glass has."""

    @property
    def until(self) -> float:
        """When the hand is out of the picture again."""
        return self.at + self.hold + 2 * COME


@dataclass(frozen=True)
class Film:
    """Visits, and how the camera takes them."""

    visits: tuple[Visit, ...]
    seconds: float
    width: int = 1280
    height: int = 720
    rate: float = 15.0
    noise: float = 5.0
    defocus: float = 0.8
    light: float = 1.0
    """Of the scene, as the sensor takes it: 0.2 is a dark street, 3 a camera that exposes for it and meets a bright screen."""
    dirt: float = 0.0
    """How much of the window the drops of rain on it blur, about."""
    jpeg: int = 100
    """Quality of the camera's own JPEG; 100: none."""
    seed: int = 7


def write_film(film: Film, path: Path, held: Sequence[Picture] | None = None) -> None:
    """Write the film as an AVI of JPEG pictures; `held`: as for :func:`frames`."""
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter.fourcc(*"MJPG"), film.rate, (film.width, film.height)
    )
    for picture in frames(film, held):
        writer.write(picture)
    writer.release()


def frames(film: Film, held: Sequence[Picture] | None = None) -> Iterator[Picture]:
    """The film's pictures in order: BGR, uint8, shape (height, width, 3).

    `held`: what is held up at each visit, flat, such as a phone's own picture; otherwise it is drawn.
    """
    street = background(film)
    faces = held or [face(visit) for visit in film.visits]
    grain = _grain(film)
    drops = spoil.drops((film.height, film.width), film.dirt, film.seed)
    empty = [_sense(street, each, film, drops) for each in grain]
    for number in range(round(film.seconds * film.rate)):
        at = number / film.rate
        here = [(visit, flat) for visit, flat in zip(film.visits, faces, strict=True) if visit.at <= at < visit.until]
        picture = street.copy() if here else street
        for visit, flat in here:
            picture = hold_up(picture, flat, visit, at, film)
        yield _sense(picture, grain[number % GRAINS], film, drops) if here else empty[number % GRAINS]


def background(film: Film) -> Picture:
    """The shelf that codes are laid on, and behind it a street at dusk, out of focus: edges and lights, and no code."""
    chance = np.random.default_rng(film.seed)
    slope = np.linspace(70, 120, film.height)[:, None, None] * np.array([1.0, 0.95, 0.85])
    picture = np.broadcast_to(slope, (film.height, film.width, 3)).astype("uint8").copy()
    for _ in range(40):
        corner = chance.integers((0, 0), (film.width, film.height))
        size = chance.integers(20, 200, 2)
        shade = [int(value) for value in chance.integers(30, 190, 3)]
        cv2.rectangle(picture, corner.tolist(), (corner + size).tolist(), shade, -1)
    picture = _picture(cv2.GaussianBlur(picture, (0, 0), 6))
    left, top = round(film.width * 0.2), round(film.height * SHELF)
    cv2.rectangle(picture, (left, top), (film.width - left, film.height), (186, 190, 192), -1)
    cv2.line(picture, (left, top), (film.width - left, top), (52, 50, 48), 2)
    return _picture(cv2.GaussianBlur(picture, (0, 0), film.defocus)) if film.defocus > 0 else picture


def face(visit: Visit) -> Picture:
    """The phone or the card, flat, with the code on it."""
    width, height = FACE[visit.holding]
    flat = np.full((height, width, 3), (32, 28, 26) if visit.holding == "phone" else (238, 244, 246), "uint8")
    if visit.holding == "phone":
        cv2.rectangle(flat, (24, 60), (width - 24, height - 60), (250, 250, 250), -1)
        cv2.putText(flat, "YIZHAN PASS", (110, 170), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (120, 70, 20), 4)
        code = symbol(visit.text, visit.level, 480)
        place = (40, 320)
    else:
        cv2.putText(flat, "YIZHAN", (560, 200), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (120, 70, 20), 6)
        cv2.putText(flat, "rest station card", (560, 280), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (90, 90, 90), 2)
        code = symbol(visit.text, "m", 500)
        place = (40, 50)
    left, top = place
    flat[top : top + code.shape[0], left : left + code.shape[1]] = code[:, :, None]
    if visit.dark_mode:
        flat = _picture(255 - flat)
    if visit.cracks:
        spoil.cracks(flat, visit.cracks, visit.seed)
    if visit.finger:
        spoil.finger(flat, (left + code.shape[1], top + code.shape[0]), visit.finger * code.shape[0])
    return flat


def symbol(text: str, error: str, side: int) -> Picture:
    """The QR code with its quiet zone, grey, about `side` pixels wide and high."""
    code = segno.make_qr(text, error=error, boost_error=False)
    modules = np.array([list(row) for row in code.matrix_iter(border=4)], "uint8")
    grey = np.where(modules > 0, 12, 250).astype("uint8")
    scale = max(1, side // grey.shape[0])
    return _picture(np.kron(grey, np.ones((scale, scale), "uint8")))


def hold_up(picture: Picture, flat: Picture, visit: Visit, at: float, film: Film) -> Picture:
    """The picture with the object in it, where the hand has it at second `at`. Only the part around it is worked on."""
    placed = _place(flat, visit, at, film)
    drift = (_place(flat, visit, at + 0.5 / film.rate, film) - placed).mean(axis=0)
    left, top = np.clip(placed.min(axis=0) - MARGIN, 0, (film.width, film.height)).astype(int)
    right, bottom = np.clip(placed.max(axis=0) + MARGIN, 0, (film.width, film.height)).astype(int)
    if right - left < 2 or bottom - top < 2:
        return picture
    source = _corners(flat) + np.array([flat.shape[1], flat.shape[0]]) / 2
    matrix = cv2.getPerspectiveTransform(source.astype("float32"), (placed - (left, top)).astype("float32"))
    size = (int(right - left), int(bottom - top))
    held = cv2.warpPerspective(flat, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full(flat.shape[:2], 255, "uint8"), matrix, size)
    held = _surface(_picture(held), visit, at)
    if film.defocus > 0:
        held = cv2.GaussianBlur(held, (0, 0), film.defocus)
    part = picture[top:bottom, left:right]
    if float(np.hypot(*drift)) <= 1.5:
        cv2.copyTo(held, mask, part)
        return picture
    kernel = _streak(*drift)
    share = (cv2.filter2D(mask, -1, kernel).astype("float32") / 255)[:, :, None]
    part[:] = (cv2.filter2D(held, -1, kernel) * share + part * (1 - share)).astype("uint8")
    return picture


def _surface(held: Picture, visit: Visit, at: float) -> Picture:
    """What its surface does to it."""
    if visit.brightness != 1.0:
        held = _picture(cv2.convertScaleAbs(held, alpha=visit.brightness))
    if visit.moire:
        held = spoil.moire(held, visit.moire, at, visit.seed)
    if visit.bands:
        held = spoil.bands(held, visit.bands, at)
    if visit.glare:
        held = spoil.glare(held, visit.glare, at, visit.seed)
    return held


def _place(flat: Picture, visit: Visit, at: float, film: Film) -> NDArray[np.float64]:
    """Where the object's four corners are in the picture: it comes from below, trembles, and goes again."""
    chance = np.random.default_rng(visit.seed)
    turn, yaw, pitch = chance.normal((visit.turn, visit.tilt, visit.tilt / 2), 0.06)
    phases = chance.uniform(0, 2 * math.pi, 4)
    since, left = at - visit.at, visit.until - at
    away = max(0.0, 1 - min(since, left) / COME) ** 2
    tremble = [
        math.sin(2 * math.pi * rate * since + phase) for rate, phase in zip((1.1, 1.7, 2.3, 0.6), phases, strict=True)
    ]
    scale = visit.side / flat.shape[0] * (1 + 0.02 * tremble[3])
    middle = np.array(
        [
            film.width * 0.5 + 9 * visit.shake * tremble[0] + 60 * away,
            film.height * 0.5 + 6 * visit.shake * tremble[1] + film.height * 1.2 * away,
        ]
    )
    corners = _corners(flat) * scale
    angle = turn + 0.02 * tremble[2]
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    depth = 1 + (corners @ np.array([yaw, pitch])) / max(film.width, film.height) * 2
    placed: NDArray[np.float64] = corners @ rotation.T / depth[:, None] + middle
    return placed


def _corners(flat: Picture) -> NDArray[np.float64]:
    """The corners around the object's middle."""
    half = np.array([flat.shape[1], flat.shape[0]]) / 2
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half


def _streak(right: float, down: float) -> NDArray[np.float32]:
    """What half a frame's movement does to a point."""
    length = int(min(41, max(3, math.hypot(right, down)))) | 1
    kernel = np.zeros((length, length), "float32")
    middle = length // 2
    reach = np.array([right, down]) / math.hypot(right, down) * middle
    begin, end = (middle - reach).round().astype(int), (middle + reach).round().astype(int)
    cv2.line(kernel, begin.tolist(), end.tolist(), 1.0)
    streak: NDArray[np.float32] = kernel / kernel.sum()
    return streak


def _grain(film: Film) -> list[NDArray[np.int16]]:
    chance = np.random.default_rng(film.seed + 1)
    fields = (chance.standard_normal((film.height, film.width), "float32") * film.noise for _ in range(GRAINS))
    return [cv2.merge([field.astype("int16")] * 3).astype("int16", copy=False) for field in fields]


def _sense(picture: Picture, grain: NDArray[np.int16], film: Film, drops: NDArray[np.float32]) -> Picture:
    """Through the wet window, the lens and the sensor."""
    if film.dirt:
        picture = spoil.wet(picture, drops)
    if film.light != 1.0:
        picture = spoil.exposed(picture, film.light)
    picture = _picture(cv2.add(picture, grain, dtype=cv2.CV_8U))
    return spoil.squeezed(picture, film.jpeg) if film.jpeg < 100 else picture


def _picture(array: Any) -> Picture:
    found: Picture = np.asarray(array).astype("uint8", copy=False)
    return found


def main() -> None:
    """`python -m kiosk.demo.film JSON PATH`: write to PATH the film that JSON describes."""
    described, path = (Path(word) for word in sys.argv[1:])
    write_film(msgspec.json.decode(described.read_bytes(), type=Film), path)


if __name__ == "__main__":
    main()
