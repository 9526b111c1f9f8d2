"""A camera's own controls, set by the kernel's V4L2 interface (linux/videodev2.h, v4l2-controls.h).

OpenCV has names for some of them, and some drivers take those in an order that OpenCV does not keep; the kernel keeps a control
from one opening to the next, so they are set before OpenCV opens the device.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hardware.border import ODD

VIDIOC_S_CTRL: Final = 0xC008561C
"""_IOWR('V', 28, struct v4l2_control): id u32, value s32."""

VIDIOC_QUERYCTRL: Final = 0xC0445624
"""_IOWR('V', 36, struct v4l2_queryctrl): id, type u32; name 32 bytes; least, most, step, default s32; flags u32, 8 reserved."""

CONTROL: Final = struct.Struct("=Ii")
QUERY: Final = struct.Struct("=II32siiiiI8x")

AUTOGAIN: Final = 0x00980912
GAIN: Final = 0x00980913
POWER_LINE_FREQUENCY: Final = 0x00980918
EXPOSURE_AUTO: Final = 0x009A0901
EXPOSURE_ABSOLUTE: Final = 0x009A0902
EXPOSURE_AUTO_PRIORITY: Final = 0x009A0903
FOCUS_ABSOLUTE: Final = 0x009A090A
FOCUS_AUTO: Final = 0x009A090C

FIFTY_HERTZ: Final = 1
AUTO_EXPOSURES: Final = (3, 0)
"""Aperture priority, which web cameras have, and automatic."""

MANUAL_EXPOSURE: Final = 1


@dataclass(frozen=True)
class Controls:
    """What to set. None leaves the choice to the camera; `exposure_ms` is the time for which a frame gathers light."""

    exposure_ms: float | None = None
    gain: int | None = None
    focus: int | None = None


def set_controls(device: str, controls: Controls) -> list[str]:
    """Set them; what could not be set, in words. A camera that lacks a control of the defaults is no fault.

    The defaults suit phone screens: no frame is exposed for longer than the frame rate allows, and no lamp on 50 Hz flickers.
    """
    camera = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    try:
        set_control(camera, POWER_LINE_FREQUENCY, FIFTY_HERTZ)
        set_control(camera, EXPOSURE_AUTO_PRIORITY, 0)
        return list(_set(camera, controls))
    finally:
        os.close(camera)


def _set(camera: int, controls: Controls) -> Iterator[str]:
    if controls.exposure_ms is None:
        _ = any(set_control(camera, EXPOSURE_AUTO, value) for value in AUTO_EXPOSURES)
    elif not (
        set_control(camera, EXPOSURE_AUTO, MANUAL_EXPOSURE)
        and set_control(camera, EXPOSURE_ABSOLUTE, round(controls.exposure_ms * 10))
    ):
        yield "exposure_ms"
    if controls.gain is not None:
        set_control(camera, AUTOGAIN, 0)
        if not set_control(camera, GAIN, controls.gain):
            yield "gain"
    if controls.focus is not None:
        set_control(camera, FOCUS_AUTO, 0)
        if not set_control(camera, FOCUS_ABSOLUTE, controls.focus):
            yield "focus"


def set_control(camera: int, control: int, value: int) -> bool:
    """Set one control of an open device, within what it can do; whether it could be set."""
    try:
        known = fcntl.ioctl(camera, VIDIOC_QUERYCTRL, QUERY.pack(control, 0, b"", 0, 0, 0, 0, 0))
        _, _, _, lowest, highest, *_ = QUERY.unpack(known)
        fcntl.ioctl(camera, VIDIOC_S_CTRL, CONTROL.pack(control, min(highest, max(lowest, value))))
    except ODD:
        return False
    return True
