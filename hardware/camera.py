"""One camera: a V4L2 device, one on the ribbon cable (`csi:0`), a video file played in its own time, or a stream.

A thread reads all the time and keeps only the newest frame: V4L2 holds four, and a slow reader would see the past. Health is
the age of the last good frame; a call that hangs in C shows as `stuck_for`. No frame is written anywhere. Whatever a camera or
its library says or does is `trouble`, and it is opened again.
"""

from __future__ import annotations

import errno
import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime, sleep
from typing import Any, Final, Protocol

import cv2
import numpy as np

from hardware.border import ODD
from hardware.codes import Grey
from hardware.csi_camera import CsiCapture
from hardware.network_camera import NetworkCapture, Silent, named
from hardware.v4l2 import Controls, set_controls

log = logging.getLogger(__name__)

BROKEN: Final = (*ODD, cv2.error)
"""All that opening and reading raises."""

Start = Callable[[str, Callable[[], None]], None]
"""Calls a turn again and again in a thread of that name, until its program ends."""

IDLE: Final = 0.2
"""Seconds that a turn may take which has nothing to do."""

FIRST_RETRY: Final = 0.5
LONGEST_RETRY: Final = 10.0
LAST_READ: Final = 2.0
"""Seconds in which the last read is waited for at the end: a thread that comes out of OpenCV into an ended Python aborts it."""

LEAST: Final = 32
"""Pixels of a picture's shorter side: in less no code is read, nor can anything be said of it."""

END_OF_FILM: Final = "end of film"
DEVICES, FILES_IN_MEMORY = "/dev/", "/dev/shm/"  # noqa: S108  whose films may be played
CSI: Final = "csi:"
AS_IT_IS: Final = Controls()


class Capture(Protocol):
    """What gives frames, as cv2.VideoCapture does."""

    def read(self) -> tuple[bool, Any]:
        """Whether there was a frame, and the frame: (height, width) grey, or BGR."""

    def release(self) -> None:
        """Close it."""


@dataclass(frozen=True)
class Frame:
    """A grey picture, shape (height, width), and the boot time at which it was got."""

    grey: Grey
    at: float


@dataclass(frozen=True)
class CameraSource:
    """Where pictures come from: `/dev/...`, `csi:0`, a file, or a URL.

    `pause`: seconds before a film starts again, or None. `timeout`: seconds for which a network camera may be silent.
    """

    source: str
    width: int = 1280
    height: int = 720
    rate: float = 30.0
    pause: float | None = None
    controls: Controls = AS_IT_IS
    timeout: float = 8.0

    @property
    def name(self) -> str:
        """As it may be told."""
        return named(self.source)

    @property
    def is_device(self) -> bool:
        """Whether it is one that the kernel drives."""
        return self.source.startswith(DEVICES) and not self.source.startswith(FILES_IN_MEMORY)

    @property
    def is_film(self) -> bool:
        """Whether it is a file that is played rather than a device that is asked."""
        return not self.is_device and not self.source.startswith(CSI) and "://" not in self.source


