"""An hour of film through the reader, as fast as it goes: does its memory stay where it is?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from kiosk.demo.film import frames
from tests.bench.road import BOUNDS, Report
from tests.bench.watcher import RATE
from tests.films import KINDS, film_of
from tests.keys import claims, signed

HOUR = 3600 * RATE
HELD_UP = ("a phone", "a card", "glare", "a dark street")


def measure() -> Report:
    """The table."""
    rows = [
        [
            f"after {row['frames'] / RATE / 60:.0f} min",
            f"{row['codes']}",
            f"{row['mb']:.0f} MB",
            f"{BOUNDS['scanner']} MB",
        ]
        for row in watch(HOUR)
    ]
    return (
        f"Memory of the reader over an hour of film at {RATE} frames/s",
        ["", "frames with a code", "kiosk", "bound"],
        rows,
    )


def watch(count: int) -> list[dict[str, float]]:
    """What a process of its own tells while it reads that many frames."""
    with tempfile.TemporaryDirectory() as folder:
        for name in HELD_UP:
            Path(folder, name).mkdir()
            for number, picture in enumerate(frames(film_of(KINDS[name], signed(claims()), seed=1))):
                cv2.imwrite(f"{folder}/{name}/{number:03}.jpg", picture)
        command = [sys.executable, "-m", "tests.bench.watcher", folder, str(count)]
        alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=alone)
    return [json.loads(line) for line in done.stdout.splitlines()]
