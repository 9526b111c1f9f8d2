"""One camera: a V4L2 device, one on the ribbon cable (`csi:0`), a video file played in its own time, or a stream.

A thread reads all the time and keeps only the newest frame: V4L2 holds four, and a slow reader would see the past. Health is
the age of the last good frame; a call that hangs in C shows as `stuck_for`. No frame is written anywhere.
"""

from __future__ import annotations

import errno
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime
from typing import Any, Final, Protocol

import cv2

from hardware.codes import Grey
from hardware.csi_camera import CsiCapture
from hardware.v4l2 import Controls, set_controls

log = logging.getLogger(__name__)

FIRST_RETRY: Final = 0.5
LONGEST_RETRY: Final = 10.0
LAST_READ: Final = 2.0
"""Seconds in which the last read is waited for at the end: a thread that comes out of OpenCV into an ended Python aborts it."""

END_OF_FILM: Final = "end of film"
DEVICE: Final = "/dev/"
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
    """Where pictures come from: `/dev/...`, `csi:0`, a file, or a URL. `pause`: seconds before a film starts again, or None."""

    source: str
    width: int = 1280
    height: int = 720
    rate: float = 30.0
    pause: float | None = None
    controls: Controls = AS_IT_IS

    @property
    def is_film(self) -> bool:
        """Whether it is a file that is played rather than a device that is asked."""
        return not self.source.startswith((DEVICE, CSI)) and "://" not in self.source


class Camera:
    """Opens the source, again and again with growing pauses, and keeps the newest frame."""

    def __init__(self, source: CameraSource) -> None:
        self._source = source
        self._news = threading.Condition()
        self._frame: Frame | None = None
        self._trouble = "not open yet"
        self._called_at: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

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

    def close(self) -> None:
        """Stop reading, and wait for the read that is under way; one that hangs is left alone."""
        self._stop.set()
        self._thread.join(LAST_READ)

    def _run(self) -> None:
        retry = FIRST_RETRY
        while not self._stop.is_set():
            self._called_at = clock_gettime(CLOCK_BOOTTIME)
            try:
                capture = open_capture(self._source)
            except OSError as error:
                capture, self._trouble = None, f"{self._source.source} does not open: {error.strerror or error}"
            self._called_at = None
            if capture is not None and self._read(capture):
                retry = FIRST_RETRY
            if self._trouble == END_OF_FILM:
                if self._source.pause is None or self._stop.wait(self._source.pause):
                    return
                continue
            self._stop.wait(retry)
            retry = min(LONGEST_RETRY, retry * 2)

    def _read(self, capture: Capture) -> bool:
        """Read until it fails; whether there was any frame."""
        began, count = clock_gettime(CLOCK_BOOTTIME), 0
        while not self._stop.is_set():
            self._called_at = clock_gettime(CLOCK_BOOTTIME)
            good, picture = capture.read()
            self._called_at = None
            if not good:
                break
            count += 1
            if self._source.is_film:
                self._stop.wait(max(0.0, began + count / self._source.rate - clock_gettime(CLOCK_BOOTTIME)))
            self._keep(picture)
        capture.release()
        self._trouble = END_OF_FILM if self._source.is_film and count else f"{self._source.source} gives no frames"
        return count > 0

    def _keep(self, picture: Any) -> None:
        at = clock_gettime(CLOCK_BOOTTIME)
        grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        with self._news:
            self._frame, self._trouble = Frame(grey, at), ""
            self._news.notify_all()


def open_capture(source: CameraSource) -> Capture:
    """What gives the frames. Raises OSError when it does not open; a device is looked for anew by its path each time."""
    if source.source.startswith(CSI):
        number = int(source.source.removeprefix(CSI))
        return CsiCapture(number, source.width, source.height, source.rate, source.controls.exposure_ms)
    if source.source.startswith(DEVICE):
        if missing := set_controls(source.source, source.controls):
            log.warning("%s cannot set %s", source.source, ", ".join(missing))
        capture = cv2.VideoCapture(source.source, cv2.CAP_V4L2)
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))  # before the size: afterwards it is ignored
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, source.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, source.height)
        capture.set(cv2.CAP_PROP_FPS, source.rate)
    elif source.is_film and not Path(source.source).exists():
        raise FileNotFoundError(errno.ENOENT, "no such file")
    else:
        capture = cv2.VideoCapture(source.source, cv2.CAP_FFMPEG)
    if not capture.isOpened():
        capture.release()
        raise OSError("there are no pictures in it" if source.is_film else "no camera answers there")
    found: Capture = capture
    return found
