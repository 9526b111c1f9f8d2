"""The virtual machine of ../shared/vm, with this checkout and its libraries in it, and the wiring of a station."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PATIENCE = 300.0
BOOT = 900.0
"""Seconds in which an emulated machine answers on a host that is busy with other work."""

AGAIN = "panic=1"
"""A kernel that ends while it boots, as one now and then does that is emulated on several processors, boots again at once."""

MOUNT = "mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose"
WIRING = """\
#!/bin/sh
modprobe gpio-sim persist=1; /opt/vmtest/gpio_setup.sh rp1 54 '17:lock 27:contact 22:exit' pinctrl-rp1 || exit 1
cp /proc/cpuinfo /run/cpuinfo; printf 'Revision\\t: d04170\\n' >> /run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo
modprobe v4l2loopback video_nr=0,1 card_label=a,b exclusive_caps=1,1 max_buffers=4
modprobe vivid n_devs=1 node_types=0x1; modprobe -a hid-generic usbhid
"""
"""What a Pi has from power-on: pins, cameras, a keyboard."""

SCRIPTS = ("gpio_setup.sh", "v4l2feed.py")
READY = "ready"
SHARES = f"""\
mkdir -p /run/mnt/repo /run/mnt/site; modprobe -a 9pnet_virtio 9p
{MOUNT} repo /run/mnt/repo && {MOUNT} site /run/mnt/site
"""
PATHS = "PYTHONPYCACHEPREFIX=/run/compiled PYTHONPATH=/run/mnt/repo:/run/mnt/site"
PYTHON = f"cd /run/mnt/repo; {PATHS} OPENBLAS_NUM_THREADS=1 python3"
"""What it compiles outlasts a scene, and no boot."""


def warm(folder: Path) -> Path:
    """A disk with a snapshot of the wired machine, which needs no boot; made once for each kernel and each wiring."""
    kept = (folder / "out" / "vmlinuz", *(folder / "guest-scripts" / name for name in SCRIPTS), Path(__file__))
    stamp = hashlib.sha256(b"".join(hashlib.sha256(each.read_bytes()).digest() for each in kept)).hexdigest()[:16]
    disk = folder / f"warm-{stamp}.qcow2"
    if not disk.exists():
        for old in folder.glob("warm-*.qcow2"):
            old.unlink()
        half = disk.with_suffix(".half")
        base = ["-b", str(folder / "out" / "disk.img"), "-F", "raw"]
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, str(half)], check=True)
        with started(folder, half) as machine:
            wire(machine, folder)
            machine.run("sync", check=True)
            monitor(machine, f"savevm {READY}")
            machine.power_cut()
        half.rename(disk)
    return disk


def wire(machine: Any, folder: Path) -> None:
    """Put the wiring's script where a unit can call it at later boots, and call it."""
    machine.run("mkdir -p /opt/vmtest")
    for name in SCRIPTS:
        machine.put((folder / "guest-scripts" / name).read_text(), f"/opt/vmtest/{name}")
    machine.put(WIRING, "/opt/vmtest/wiring.sh")
    machine.run("/opt/vmtest/wiring.sh", check=True)


@contextmanager
def restored(folder: Path, disk: Path) -> Iterator[Any]:
    """The wired machine as it was in the snapshot, with this checkout in it and today's time. Its boot id is the snapshot's."""
    with started(folder, disk, more=["-loadvm", READY]) as machine:
        machine.run(f"date -s @{time.time():.3f} && {SHARES}", check=True)
        yield machine


@contextmanager
def booted(
    folder: Path, disk: Path, *, more: Sequence[str] = (), channels: Sequence[str] = (), kernel: str = ""
) -> Iterator[Any]:
    """The machine after a boot from this disk, with this checkout in it. Who needs pins has a unit that wires them.

    `more`: words for QEMU; `channels`: names of lines between the machine and us; `kernel`: words for the kernel.
    """
    with started(folder, disk, more=more, channels=channels, kernel=kernel) as machine:
        machine.run(SHARES, check=True)
        yield machine


@contextmanager
def started(
    folder: Path, disk: Path, *, more: Sequence[str] = (), channels: Sequence[str] = (), kernel: str = ""
) -> Iterator[Any]:
    """The machine, once it answers. Its folders must not be mounted in a snapshot, where QEMU does not know them."""
    sys.path.insert(0, str(folder))
    module = import_module("vm")
    sys.path.remove(str(folder))
    shares = [*share("repo", ROOT), *share("site", libraries(folder))]
    extra = [*shares, "-device", "qemu-xhci", "-device", "usb-kbd", *more]
    words = f"{module.FAST} {AGAIN} {kernel}"
    with (
        module.VM(str(disk), fmt="qcow2", append=words, smp=2, mem=1500, extra=extra, channels=channels) as machine,
        patient(machine),
    ):
        machine.wait_ready(BOOT)
        yield machine


@contextmanager
def patient(machine: Any) -> Iterator[None]:
    """On a busy host a machine says nothing for longer than vm.py waits. Nothing of this keeps its sockets afterwards."""
    words = ("_ga", "run")
    for word in words:
        setattr(machine, word, partial(getattr(machine, word), timeout=PATIENCE))
    try:
        yield
    finally:
        for word in words:
            delattr(machine, word)


def monitor(machine: Any, command: str) -> None:
    """A word for QEMU's monitor, which answers only to complain."""
    answer = machine.qmp("human-monitor-command", **{"command-line": command})
    assert not answer, answer


def play(machine: Any, module: str, scene: str, *logs: str) -> dict[str, Any]:
    """What a scene of one of our modules prints, played in there."""
    code, out, errors = machine.run(f"{PYTHON} -m {module} {scene}", timeout=12 * PATIENCE)
    assert code == 0, errors + machine.run(f"tail -n 20 {' '.join(logs)}; journalctl -u 'kiosk-*' -o cat -n 60")[1]
    found: dict[str, Any] = json.loads(out)
    return found


def share(tag: str, path: Path) -> list[str]:
    """QEMU's words for a folder that the guest can mount."""
    device = f"local,id={tag},path={path},security_model=none,readonly=on"
    return ["-fsdev", device, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def libraries(folder: Path) -> Path:
    """What the programs and a central server import, for the guest's Python 3.13; made once for each list of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["central"]]
    site = folder / f"site-{hashlib.sha256(' '.join(wanted).encode()).hexdigest()[:16]}"
    if not site.exists():
        beside = site.with_suffix(".half")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(beside), "--python-version", "3.13"]
        to_compare_with = next((folder / "wheels").glob("lgpio-*.whl"))
        subprocess.run([*pip, "--only-binary", ":all:", *wanted, to_compare_with], check=True)
        beside.rename(site)
    return site
