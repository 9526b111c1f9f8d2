"""What `kiosk doctor` asks of the pins: the board and its chip, who holds our lines, and what a crash leaves on them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.cli.doctor.asking import is_pi, model_of, text_of
from kiosk.cli.doctor.check import Check
from kiosk.language import _
from kiosk.settings import Settings

BOOT_CONFIG: Final = ("boot/firmware/config.txt", "boot/config.txt")
REVISION: Final = "proc/device-tree/system/linux,revision"
CHIPS: Final = "sys/bus/gpio/devices"
MODULES: Final = "sys/module"
HELD_SINCE: Final = (6, 6)
"""The first kernels of a Raspberry Pi that keep an output when its program dies; those without a parameter for it are a few of
6.6 (raspberrypi/linux#6117, #6150). Before them every kernel let go."""


def check_pins(settings: Settings, root: Path = Path("/")) -> Iterator[Check]:
    """The board, its GPIO chip, who holds our lines, and what the kernel does with the lock's pin when the program dies."""
    yield from check_board(root)
    if settings.pins == "simulated":
        advice = _('for real doors set pins = "gpio" in the settings')
        yield Check("pins.backend", "warning", _("the pins are simulated: no lock moves"), "", advice)
        return
    chips = sorted((root / "dev").glob("gpiochip*"))
    if not chips:
        yield Check("pins.chip", "wrong", _("there is no /dev/gpiochip*: no Raspberry Pi?"), "ls -l /dev/gpiochip*")
        return
    denied = [str(chip) for chip in chips if not os.access(chip, os.R_OK | os.W_OK)]
    if denied:
        evidence = _("no access to {devices}", devices=", ".join(denied))
        yield Check("pins.chip", "wrong", evidence, "sudo usermod -aG gpio $USER")
        return
    yield Check("pins.chip", "fine", ", ".join(map(str, chips)))
    yield from _check_header(settings, root)


def check_board(root: Path = Path("/")) -> Iterator[Check]:
    """Which board this is. One that does not tell its revision works: its pins are called as on every other."""
    model = model_of(root)
    if not is_pi(root):
        return
    if (root / REVISION).exists() or re.search(r"^Revision\s*:", text_of(root / "proc/cpuinfo"), re.MULTILINE):
        yield Check("machine.board", "fine", model)
        return
    evidence = _(
        "{model} does not tell its revision, which its firmware puts into the device tree: taken for a board with 40 pins",
        model=model,
    )
    yield Check("machine.board", "warning", evidence, "sudo apt-get install --reinstall raspi-firmware && sudo reboot")


def _check_header(settings: Settings, root: Path) -> Iterator[Check]:
    """Whether another program has one of our lines, and what becomes of them when ours dies."""
    from hardware.kernel_pins import CONSUMER, PinsUnavailable, header, holders  # noqa: PLC0415
    from kiosk.settings.sense import pins_of  # noqa: PLC0415

    try:
        held = holders([pin for _key, pin in pins_of(settings)])
        yield check_release(header(), root)
    except PinsUnavailable as error:
        yield Check("pins.holder", "wrong", str(error), "gpioinfo")
        return
    others = {pin: who for pin, who in held.items() if who not in {"", CONSUMER}}
    if others:
        told = ", ".join(f"{pin}: {who}" for pin, who in others.items())
        yield Check("pins.holder", "wrong", _("other programs hold pins of ours: {told}", told=told), "gpioinfo")
    else:
        yield Check("pins.holder", "fine", _("no other program holds a pin of ours"))


def check_release(chip: Path, root: Path = Path("/")) -> Check:
    """Whether the driver of this chip lets go of an output whose program dies: what it does, not what config.txt asks for."""
    if _lets_go(chip, root):
        return Check("pins.strict_gpiod", "fine", _("the kernel lets go of the lock's pin when the program dies"))
    evidence = _("after a crash in mid-unlock the kernel would keep the lock released")
    if any("strict_gpiod" in text_of(root / path) for path in BOOT_CONFIG):
        return Check("pins.strict_gpiod", "warning", evidence, "sudo apt full-upgrade && sudo reboot")
    command = "echo dtparam=strict_gpiod | sudo tee -a /boot/firmware/config.txt && sudo reboot"
    return Check("pins.strict_gpiod", "warning", evidence, command)


def _lets_go(chip: Path, root: Path) -> bool:
    driver = ((root / CHIPS / chip.name).resolve().parent / "driver").resolve()
    module = driver / "module"
    if not module.exists():  # it is built into the kernel, which names it after its file
        module = root / MODULES / driver.name.replace("-", "_")
    persists = text_of(module / "parameters" / "persist_gpio_outputs").strip()
    if persists:
        return persists == "N"
    release = re.match(r"(\d+)\.(\d+)", text_of(root / "proc/sys/kernel/osrelease"))
    return release is not None and (int(release[1]), int(release[2])) < HELD_SINCE
