"""The station's hands on its board: a pin that cannot be moved or read is a fault, and keeps no other from its work."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from gpiozero import GPIOZeroError

from hardware.board import Board
from hardware.contacts import Contact
from kiosk.core.events import Event, Faulted, Lamp

PIN_FAILS: Final = (OSError, GPIOZeroError)


class LockStuck(Exception):
    """A lock's pin cannot be moved. A program that ends for it starts anew, with locks without power."""


class Hands:
    """Moves and reads the pins; what fails is told as the fault `pin.NAME`, once each way. Of the station's thread alone."""

    def __init__(
        self, board: Board, tell: Callable[[Event], None], attempt: Callable[[Callable[[], None]], bool]
    ) -> None:
        """`attempt` does a piece of work, and tells what it raises that nobody lists."""
        self._board, self._tell, self._attempt = board, tell, attempt
        self._failing: set[str] = set()
        self._undone: dict[str, bool] = {}

    def set_lock(self, door: str, *, unlocked: bool) -> bool:
        """Release or secure the lock; whether it was done. What was not is tried again by :meth:`look_at_locks`."""
        self._undone[door] = unlocked
        done = self._try(f"pin.{door}.lock", partial(self._board.locks[door].set, unlocked=unlocked))
        if done:
            del self._undone[door]
        return done

    def show(self, door: str, lamp: Lamp) -> None:
        """Give the signal."""
        if door in self._board.signals:  # a slot on a lock board has none
            self._try(f"pin.{door}.signals", partial(self._board.signals[door].show, lamp))

    def switch(self, relay: str, *, on: bool) -> None:
        """Give an appliance its power, or take it, where the relay is on a pin."""
        if relay in self._board.relays:
            self._try(f"pin.{relay}", partial(self._board.relays[relay].set, on=on))

    def read_back(self) -> None:
        """Report the level of every input."""
        for contact in self._board.contacts:
            self._attempt(partial(self._read, contact))

    def look_at_locks(self) -> None:
        """Drive again each lock that did not take its level. Raises LockStuck when one still does not."""
        stuck = [door for door, unlocked in list(self._undone.items()) if not self.set_lock(door, unlocked=unlocked)]
        if stuck:
            raise LockStuck(f"does not take its level: the lock of {', '.join(stuck)}")

    def _read(self, contact: Contact) -> None:
        self._try(f"pin.{contact.name}", contact.tell)

    def _try(self, what: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except PIN_FAILS as error:
            self._failing.add(what)
            self._tell(Faulted(what, f"{error}"[:200] or type(error).__name__))
            return False
        if what in self._failing:
            self._failing.remove(what)
            self._tell(Faulted(what, None))
        return True
