"""The virtual machine of ../shared/vm, with this checkout and its libraries in it, and the wiring of a station."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PATIENCE = 300.0
MOUNT = "mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose"
WIRING = """\
#!/bin/sh
modprobe gpio-sim persist=1; /opt/vmtest/gpio_setup.sh rp1 54 '17:lock 27:contact 22:exit' pinctrl-rp1 || exit 1
cp /proc/cpuinfo /run/cpuinfo; printf 'Revision\\t: d04170\\n' >> /run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo
modprobe v4l2loopback video_nr=0,1 card_label=a,b exclusive_caps=1,1 max_buffers=4
modprobe vivid n_devs=1 node_types=0x1; modprobe -a hid-generic usbhid
"""
"""What a Pi has from power-on: pins, cameras, a keyboard."""

SHARES = f"""\
mkdir -p /run/mnt/repo /run/mnt/site; modprobe -a 9pnet_virtio 9p
{MOUNT} repo /run/mnt/repo && {MOUNT} site /run/mnt/site
"""
PYTHON = (
    "cd /run/mnt/repo; PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/run/mnt/repo:/run/mnt/site OPENBLAS_NUM_THREADS=1 python3"
)


@contextmanager
def booted(
    folder: Path, disk: Path, *, wired: bool = True, more: Sequence[str] = (), channels: Sequence[str] = ()
) -> Iterator[Any]:
    """The machine, once it answers; `wired` by us, or by a unit of its own that an earlier start has installed.

    `more`: words for QEMU; `channels`: names of lines between the machine and us.
    """
    sys.path.insert(0, str(folder))
    module = import_module("vm")
    sys.path.remove(str(folder))
    shares = [*share("repo", ROOT), *share("site", libraries(folder))]
    extra = [*shares, "-device", "qemu-xhci", "-device", "usb-kbd", *more]
    with module.VM(str(disk), append=module.FAST, smp=2, mem=1500, extra=extra, channels=channels) as machine:
        machine.wait_ready()
        machine.run("mkdir -p /opt/vmtest")
        for name in ("gpio_setup.sh", "v4l2feed.py"):
            machine.put((folder / "guest-scripts" / name).read_text(), f"/opt/vmtest/{name}")
        machine.put(WIRING, "/opt/vmtest/wiring.sh")
        machine.run(SHARES, check=True)
        if wired:
            machine.run("/opt/vmtest/wiring.sh", check=True)
        yield machine


def play(machine: Any, module: str, scene: str, *logs: str) -> dict[str, Any]:
    """What a scene of one of our modules prints, played in there."""
    code, out, errors = machine.run(f"{PYTHON} -m {module} {scene}", timeout=2 * PATIENCE)
    assert code == 0, errors + machine.run(f"tail -n 20 {' '.join(logs)}; journalctl -u 'kiosk-*' -o cat -n 60")[1]
    found: dict[str, Any] = json.loads(out)
    return found


def share(tag: str, path: Path) -> list[str]:
    """QEMU's words for a folder that the guest can mount."""
    device = f"local,id={tag},path={path},security_model=none,readonly=on"
    return ["-fsdev", device, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def libraries(folder: Path) -> Path:
    """What the programs import, for the guest's Python 3.13; made once."""
    site = folder / "site"
    if not site.exists():
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        wheels = [str(next((folder / "wheels").glob("lgpio-*.whl")))]  # to compare with
        wanted = [*project["dependencies"], *project["optional-dependencies"]["central"], *wheels]
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(site), "--python-version", "3.13"]
        subprocess.run([*pip, "--only-binary", ":all:", *wanted], check=True)
    return site
