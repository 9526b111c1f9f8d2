"""What `kiosk doctor` asks of the station: libraries, disk, logbook, trust, programs, clock, doors, cameras."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hardware import zbar
from kiosk.cli.doctor.check import Check, Severity
from kiosk.cli.doctor.faults import RESTART, check_fault
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.wire.views import View
from kiosk.wording.words import alarm, listed, rests, word

DAY: Final = 86_400.0
KEYS_LEFT: Final = 30
"""Days; the centre is asked for the next keyset 60 days ahead."""

LEAST_FREE: Final = 200 * 1024 * 1024
ONLINE: Final = "sudo systemctl restart kiosk-sync"


def check_libraries() -> Iterator[Check]:
    """The system's libraries that pip cannot bring."""
    if zbar.found():
        yield Check("libraries.zbar", "fine", _("libzbar is installed"))
    else:
        evidence = _("libzbar is missing: no scanner starts")
        yield Check("libraries.zbar", "wrong", evidence, "sudo apt-get install -y libzbar0")


def check_disk(settings: Settings, config: Path) -> Iterator[Check]:
    """Room for the logbook, and who may read the key or write the settings."""
    folder = settings.data
    if config.exists() and stat.S_IMODE(config.stat().st_mode) & 0o002:
        evidence = _("everybody can write {file}", file=config)
        yield Check("disk.settings_mode", "wrong", evidence, f"sudo chmod o-w {config}")
    if not folder.is_dir():
        yield Check("disk.folder", "wrong", _("{folder} does not exist", folder=folder), f"sudo mkdir -p {folder}")
        return
    free = shutil.disk_usage(folder).free
    severity: Severity = "fine" if free > LEAST_FREE else "wrong"
    evidence = _("{free} MiB free at {folder}", free=free // 2**20, folder=folder)
    yield Check("disk.free", severity, evidence, "" if severity == "fine" else f"sudo du -sh {folder}/*")
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        evidence = _("{folder} can only be read: the kernel has found errors, or the card is locked", folder=folder)
        yield Check("disk.writable", "wrong", evidence, f"sudo mount -o remount,rw {folder}; {RESTART}")
    from kiosk.keyfiles import STATION_KEY  # noqa: PLC0415

    key = folder / STATION_KEY
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o007:
        yield Check("disk.key_mode", "wrong", _("everybody can read {file}", file=key), f"sudo chmod o= {key}")
    elif key.exists():
        yield Check("disk.key_mode", "fine", _("{file} is private", file=key))


def check_logbook(settings: Settings) -> Iterator[Check]:
    """The logbook's file, read without writing."""
    from kiosk.logbook.reader import FILE, Reader  # noqa: PLC0415

    try:
        reader = Reader(settings.kept)
        waiting = {name: each.newest - each.acked for name, each in reader.heads().items()}
        damaged = sum(not row.intact for stream in waiting for row in reader.last(stream, 1000))
        refused = len(reader.refused())
        reader.close()
    except sqlite3.Error as error:
        yield Check("logbook.file", "wrong", f"{settings.kept / FILE}: {error}", RESTART)
        return
    told = listed(f"{word(name)} {count}" for name, count in waiting.items())
    yield Check("logbook.file", "fine", _("entries that wait for the central server: {told}", told=told))
    if damaged:
        evidence = _("{count} of the newest entries differ from their checksum", count=damaged)
        yield Check("logbook.checksums", "wrong", evidence, "kiosk logbook verify", _("the card is dying: replace it"))
    if refused:
        evidence = _("{count} entries were not taken by the central server and are kept aside", count=refused)
        yield Check("logbook.refused", "warning", evidence, "kiosk logbook refused")
    for aside in sorted(settings.data.glob("*.broken-*")):
        if aside.suffix.startswith(".broken") and not aside.name.endswith(("-wal", "-shm")):
            evidence = _("{file} was moved aside as broken", file=aside)
            yield Check("logbook.aside", "warning", evidence, "", _("keep it for the union"))


def check_enrolment(settings: Settings, view: View | None) -> Iterator[Check]:
    """Whether the station knows whom to trust."""
    from kiosk.keyfiles import COPY, ROOT_KEY  # noqa: PLC0415

    if not any((settings.data / name).exists() for name in (ROOT_KEY, ROOT_KEY + COPY)):
        advice = f"sudo kiosk enrol {settings.central.url if settings.central else 'https://...'} CODE"
        yield Check("trust.root", "wrong", _("the station is not enrolled: it trusts no pass"), "", advice)
        return
    yield Check("trust.root", "fine", _("the station is enrolled"))
    if view and not view.documents.get("keyset"):
        yield Check("trust.keyset", "wrong", _("there is no keyset: every pass is refused"), ONLINE)
    elif view:
        yield Check(
            "trust.keyset", "fine", listed(f"{word(kind)} {version}" for kind, version in view.documents.items())
        )
        left = (view.trust.keys_until - view.wall) / DAY
        found: Severity = "fine" if left > KEYS_LEFT else "warning" if left > 0 else "wrong"
        yield Check("trust.keys", found, _("keys for {days:.0f} days", days=left), *_online(found))
        age = _("none") if view.trust.list_age is None else f"{view.trust.list_age / DAY:.1f}"
        found = {"fresh": "fine", "stale": "warning"}.get(view.trust.list, "wrong")  # type: ignore[assignment]
        words = _(
            "the list of revoked passes is {state}; its age in days, at least: {age}",
            state=word(view.trust.list),
            age=age,
        )
        yield Check("trust.list", found, words, *_online(found))


def _online(severity: Severity) -> tuple[str, str]:
    """Command and advice for what a connection to the central server mends."""
    return ("", "") if severity == "fine" else (ONLINE, _("bring the station online"))


def check_programs(settings: Settings, view: View | None) -> Iterator[Check]:
    """The programs, and what they complain about."""
    if view is None:
        evidence = _("nothing answers at {socket}", socket=settings.run / "control.sock")
        yield Check("programs.station", "wrong", evidence, RESTART)
        return
    yield Check("programs.station", "fine", _("version {version} answers", version=view.version))
    wanted = {
        "scanner": bool(settings.scanners),
        "sensors": settings.has_buses,
        "sync": settings.central is not None,
        "desk": settings.has_display_inside,
    }
    for name, up in view.programs.items():
        if wanted.get(name):
            unit = "kiosk-scanner@*" if name == "scanner" else f"kiosk-{name}"
            found: Severity = "fine" if up else "wrong"
            evidence = _("connected") if up else _("not connected")
            yield Check(f"programs.{name}", found, evidence, "" if up else f"sudo systemctl restart '{unit}'")
    for name, stream in view.streams.items():
        if stream.rests:
            evidence = f"{word(name)}{rests(stream.rests)}"
            yield Check("logbook.unknown", "warning", evidence, "", _("the union brings its server up to date"))
    for what, detail in view.faults.items():
        if what.startswith("scanner.") and what != "scanner.loop":  # check_cameras tells of it
            continue
        yield check_fault(what, detail)


def check_clock(view: View | None) -> Iterator[Check]:
    """How well the station knows the time."""
    if view is not None:
        severity: Severity = "fine" if view.quality in {"synced", "holdover"} else "warning"
        yield Check("clock.quality", severity, word(view.quality), *_online(severity))


def check_phone_code(settings: Settings, view: View | None) -> Iterator[Check]:
    """Whether the display has the code for phones, where the settings want one, and why not."""
    if view is None or not settings.phone_door:
        return
    if view.quality != "synced":
        why = _("no code for phones: the time is not synced ({quality})", quality=word(view.quality))
        yield Check("screen.phone_code", "warning", why, *_online("warning"))
    elif not view.programs.get("sync") or "central" in view.faults:
        why = _("no code for phones: the central server cannot be reached")
        yield Check("screen.phone_code", "warning", why, *_online("warning"))
    elif not view.phone_code:
        why = _("no code for phones: the policy allows none, or the station has no key")
        yield Check("screen.phone_code", "warning", why, "", _("ask the union whether doors may open by phone"))
    else:
        yield Check("screen.phone_code", "fine", _("the display has a code for phones"))


def check_doors(view: View | None) -> Iterator[Check]:
    """What the doors say of themselves."""
    for name, door in (view.doors if view else {}).items():
        if door.slot:  # check_slots tells of it
            continue
        bad = door.alarm not in {"none", "unknown"} or door.lock in {"fault", "unknown"}
        evidence = _(
            "{lock}, {door}, mode {mode}, alarm {alarm}",
            lock=word(door.lock),
            door=word(door.door),
            mode=word(door.mode),
            alarm=alarm(door.alarm),
        )
        remedy, advice = (f"kiosk door release {name}", _("close the door")) if bad else ("", "")
        yield Check(f"door.{name}", "wrong" if bad else "fine", evidence, remedy, advice)


def check_cameras(settings: Settings, view: View | None) -> Iterator[Check]:
    """Whether each scanner's device is there, ours to use, and what its program says of the pictures."""
    for name, table in settings.scanners.items():
        device = Path(table.camera or table.engine or table.keyboard or "")
        if device.is_absolute() and not device.exists():
            evidence = _("{device} is not there", device=device)
            yield Check(
                f"camera.{name}", "wrong", evidence, "ls -l /dev/v4l/by-path /dev/serial/by-path /dev/input/by-id"
            )
        elif device.is_absolute() and not os.access(device, os.R_OK):
            evidence = _("no access to {devices}", devices=device)
            yield Check(f"camera.{name}", "wrong", evidence, "sudo usermod -aG video,dialout,input $USER")
        elif view and (trouble := view.faults.get(f"scanner.{name}")):
            remedy = (
                f"kiosk scanner {name} --snapshot" if table.camera else "ls -l /dev/serial/by-path /dev/input/by-id"
            )
            yield Check(f"camera.{name}", "wrong", trouble, remedy, _("see docs/camera.md"))
        else:
            works = table.camera and view and view.programs.get("scanner")
            seen = _("its pictures can be read") if works else _("{device} is there", device=device)
            yield Check(f"camera.{name}", "fine", seen)
