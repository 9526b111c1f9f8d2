"""What `kiosk doctor` says of a station's faults: each with the command that comes next."""

from __future__ import annotations

import pytest

from kiosk.cli.doctor.faults import HELP, check_fault


@pytest.mark.parametrize(
    ("what", "remedy", "advice"),
    [
        ("settings", "kiosk config check && sudo systemctl restart 'kiosk-*'", "mend the settings"),
        ("station.loop", "journalctl -u 'kiosk-station' --since -1h", "it goes on"),
        ("scanner.loop", "journalctl -u 'kiosk-scanner@*' --since -1h", "it goes on"),
        ("sync.loop", "journalctl -u 'kiosk-sync' --since -1h", "it goes on"),
        ("sensors.loop", "journalctl -u 'kiosk-sensors' --since -1h", "it goes on"),
        ("pin.main.lock", "gpioinfo", "holds the pin"),
        ("logbook_replaced", "kiosk logbook verify", "the card is dying"),
        ("logbook_damaged", "kiosk logbook verify", "the card is dying"),
        ("kept_files", "kiosk report", "second copy"),
        ("services", "kiosk report", "come anew"),
        ("data_folder", "sudo systemctl restart kiosk-station", "the power must not go"),
        ("main.exit", "kiosk status", "stuck"),
        ("sync", "sudo systemctl restart kiosk-sync", ""),
        ("expires.plasters", "kiosk status", "renew it"),
        ("display", "sudo systemctl restart kiosk-desk-browser", "its cable"),
        ("something new", "journalctl -u 'kiosk-*' --since -1h", ""),
    ],
)
def test_a_fault_comes_with_the_next_command(what: str, remedy: str, advice: str) -> None:
    check = check_fault(what, "why")
    assert (check.id, check.severity, check.evidence, check.remedy) == (f"fault.{what}", "wrong", "why", remedy)
    assert advice in check.advice


@pytest.mark.parametrize(
    ("what", "detail", "advice"),
    [
        ("relay.light", "device_refused", "read_back = false"),
        ("relay.light", "echo", "echo = true"),
        ("relay.light", "port_not_open", "another program has it"),
        ("relay.light", "no_answer", "the relay board does not answer"),
        ("board.wall", "no_answer", "the lock board does not answer"),
        ("board.wall", "port_not_open", "another program has it"),
        ("board.wall", "there is no slot 40", "more than the board has"),
        ("gps", "no_fix", "its antenna"),
        ("gps", "no_answer", "its speed"),
    ],
)
def test_a_fault_of_a_device_is_told_by_what_the_device_does(what: str, detail: str, advice: str) -> None:
    assert advice in check_fault(what, detail).advice


def test_no_description_is_hidden_by_one_before_it() -> None:
    assert len({pattern for pattern, _, _ in HELP}) == len(HELP)
