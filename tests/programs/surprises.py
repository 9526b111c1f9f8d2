"""Test support: a station in which a named part raises what nobody lists, as a program: `PART -c FILE station`.

Each part works but for what a test asks: a code of SURPRISE, or the first time that a pin is moved.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from gpiozero import PinSetInput

from hardware.lock import Lock
from hardware.signals import Signals
from kiosk.cli.main import main
from kiosk.core.events import Scanned
from kiosk.station import requests, rules
from kiosk.station.program import Station

SURPRISE: Final = "YZ1:SURPRISE"
ALWAYS: Final = "YZ1:ALWAYS"


class Unlisted(Exception):
    """Nobody has thought of it."""


def fails(part: Any, name: str, when: Callable[..., bool], error: Exception) -> None:
    """That function or method raises `error` for arguments for which `when` says so."""
    real = getattr(part, name)

    def failing(*given: Any, **named: Any) -> Any:
        if when(*given, **named):
            raise error
        return real(*given, **named)

    setattr(part, name, failing)


def first(when: Callable[..., bool]) -> Callable[..., bool]:
    """The first time that `when` says so."""
    seen: list[bool] = []

    def now(*given: Any, **named: Any) -> bool:
        if seen or not when(*given, **named):
            return False
        seen.append(True)
        return True

    return now


PARTS: Final[dict[str, Callable[[], None]]] = {
    "step": lambda: fails(
        rules, "step", lambda _, event, __: isinstance(event, Scanned) and event.text == SURPRISE, Unlisted("step")
    ),
    "line": lambda: fails(requests, "judge", lambda _, text, *__: text == SURPRISE, Unlisted("line")),
    "lamp": lambda: fails(Signals, "show", lambda *_: True, Unlisted("lamp")),
    "lamp's pin": lambda: fails(Signals, "show", lambda *_: True, PinSetInput("lamp")),
    "lock": lambda: fails(Lock, "set", first(lambda _, unlocked: not unlocked), Unlisted("lock")),
    "lock's pin": lambda: fails(Lock, "set", first(lambda _, unlocked: not unlocked), OSError(5, "no such line")),
    "lock for ever": lambda: fails(Lock, "set", lambda _, unlocked: not unlocked, OSError(5, "no such line")),
    "view": lambda: fails(Station, "view", first(lambda _: True), Unlisted("view")),
    "edge": lambda: fails(Station, "_edge", first(lambda _, name, *__: name == "main.exit"), Unlisted("edge")),
}

if __name__ == "__main__":
    PARTS[sys.argv.pop(1)]()
    main()
