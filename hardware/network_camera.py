"""A camera in the network, by its URL: opened with a time-out, and what is wrong with it in words without its password."""

from __future__ import annotations

import re
import socket
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import cv2

from hardware.border import ODD

PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443, "rtmp": 1935}
CONNECTS_WITHIN: Final = 2.0
"""Seconds in which a camera of this network takes a call."""


class Silent(OSError):
    """It is connected, and says nothing."""

    def __init__(self, timeout: float) -> None:
        super().__init__(f"it is silent: it takes the call, and says nothing for {timeout:g} s")


class NetworkCapture:
    """Frames as cv2.VideoCapture gives them. Raises OSError when it does not open, and Silent when it falls silent."""

    def __init__(self, url: str, timeout: float) -> None:
        """`timeout`: seconds for which it may say nothing."""
        self._timeout, began = timeout, monotonic()
        milliseconds = int(1000 * timeout)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
        self._capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            self._capture.release()
            silent, unreached = monotonic() - began >= timeout, _unreached(url)
            if silent and not unreached:
                raise Silent(timeout)
            raise OSError(unreached or "it answers, and gives no pictures: path, user, password?")

    def read(self) -> tuple[bool, Any]:
        """Whether there was a frame, and the frame."""
        began = monotonic()
        good, picture = self._capture.read()
        if not good and monotonic() - began >= self._timeout:
            raise Silent(self._timeout)
        return good, picture

    def release(self) -> None:
        """Hang up."""
        self._capture.release()


def named(source: str) -> str:
    """The source as it may be told: of a URL the scheme and the host, since passwords stand before the host, or behind it."""
    scheme, mark, rest = source.partition("://")
    return f"{scheme}{mark}{_host(rest)}" if mark else source


def _host(rest: str) -> str:
    """Up to the last @, since people write passwords as they are."""
    return re.split(r"[/?#]", rest.rpartition("@")[2], maxsplit=1)[0]


def _unreached(url: str) -> str:
    """Why there is no way to it, if there is none. OpenCV says only that it does not open: so it is called once more."""
    scheme, _, rest = url.partition("://")
    try:
        place = urlsplit(f"//{_host(rest)}")
        address = place.hostname or "", place.port or PORTS.get(scheme.lower(), 0)
        socket.create_connection(address, CONNECTS_WITHIN).close()
    except ODD as error:
        return f"no camera answers there: {(error.strerror if isinstance(error, OSError) else '') or error}"
    return ""
