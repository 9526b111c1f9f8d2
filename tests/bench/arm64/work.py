"""The work that is counted, on the emulated processor: python3 -m tests.bench.arm64.work FOLDER.

FOLDER has the pictures. It prints each piece's name, and sets a mark for counter.c before and behind it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.camera import grey_of
from hardware.codes import Grey, glance, pyzbar, read_codes
from hardware.looking import Looking
from hardware.sight import fault
from kiosk import BUILD_TIME
from kiosk.core.clock import Clock, Instant, Quality
from kiosk.core.door.access import Trust
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.entries import Granted, Stamp
from kiosk.core.events import Scanned
from kiosk.core.state import State
from kiosk.core.step import step
from kiosk.logbook.store import Logbook
from kiosk.trust.passes import Pass, read_pass
from kiosk.trust.status import NO_STATUS
from tests.keys import KEYSET, NOW, ROOT, claims, public, signed

MARK: Final = 0x4B494F53
Work = tuple[str, Callable[[], object]]


def main(folder: Path) -> None:
    """Do each once uncounted, as what is imported or built at the first time is no part of it."""
    cv2.setNumThreads(1)
    for name, work in (*decisions(), *frames(folder), *photographs(folder)):
        work()
        print(name, flush=True)
        _mark()
        work()
        _mark()


def _mark() -> None:
    with suppress(ProcessLookupError):
        os.getpgid(MARK)


def frames(folder: Path) -> Iterator[Work]:
    """Of each size: a frame as a USB camera gives it, and what is done with one in which nothing happens."""
    for path in sorted(folder.glob("empty-*.jpg")):
        size, packed = path.stem.removeprefix("empty-"), np.frombuffer(path.read_bytes(), "uint8")
        grey = _unpacked(packed)
        yield f"{size} unpacked", partial(_unpacked, packed)
        yield f"{size} looked at", partial(Looking().look, grey)
        yield f"{size} walking", partial(_walking, [_read(each) for each in sorted(folder.glob(f"walking-{size}-*"))])
        yield f"{size} judged", partial(fault, grey)
        yield f"{size} all attempts", partial(read_codes, grey)
        yield f"{size} pyzbar", partial(_pyzbar, grey)


def photographs(folder: Path) -> Iterator[Work]:
    """Photographs of codes, by every attempt and by pyzbar."""
    for path in sorted(folder.glob("photo-*")):
        grey = _read(path)
        yield "photo read_codes", partial(read_codes, grey)
        yield "photo glance", partial(glance, grey)
        yield "photo pyzbar", partial(_pyzbar, grey)


def _walking(pictures: list[Grey]) -> None:
    """One attempt is spent on each, which is what a scanner does that is late."""
    looking = Looking(budget=0.0)
    for each in pictures:
        looking.look(each)


def _read(path: Path) -> Grey:
    return grey_of(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


def _unpacked(packed: NDArray[np.uint8]) -> Grey:
    """As OpenCV and the scanner do it with a camera's JPEG."""
    return grey_of(cv2.imdecode(packed, cv2.IMREAD_COLOR))


def _pyzbar(grey: Grey) -> None:
    with suppress(ValueError):
        pyzbar.decode(grey)


def decisions() -> Iterator[Work]:
    """A pass verified; from its text to the decision; and the entry to the disk, without what the kernel does for it."""
    text = signed(claims(1))
    assert isinstance(read_pass(text, KEYSET), Pass)
    yield "verify", partial(read_pass, text, KEYSET)
    state = State(
        public(ROOT),
        Clock(lo=BUILD_TIME, lo_at=0.0),
        Trust("37081101", KEYSET, NO_STATUS),
        {"main": Door("main", DoorRules())},
    )
    yield "decide", lambda: step(state, Scanned("main", text, 1.0), Instant(1.0, NOW))
    book = Logbook(Path(tempfile.mkdtemp()), "boot")
    entry = Granted("main", 1, 0, 0, "token", NOW + 86_400)
    yield "commit", lambda: book.append([(Stamp(1.0, float(NOW), Quality.SYNCED), entry)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
