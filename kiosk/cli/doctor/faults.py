"""What a station complains about, in words, with the command that comes next."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from kiosk.cli.doctor.check import Check
from kiosk.cli.look.room import LOOK_AT
from kiosk.language import _

RESTART: Final = "sudo systemctl restart kiosk-station"
READ_BUSES: Final = "sudo systemctl stop kiosk-sensors && kiosk sensors read"
UNITS: Final = {"scanner": "kiosk-scanner@*"}

HELP: Final[tuple[tuple[str, str, str], ...]] = (
    ("settings", "kiosk config check && sudo systemctl restart 'kiosk-*'", "mend the settings file first"),
    ("*.loop", "journalctl -u '{unit}' --since -1h", "it goes on, and starts anew when this comes often: kiosk report"),
    ("pin.*", "gpioinfo", "another program holds the pin, or the kernel does not let us have it"),
    (
        "data_folder",
        RESTART,
        "room on the disk, or another card; the power must not go before all is sent: kiosk queue",
    ),
    ("kept_files", "kiosk report", "a second copy was used; the card is dying: replace it"),
    ("services", "kiosk report", "they come anew from the central server; the card is dying: replace it"),
    (
        "logbook*",
        "kiosk logbook verify",
        "entries were damaged or lost; the card is dying: replace it, unless it was full",
    ),
    (
        "central",
        "kiosk queue",
        "entries wait here until the server answers; cards and revocations are as old as the list",
    ),
    ("gps: no_fix", "kiosk sensors read", "its antenna, its view of the sky"),
    ("gps: port_not_open", "ls -l /dev/serial/by-path", LOOK_AT["port_not_open"]),
    ("gps", "kiosk sensors read", "its speed, its cable"),
    (
        "relay.*: device_refused",
        READ_BUSES,
        "read_back = false for a board that cannot be asked for its coils; or its profile is another model's",
    ),
    ("relay.*: echo", READ_BUSES, LOOK_AT["echo"]),
    ("relay.*: port_not_open", "ls -l /dev/serial/by-path", LOOK_AT["port_not_open"]),
    ("relay.*", READ_BUSES, "the relay board does not answer"),
    ("board.*: port_not_open", "ls -l /dev/serial/by-path", LOOK_AT["port_not_open"]),
    ("board.*: there is no slot *", "kiosk config check", "the number in the settings is more than the board has"),
    (
        "board.*",
        READ_BUSES,
        "the lock board does not answer: its power, A and B, its address, its protocol; its slots are not granted meanwhile",
    ),
    ("urn", "df -h", "what people answer inside waits in memory until the disk takes it; replace a card that is dying"),
    ("ballots", "df -h", "no slip opens a ballot until the disk takes one; replace a card that is dying"),
    ("supplies", "kiosk door open SLOT", "its lock or its contact; then a steward says at the desk that it is filled"),
    ("cabinet", "df -h", "what lies in the slots is not known after a restart: the next filling tells it anew"),
    (
        "cabinet.*",
        "kiosk status",
        "take it out, put in new ones, and say so at the display: a steward's pass at the desk's reader",
    ),
    ("expires.*", "kiosk status", "renew it, and say so in a round: a steward's pass at the desk's reader"),
    (
        "display",
        "sudo systemctl restart kiosk-desk-browser",
        "the display inside: its cable, its power; its browser starts anew by itself",
    ),
    ("tamper", "kiosk status", "close the housing"),
    ("*.exit", "kiosk status", "the exit button is stuck, or its cable is cut; the door is free meanwhile"),
    ("scanner", "sudo systemctl restart 'kiosk-scanner@*'", ""),
    ("sensors", "sudo systemctl restart kiosk-sensors", ""),
    ("sync", "sudo systemctl restart kiosk-sync", ""),
)
"""By a pattern of the fault's name, or of that and what it says, the first that fits: the command, and what helps besides."""


def check_fault(what: str, detail: str) -> Check:
    """One complaint; of a name that nobody described, the journal is next."""
    unit = UNITS.get(what.partition(".")[0], f"kiosk-{what.partition('.')[0]}")
    for pattern, command, advice in HELP:
        if fnmatchcase(what, pattern) or fnmatchcase(f"{what}: {detail}", pattern):
            return Check(f"fault.{what}", "wrong", detail, command.format(unit=unit), _(advice))
    return Check(f"fault.{what}", "wrong", detail, "journalctl -u 'kiosk-*' --since -1h")
