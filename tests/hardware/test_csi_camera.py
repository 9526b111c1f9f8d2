"""The camera on the ribbon cable, against a stand-in for Picamera2 that takes and gives what its manual says.

Not shown here: a real sensor. That is `kiosk doctor`'s and the commissioning's to prove.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.camera import Camera, CameraSource
from hardware.v4l2 import Controls
from tests.programs.house import until

STAND_IN = '''
import numpy as np

calls = []

class Picamera2:
    def __init__(self, number):
        if number > 0:
            raise IndexError("list index out of range")

    def create_video_configuration(self, main, controls, buffer_count):
        calls.append((main, controls))
        self._width, self._height = main["size"]
        return "configuration"

    def configure(self, configuration):
        assert configuration == "configuration"

    def start(self): ...

    def stop(self): ...

    def close(self): ...

    def capture_array(self, name):
        """YUV420: the brightness, then half as many rows of colour; rows are padded to 64 bytes."""
        padded = -(-self._width // 64) * 64
        planes = np.full((self._height * 3 // 2, padded), 77, "uint8")
        planes[self._height :] = 128
        planes[:, self._width :] = 255
        return planes
'''


@pytest.fixture
def picamera2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "picamera2.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("picamera2", None)


@pytest.mark.usefixtures("picamera2")
def test_its_frames_are_the_brightness_and_nothing_else() -> None:
    camera = Camera(CameraSource("csi:0", width=100, height=60, rate=25.0, controls=Controls(exposure_ms=8.0)))
    frame = camera.newest(0.0, timeout=30.0)
    camera.close()
    assert frame is not None
    assert frame.grey.shape == (60, 100)
    assert set(frame.grey.flat) == {77}
    ((main, controls),) = sys.modules["picamera2"].calls[:1]
    assert main == {"size": (100, 60), "format": "YUV420"}
    assert controls == {"FrameDurationLimits": (40000, 40000), "AeEnable": False, "ExposureTime": 8000}


@pytest.mark.usefixtures("picamera2")
def test_a_camera_that_is_not_on_the_cable_is_named() -> None:
    camera = Camera(CameraSource("csi:1"))
    until(lambda: camera.trouble == "csi:1 does not open: list index out of range", "its name")
    camera.close()


def test_without_picamera2_the_package_is_named() -> None:
    camera = Camera(CameraSource("csi:0"))
    until(lambda: "sudo apt-get install python3-picamera2" in camera.trouble, "the package")
    camera.close()
