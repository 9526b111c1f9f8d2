"""What the doctor reads of a machine: files as the kernel of a Pi has them, in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.doctor.machine import _seconds, check_machine, check_units, states_of_units


def machine(root: Path, **files: str) -> dict[str, str]:
    """The severity of each check on a machine with these files; `__` stands for a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {check.id.partition(".")[2]: check.severity for check in check_machine(root)}


@pytest.mark.parametrize(
    ("name", "text", "check", "severity"),
    [
        ("proc__meminfo", "MemTotal: 9 kB\nMemAvailable:   512000 kB\n", "memory", "fine"),
        ("proc__meminfo", "MemAvailable:   51200 kB\n", "memory", "wrong"),
        ("sys__class__thermal__thermal_zone0__temp", "51540\n", "temperature", "fine"),
        ("sys__class__thermal__thermal_zone0__temp", "70000\n", "temperature", "warning"),
        ("sys__class__thermal__thermal_zone0__temp", "84200\n", "temperature", "wrong"),
        ("sys__class__thermal__thermal_zone0__temp", "-20000\n", "temperature", "fine"),
        ("sys__devices__platform__soc__soc:firmware__get_throttled", "0\n", "voltage", "fine"),
        ("sys__devices__platform__soc__soc:firmware__get_throttled", "50000\n", "voltage", "warning"),
        ("sys__devices__platform__soc__soc:firmware__get_throttled", "50005\n", "voltage", "wrong"),
        ("proc__swaps", "Filename Type Size\n/var/swap file 102396 0 -2\n", "swap", "warning"),
        ("sys__fs__ext4__mmcblk0p2__errors_count", "3\n", "card", "wrong"),
        ("sys__block__mmcblk0__device__life_time", "0x01 0x02\n", "wear", "fine"),
        ("sys__block__mmcblk0__device__life_time", "0x01 0x09\n", "wear", "warning"),
        ("sys__block__mmcblk0__device__life_time", "0x0b 0x01\n", "wear", "wrong"),
    ],
)
def test_what_the_kernel_tells(tmp_path: Path, name: str, text: str, check: str, severity: str) -> None:
    assert machine(tmp_path, **{name: text}) == {check: severity, "watchdog": "warning"}


def test_what_the_kernel_does_not_tell_is_not_asked(tmp_path: Path) -> None:
    assert machine(tmp_path, sys__fs__ext4__sda1__errors_count="0\n", proc__meminfo="rubbish") == {
        "watchdog": "warning"
    }
    assert list(check_units(["kiosk-station"], tmp_path)) == [], "there is no systemd below it"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15s", 15.0), ("1min 30s", 90.0), ("0", None), ("infinity", None), ("", None), ("500ms", 0.5)],
)
def test_systemds_spans(text: str, seconds: float | None) -> None:
    assert _seconds(text) == seconds


@pytest.mark.parametrize(
    ("mount", "severity"),
    [
        ("/dev/mmcblk0p2 / ext4 rw,noatime 0 0", "warning"),
        ("/dev/mmcblk0p2 / ext4 ro,noatime 0 0", "fine"),
        ("overlayroot / overlay rw,relatime 0 0", "fine"),
    ],
)
def test_whether_a_pis_system_is_written(tmp_path: Path, mount: str, severity: str) -> None:
    model = {"proc__device-tree__model": "Raspberry Pi 5 Model B Rev 1.0\0"}
    assert machine(tmp_path, proc__mounts=f"proc /proc proc rw 0 0\n{mount}\n", **model)["root"] == severity


def test_compressed_memory_is_no_card(tmp_path: Path) -> None:
    assert "swap" not in machine(tmp_path, proc__swaps="Filename\n/dev/zram0 partition 1 0 100\n")


def test_an_update_on_trial_is_told(tmp_path: Path) -> None:
    assert machine(tmp_path, **{"var__lib__yizhan-kiosk__trial": ""})["update"] == "warning"


def on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, prints: str) -> None:
    """A command of the system that prints this."""
    script = folder / name
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_kernel_that_does_not_tell_of_the_supply_is_asked_through_the_firmware(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(tmp_path, monkeypatch, "vcgencmd", "throttled=0x50005")
    assert machine(tmp_path)["voltage"] == "wrong"


def test_systemd_is_asked_for_units_that_do_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    since = "Wed 2026-11-25 08:18:36 CST"
    sync = "Id=kiosk-sync.service\nActiveState=active\nSubState=running\nStateChangeTimestamp="
    station = f"Id=kiosk-station.service\nActiveState=failed\nSubState=failed\nStateChangeTimestamp={since}"
    on_path(tmp_path, monkeypatch, "systemctl", f"{station}\n\n{sync}")
    assert states_of_units(tmp_path) == {"kiosk-station": f"failed (failed) {since}", "kiosk-sync": "active (running)"}
