"""What a worker sees and hears at the door: an RGB lamp (or three lamps) and a buzzer."""

from __future__ import annotations

from typing import Final, Literal

from gpiozero import DigitalOutputDevice
from gpiozero.pins.pi import PiFactory

Pattern = tuple[float, float, int | None] | Literal["steady"]
"""Seconds on, seconds off, how often (None: until the next signal); or on until the next signal."""

PATTERNS: Final[dict[str, dict[str, Pattern]]] = {
    "ready": {"blue": "steady"},
    "granted": {"green": "steady", "buzzer": (0.15, 0.0, 1)},
    "denied": {"red": "steady", "buzzer": (0.1, 0.1, 3)},
    "free": {"green": "steady"},
    "closed": {"red": "steady"},
    "warning": {"red": (0.5, 0.5, None), "green": (0.5, 0.5, None), "buzzer": (0.1, 1.9, None)},
    "alarm": {"red": (0.5, 0.5, None), "buzzer": (0.5, 0.5, None)},
}


class Signals:
    """The lamps and the buzzer that are wired, by name; a signal for a part that is not wired is silent."""

    def __init__(self, factory: PiFactory, pins: dict[str, int]) -> None:
        self._parts = {
            name: DigitalOutputDevice(pin, initial_value=False, pin_factory=factory) for name, pin in pins.items()
        }

    def show(self, signal: str) -> None:
        """Start the pattern of that signal; it ends whatever pattern ran before."""
        pattern = PATTERNS[signal]
        for name, part in self._parts.items():
            match pattern.get(name):
                case None:
                    part.off()
                case "steady":
                    part.on()
                case (on, off, times):
                    part.blink(on_time=on, off_time=off, n=times)

    def close(self) -> None:
        """Switch everything off and give the pins back."""
        for part in self._parts.values():
            part.off()
            part.close()
