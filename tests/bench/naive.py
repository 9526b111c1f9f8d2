"""The loop that everybody writes: read a frame, pyzbar on the colour picture, ask the server and wait, then the pin.

    python -m tests.bench.naive FILM RATE URL

The camera is modelled kindly: frames come in their time and the driver keeps four, as V4L2 does; the pin is gpiozero's mock.
It prints a JSON object: for each code the milliseconds from the frame's time to the pin, and the processor time a frame.
"""

from __future__ import annotations

import json
import sys
from time import CLOCK_BOOTTIME, clock_gettime, process_time, sleep
from typing import Any

import cv2
import requests
from gpiozero import LED
from gpiozero.pins.mock import MockFactory
from pyzbar import pyzbar

KEPT = 4


def now() -> float:
    return clock_gettime(CLOCK_BOOTTIME)


class PacedFilm:
    """A film as a device would give it: each frame at its time, those older than the driver's buffer lost."""

    def __init__(self, path: str, rate: float) -> None:
        self._capture = cv2.VideoCapture(path)
        self._rate, self._number, self._began = rate, 0, now()

    def read(self) -> tuple[bool, Any, float]:
        """Whether there was one, the frame, and when it came."""
        while self._number + KEPT < (now() - self._began) * self._rate:
            if not self._capture.grab():
                return False, None, 0.0
            self._number += 1
        good, frame = self._capture.read()
        self._number += 1
        due = self._began + self._number / self._rate
        sleep(max(0.0, due - now()))
        return good, frame, due


def main(path: str, rate: float, url: str) -> None:
    lock = LED(17, pin_factory=MockFactory())
    film, seen, latencies, count = PacedFilm(path, rate), set[bytes](), [], 0
    while True:
        good, frame, at = film.read()
        if not good:
            break
        count += 1
        for code in pyzbar.decode(frame):
            if code.data not in seen:
                seen.add(code.data)
                if requests.post(url, data=code.data, timeout=5).json()["open"]:
                    lock.on()
                    latencies.append((now() - at) * 1000)
                    lock.off()
    print(
        json.dumps({"latencies": latencies, "frames": count, "cpu_ms_a_frame": process_time() * 1000 / max(1, count)})
    )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
