"""Printed pages as a camera, or a person, would meet them: rasterised by PDFium, which drew none of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import cv2
import numpy as np
import pypdfium2

from hardware.codes import Grey
from hardware.looking import Looking
from kiosk.demo.film import COME, Film, Visit, frames
from tests.films import grey

VIEW: Final = math.radians(66)
"""How wide a door's camera sees: the horizontal field of view of a Camera Module 3 (Raspberry Pi documentation, Camera)."""

WIDE: Final = 1280


def pictures(pdf: bytes, dpi: int = 200) -> list[Any]:
    """Its pages, BGR."""
    with closing(pypdfium2.PdfDocument(pdf)) as paper:
        return [page.render(scale=dpi / 72, rev_byteorder=False).to_numpy()[:, :, :3].copy() for page in paper]


def texts(pdf: bytes) -> list[str]:
    """What can be copied out of each page."""
    with closing(pypdfium2.PdfDocument(pdf)) as paper:
        return [page.get_textpage().get_text_bounded() for page in paper]


def outside(pdf: bytes, margin: float = 0.0) -> list[str]:
    """Each text that reaches beyond its page, or nearer than `margin` points to an edge of it."""
    return [text for text, box, size in _boxes(pdf) if not _within(box, size, margin)]


def _boxes(pdf: bytes) -> Iterator[tuple[str, tuple[float, ...], tuple[float, float]]]:
    with closing(pypdfium2.PdfDocument(pdf)) as paper:
        for page in paper:
            words = page.get_textpage()
            for at in range(words.count_rects()):
                box = words.get_rect(at)
                yield words.get_text_bounded(*box), box, page.get_size()


def _within(box: tuple[float, ...], size: tuple[float, float], margin: float) -> bool:
    left, bottom, right, top = box
    return min(left, bottom) >= margin - 0.01 and right <= size[0] - margin + 0.01 and top <= size[1] - margin + 0.01


def pixels(millimetres: float, away: float) -> int:
    """How large something is in a camera's picture, so many millimetres away."""
    return round(millimetres / (2 * away * math.tan(VIEW / 2)) * WIDE)


def held_up(face: Any, height: float, away: float, seed: int = 1, **film: Any) -> Iterator[Grey]:
    """The frames of a second in which it is held before the camera, from when the hand has come."""
    visit = Visit("", 0.0, hold=1.4, holding="card", side=pixels(height, away), seed=seed)
    shot = Film((visit,), seconds=visit.until - COME, seed=seed + 6, **film)
    for number, picture in enumerate(frames(shot, [face])):
        if number / shot.rate > COME:
            yield grey(picture)


def read_share(shots: Iterator[Grey], text: str) -> float:
    """In which share of the frames the scanner reads it, with one attempt for each as on a slow board."""
    looking = Looking(budget=0.0)
    read = [looking.look(shot) == [text] for shot in shots]
    return sum(read) / len(read)


def on_a_wall(sheet: Any, height: float, away: float) -> Grey:
    """A sheet before a grey wall, as a camera takes it from there; what does not fit is cut off."""
    side = pixels(height, away)
    scaled = cv2.resize(sheet, None, fx=side / sheet.shape[0], fy=side / sheet.shape[0], interpolation=cv2.INTER_AREA)
    wall = np.full((720, WIDE, 3), 120, "uint8")
    cut = scaled[max(0, (side - 720) // 2) :][:720, max(0, (scaled.shape[1] - WIDE) // 2) :][:, :WIDE]
    top, left = (720 - cut.shape[0]) // 2, (WIDE - cut.shape[1]) // 2
    wall[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    noise = np.random.default_rng(1).normal(0, 5, wall.shape[:2])
    return np.clip(cv2.GaussianBlur(grey(wall), (0, 0), 0.8) + noise, 0, 255).astype("uint8")
