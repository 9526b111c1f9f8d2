"""The package on a board: the lock's register from power-on on, a pass at the serial reader, every contact, a crash.

An emulated board is slow: what its times are beside those of another program says something, their size nothing.
"""

from __future__ import annotations

import json

import pytest

from tests.keys import STRANGER, claims, signed
from tests.pi.machine import BOARD, CONTACT, EXIT, FIRE, GREEN, LEAK, LOCK, PATIENCE, RED, RELAY, TAMPER, Pi
from tests.programs.house import until

pytestmark = [pytest.mark.pi, pytest.mark.timeout(7200), pytest.mark.filterwarnings("ignore")]


def test_the_lock_has_no_power_from_the_first_instruction_to_the_first_grant(station: Pi) -> None:
    """By every write to the registers, the kernel's and the programs'; a look now and then would miss a pulse."""
    assert [level for _at, level in station.driven(LOCK)] == [0], "no output, and then one at 0"
    station.scan(signed(claims(1)))
    until(lambda: [level for _at, level in station.driven(LOCK)] == [0, 1, 0], "an unlock and its relock", PATIENCE)
    told = ", ".join(f"{at - station.began:.1f} s: {level}" for at, level in station.driven(LOCK))
    print(f"\nwhat drives the lock, from power-on: {told}; emulated")


def test_a_pass_opens_and_the_door_that_opens_locks_the_lock(station: Pi) -> None:
    last = station.newest()
    station.scan(signed(claims(2)))
    released = station.until_level(LOCK, 1)
    station.drive(CONTACT, 1)
    relocked = station.until_level(LOCK, 0)
    station.drive(CONTACT, 0)
    station.await_entry(last, "locked")
    kinds = [each["kind"] for each in station.entries() if each["seq"] > last]
    assert [kind for kind in kinds if kind in {"granted", "unlocked", "taken", "locked"}][:2] == ["granted", "unlocked"]
    assert "taken" in kinds
    print(f"\npass to the lock's register {released:.2f} s, open door to locked {relocked:.2f} s, emulated")


def test_a_strangers_pass_opens_nothing_and_shows_red(station: Pi) -> None:
    last, before = station.newest(), len(station.driven(LOCK))
    station.scan(signed(claims(3), STRANGER))
    station.until_level(RED, 1)
    assert station.await_entry(last, "denied")["reason"] == "bad_signature"
    assert len(station.driven(LOCK)) == before
    assert station.level(GREEN) == 0


@pytest.mark.parametrize(("pin", "kind"), [(EXIT, "exit_pressed"), (FIRE, "fire_release")])
def test_a_contact_is_found_without_edges(station: Pi, pin: int, kind: str) -> None:
    """This board tells no edge: the station's reading back, once a second, does."""
    last = station.newest()
    station.drive(pin, 0)
    seconds = station.until_level(LOCK, 1)
    assert station.await_entry(last, kind)
    station.drive(pin, 1)
    station.until_level(LOCK, 0)
    print(f"\n{kind}: released after {seconds:.2f} s, by reading back")


def test_a_leak_takes_the_dispensers_power_until_a_technician_is_there(station: Pi) -> None:
    station.drive(LEAK, 1)
    station.until_level(RELAY, 1)
    station.drive(LEAK, 0)
    station.out("kiosk maintenance on")
    station.until_level(RELAY, 0)
    station.out("kiosk maintenance off")


def test_a_housing_that_is_opened_is_told(station: Pi) -> None:
    last = station.newest()
    station.drive(TAMPER, 1)
    assert station.await_entry(last, "fault")["what"] == "tamper"
    station.drive(TAMPER, 0)
    assert station.await_entry(last, "fault_cleared")["what"] == "tamper"


def test_a_kill_while_it_is_held_released_leaves_the_lock_without_power(station: Pi) -> None:
    """This kernel lets go of an output whose program dies; the start then says what was cut off."""
    last = station.newest()
    station.hold_released()
    station.out("systemctl kill -s KILL kiosk-station")
    until(lambda: station.driven(LOCK)[-1][1] in {None, 0}, "the lock without power", PATIENCE)
    assert station.await_entry(last, "interrupted_unlock")
    assert station.level(LOCK) == 0


def test_doctor_status_and_report_know_the_board(station: Pi) -> None:
    checks = station.checks()
    assert {checks[name] for name in ("machine.board", "pins.holder", "pins.strict_gpiod")} == {"fine"}
    assert station.names() == {BOARD}


def test_the_log_tells_what_is_in_the_logbook(station: Pi) -> None:
    told = [json.loads(line) for line in station.out("kiosk log --json -n 1000").splitlines()]
    assert [(each["seq"], each["kind"]) for each in told] == [(each["seq"], each["kind"]) for each in station.entries()]
