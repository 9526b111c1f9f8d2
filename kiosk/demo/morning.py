"""A bus's morning in virtual time: the station's own rules, its stops' files, and a GPS that is driven between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.service_file import read_service_file
from kiosk.core.entries import StoppedAt
from kiosk.core.events import Located
from kiosk.core.held import Held, Services, with_service
from kiosk.core.room.position import distance
from kiosk.core.room.wheels import moving
from kiosk.demo.model import HOUR, MINUTE
from kiosk.demo.offered import BEIJING, Stay
from kiosk.demo.virtual import Virtual
from kiosk.language import _, of_languages
from kiosk.settings import Settings
from kiosk.trust.service import Stop

EVERY: Final = 10.0
"""Seconds between two fixes."""

SPEED: Final = 10.0
"""Metres a second."""


class Seen(Struct, frozen=True):
    """What is told of it, and when: at a stop, that of the logbook; else that it drives."""

    at: float
    stop: str = ""
    what: str = "drives"


class Tour:
    """The way from one stop to the next, each as its file says."""

    def __init__(self, settings: Settings, stays: Sequence[Stay], files: Sequence[Path]) -> None:
        """Raises BadSettings."""
        self._stays, began = stays, stays[0].begins - HOUR / 2
        self._virtual, self._services = Virtual(settings, began), Services()
        for number, path in enumerate(files, 1):
            written = read_service_file(path, began)
            head = replace(written.head, version=number, issued_at=int(began))
            self._services = with_service(self._services, Held(head, "", 0, written.body))
        self._virtual.state = replace(self._virtual.state, services=self._services)

    def driven(self) -> list[Seen]:
        """What came of it, in its order."""
        found: list[Seen] = []
        here = self._stays[0].place
        for stay in self._stays:
            found += _drive(self._virtual, here, stay.place)
            here = stay.place
            while self._virtual.wall < stay.ends - 10 * MINUTE:
                _fix(self._virtual, here, 0.0)
        found += _drive(self._virtual, here, self._stays[0].place)
        told = self._virtual.told
        found += [Seen(stamp.wall, each.stop, each.what) for stamp, each in told if isinstance(each, StoppedAt)]
        return sorted(found, key=lambda each: each.at)

    def in_words(self, seen: Seen) -> str:
        """With the minute in which it was."""
        held = self._services.held.get(seen.stop)
        stop = held.body if held and isinstance(held.body, Stop) else None
        said = {
            "arrived": _("{time} it stands: {place}; passes of {prefix} count there"),
            "left": _("{time} it has left: {place}"),
            "missed": _("{time} it was not there in time: {place}"),
            "drives": _("{time} it drives: no pass opens, and the way out is free"),
        }
        time = datetime.fromtimestamp(seen.at, BEIJING).strftime("%H:%M")
        place, prefix = (of_languages(stop.texts), stop.prefix) if stop else ("", "")
        return said[seen.what].format(time=time, place=place, prefix=prefix)


def _drive(virtual: Virtual, begin: tuple[float, float], end: tuple[float, float]) -> list[Seen]:
    """In a straight line, and as long as that takes; when it provably drives is seen once."""
    steps = int(distance(*begin, *end) / (SPEED * EVERY))
    found: list[Seen] = []
    for step in range(1, steps + 1):
        done = step / steps
        place = begin[0] + (end[0] - begin[0]) * done, begin[1] + (end[1] - begin[1]) * done
        _fix(virtual, place, SPEED)
        if not found and moving(virtual.state, virtual.boot):
            found.append(Seen(virtual.wall))
    return found


def _fix(virtual: Virtual, place: tuple[float, float], speed: float) -> None:
    virtual.wait(EVERY)
    virtual.take(Located(*place, speed))
