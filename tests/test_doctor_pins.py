"""What the doctor says of the board and of a pin whose program dies: files as a kernel has them, in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.doctor.check import Check
from kiosk.cli.doctor.pins import check_board, check_release

MODEL = "proc/device-tree/model"
REVISION = "proc/device-tree/system/linux,revision"
RELEASE = "proc/sys/kernel/osrelease"
CHIP = Path("/dev/gpiochip0")


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def driven(root: Path, driver: str, parameter: str | None, *, built_in: bool = False) -> Path:
    """A chip below its device, with the driver's parameters; the kernel links to those of a module that was loaded alone."""
    device, named = root / "sys/devices/platform/soc/3f200000.gpio", root / "sys/bus/platform/drivers" / driver
    module = root / "sys/module" / driver.replace("-", "_")
    for folder in (device / "gpiochip0", named, module, root / "sys/bus/gpio/devices"):
        folder.mkdir(parents=True)
    (root / "sys/bus/gpio/devices/gpiochip0").symlink_to(device / "gpiochip0")
    (device / "driver").symlink_to(named)
    if not built_in:
        (named / "module").symlink_to(module)
    if parameter is not None:
        put(module, {"parameters/persist_gpio_outputs": parameter})
    return root


@pytest.mark.parametrize("built_in", [True, False])
@pytest.mark.parametrize("driver", ["pinctrl-bcm2835", "pinctrl-rp1"])
@pytest.mark.parametrize("text", ["", "dtparam=strict_gpiod\n"])
@pytest.mark.parametrize(("parameter", "severity"), [("N\n", "fine"), ("Y\n", "warning")])
def test_the_driver_is_believed_and_not_what_config_txt_asks_for(
    tmp_path: Path, driver: str, text: str, parameter: str, severity: str, *, built_in: bool
) -> None:
    put(tmp_path, {"boot/firmware/config.txt": text, RELEASE: "6.12.117+deb13-arm64\n"})
    assert check_release(CHIP, driven(tmp_path, driver, parameter, built_in=built_in)).severity == severity


def test_what_was_asked_for_already_is_not_asked_for_once_more(tmp_path: Path) -> None:
    driven(tmp_path, "pinctrl-bcm2835", "Y\n")
    assert "strict_gpiod" in check_release(CHIP, tmp_path).remedy
    put(tmp_path, {"boot/firmware/config.txt": "dtparam=strict_gpiod\n"})
    assert "strict_gpiod" not in check_release(CHIP, tmp_path).remedy


@pytest.mark.parametrize(
    ("release", "severity"),
    [("6.1.0-44-arm64\n", "fine"), ("5.10.103-v8+\n", "fine"), ("6.6.20+rpt-rpi-v8\n", "warning"), ("", "warning")],
)
def test_a_driver_without_the_parameter_is_judged_by_its_kernel(tmp_path: Path, release: str, severity: str) -> None:
    """Raspberry Pi's own of spring 2024 hold on, and do not say so; older ones know of no holding on."""
    put(driven(tmp_path, "pinctrl-bcm2835", None), {RELEASE: release})
    assert check_release(CHIP, tmp_path).severity == severity


def board(root: Path) -> list[Check]:
    return list(check_board(root))


def test_a_board_is_named_as_its_firmware_names_it(tmp_path: Path) -> None:
    put(tmp_path, {MODEL: "Raspberry Pi 3 Model B Rev 1.2\0", REVISION: "\0"})
    assert board(tmp_path) == [Check("machine.board", "fine", "Raspberry Pi 3 Model B Rev 1.2")]


def test_a_board_of_which_only_cpuinfo_tells_the_revision(tmp_path: Path) -> None:
    put(tmp_path, {MODEL: "Raspberry Pi 3 Model B", "proc/cpuinfo": "processor\t: 0\nRevision\t: a02082\n"})
    assert [each.severity for each in board(tmp_path)] == ["fine"]


def test_a_board_that_tells_no_revision_is_told_with_what_brings_it(tmp_path: Path) -> None:
    put(tmp_path, {MODEL: "Raspberry Pi 3 Model B", "proc/cpuinfo": "CPU revision\t: 4\n"})
    (check,) = board(tmp_path)
    assert (check.severity, "raspi-firmware" in check.remedy) == ("warning", True)


def test_what_is_no_raspberry_pi_is_not_asked(tmp_path: Path) -> None:
    assert board(put(tmp_path, {MODEL: "QEMU Virtual Machine"})) == board(tmp_path / "empty") == []
