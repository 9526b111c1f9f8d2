"""The second step: the door's pins, each tried with a click or a touch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from gpiozero import DigitalOutputDevice, GPIOZeroError

from hardware.kernel_pins import PinsUnavailable
from hardware.pin_bench import PinBench
from hardware.pins import open_pins
from kiosk.cli.common import echo, view_or_none
from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import NONE, agreed, answer, begins, choice, found, missed
from kiosk.cli.setup.touch import Touch, alone
from kiosk.foreign import visible
from kiosk.language import _

USUAL: Final = {"lock": 17, "contact": 27, "exit": 22, "fire": 26, "red": 6, "green": 5, "blue": 12, "buzzer": 13}
"""The pins of the example, and of the wiring plan."""

LAMPS: Final = ("red", "green", "blue", "buzzer")
LAST_PIN: Final = 27
CLICK: Final = 1.0
"""Seconds for which a lock is released, or a lamp lit."""

UNAVAILABLE: Final = (PinsUnavailable, GPIOZeroError, OSError)


def ask_door(desk: Desk) -> None:
    """Lock, contact, exit button, fire release and lamps."""
    begins(
        Step.DOOR,
        _(
            "For each part: the BCM number of its pin, and a trial. Nothing moves before you agree. Exit button and fire "
            "release must free the lock electrically; the pins only watch them."
        ),
    )
    _ask_pins(desk)
    with opened(desk) as factory:
        _ask_lock(desk, factory)
        for part in ("contact", "exit", "fire"):
            _ask_contact(desk, Touch(factory), part)
        _ask_lamps(desk, factory)


def _ask_pins(desk: Desk) -> None:
    """Whether there are pins at all: what is no Pi has none."""
    if desk.draft.values.get("pins") == "simulated" or list((desk.root / "dev").glob("gpiochip*")):
        return
    missed(_("There are no pins here (/dev/gpiochip*): this is no Raspberry Pi, or its kernel has no GPIO."))
    if agreed(_("Simulate the pins, for a trial"), default=False):
        desk.put({"pins": "simulated"})


@contextmanager
def opened(desk: Desk) -> Iterator[Any]:
    """The pins, or None where they cannot be had now: then they are only written down."""
    with ExitStack() as stack:
        factory = None
        settings = desk.settings
        if settings is not None and view_or_none(settings) is not None:
            missed(
                _("The station runs and holds the pins: they are not tried now."), "sudo systemctl stop kiosk-station"
            )
        else:
            try:
                factory = _open(desk, stack)
            except UNAVAILABLE as error:
                missed(visible(_("The pins cannot be tried: {why}", why=error)))
        yield factory


def _open(desk: Desk, stack: ExitStack) -> Any:
    backend = str(desk.draft.values.get("pins", "gpio"))
    factory = open_pins(backend)
    stack.callback(factory.close)
    if backend == "simulated":
        folder = Path(str(desk.draft.values.get("station", {}).get("run_dir", "/run/kiosk")))
        folder.mkdir(parents=True, exist_ok=True)
        bench = PinBench(factory, folder / "pins.sock", alone)
        stack.callback(bench.close)
    return factory


def ask_pin(what: str, default: int | None) -> int | None:
    """A pin's number; None for no such part. Raises Left, Skipped."""
    while True:
        given = answer(_("{what}: pin (- for none)", what=what), NONE if default is None else str(default))
        if given == NONE:
            return None
        if given.isascii() and given.isdigit() and int(given) <= LAST_PIN:
            return int(given)
        echo(_("A BCM number from 0 to {most}: not the number of the position on the header.", most=LAST_PIN))


