"""`kiosk doctor`: checks with an id, a severity, the evidence, and the one command that mends it. It changes nothing."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click

from kiosk.cli.check import Check, Severity
from kiosk.cli.common import WRONG, as_json, ask_station, print_json
from kiosk.cli.network import check_network
from kiosk.cli.room import check_room
from kiosk.local import NotReachable
from kiosk.settings import Settings
from kiosk.settings.loading import load, warnings
from kiosk.settings.table import BadSettings
from kiosk.wire import GetView, View

MARKS: Final[dict[Severity, tuple[str, str]]] = {
    "fine": ("✔", "green"),
    "warning": ("!", "yellow"),
    "wrong": ("✘", "red"),
}
DAY: Final = 86_400
KEYS_LEFT: Final = 30
"""Days; the next key is published 90 days ahead."""

LEAST_FREE: Final = 200 * 1024 * 1024
BOOT_CONFIG: Final = (Path("/boot/firmware/config.txt"), Path("/boot/config.txt"))


def check_libraries(_: Settings, __: View | None) -> Iterator[Check]:
    """The system's libraries that pip cannot bring."""
    if ctypes.util.find_library("zbar"):
        yield Check("libraries.zbar", "fine", "libzbar is installed")
    else:
        yield Check("libraries.zbar", "wrong", "libzbar is missing: no scanner starts", "sudo apt-get install libzbar0")


def check_pins(settings: Settings, _: View | None) -> Iterator[Check]:
    """The GPIO chip, and what the kernel does with the lock's pin when the program dies."""
    if settings.pins == "simulated":
        yield Check(
            "pins.backend", "warning", "the pins are simulated: no lock moves", 'set pins = "gpio" in the settings'
        )
        return
    chips = sorted(Path("/dev").glob("gpiochip*"))
    if not chips:
        yield Check("pins.chip", "wrong", "there is no /dev/gpiochip*: no Raspberry Pi?", "ls /dev/gpiochip*")
        return
    denied = [str(chip) for chip in chips if not os.access(chip, os.R_OK | os.W_OK)]
    if denied:
        yield Check("pins.chip", "wrong", f"no access to {', '.join(denied)}", "sudo usermod -aG gpio $USER")
    else:
        yield Check("pins.chip", "fine", ", ".join(map(str, chips)))
    text = "".join(path.read_text(errors="replace") for path in BOOT_CONFIG if path.exists())
    if "strict_gpiod" in text:
        yield Check("pins.strict_gpiod", "fine", "the kernel lets go of the lock's pin when the program dies")
    else:
        evidence = "after a crash in mid-unlock the kernel would keep the lock released"
        command = "echo dtparam=strict_gpiod | sudo tee -a /boot/firmware/config.txt && sudo reboot"
        yield Check("pins.strict_gpiod", "warning", evidence, command)


def check_disk(settings: Settings, _: View | None) -> Iterator[Check]:
    """Room for the logbook, and who may read the key."""
    folder = settings.data
    if not folder.is_dir():
        yield Check("disk.folder", "wrong", f"{folder} does not exist", f"sudo mkdir -p {folder}")
        return
    free = shutil.disk_usage(folder).free
    severity: Severity = "fine" if free > LEAST_FREE else "wrong"
    yield Check(
        "disk.free",
        severity,
        f"{free // 2**20} MiB free at {folder}",
        "" if severity == "fine" else f"sudo du -sh {folder}/*",
    )
    from kiosk.keyfiles import STATION_KEY  # noqa: PLC0415

    key = folder / STATION_KEY
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o007:
        yield Check("disk.key_mode", "wrong", f"everybody can read {key}", f"sudo chmod o= {key}")
    elif key.exists():
        yield Check("disk.key_mode", "fine", f"{key} is private")


def check_logbook(settings: Settings, _: View | None) -> Iterator[Check]:
    """The logbook's file, read without writing."""
    from kiosk.logbook.reader import FILE, Reader  # noqa: PLC0415

    try:
        reader = Reader(settings.data)
        waiting = {name: each.newest - each.acked for name, each in reader.heads().items()}
        damaged = sum(not row.intact for stream in waiting for row in reader.last(stream, 1000))
        refused = len(reader.refused())
        reader.close()
    except sqlite3.Error as error:
        yield Check("logbook.file", "wrong", f"{settings.data / FILE}: {error}", "sudo systemctl restart kiosk-station")
        return
    evidence = ", ".join(f"{name}: {count} entries wait for the central server" for name, count in waiting.items())
    yield Check("logbook.file", "fine", evidence)
    if damaged:
        evidence = f"{damaged} of the newest entries differ from their checksum: the card is dying"
        yield Check("logbook.checksums", "wrong", evidence, "replace the SD card")
    if refused:
        evidence = f"{refused} entries were not taken by the central server and are kept aside"
        yield Check("logbook.refused", "warning", evidence, "kiosk logbook refused")
    for aside in sorted(settings.data.glob("*.broken-*")):
        if aside.suffix.startswith(".broken") and not aside.name.endswith(("-wal", "-shm")):
            yield Check(
                "logbook.aside", "warning", f"{aside} was moved aside as broken", f"keep it for the union: {aside}"
            )


