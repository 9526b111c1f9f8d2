"""What runs inside the virtual machine with the real units: systemd starts, sandboxes, watches and restarts the programs.

python -m tests.vm.units SCENE prints one JSON object. The programs are this checkout's, by a drop-in for each unit.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.keyfiles import STATION_KEY, write_raw
from kiosk.local import Line, boot_time
from kiosk.wire import GetView, Scan, View
from tests.keys import claims, signed
from tests.programs.house import CONTACT, EXIT, LOCK, until
from tests.vm.guest import PATIENCE, Place, level, pull

UNITS = Path("/etc/systemd/system")
REPOSITORY, SITE = Path("/run/mnt/repo"), Path("/run/mnt/site")
RUN = Path("/run/kiosk")
SETTINGS = """\
pins = "gpio"
[station]
code = "37081101"
[doors.main]
lock = { pin = 17 }
contact = { pin = 27 }
exit = { pin = 22 }
pulse = 1.0
[central]
url = "http://127.0.0.1:1"
"""
PROGRAMS = ("kiosk-station", "kiosk-sensors", "kiosk-sync")


def shell(command: str) -> str:
    """What a command prints; its errors are ours."""
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S602


def install() -> None:
    """Accounts, folders, rules, units, settings and trust, as a package would."""
    units = REPOSITORY / "systemd"
    shell("groupadd -f -r gpio")
    for name, where in (("kiosk.sysusers.conf", "sysusers"), ("kiosk.tmpfiles.conf", "tmpfiles")):
        Path(f"/etc/{where}.d").mkdir(exist_ok=True)
        shutil.copy(units / name, f"/etc/{where}.d/kiosk.conf")
    shutil.copy(units / "kiosk.udev.rules", "/etc/udev/rules.d/60-kiosk.rules")
    shell("systemd-sysusers; udevadm control --reload; udevadm trigger; udevadm settle; systemd-tmpfiles --create")
    Path("/etc/kiosk/station.toml").write_text(SETTINGS)
    for unit in units.glob("*.service"):
        text = unit.read_text().replace("/usr/bin/kiosk", "/usr/bin/python3 -m kiosk")
        (UNITS / unit.name).write_text(text)
        folder = UNITS / f"{unit.name}.d"
        folder.mkdir(exist_ok=True)
        path = f"PYTHONPATH={REPOSITORY}:{SITE}"
        more = "PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1"
        (folder / "checkout.conf").write_text(
            f"[Service]\nEnvironment={path} {more}\nWatchdogSec=60s\nTimeoutStartSec=200s\n"
        )
    place = Place()
    for kept in place.data.iterdir():
        shutil.copy(kept, "/var/lib/kiosk")
    write_raw(Path("/var/lib/kiosk") / STATION_KEY, bytes(range(32)), 0o600)
    shell("chown -R kiosk:kiosk /var/lib/kiosk; systemctl daemon-reload")
    pull(CONTACT, 0)
    pull(EXIT, 1)


def view() -> View:
    """The station's own word."""
    line = Line(RUN / "control.sock", timeout=30.0)
    try:
        return line.ask(GetView(), View)
    finally:
        line.close()


def show(index: int) -> None:
    """A code before the camera."""
    line = Line(RUN / "scan.sock")
    line.send(Scan("main", signed(claims(index)), boot_time()))
    line.close()


def wait_level(wanted: int) -> bool:
    until(lambda: level(LOCK) == wanted, f"the lock's line at {wanted}", PATIENCE)
    return True


def start() -> dict[str, Any]:
    """All programs run in their sandboxes, and a pass opens the door."""
    install()
    shell("systemctl start kiosk-station kiosk-sensors kiosk-sync")
    until(lambda: "central" in view().faults, "sync, which says that no server answers", PATIENCE)
    show(5)
    opened = wait_level(1)
    return {
        "active": {name: shell(f"systemctl is-active {name}") for name in PROGRAMS},
        "opened": opened,
        "relocked": wait_level(0),
        "account": shell("stat -c %U /run/kiosk/control.sock"),
    }