class Camera:
    """Opens the source, again and again with growing pauses, and keeps the newest frame."""

    def __init__(self, source: CameraSource, start: Start | None = None) -> None:
        """`start` gives it a thread, which its program watches over; without it has one that nobody does."""
        self._source = source
        self._news = threading.Condition()
        self._frame: Frame | None = None
        self._trouble = "not open yet"
        self._called_at: float | None = None
        self._stop = threading.Event()
        self._turning = threading.Lock()
        self._capture: Capture | None = None
        self._opened_at, self._count = 0.0, 0
        self._next_at, self._retry = 0.0, FIRST_RETRY
        (start or self._alone)("camera", self._turn)

    @property
    def trouble(self) -> str:
        """What is wrong with it now; empty while frames come."""
        return self._trouble

    @property
    def stuck_for(self) -> float:
        """Seconds that OpenCV has been opening or reading without an answer."""
        called_at = self._called_at
        return 0.0 if called_at is None else clock_gettime(CLOCK_BOOTTIME) - called_at

    def newest(self, after: float, timeout: float) -> Frame | None:
        """The newest frame got after boot time `after`; None when there is none within `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._frame is not None and self._frame.at > after, timeout)
            found = self._frame
        return found if found is not None and found.at > after else None

    def close(self) -> bool:
        """Stop reading, and wait for the read that is under way; one that hangs is left alone. Whether none does."""
        self._stop.set()
        if not self._turning.acquire(timeout=LAST_READ):
            return False
        self._release()
        self._turning.release()
        return True

    def _alone(self, name: str, turn: Callable[[], None]) -> None:
        def turns() -> None:
            while not self._stop.is_set():
                turn()

        threading.Thread(target=turns, name=name, daemon=True).start()

    def _turn(self) -> None:
        """Open the source, or read one frame of it; after what nobody thought of it is opened anew."""
        wait = self._next_at - clock_gettime(CLOCK_BOOTTIME)
        if self._stop.is_set() or wait > 0:
            sleep(IDLE) if self._stop.is_set() else self._stop.wait(min(IDLE, wait))
            return
        with self._turning, ExitStack() as stack:
            stack.callback(self._release)
            if self._capture is None:
                self._open()
            else:
                self._read(self._capture)
            stack.pop_all()

    def _open(self) -> None:
        try:
            with self._calling():
                self._capture = open_capture(self._source)
        except BROKEN as error:
            why = (error.strerror if isinstance(error, OSError) else "") or error
            self._fail(f"{self._source.name} does not open: {why}")
        self._opened_at, self._count = clock_gettime(CLOCK_BOOTTIME), 0

    def _read(self, capture: Capture) -> None:
        grey, why = None, "gives no frames"
        try:
            with self._calling():
                good, picture = capture.read()
            grey = grey_of(picture) if good else None
        except Silent as error:
            why = f"gives no frames: {error}"
        except BROKEN as error:
            log.debug("%s: %s", self._source.name, error)
        if grey is None:
            self._end(why)
            return
        self._count += 1
        self._retry = FIRST_RETRY
        if self._source.is_film:
            due = self._opened_at + self._count / self._source.rate
            self._stop.wait(max(0.0, due - clock_gettime(CLOCK_BOOTTIME)))
        self._keep(grey)

    def _end(self, why: str) -> None:
        """No more frames come: a film begins again after its pause, anything else is opened anew."""
        self._release()
        if not self._source.is_film or not self._count:
            self._fail(f"{self._source.name} {why}")
            return
        pause = self._source.pause
        self._trouble = END_OF_FILM
        self._next_at = math.inf if pause is None else clock_gettime(CLOCK_BOOTTIME) + pause

    def _fail(self, trouble: str) -> None:
        self._trouble = trouble
        self._next_at = clock_gettime(CLOCK_BOOTTIME) + self._retry
        self._retry = min(LONGEST_RETRY, self._retry * 2)

    def _release(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            with suppress(*BROKEN):
                capture.release()

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Within this block a call may hang in C."""
        self._called_at = clock_gettime(CLOCK_BOOTTIME)
        try:
            yield
        finally:
            self._called_at = None

    def _keep(self, grey: Grey) -> None:
        with self._news:
            self._frame, self._trouble = Frame(grey, clock_gettime(CLOCK_BOOTTIME)), ""
            self._news.notify_all()


def grey_of(picture: Any) -> Grey:
    """The picture in grey. Raises what is BROKEN for what is no picture."""
    grey = np.asarray(picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    if grey.dtype != np.uint8 or min(grey.shape) < LEAST:
        raise ValueError("the camera gives no picture")
    return grey


def open_capture(source: CameraSource) -> Capture:
    """What gives the frames. Raises OSError when it does not open; a device is looked for anew by its path each time."""
    if source.source.startswith(CSI):
        number = int(source.source.removeprefix(CSI))
        return CsiCapture(number, source.width, source.height, source.rate, source.controls.exposure_ms)
    if source.is_device:
        if missing := set_controls(source.source, source.controls):
            log.warning("%s cannot set %s", source.source, ", ".join(missing))
        capture = cv2.VideoCapture(source.source, cv2.CAP_V4L2)
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))  # before the size: afterwards it is ignored
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, source.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, source.height)
        capture.set(cv2.CAP_PROP_FPS, source.rate)
    elif source.is_film and not Path(source.source).exists():
        raise FileNotFoundError(errno.ENOENT, "no such file")
    elif source.is_film:
        capture = cv2.VideoCapture(source.source, cv2.CAP_FFMPEG)
    else:
        return NetworkCapture(source.source, source.timeout)
    if not capture.isOpened():
        capture.release()
        raise OSError("there are no pictures in it" if source.is_film else "no camera answers there")
    found: Capture = capture
    return found
