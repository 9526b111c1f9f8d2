"""Pins: the level that shows first, on the factory's own record, and inputs that tell once each way."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpiozero import DeviceClosed, PinUnknownPi
from gpiozero.pins.mock import MockFactory

from hardware.board import Board, DoorWiring, InputWiring, Wiring
from hardware.contacts import Contact
from hardware.kernel_pins import KernelFactory, PinsUnavailable, find_chip
from hardware.lock import Lock
from hardware.pins import SimulatedFactory, number_of, open_pins
from hardware.signals import PATTERNS, Signals


@pytest.fixture
def factory() -> Iterator[SimulatedFactory]:
    factory = SimulatedFactory()
    yield factory
    factory.close()


def levels(factory: MockFactory, pin: int) -> list[bool]:
    return [state.state for state in factory.pin(pin).states]


@pytest.mark.parametrize(
    ("active_high", "fail_safe", "expected"),
    [
        (True, False, [False, True, False]),
        (False, False, [True, False, True]),
        (True, True, [False, True, False, True]),
        (False, True, [True, False, True, False]),
    ],
)
def test_no_wrong_level_ever_shows(
    factory: SimulatedFactory, active_high: bool, fail_safe: bool, expected: list[bool]
) -> None:
    """Without power first, whatever the wiring; then locked, unlocked, locked again."""
    lock = Lock(factory, 17, active_high=active_high, fail_safe=fail_safe)
    for unlocked in (False, True, False):
        lock.set(unlocked=unlocked)
    assert levels(factory, 17) == expected
    lock.close()


def test_gpiozeros_own_factory_would_show_one() -> None:
    """Why the factories here take direction and level at once (gpiozero PR #1177)."""
    factory = MockFactory()
    lock = Lock(factory, 17, active_high=False)
    assert levels(factory, 17) == [False, True]
    lock.close()
    factory.close()


def test_a_contact_tells_each_way_and_can_be_read_back(factory: SimulatedFactory) -> None:
    told: list[tuple[str, bool]] = []
    contact = Contact(factory, "main.exit", 22, lambda name, active, _: told.append((name, active)))
    factory.pin(22).drive_low()
    factory.pin(22).drive_high()
    contact.tell()
    assert told == [("main.exit", True), ("main.exit", False), ("main.exit", False)]
    contact.close()


def test_an_active_high_contact(factory: SimulatedFactory) -> None:
    told: list[bool] = []
    contact = Contact(factory, "main.contact", 27, lambda _, active, __: told.append(active), active_low=False)
    factory.pin(27).drive_low()
    factory.pin(27).drive_high()
    assert told == [False, True]
    contact.close()


def test_the_board_names_its_inputs_and_closes_with_the_locks_without_power(factory: SimulatedFactory) -> None:
    seen: list[str] = []
    doors = {
        "main": DoorWiring(17, contact=InputWiring(27), exit=InputWiring(22), signals={"green": 5, "red": 6}),
        "meals": DoorWiring(18, lock_active_high=False),
    }
    board = Board(factory, Wiring(doors, {"fire": InputWiring(26)}), lambda name, *_: seen.append(name))
    board.read_back()
    assert sorted(seen) == ["fire", "main.contact", "main.exit"]
    board.locks["main"].set(unlocked=True)
    assert board.locks["main"].energised
    states = {pin: factory.pin(pin).states for pin in (17, 18)}
    board.close()
    assert [state.state for state in states[17]] == [False, True, False]


def test_a_lock_that_raises_at_the_end_keeps_no_other_its_power(factory: SimulatedFactory) -> None:
    doors = {name: DoorWiring(pin, contact=InputWiring(pin + 5)) for name, pin in (("a", 17), ("b", 18), ("c", 19))}
    board = Board(factory, Wiring(doors), lambda *_: None)
    for lock in board.locks.values():
        lock.set(unlocked=True)
    board.locks["b"]._relay.close()
    states = [factory.pin(pin).states for pin in (17, 19)]
    with pytest.raises(DeviceClosed):
        board.close()
    assert [[each.state for each in seen] for seen in states] == [[False, True, False]] * 2
    assert [each._input.closed for each in board.contacts] == [True] * 3


@pytest.mark.parametrize("signal", PATTERNS)
def test_each_signal_can_be_shown_with_all_parts_and_with_none(factory: SimulatedFactory, signal: str) -> None:
    for pins in ({"green": 5, "red": 6, "buzzer": 13}, {}):
        signals = Signals(factory, pins)
        signals.show(signal)
        lit = {name for name, pin in pins.items() if factory.pin(pin).state}
        assert lit <= PATTERNS[signal].keys()
        signals.show("ready")
        signals.close()


def test_the_chip_is_found_by_its_label_whatever_its_number() -> None:
    chips = [Path(f"/dev/gpiochip{number}") for number in (0, 4, 10)]

    def found(*labels: str) -> str:
        return find_chip(chips, dict(zip(chips, labels, strict=True)).__getitem__).name

    assert found("gpio-brcmstb@107d508500", "pinctrl-rp1", "x") == "gpiochip4"
    assert found("pinctrl-bcm2711", "x", "y") == "gpiochip0"
    with pytest.raises(PinsUnavailable, match="gpiodetect"):
        found("a", "b", "c")
    with pytest.raises(PinsUnavailable, match=r"no /dev/gpiochip"):
        find_chip([])


@pytest.mark.parametrize(("number", "remedy"), [(errno.EACCES, "usermod -aG gpio"), (errno.EBUSY, "gpioinfo")])
def test_a_chip_that_does_not_open_is_named_with_what_to_type(number: int, remedy: str) -> None:
    def refuse(_: Path) -> str:
        raise OSError(number, "no")

    with pytest.raises(PinsUnavailable, match=rf"/dev/gpiochip4 does not open \(no\); .*type: .*{remedy}"):
        find_chip([Path("/dev/gpiochip4")], refuse)


def test_a_board_that_tells_no_revision_has_the_pins_of_the_settings(caplog: pytest.LogCaptureFixture) -> None:
    """As this machine, and a Pi whose firmware did not fill in the device tree: gpiozero alone raises PinUnknownPi."""
    factory = KernelFactory(Path("/dev/null"), lambda _name, _turn: None)
    with pytest.raises(PinUnknownPi):
        factory._get_revision()
    assert [number_of(factory.pin(pin)) for pin in range(28)] == list(range(28))
    assert caplog.text.count("does not tell its revision") == 1
    factory.close()


def test_the_backend_is_what_was_asked_for() -> None:
    factory = open_pins("simulated")
    assert isinstance(factory, SimulatedFactory)
    factory.close()
