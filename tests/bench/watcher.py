"""Reads films, each a folder of pictures, as fast as it can, with an empty street between them, and tells its size.

    python -m tests.bench.watcher FOLDER FRAMES

It prints a JSON object for each tenth: frames so far, frames with a code, resident megabytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np

from hardware.codes import Grey
from hardware.guard import settle
from hardware.looking import Looking
from hardware.sight import Sight

RATE = 15
EMPTY = 870
"""Frames of an empty street after each film: somebody comes each minute."""


def main(folder: Path, frames: int) -> None:
    settle()
    looking, sight, codes = Looking(budget=0.0), Sight(), 0
    for number, grey in enumerate(islice(pictures(folder), frames), 1):
        codes += bool(looking.look(grey))
        sight.judge(grey, number / RATE)
        if number % (frames // 10) == 0:
            print(json.dumps({"frames": number, "codes": codes, "mb": resident()}), flush=True)


def pictures(folder: Path) -> Iterator[Grey]:
    """Without an end."""
    for film in cycle(sorted(folder.iterdir())):
        files = sorted(film.iterdir())
        for file in (*files, *files[:3] * (EMPTY // 3)):
            yield np.asarray(cv2.imdecode(np.fromfile(file, "uint8"), cv2.IMREAD_GRAYSCALE), dtype="uint8")


def resident() -> float:
    """Megabytes."""
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
