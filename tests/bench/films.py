"""Films of hard cases: how soon a code is read against the loop that everybody writes, and how small it may be."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter

import cv2
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyzbar import pyzbar

from hardware.codes import Grey, glance, read_codes
from hardware.looking import Looking
from kiosk.demo.film import COME, FACE, Film, Visit, symbol
from tests.bench.road import Report
from tests.films import HELD, KINDS, film_of, grey_frames
from tests.keys import NOW, claims, signed

SEEDS = range(1, 6)
SIZES = (200, 220, 240, 270, 300, 340, 380, 430, 480, 560, 640, 720)
"""Pixels of the phone's height on the film."""

NEVER = 9.0
"""Seconds that stand for a code that was not read."""

Reader = Callable[[Grey], list[str]]


def time_to_read() -> Report:
    """Seconds from the hand's arrival to the text, for each film; a reader that is done with a frame takes the newest one."""
    text = signed(claims(scope="3708"))
    rows = []
    for name, kind in KINDS.items():
        times: dict[str, list[float]] = {"ours": [], "naive": []}
        single = count = 0
        for seed in SEEDS:
            film = list(grey_frames(film_of(kind, text, seed)))
            times["ours"].append(first_read(film, Looking().look, text))
            times["naive"].append(first_read(film, naive, text))
            held = [picture for at, picture in film if HELD <= at < HELD + 1.0][::5]
            single += sum(text in read_codes(picture) for picture in held)
            count += len(held)
        rows.append([name, *(_told(times[who]) for who in ("ours", "naive")), f"{100 * single / count:.0f} %"])
    columns = ["", "kiosk", "pyzbar on every frame", "single frames that any attempt reads"]
    return f"Time to read, {len(SEEDS)} films each, 1280x720 at 15 frames/s: median and worst", columns, rows


def naive(grey: Grey) -> list[str]:
    """The loop that everybody writes."""
    return [found.data.decode("utf-8", "replace") for found in pyzbar.decode(grey)]


def first_read(film: list[tuple[float, Grey]], read: Reader, text: str) -> float:
    """Seconds from HELD to the end of the work on the frame that gave the text, in the film's time."""
    free = 0.0
    for at, picture in film:
        if at < free:
            continue
        began = perf_counter()
        texts = read(picture)
        free = at + perf_counter() - began
        if text in texts:
            return max(0.0, free - HELD)
    return NEVER


def _told(times: list[float]) -> str:
    never = sum(each == NEVER for each in times)
    if never == len(times):
        return "never"
    worst = f"{never} of {len(times)} never" if never else f"{max(times):.2f} s"
    return f"{statistics.median(times):.2f} s, {worst}" if never * 2 < len(times) else worst


def smallest() -> Report:
    """The size of a module at which a single frame is read, for the pass and for a JWT of the same content."""
    texts = {"pass": signed(claims(scope="3708")), "JWT of the same claims": as_jwt()}
    readers: dict[str, Reader] = {
        "a glance": lambda grey: glance(grey).texts,
        "all attempts": read_codes,
        "pyzbar": naive,
    }
    rows = []
    for name, text in texts.items():
        rates: dict[str, dict[float, float]] = {reader: {} for reader in readers}
        modules = symbol(text, "l", 1).shape[0]
        for size in SIZES:
            pixels = size / FACE["phone"][1] * (480 // modules)
            pictures = [picture for seed in SEEDS for picture in held_at(text, size, seed)]
            for reader, read in readers.items():
                rates[reader][pixels] = sum(text in read(picture) for picture in pictures) / len(pictures)
        rows += [
            [f"{name}, {modules - 8} modules", reader, *(_reached(rate, share, modules - 8) for share in (0.5, 0.9))]
            for reader, rate in rates.items()
        ]
    columns = ["", "read by", "half of the frames", "nine in ten"]
    return "Smallest code: pixels for each module (side of the code), blur 0.8, noise 5", columns, rows


def held_at(text: str, size: int, seed: int) -> list[Grey]:
    """Some frames of a phone of that height."""
    visit = Visit(text, -COME, hold=2.0, side=size, seed=seed)
    return [picture for _, picture in grey_frames(Film((visit,), seconds=0.8, rate=5.0, seed=seed))]


def _reached(rates: dict[float, float], share: float, modules: int) -> str:
    """The smallest size from which on at least that share is read."""
    enough = None
    for pixels, rate in sorted(rates.items(), reverse=True):
        if rate < share:
            break
        enough = pixels
    return "at no size" if enough is None else f"{enough:.1f} ({enough * modules:.0f})"


def as_jwt() -> str:
    """The pass's claims as a JWT, signed in the same way."""
    content = {"exp": NOW + 86_400, "nbf": NOW, "iat": NOW, "idx": 7, "cls": 0, "scp": "3708", "knd": 0}
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return jwt.encode(content, key, "EdDSA", {"kid": "k1"})


cv2.setNumThreads(1)
