"""Who else is on a serial port: files as a Pi has them in a folder, and commands that print what they print there."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.doctor.check import Check
from kiosk.cli.doctor.serials import check_serials
from tests.test_machine import on_path

PI = {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0"}
CMDLINE = "boot/firmware/cmdline.txt"
LOGIN = "etc/systemd/system/getty.target.wants/serial-getty@ttyAMA0.service"


@pytest.fixture(autouse=True)
def _quiet(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """ModemManager is not there."""
    on_path(tmp_path_factory.mktemp("bin"), monkeypatch, "systemctl", "inactive")


def found(root: Path, files: dict[str, str], *ports: str, links: dict[str, str] | None = None) -> list[Check]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, target in (links or {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    return list(check_serials(list(ports), root))


@pytest.mark.parametrize(
    ("files", "port", "severity"),
    [
        ({CMDLINE: "console=serial0,115200 console=tty1 root=PARTUUID=1\n"}, "/dev/ttyUSB0", "warning"),
        ({"proc/cmdline": "console=serial0,115200 console=tty1\n"}, "/dev/ttyUSB0", "warning"),
        ({CMDLINE: "console=serial0,115200 console=tty1\n"}, "/dev/ttyAMA0", "wrong"),
        ({CMDLINE: "console=serial0,115200 console=tty1\n"}, "/dev/serial0", "wrong"),
        ({"boot/cmdline.txt": "root=/dev/x console=ttyAMA0,115200n8"}, "/dev/ttyAMA0", "wrong"),
        ({"proc/cmdline": "console=ttyS0"}, "/dev/ttyS0", "wrong"),
        ({**PI, "proc/cmdline": "console=ttyS0,115200"}, "/dev/ttyUSB0", "warning"),
        ({**PI, LOGIN: ""}, "/dev/serial0", "wrong"),
        ({**PI, LOGIN: ""}, "/dev/ttyUSB0", "warning"),
        ({**PI, "proc/cmdline": "console=tty1 root=/dev/mmcblk0p2"}, "/dev/ttyAMA0", "fine"),
        ({**PI, "proc/cmdline": "netconsole=serial0 fbcon=console=serial"}, "/dev/ttyAMA0", "fine"),
    ],
)
def test_a_console_or_a_login_on_a_serial_port_is_found(
    tmp_path: Path, files: dict[str, str], port: str, severity: str
) -> None:
    (check,) = found(tmp_path, files, port, links={"dev/serial0": "ttyAMA0"})
    assert (check.id, check.severity) == ("serial.console", severity)
    if severity == "fine":
        return
    assert "sudo sed -i -E 's/console=(serial|ttyAMA|ttyS)[0-9]+[^ ]* ?//g' /boot/" in check.remedy
    assert "sudo systemctl mask serial-getty@tty" in check.remedy
    assert check.remedy.endswith("; sudo reboot")


def test_a_console_of_another_machine_is_its_own(tmp_path: Path) -> None:
    assert found(tmp_path, {"proc/cmdline": "console=ttyS0,115200 quiet"}, "/dev/ttyUSB0") == []
    assert found(tmp_path / "none", {}) == []


def test_what_mends_it_leaves_the_other_words_of_the_line(tmp_path: Path) -> None:
    """By the real sed, on a copy."""
    import shlex
    import subprocess

    line = "console=serial0,115200 console=tty1 root=PARTUUID=1 console=ttyS0,9600n8 quiet"
    (check,) = found(tmp_path, {CMDLINE: f"{line}\n", **PI})
    words = shlex.split(check.remedy.split(";")[0])[1:]
    subprocess.run([*words[:-1], str(tmp_path / CMDLINE)], check=True)
    assert (tmp_path / CMDLINE).read_text() == "console=tty1 root=PARTUUID=1 quiet\n"
    assert found(tmp_path, {})[0].severity == "fine"


@pytest.mark.parametrize(
    ("properties", "severity"),
    [
        ("ID_BUS=usb\nID_VENDOR_ID=1a86\nID_MODEL_ID=7523\nID_MM_DEVICE_IGNORE=1", "fine"),
        ("ID_BUS=usb\nID_VENDOR_ID=2341\nID_MODEL_ID=0043", "warning"),
        ("DEVNAME=/dev/ttyAMA0", ""),
        ("ID_VENDOR_ID='; reboot #\nID_MODEL_ID=0043", ""),
        ("", ""),
    ],
)
def test_whether_modemmanager_types_at_our_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, properties: str, severity: str
) -> None:
    for name, prints in (("systemctl", "active"), ("udevadm", properties)):
        on_path(tmp_path, monkeypatch, name, prints)
    checks = found(tmp_path, {}, "/dev/ttyUSB0")
    assert [(check.id, check.severity) for check in checks] == ([("serial.modem", severity)] if severity else [])
    if severity == "warning":
        assert 'ATTRS{idVendor}=="2341", ATTRS{idProduct}=="0043", ENV{ID_MM_DEVICE_IGNORE}="1"' in checks[0].remedy