def check_enrolment(settings: Settings, view: View | None) -> Iterator[Check]:
    """Whether the station knows whom to trust."""
    command = f"sudo kiosk enrol {settings.central.url if settings.central else 'https://...'} CODE"
    from kiosk.keyfiles import ROOT_KEY  # noqa: PLC0415

    if not (settings.data / ROOT_KEY).exists():
        yield Check("trust.root", "wrong", "the station is not enrolled: it trusts no pass", command)
        return
    yield Check("trust.root", "fine", "the station is enrolled")
    if view and not view.documents.get("keyset"):
        yield Check(
            "trust.keyset", "wrong", "there is no keyset: every pass is refused", "sudo systemctl restart kiosk-sync"
        )
    elif view:
        yield Check("trust.keyset", "fine", ", ".join(f"{kind} {version}" for kind, version in view.documents.items()))
        left = (view.trust.keys_until - view.wall) / DAY
        found: Severity = "fine" if left > KEYS_LEFT else "warning" if left > 0 else "wrong"
        bring = "" if found == "fine" else "bring the station online: sudo systemctl restart kiosk-sync"
        yield Check("trust.keys", found, f"keys for {left:.0f} days", bring)
        age = "there is none" if view.trust.list_age is None else f"at least {view.trust.list_age / DAY:.1f} days old"
        found = {"fresh": "fine", "stale": "warning"}.get(view.trust.list, "wrong")  # type: ignore[assignment]
        bring = "" if found == "fine" else "bring the station online: sudo systemctl restart kiosk-sync"
        yield Check("trust.list", found, f"the list of revoked passes is {view.trust.list}: {age}", bring)


def check_programs(settings: Settings, view: View | None) -> Iterator[Check]:
    """The programs, and what they complain about."""
    if view is None:
        evidence = f"nothing answers at {settings.run}/control.sock"
        yield Check("programs.station", "wrong", evidence, "sudo systemctl restart kiosk-station")
        return
    yield Check("programs.station", "fine", f"version {view.version} answers")
    wanted = {
        "scanner": bool(settings.scanners),
        "sensors": settings.has_buses,
        "sync": settings.central is not None,
    }
    for name, up in view.programs.items():
        if wanted[name]:
            unit = "kiosk-scanner@*" if name == "scanner" else f"kiosk-{name}"
            found: Severity = "fine" if up else "wrong"
            remedy = "" if up else f"sudo systemctl restart '{unit}'"
            yield Check(f"programs.{name}", found, "connected" if up else "not connected", remedy)
    for what, detail in view.faults.items():
        yield Check(f"fault.{what}", "wrong", detail, "journalctl -u 'kiosk-*' --since -1h")


def check_clock(_: Settings, view: View | None) -> Iterator[Check]:
    """How well the station knows the time."""
    if view is None:
        return
    severity: Severity = "fine" if view.quality in {"synced", "holdover"} else "warning"
    remedy = "" if severity == "fine" else "bring the station online once: kiosk doctor"
    yield Check("clock.quality", severity, view.quality, remedy)


def check_doors(_: Settings, view: View | None) -> Iterator[Check]:
    """What the doors say of themselves."""
    for name, door in (view.doors if view else {}).items():
        bad = door.alarm not in {"none", "unknown"} or door.lock in {"fault", "unknown"}
        evidence = f"{door.lock}, {door.door}, mode {door.mode}, alarm {door.alarm}"
        yield Check(
            f"door.{name}",
            "wrong" if bad else "fine",
            evidence,
            f"close the door; kiosk door release {name}" if bad else "",
        )


CHECKS: Final[tuple[Callable[[Settings, View | None], Iterator[Check]], ...]] = (
    check_libraries,
    check_pins,
    check_disk,
    check_logbook,
    check_enrolment,
    check_programs,
    check_clock,
    check_doors,
    check_room,
    check_network,
)


@click.command()
@as_json
@click.pass_obj
def doctor(config: Path, as_json: bool) -> None:
    """Check everything; say what is wrong and which command mends it. Exit code 1 when something is wrong."""
    checks = list(examine(config))
    wrong = sum(check.severity == "wrong" for check in checks)
    if as_json:
        print_json({"ok": not wrong, "checks": checks})
    else:
        for check in checks:
            _tell(check)
        warnings = sum(check.severity == "warning" for check in checks)
        verdict = f"{wrong} wrong" if wrong else "Nothing is wrong"
        click.secho(
            f"\n{verdict}, {warnings} to look at, {len(checks)} checks.", bold=True, fg="red" if wrong else "green"
        )
    sys.exit(WRONG if wrong else 0)


def examine(config: Path) -> Iterator[Check]:
    """All checks; with broken settings only those errors, since the rest hangs on them."""
    try:
        settings = load(config)
    except BadSettings as bad:
        for error in bad.errors:
            yield Check("settings.file", "wrong", error, f"sudo nano {config}")
        return
    yield Check("settings.file", "fine", f"{config} is good")
    for warning in warnings(settings):
        yield Check("settings.boot_level", "warning", warning, f"sudo nano {config}")
    try:
        view = ask_station(settings, GetView(), View)
    except NotReachable:
        view = None
    for check in CHECKS:
        yield from check(settings, view)


def _tell(check: Check) -> None:
    mark, colour = MARKS[check.severity]
    click.echo(f"{click.style(mark, fg=colour)} {check.id:<22} {check.evidence}")
    if check.remedy:
        click.echo(f"  {'':<22} → {check.remedy}")
