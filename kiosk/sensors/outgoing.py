"""What waits to be told to the station: of each sensor only the newest, so that nothing old is told as new."""

from __future__ import annotations

import threading

from kiosk.sensors.buses import Told
from kiosk.wire import Located, NotSensed, Sensed, Trouble

Key = tuple[str, str]


def key_of(message: Told) -> Key:
    """What the message is of: a newer one of the same takes its place."""
    match message:
        case Sensed(sensor) | NotSensed(sensor):
            return "sensor", sensor
        case Trouble(what):
            return "trouble", what
        case Located():
            return "place", ""


class Outgoing:
    """Messages by what they are of, oldest first; bounded by the number of sensors. Safe from any thread."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._messages: dict[Key, Told] = {}

    def put(self, message: Told) -> None:
        """Let it wait, in the place of what it makes old."""
        with self._news:
            self._messages[key_of(message)] = message
            self._news.notify()

    def put_back(self, message: Told) -> None:
        """It was not sent; it waits on, unless there is newer news."""
        with self._news:
            self._messages = {key_of(message): message, **self._messages}

    def get(self, timeout: float) -> Told | None:
        """The next to be told; None when there is none within `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._messages, timeout)
            key = next(iter(self._messages), None)
            return None if key is None else self._messages.pop(key)
