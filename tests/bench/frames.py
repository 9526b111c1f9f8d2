"""What an empty frame costs: the scanner's way against pyzbar on every frame."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import process_time
from typing import Any

import cv2
from pyzbar import pyzbar

from hardware.looking import Looking
from kiosk.demo.film import Film, frames
from tests.bench.road import Report

ROUNDS = 5


def measure() -> Report:
    """The table."""
    pictures = list(frames(Film((), seconds=2.0)))
    greys = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in pictures]
    looking = Looking()
    ours = cost(looking.look, greys)
    theirs = cost(pyzbar.decode, pictures)
    rows = [["an empty frame, decoding", f"{ours:.1f} ms", f"{theirs:.1f} ms", f"{ours / theirs:.2f}", "0.10"]]
    return "Empty frames, 1280x720", ["", "kiosk", "pyzbar on every frame", "ratio", "bound"], rows


def cost(work: Callable[[Any], object], pictures: list[Any]) -> float:
    """The median of ROUNDS means, in milliseconds of processor time for one picture."""
    means = []
    for _ in range(ROUNDS):
        began = process_time()
        for picture in pictures:
            work(picture)
        means.append((process_time() - began) * 1000 / len(pictures))
    return statistics.median(means)