def killed() -> dict[str, Any]:
    """Killed in mid-unlock and not started again: the lock has no power all the same."""
    drop = UNITS / "kiosk-station.service.d" / "no-restart.conf"
    drop.write_text("[Service]\nRestart=no\n")
    shell("systemctl daemon-reload")
    shell("python3 -m kiosk door hold --for 10m")
    wait_level(1)
    shell("systemctl kill --signal=KILL kiosk-station")
    safe = wait_level(0)
    state = until(lambda: shell("systemctl is-failed kiosk-station || true") == "failed", "its end", PATIENCE)
    drop.unlink()
    shell("systemctl daemon-reload; systemctl reset-failed kiosk-station; systemctl start kiosk-station")
    until(view, "the station", PATIENCE)
    return {"without power": safe, "was not started again": state}


def hung() -> dict[str, Any]:
    """Stopped in its tracks: the watchdog ends it, and systemd starts another that opens the door."""
    folder = UNITS / "kiosk-station.service.d"
    (folder / "watch.conf").write_text("[Service]\nWatchdogSec=10s\n")
    shell("systemctl daemon-reload; systemctl restart kiosk-station")
    until(view, "the station", PATIENCE)
    before = shell("systemctl show -P MainPID kiosk-station")
    os.kill(int(before), signal.SIGSTOP)
    until(lambda: shell("systemctl show -P MainPID kiosk-station") not in {before, "0"}, "another process", PATIENCE)
    until(view, "the station", PATIENCE)
    show(6)
    opened = wait_level(1)
    (folder / "watch.conf").unlink()
    shell("systemctl daemon-reload")
    return {"restarted": True, "opened": opened}


ATTACK = """\
import json, os, socket, sys
from pathlib import Path
from kiosk.local import Line
from kiosk.wire import Operate
def tries(what):
    try:
        what()
    except Exception as error:
        return type(error).__name__
    return "done"
def lock():
    import gpiod
    out = gpiod.LineSettings(direction=gpiod.line.Direction.OUTPUT)
    gpiod.request_lines("/dev/gpiochip0", consumer="evil", config={17: out})
def operate():
    line = Line(Path("/run/kiosk/control.sock"))
    line.send(Operate("main", "open"))
    answer = line.receive(timeout=20)
    assert type(answer).__name__ == "Done", answer
    line.close()
def internet():
    socket.create_connection(("192.0.2.1", 80), 2)
print(json.dumps({
    "lock": tries(lock),
    "operate": tries(operate),
    "key": tries(lambda: Path("/var/lib/kiosk/station.key").read_bytes()),
    "write logbook": tries(lambda: Path("/var/lib/kiosk/logbook.db").open("r+b")),
    "camera": tries(lambda: open("/dev/video0", "rb")),
    "memory": tries(lambda: open("/dev/mem", "rb")),
    "kill station": tries(lambda: os.kill(int(sys.argv[1]), 9)),
    "settings": tries(lambda: Path("/etc/kiosk/station.toml").open("a")),
    "socket": tries(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
    "root": tries(lambda: os.setuid(0)),
}))
"""


def attacks() -> dict[str, Any]:
    """Somebody has taken over the scanner, the sensors or the sync: what they get, from within its unit."""
    Path("/run/attack.py").write_text(ATTACK)
    found = {}
    pid = shell("systemctl show -P MainPID kiosk-station")
    for unit in ("kiosk-scanner@main", "kiosk-sensors", "kiosk-sync"):
        shell(f"systemctl stop {unit}")
        template = unit.partition("@")[0] + ("@" if "@" in unit else "")
        drop = UNITS / f"{template}.service.d" / "attack.conf"
        command = f"ExecStart=\nExecStart=/usr/bin/python3 /run/attack.py {pid}\n"
        drop.write_text(f"[Service]\nType=oneshot\nRestart=no\n{command}StandardOutput=truncate:/run/{template}.json\n")
        shell(f"systemctl daemon-reload; systemctl start {unit}")
        drop.unlink()
        found[template] = json.loads(Path(f"/run/{template}.json").read_text())
    shell("systemctl daemon-reload")
    return found


SCENES: dict[str, Callable[[], dict[str, Any]]] = {"start": start, "killed": killed, "hung": hung, "attacks": attacks}

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](), sys.stdout)