def _ask_lock(desk: Desk, factory: Any) -> None:
    """The lock's pin, its wiring, and a click."""
    old = desk.draft.values.get("doors", {}).get(desk.door, {}).get("lock", {})
    while True:
        pin = ask_pin(_("Lock"), old.get("pin", USUAL["lock"]))
        if pin is None:
            missed(_("A door needs a lock."))
            continue
        without_power = choice(
            _("What does the lock do without power"),
            [_("it stays locked: a strike"), _("it is free: a magnet")],
            1 if old.get("wiring") == "fail_safe" else 0,
        )
        lock = {"pin": pin, "active_high": old.get("active_high", True)}
        lock["wiring"] = ("fail_secure", "fail_safe")[without_power]
        tried = lock if factory is None else _click(factory, lock)
        if tried is not None and desk.put({"doors": {desk.door: {"lock": tried}}}):
            return


def _click(factory: Any, lock: dict[str, Any]) -> dict[str, Any] | None:
    """Release the lock for a second, the other way round if need be; None to ask for its pin again."""
    for _attempt in range(2):
        if not agreed(_("The lock will be released for a second. Is nobody leaning on the door"), default=None):
            return lock
        try:
            _pulse(factory, lock)
        except UNAVAILABLE as error:
            missed(visible(str(error)))
            return None
        seen = choice(
            _("What did it do"),
            [
                _("it clicked, and let the door open for a second"),
                _("nothing"),
                _("the reverse: locked for a second, free now"),
            ],
        )
        if seen == 0:
            return lock
        if seen == 1:
            break
        lock = {**lock, "active_high": not lock["active_high"]}
        found(_("Then its relay is on at the other level; once more."))
    missed(_("Is the relay's supply there? Does its lamp light? Is the pin a BCM number?"))
    return None


def _pulse(factory: Any, lock: dict[str, Any]) -> None:
    from hardware.lock import Lock  # noqa: PLC0415

    device = Lock(factory, lock["pin"], active_high=lock["active_high"], fail_safe=lock["wiring"] == "fail_safe")
    try:
        device.set(unlocked=False)
        time.sleep(CLICK / 2)
        device.set(unlocked=True)
        time.sleep(CLICK)
    finally:
        device.close()


def _ask_contact(desk: Desk, touch: Touch, part: str) -> None:
    """A contact's pin, and its sense, learnt from a touch."""
    values = desk.draft.values
    old = (values if part == "fire" else values.get("doors", {}).get(desk.door, {})).get(part, {})
    name = {"contact": _("Door contact"), "exit": _("Exit button"), "fire": _("Fire release")}[part]
    while True:
        pin = ask_pin(name, old.get("pin", USUAL[part]))
        if pin is None:
            desk.drop(*([part] if part == "fire" else ["doors", desk.door, part]))
            return
        table = touch.learns(part, pin, old)
        new = {part: table} if part == "fire" else {"doors": {desk.door: {part: table}}}
        if table is not None and desk.put(new):
            return


def _ask_lamps(desk: Desk, factory: Any) -> None:
    """Each lamp's pin, lit for a second."""
    old = desk.draft.values.get("doors", {}).get(desk.door, {}).get("lamps", {})
    if not old and not agreed(_("Are there lamps or a buzzer at the door"), default=None):
        return
    names = {"red": _("Red lamp"), "green": _("Green lamp"), "blue": _("Blue lamp"), "buzzer": _("Buzzer")}
    for lamp in LAMPS:
        while True:
            pin = ask_pin(names[lamp], old.get(lamp, USUAL[lamp]))
            if pin is None:
                desk.drop("doors", desk.door, "lamps", lamp)
                break
            if _lights(factory, pin) and desk.put({"doors": {desk.door: {"lamps": {lamp: pin}}}}):
                break


def _lights(factory: Any, pin: int) -> bool:
    if factory is None:
        return True
    try:
        device = DigitalOutputDevice(pin, pin_factory=factory)
    except UNAVAILABLE as error:
        missed(visible(str(error)))
        return False
    try:
        device.on()
        time.sleep(CLICK)
    finally:
        device.off()
        device.close()
    return agreed(_("Was it on for a second"), default=None)
