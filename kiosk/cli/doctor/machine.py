"""What `kiosk doctor` asks of the machine: memory, heat, voltage, watchdog, card, units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.cli.doctor.asking import is_pi
from kiosk.cli.doctor.asking import output_of as _output
from kiosk.cli.doctor.asking import text_of as _text
from kiosk.cli.doctor.check import Check, Severity
from kiosk.language import _
from kiosk.update.versions import FOLDER, Versions
from kiosk.wording.words import word

LEAST_MEMORY: Final = 60
"""MiB available; the four programs need some 230 together, and are in memory already."""

WARM, HOT = 70.0, 80.0
"""Degrees Celsius; from 80 a Pi slows down (Raspberry Pi documentation, Frequency management and thermal control)."""

MOST_WATCHDOG: Final = 15.0
"""Seconds; above that a Pi's hardware has no watchdog at all (systemd#27427)."""

UNDER_VOLTAGE, HAD_UNDER_VOLTAGE = 1 << 0, 1 << 16
"""Bits of get_throttled (Raspberry Pi documentation, vcgencmd)."""

THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
"""The same as `vcgencmd get_throttled`, which needs the group video; a kernel without the file is asked by that."""

OUR_UNITS: Final = "kiosk-*"
FAILURES: Final = "kiosk-failed@"
"""Units that only say that another has failed."""


def check_machine(root: Path = Path("/")) -> Iterator[Check]:
    """Everything that the kernel tells below `root`; what it does not tell is not asked."""
    yield from _memory(root)
    yield from _temperature(root)
    yield from _voltage(root)
    yield from _card(root)
    yield from _swap(root)
    yield from _root(root)
    yield from _data(root)
    yield from _watchdog(root)
    yield from check_update(Versions(root / FOLDER.relative_to("/")))


def _memory(root: Path) -> Iterator[Check]:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text(root / "proc/meminfo"))
    if found:
        free = int(found[1]) // 1024
        severity: Severity = "fine" if free >= LEAST_MEMORY else "wrong"
        evidence = _("{free} MiB of memory are available", free=free)
        yield Check("machine.memory", severity, evidence, "" if severity == "fine" else "ps aux --sort=-rss | head")


def _temperature(root: Path) -> Iterator[Check]:
    text = _text(root / "sys/class/thermal/thermal_zone0/temp").strip()
    if text.lstrip("-").isdigit():
        degrees = int(text) / 1000
        severity: Severity = "fine" if degrees < WARM else "warning" if degrees < HOT else "wrong"
        advice = "" if severity == "fine" else _("shade, a heat sink, holes in the housing: at 80 °C it slows down")
        yield Check(
            "machine.temperature", severity, _("the processor has {degrees:.0f} °C", degrees=degrees), "", advice
        )


def _voltage(root: Path) -> Iterator[Check]:
    text = _text(root / THROTTLED) or _output("vcgencmd", "get_throttled").partition("=")[2]
    try:
        bits = int(text, 16)
    except ValueError:
        return
    advice = _("a power supply of the Pi's maker, a short and thick cable")
    if bits & UNDER_VOLTAGE:
        yield Check("machine.voltage", "wrong", _("the supply is below 4.63 V now"), "", advice)
    elif bits & HAD_UNDER_VOLTAGE:
        yield Check("machine.voltage", "warning", _("the supply was below 4.63 V since it was switched on"), "", advice)
    else:
        yield Check("machine.voltage", "fine", _("the supply has held"))


def _card(root: Path) -> Iterator[Check]:
    """The card's file systems, and how worn it is, where it tells."""
    errors = sum(
        int(text) for path in (root / "sys/fs/ext4").glob("*/errors_count") if (text := _text(path).strip()).isdigit()
    )
    advice = _("replace the card; first: kiosk logbook export")
    if errors:
        yield Check("machine.card", "wrong", _("the file system has found {errors} errors", errors=errors), "", advice)
    worn = [
        int(word, 16) for path in (root / "sys/block").glob("mmcblk*/device/life_time") for word in _text(path).split()
    ]
    if worn:  # in tenths of its life (JEDEC JESD84-B51, DEVICE_LIFE_TIME_EST)
        severity: Severity = "fine" if max(worn) <= 8 else "warning" if max(worn) <= 10 else "wrong"
        evidence = _("{percent} % of the card's life is used", percent=max(worn) * 10)
        yield Check("machine.wear", severity, evidence, "", "" if severity == "fine" else advice)


def _swap(root: Path) -> Iterator[Check]:
    """Whether memory is swapped to the card, which wears it; compressed memory is no card."""
    places = [line.split()[0] for line in _text(root / "proc/swaps").splitlines()[1:] if line.split()]
    on_card = [place for place in places if not place.startswith("/dev/zram")]
    if on_card:
        evidence = _("memory is swapped to {places}, and wears the card", places=", ".join(on_card))
        yield Check("machine.swap", "warning", evidence, "sudo swapoff -a && sudo systemctl mask dphys-swapfile")


