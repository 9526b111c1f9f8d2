"""A contact is learnt by touching it: its resting level, and the one that it takes."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from gpiozero import GPIOZeroError

from hardware.contacts import Contact
from hardware.kernel_pins import PinsUnavailable
from kiosk.cli.common import echo
from kiosk.cli.setup.talk import agreed, choice, found, missed
from kiosk.foreign import visible
from kiosk.language import _

PATIENCE: Final = 30.0
BOUNCE: Final = 0.05
"""Seconds for which a level must last to be meant."""


def alone(name: str, turn: Callable[[], None]) -> None:
    """Call a turn again and again, as long as this process lives."""

    def turns() -> None:
        while True:
            turn()

    threading.Thread(target=turns, name=name, daemon=True).start()


class Touch:
    """The pins, or None where they cannot be tried."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def learns(self, part: str, pin: int, old: dict[str, Any]) -> dict[str, Any] | None:
        """The contact's table; None to ask for its pin again."""
        if self._factory is None:
            return {**old, "pin": pin}
        try:
            return self._contact(pin) if part == "contact" else self._button(part, pin)
        except (PinsUnavailable, GPIOZeroError, OSError) as error:
            missed(visible(str(error)))
            return None

    def _contact(self, pin: int) -> dict[str, Any] | None:
        """The door's: closed first, then open."""
        if not agreed(_("Is the door closed now"), default=None):
            echo(_("Close it first."))
            return None
        echo(_("Now open it, within half a minute."))
        high = self._turns(pin)
        if high is None:
            return self._unseen({"pin": pin})
        found(_("Pin {pin} saw the door open.", pin=pin))
        return {"pin": pin, "open_when": "high" if high else "low"}

    def _button(self, part: str, pin: int) -> dict[str, Any] | None:
        """A button: its resting level is told by nobody touching it."""
        if part == "exit":
            echo(_("Press the exit button and hold it, within half a minute."))
        else:
            echo(_("Trigger the fire release, within half a minute."))
        high = self._turns(pin)
        if high is None:
            return self._unseen({"pin": pin})
        found(_("Pin {pin} saw it.", pin=pin))
        return {"pin": pin, "active_low": not high}

    def _unseen(self, table: dict[str, Any]) -> dict[str, Any] | None:
        """Nothing was seen."""
        missed(_("Pin {pin} saw nothing.", pin=table["pin"]), _("the cable, the contact to ground, the BCM number"))
        if choice(_("And now"), [_("another pin, or once more"), _("take it as it is")]) == 0:
            return None
        return table

    def _turns(self, pin: int) -> bool | None:
        """The level that the pin takes from its resting one, high or not; None when it takes none."""
        edges: queue.SimpleQueue[bool] = queue.SimpleQueue()
        contact = Contact(self._factory, "touch", pin, lambda _name, high, _at: edges.put(high), active_low=False)
        try:
            rests, deadline = contact.active, time.monotonic() + PATIENCE
            while (left := deadline - time.monotonic()) > 0:
                try:
                    edges.get(timeout=left)
                except queue.Empty:
                    return None
                time.sleep(BOUNCE)
                if contact.active is not rests:
                    return contact.active
            return None
        finally:
            contact.close()
