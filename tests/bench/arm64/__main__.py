"""`make bench-arm64`: what frames and decisions cost in instructions of the package's arm64 libraries, beside pyzbar.

QEMU runs one program of arm64 with a plugin that counts (counter.c). Only what the program itself executes is counted, and not
what the kernel does for it. KIOSK_PI names the folder that tools/pi.sh has filled; PHOTOS, how many photographs are read.
"""

from __future__ import annotations

import csv
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
from rich.console import Console
from rich.table import Table

from kiosk.demo.film import Film, frames
from kiosk.demo.spoil import Picture
from tests.conftest import ROOT
from tests.films import HELD, KINDS, film_of
from tests.keys import claims, signed

BUILT: Final = Path(os.environ.get("KIOSK_PI", ROOT / "build/pi")).resolve()
LIBRARIES: Final = ROOT / "build/deb/yizhan-kiosk-bookworm-arm64/lib"
PICTURES: Final = ROOT.parent / "shared/qr"
PHOTOS: Final = int(os.environ.get("PHOTOS", "40"))
SIZES: Final = ((640, 480), (1280, 720))
WALKING: Final = 8
"""Frames in which something moves: as many as there are attempts, which take turns."""

JPEG: Final = 85
"""Of a webcam's pictures, about."""

GLIBC: Final = 36
"""Of the Debian in `counter`, whose QEMU loads the plugin."""


BOARDS: Final = {"Zero 2 W": 838, "3B+": 914, "4B, 1.8 GHz": 1741, "5": 3196}
"""Millions of instructions a second of one core, by 7-Zip's rating (github.com/ThomasKaiser/sbc-bench, Results.md, single)."""


def main() -> None:
    """Two tables: what was counted, and what a board can carry by it."""
    if not (BUILT / "counter.made").exists() or not LIBRARIES.exists():
        sys.exit(f"KIOSK_PI NAMES NO BUILT CARD: {BUILT}; type: make card")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _pictures(folder)
        found = counted(folder)
    console = Console(width=120)
    console.print(_costs(found))
    console.print(_boards(found))


def _pictures(folder: Path) -> None:
    """An empty street of each size as a camera packs it, and some of the photographs."""
    for width, height in SIZES:
        street = next(frames(Film((), seconds=0.1, width=width, height=height)))
        cv2.imwrite(str(folder / f"empty-{width}x{height}.jpg"), street, [cv2.IMWRITE_JPEG_QUALITY, JPEG])
        for number, picture in enumerate(_walking(width, height)):
            cv2.imwrite(str(folder / f"walking-{width}x{height}-{number}.png"), picture)
    with (PICTURES / "photos.csv").open() as rows:
        names = sorted(row["file"] for row in csv.DictReader(rows))
    for name in random.Random(1).sample(names, PHOTOS):  # noqa: S311
        shutil.copy(PICTURES / "photos" / name, folder / f"photo-{name}")


def _walking(width: int, height: int) -> list[Picture]:
    """Frames in which somebody walks with a phone in the hand, so that no single one is read."""
    film = film_of(KINDS["a walking hand"], signed(claims()), 1)
    visit = replace(film.visits[0], side=height * film.visits[0].side // film.height)
    found = frames(replace(film, visits=(visit,), width=width, height=height))
    return list(islice(found, round(HELD * film.rate), round(HELD * film.rate) + WALKING))


def counted(folder: Path) -> dict[str, list[int]]:
    """Instructions of each piece of work of tests/bench/arm64/work.py, by its name."""
    log = folder / "counts"
    words = ["-plugin", str(_plugin(folder)), "-d", "plugin", "-D", str(log), "-L", str(BUILT / "system")]
    path = f"PYTHONPATH={LIBRARIES}:{ROOT}"
    words += ["-E", path, "-E", "PYTHONHASHSEED=0", "-E", "PYTHONDONTWRITEBYTECODE=1"]
    python = [str(BUILT / "system/usr/bin/python3"), "-m", "tests.bench.arm64.work", str(folder)]
    ran = subprocess.run([*_qemu(), *words, *python], cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    marks = [int(line) for line in log.read_text().split()]
    found = defaultdict[str, list[int]](list)
    for name, begun, ended in zip(ran.stdout.splitlines(), marks[::2], marks[1::2], strict=True):
        found[name].append(ended - begun)
    return found


def _plugin(folder: Path) -> Path:
    made, source = folder / "counter.so", Path(__file__).with_name("counter.c")
    target = f"{platform.machine()}-linux-gnu.2.{GLIBC}"
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-O2", "-fPIC", "-shared"]
    subprocess.run([*compiler, "-o", str(made), str(source)], check=True)
    return made


def _qemu() -> list[str]:
    """That of Debian 12, since Debian 13's for single programs takes no plugins."""
    tree = BUILT / "counter"
    loader = next(tree.glob("usr/lib/*-linux-gnu/ld-linux-*"))
    return [str(loader), "--library-path", str(loader.parent), str(tree / "usr/bin/qemu-aarch64")]


def _costs(found: dict[str, list[int]]) -> Table:
    table = Table("", "instructions, millions", "of pyzbar's", title="Counted, arm64", title_justify="left")
    for name, each in found.items():
        median = statistics.median(each)
        beside = statistics.median(found.get(f"{name.split()[0]} pyzbar", [0]))
        table.add_row(name, f"{median / 1e6:.3g}", f"{median / beside:.3f}" if beside else "")
    return table


def _boards(found: dict[str, list[int]]) -> Table:
    table = Table("", *BOARDS, title="Frames a second on one core, estimated", title_justify="left")
    for width, height in SIZES:
        for name, cost in _frames(found, f"{width}x{height}"):
            table.add_row(name, *(f"{millions * 1e6 / cost:.0f}" for millions in BOARDS.values()))
    return table


def _frames(found: dict[str, list[int]], size: str) -> Iterator[tuple[str, float]]:
    """What a core does for each frame: the busier one of the scanner's two, and the one of who decodes each with pyzbar."""
    works = ("unpacked", "looked at", "walking", "pyzbar")
    unpacked, looked, walking, pyzbar = (found[f"{size} {what}"][0] for what in works)
    yield f"{size}, an empty street", max(unpacked, looked)
    yield f"{size}, somebody walks there", max(unpacked, walking / WALKING)
    yield f"{size}, pyzbar on each", unpacked + pyzbar


if __name__ == "__main__":
    main()
