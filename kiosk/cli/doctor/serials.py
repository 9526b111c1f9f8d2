"""What `kiosk doctor` asks of whoever else speaks on our serial ports: the kernel's console and its login, and ModemManager."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.cli.doctor.asking import is_pi, output_of, text_of
from kiosk.cli.doctor.check import Check
from kiosk.language import _
from kiosk.settings import Settings

CONSOLE: Final = re.compile(r"(?<!\S)console=((?:serial|ttyAMA|ttyS)[0-9]+)")
CMDLINES: Final = ("boot/firmware/cmdline.txt", "boot/cmdline.txt")
GETTYS: Final = (
    "etc/systemd/system/getty.target.wants",
    "run/systemd/generator/getty.target.wants",
    "run/systemd/system/getty.target.wants",
)
GETTY: Final = re.compile(r"serial-getty@((?:serial|ttyAMA|ttyS)[0-9]+)\.service")
OF_A_PI: Final = "serial0"
"""The name that only a Pi's firmware has for the serial port of the header."""

USB_ID: Final = re.compile(r"[0-9a-f]{4}")
RULES: Final = "/etc/udev/rules.d/61-kiosk-ports.rules"


def ports_of(settings: Settings) -> list[str]:
    """Every serial port of the settings."""
    tables = [
        *settings.sensors.values(),
        *settings.relays.values(),
        *settings.boards.values(),
        *([settings.gps] if settings.gps else []),
    ]
    ports = [*(getattr(table, "port", None) for table in tables), *(each.engine for each in settings.scanners.values())]
    return list(dict.fromkeys(filter(None, ports)))


def check_serials(ports: list[str], root: Path = Path("/")) -> Iterator[Check]:
    """Whether these ports, and the one of a Pi's header, are ours alone."""
    yield from _check_console(ports, root)
    if output_of("systemctl", "is-active", "ModemManager").strip() == "active":
        yield from (check for port in ports for check in _check_probed(port))


def _check_console(ports: list[str], root: Path) -> Iterator[Check]:
    """The console writes the kernel's messages into whatever is wired there, and the login answers what it says."""
    file = next((each for each in CMDLINES if (root / each).exists()), CMDLINES[0])
    consoles = set(CONSOLE.findall(f"{text_of(root / 'proc/cmdline')} {text_of(root / file)}"))
    logins = {found[1] for folder in GETTYS for path in _in(root / folder) if (found := GETTY.fullmatch(path.name))}
    on = {_device(f"/dev/{name}", root) for name in consoles | logins}
    taken = [port for port in ports if _device(port, root) in on]
    on_a_pi = OF_A_PI in consoles or is_pi(root)
    stop = " ".join(f"serial-getty@{name}" for name in sorted((on | logins) - {OF_A_PI}) or ["ttyAMA0", "ttyS0"])
    remedy = f"sudo sed -i -E 's/console=(serial|ttyAMA|ttyS)[0-9]+[^ ]* ?//g' /{file}; sudo systemctl mask {stop}; sudo reboot"
    if taken:
        evidence = _("the kernel's console or a login is on {ports}, too", ports=", ".join(taken))
        yield Check("serial.console", "wrong", evidence, remedy, _("they type into our device"))
    elif on and on_a_pi:
        evidence = _(
            "the kernel's console or a login is on the header's serial pins: {names}", names=", ".join(sorted(on))
        )
        yield Check("serial.console", "warning", evidence, remedy, _("whoever opens the housing can log in there"))
    elif on_a_pi:
        yield Check("serial.console", "fine", _("neither console nor login is on the header's serial pins"))


def _check_probed(port: str) -> Iterator[Check]:
    """ModemManager types at a port that it does not know; our udev rules know what adapters are usually made of."""
    told = dict(
        line.partition("=")[::2] for line in output_of("udevadm", "info", "-q", "property", "-n", port).splitlines()
    )
    vendor, product = told.get("ID_VENDOR_ID", ""), told.get("ID_MODEL_ID", "")
    if told.get("ID_MM_DEVICE_IGNORE") == "1":
        yield Check("serial.modem", "fine", _("ModemManager leaves {port} alone", port=port))
    elif USB_ID.fullmatch(vendor) and USB_ID.fullmatch(product):
        rule = f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
        remedy = f"echo '{rule}' | sudo tee -a {RULES}; sudo udevadm control --reload; sudo udevadm trigger"
        evidence = _("ModemManager may type at {port}, as if it were a modem", port=port)
        yield Check("serial.modem", "warning", evidence, f"{remedy}; sudo systemctl restart ModemManager")


def _device(port: str, root: Path) -> str:
    """The kernel's name of a port, behind whatever links lead to it."""
    return (root / port.lstrip("/")).resolve().name


def _in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