def _root(root: Path) -> Iterator[Check]:
    """On a Pi: whether a power cut can find the system being written."""
    if not is_pi(root):
        return
    mounts = [line.split() for line in _text(root / "proc/mounts").splitlines()]
    kind, options = next(((each[2], each[3].split(",")) for each in mounts if each[1:2] == ["/"]), ("", []))
    if kind == "overlay" or "ro" in options:
        yield Check("machine.root", "fine", _("the system is only read"))
    else:
        advice = _("a partition called kiosk-data, and once more: docs/image.md")
        evidence = _("the system is written to the card: a power cut can damage it")
        yield Check("machine.root", "warning", evidence, "sudo /usr/share/yizhan-kiosk/first-boot", advice)


def _data(root: Path) -> Iterator[Check]:
    """Whether the partition that keeps what must last is there, where the rest of the card is only read."""
    if not (root / "etc/systemd/system/kiosk-data.service").exists():
        return
    if any(line.split()[1:2] == ["/data"] for line in _text(root / "proc/mounts").splitlines()):
        yield Check("machine.data", "fine", _("the partition kiosk-data is there"))
    else:
        evidence = _("the partition kiosk-data is not there: passes are unknown, and entries go at the next restart")
        remedy = "sudo systemctl restart kiosk-data && sudo systemctl restart kiosk-station"
        yield Check("machine.data", "wrong", evidence, remedy, _("if that does not help, replace the card"))


def _watchdog(root: Path) -> Iterator[Check]:
    if not (root / "dev/watchdog").exists():
        remedy = "echo dtparam=watchdog=on | sudo tee -a /boot/firmware/config.txt && sudo reboot"
        yield Check(
            "machine.watchdog", "warning", _("there is no /dev/watchdog: a frozen machine stays frozen"), remedy
        )
        return
    seconds = _seconds(_output("systemctl", "show", "--property=RuntimeWatchdogUSec", "--value").strip())
    remedy = "sudo systemctl daemon-reexec"
    if seconds is None or seconds <= 0:
        yield Check("machine.watchdog", "warning", _("systemd does not feed the hardware's watchdog"), remedy)
    elif seconds > MOST_WATCHDOG:
        evidence = _("the watchdog is set to {seconds:g} s; above 15 s a Pi has none", seconds=seconds)
        yield Check("machine.watchdog", "wrong", evidence, remedy)
    else:
        yield Check("machine.watchdog", "fine", _("a frozen machine restarts within {seconds:g} s", seconds=seconds))


def _seconds(text: str) -> float | None:
    """Of systemd's way to write a span, such as `1min 30s` or `15s`."""
    units = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
    found = re.findall(r"(\d+)(ms|s|min|h)\b", text)
    return sum(int(number) * units[unit] for number, unit in found) if found else None


def check_update(versions: Versions) -> Iterator[Check]:
    """Whether an update still has to prove itself."""
    if versions.on_trial:
        evidence = _("version {version} is on trial: at the next start it goes back", version=versions.current)
        yield Check("machine.update", "warning", evidence, "sudo systemctl start kiosk-update")


def check_units(names: list[str], root: Path = Path("/")) -> Iterator[Check]:
    """How systemd sees each unit; nothing where it does not run or has none of ours."""
    for name in names:
        for told in _systemd(root, f"{name}.service", "LoadState,ActiveState,NRestarts"):
            if told.get("LoadState") == "loaded":
                yield _check_unit(name, told.get("ActiveState", ""), told.get("NRestarts", "0"))


def _check_unit(name: str, active: str, restarts: str) -> Check:
    if active != "active":
        remedy = f"sudo systemctl start {name}; journalctl -u {name} -n 50"
        return Check(f"units.{name}", "wrong", _("the unit is {state}", state=word(active)), remedy)
    if restarts not in {"", "0"}:
        evidence = _("active, and was restarted {times} times", times=restarts)
        return Check(f"units.{name}", "warning", evidence, f"journalctl -u {name} -p warning")
    return Check(f"units.{name}", "fine", _("active"))


def states_of_units(root: Path = Path("/")) -> dict[str, str]:
    """By unit of ours that systemd has loaded: what it says of it, such as `failed` or `active, since ...`."""
    found = {}
    for told in _systemd(root, f"{OUR_UNITS}.service", "Id,ActiveState,SubState,StateChangeTimestamp"):
        name = told.get("Id", "").removesuffix(".service")
        if name and not name.startswith(FAILURES):
            state = f"{told.get('ActiveState', '')} ({told.get('SubState', '')})"
            found[name] = f"{state} {told.get('StateChangeTimestamp', '')}".strip()
    return found


def _systemd(root: Path, units: str, properties: str) -> Iterator[dict[str, str]]:
    """What systemd shows of each unit, by property; nothing where it does not run."""
    if (root / "run/systemd/system").is_dir():
        for block in _output("systemctl", "show", f"--property={properties}", units).split("\n\n"):
            yield dict(line.partition("=")[::2] for line in block.strip().splitlines())
