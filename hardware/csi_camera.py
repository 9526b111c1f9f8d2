"""A camera on the Raspberry Pi's ribbon cable, by Picamera2: OpenCV cannot open those (opencv#22820)."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from hardware.border import ODD
from hardware.codes import Grey


class CsiCapture:
    """Looks like a cv2.VideoCapture as far as hardware.camera needs one. Raises OSError when there is no such camera."""

    def __init__(self, number: int, width: int, height: int, rate: float, exposure_ms: float | None) -> None:
        try:
            picamera2 = importlib.import_module("picamera2")
        except (ImportError, *ODD) as error:  # a numpy of another build makes a ValueError of it
            raise OSError("Picamera2 is missing: sudo apt-get install python3-picamera2") from error
        frame_time = round(1e6 / rate)
        controls: dict[str, Any] = {"FrameDurationLimits": (frame_time, frame_time)}
        if exposure_ms is not None:
            controls |= {"AeEnable": False, "ExposureTime": round(exposure_ms * 1000)}
        try:
            self._camera = picamera2.Picamera2(number)
            main = {"size": (width, height), "format": "YUV420"}
            self._camera.configure(
                self._camera.create_video_configuration(main=main, controls=controls, buffer_count=4)
            )
            self._camera.start()
        except ODD as error:
            raise OSError(str(error) or "no such camera") from error
        self._size = (height, width)

    def read(self) -> tuple[bool, Grey]:
        """The next frame's brightness: the first rows of YUV420 are just that."""
        planes = np.asarray(self._camera.capture_array("main"))
        return True, planes[: self._size[0], : self._size[1]]

    def release(self) -> None:
        """Let go of the camera."""
        self._camera.stop()
        self._camera.close()
