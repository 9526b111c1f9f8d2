"""What runs inside the virtual machine with a card of which only the partition kiosk-data is written.

python -m tests.vm.card SCENE [NUMBER] prints one JSON object. What is not modelled: Raspberry Pi's raspi-config and the hook of
its initramfs, overlayroot; OVERLAY does what it does, a system that is only read below one in memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.local import boot_time
from tests.programs.house import EXIT, until
from tests.vm.guest import PATIENCE, pull
from tests.vm.units import DATA, RUN, install, logged, shell, show, view, wait_level

BOOT = Path("/boot/firmware")
GONE = Path("/etc/written-to-the-system")
RASPI_CONFIG = """\
#!/bin/sh
[ "$*" = "nonint enable_overlayfs" ] && sed -i 's/^/overlayroot=tmpfs /' /boot/firmware/cmdline.txt
"""
OVERLAY = """\
#!/bin/sh
# As overlayroot=tmpfs: the system is read from the card, and written to memory.
modprobe overlay
mount -t tmpfs tmpfs /run
mkdir -p /run/over/upper /run/over/work /run/over/root
mount -t overlay overlay -o lowerdir=/,upperdir=/run/over/upper,workdir=/run/over/work /run/over/root
mount -o remount,ro /
cd /run/over/root
mkdir -p media/root-ro
pivot_root . media/root-ro
exec chroot . /sbin/init <dev/console >dev/console 2>&1
"""


def executable(path: str, text: str) -> None:
    Path(path).write_text(text)
    Path(path).chmod(0o755)


def first_boot() -> dict[str, Any]:
    """The package, and the first start on a card with a partition for the data; the next start is a station's."""
    executable("/usr/local/bin/raspi-config", RASPI_CONFIG)
    executable("/opt/vmtest/overlay", OVERLAY)
    BOOT.mkdir(parents=True)
    (BOOT / "config.txt").write_text("")
    (BOOT / "cmdline.txt").write_text("console=tty1 root=/dev/vda\n")
    shell("/opt/vmtest/wiring.sh")
    install()
    told = [shell("sh /usr/share/yizhan-kiosk/first-boot 2>/dev/null") for _ in range(2)]
    shell(f"find {DATA} -mindepth 1 -delete")  # who is enrolled after this start has nothing on the system's side
    shell("systemctl enable wiring; sync")
    return {
        "told": told[0].splitlines()[-2:],
        "again": told[1].splitlines(),
        "cmdline": (BOOT / "cmdline.txt").read_text(),
    }


def opens(index: int) -> dict[str, Any]:
    """After a boot: this pass opens the door, and so does the exit button; what the logbook and the doctor say."""
    until(lambda: RUN.joinpath("scan.sock").exists(), "the station", PATIENCE)
    seconds = boot_time()
    pull(EXIT, 0)
    seen: dict[str, Any] = {"button": wait_level(1)}
    pull(EXIT, 1)
    wait_level(0)
    if seen_keys := view().documents.get("keyset"):
        show(index)
        wait_level(1)
        wait_level(0)
    seen |= {"seconds": seconds, "knows passes": bool(seen_keys), "gone": not GONE.exists()}
    GONE.write_text("by the last start")
    return {
        **seen,
        "kept": [entry["seq"] for entry in logged()],
        **checked(),
        "data": shell("findmnt -no SOURCE /data || true"),
    }


def checked() -> dict[str, Any]:
    """What the doctor says of the card."""
    done = subprocess.run(["kiosk", "doctor", "--json"], capture_output=True, check=False)
    told = {each["id"]: each["severity"] for each in json.loads(done.stdout)["checks"]}
    card = {name: told[name] for name in ("machine.data", "disk.writable") if name in told}
    return {"checks": card, "faults": sorted(view().faults)}


SCENES: dict[str, Callable[..., dict[str, Any]]] = {each.__name__: each for each in (first_boot, opens)}

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](*map(int, sys.argv[2:])), sys.stdout)
