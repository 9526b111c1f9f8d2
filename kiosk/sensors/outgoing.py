"""What waits to be told to the station: of each sensor only the newest, and with the time of its measuring."""

from __future__ import annotations

import threading
from typing import Final

from msgspec.structs import replace

from kiosk.local import boot_time
from kiosk.sensors.buses import Told
from kiosk.wire import Located, NotSensed, Sensed, SlotSeen, Trouble

FRESH: Final = 1.5
"""Seconds that a message may wait and still be told as new."""

Key = tuple[str, str]


def key_of(message: Told) -> Key:
    """What the message is of: a newer one of the same takes its place."""
    match message:
        case Sensed(sensor) | NotSensed(sensor):
            return "sensor", sensor
        case Trouble(what):
            return "trouble", what
        case SlotSeen(slot):
            return "slot", slot
        case Located():
            return "place", ""


class Outgoing:
    """Messages by what they are of, oldest first; bounded by the number of sensors. Safe from any thread."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._messages: dict[Key, tuple[float, Told]] = {}

    def put(self, message: Told, at: float | None = None) -> None:
        """Let it wait, in the place of what it makes old; it is of this boot time, or of now."""
        with self._news:
            self._messages[key_of(message)] = boot_time() if at is None else at, message
            self._news.notify()

    def put_back(self, message: Told, at: float) -> None:
        """It was not sent; it waits on, unless there is newer news."""
        with self._news:
            self._messages = {key_of(message): (at, message), **self._messages}

    def get(self, timeout: float) -> tuple[float, Told] | None:
        """The next to be told, and its boot time; None when there is none within `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._messages, timeout)
            key = next(iter(self._messages), None)
            return None if key is None else self._messages.pop(key)


def dated(message: Told, at: float, now: float) -> Told | None:
    """The message as it is told at boot time `now`: what had to wait has its time, a place that had to is none."""
    if now - at <= FRESH:
        return message
    match message:
        case Sensed() | NotSensed() | SlotSeen():
            return replace(message, at=at)
        case Located():
            return None
        case Trouble():
            return message
