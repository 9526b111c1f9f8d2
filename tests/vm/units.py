"""What runs inside the virtual machine with the real units: systemd starts, sandboxes, watches and restarts the programs.

python -m tests.vm.units SCENE [NUMBER] prints one JSON object. The programs are those of the package.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from kiosk import __version__
from kiosk.keyfiles import STATION_KEY, write_raw
from kiosk.local import Line, boot_time
from kiosk.update.versions import Versions
from kiosk.wire import GetView, Logged, Operate, Refused, Scan, Subscribe
from kiosk.wire.views import View
from tests.keys import claims, signed
from tests.programs.house import CONTACT, EXIT, LOCK, until
from tests.vm.guest import PATIENCE, Place, feed, held_up, level, pull

UNITS = Path("/etc/systemd/system")
REPOSITORY = Path("/run/mnt/repo")
RUN, DATA = Path("/run/kiosk"), Path("/var/lib/kiosk")
LIBRARIES = "/usr/lib/yizhan-kiosk"
SETTINGS = """\
pins = "gpio"
[station]
code = "37081101"
[doors.main]
lock = { pin = 17 }
contact = { pin = 27 }
exit = { pin = 22 }
pulse = 3.0
[doors.raincoats]
slot = {}
lock = { pin = 5 }
contact = { pin = 6 }
pulse = 30.0
[doors.plasters]
slot = {}
lock = { pin = 23 }
contact = { pin = 24 }
pulse = 30.0
[scanners.main]
door = "main"
camera = "/dev/video0"
width = 640
height = 480
rate = 10.0
[central]
url = "http://127.0.0.1:1"
[updates]
watch = 5.0
[screen]
[desk]
display = true
"""
WIRING = """\
[Unit]
Before=kiosk-station.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/opt/vmtest/wiring.sh
ExecStartPost=/bin/sh -c 'echo pull-up > /sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio22/pull'
[Install]
WantedBy=multi-user.target
"""
PROGRAMS = ("kiosk-station", "kiosk-sensors", "kiosk-sync", "kiosk-screen", "kiosk-desk")
SLOTS = {"raincoats": (5, 6), "plasters": (23, 24)}
"""The pins of each slot's lock and of its contact, which is shut while its line is low."""

PATIENT = "/opt/vmtest/patient"
MORE_PATIENCE = "import kiosk.update.health as health; health.STARTS_WITHIN = 600.0"
"""An update on trial has so long to be there again: programs that are emulated start slowly."""

PAGE = "http://127.0.0.1:8090/events"
OTHER = ("10.9.9.9", 8000)
"""An address of this machine that is not loopback's."""


def shell(command: str) -> str:
    """What a command prints; its errors are ours."""
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S602


def install() -> dict[str, Any]:
    """The package, and the trust of tests.keys."""
    install_package(SETTINGS)
    place = Place()
    for kept in place.data.iterdir():
        shutil.copy(kept, DATA)
    write_raw(DATA / STATION_KEY, bytes(range(32)), 0o600)
    shell(f"chown -R kiosk:kiosk {DATA}; systemctl daemon-reload")
    return {"installed": shell("dpkg-query -W -f '${Status}' yizhan-kiosk")}


def install_package(settings: str) -> None:
    """The package with these settings, and a unit that wires the pins at each boot. What is emulated takes its time."""
    shell(f"dpkg -i --force-unsafe-io {REPOSITORY}/dist/yizhan-kiosk_{__version__}+deb13_amd64.deb")
    Path("/etc/kiosk/station.toml").write_text(settings)
    for program in (*PROGRAMS, "kiosk-scanner@"):
        slow = UNITS / f"{program}.service.d" / "slow.conf"
        slow.parent.mkdir(exist_ok=True)
        slow.write_text("[Service]\nWatchdogSec=600s\nTimeoutStartSec=900s\n")
    launcher(PATIENT, MORE_PATIENCE)
    (UNITS / "wiring.service").write_text(WIRING)
    shell("systemctl daemon-reload")


def launcher(path: str, lines: str) -> None:
    """The package's own, which does this before it runs."""
    text = Path("/usr/bin/kiosk").read_text()
    Path(path).write_text(text.replace("\nrun()", f"\n{lines}\nrun()"))
    Path(path).chmod(0o755)


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
    """All programs run in their sandboxes; a pass before the camera opens the door, and so does the exit button."""
    held_up("")
    with feed("/dev/video0"):
        shell("systemctl start kiosk-station kiosk-scanner@main kiosk-sensors kiosk-sync kiosk-screen kiosk-desk")
        until(lambda: "central" in view().faults, "sync, which says that no server answers", PATIENCE)
        pull(CONTACT, 0)  # the claim of an input with a pull-up has drawn this line up: an open door
        shown = shown_from_now_on()
        held_up(signed(claims(5)))
        seen: dict[str, Any] = {"opened by a picture": wait_level(1), "relocked": wait_level(0)}
        seen["display"] = until(lambda: "granted" in shown, "the display", PATIENCE)
        held_up("")
        seen["opened by the button"] = pressed()
        seen["active"] = {name: shell(f"systemctl is-active {name}") for name in (*PROGRAMS, "kiosk-scanner@main")}
        seen["account"] = shell("stat -c %U /run/kiosk/control.sock")
    return seen


def pressed() -> bool:
    """The exit button opens the door, which locks again. It is pressed again where a station that starts draws its line up."""
    until(_opens_pressed, "the lock's line at 1", PATIENCE)
    pull(EXIT, 1)
    return wait_level(0)


def _opens_pressed() -> bool:
    pull(EXIT, 0)
    return level(LOCK) == 1


def shown_from_now_on() -> list[str]:
    """The signs that the display shows, as they come, once it shows that it is ready."""
    events, signs = until(lambda: urlopen(PAGE, timeout=PATIENCE), "the page", PATIENCE), list[str]()

    def listen() -> None:
        for line in events:
            if line.startswith(b"data: "):
                signs.append(json.loads(line.removeprefix(b"data: "))["sign"])

    threading.Thread(target=listen, daemon=True).start()
    until(lambda: "ready" in signs, "the display", PATIENCE)
    return signs


def slots() -> dict[str, Any]:
    """Each slot is opened by a technician, taken from, and shut; meanwhile the other one and the door stay as they are."""
    for name, (_lock, contact) in SLOTS.items():
        pull(contact, 0)
        until(partial(stands, name, "closed"), f"the contact of {name}", PATIENCE)
    seen: dict[str, Any] = {"at the start": [level(lock) for lock, _contact in SLOTS.values()]}
    line = Line(RUN / "control.sock", timeout=PATIENCE)
    line.send(Operate("raincoats", "hold", 10.0))
    seen["held"] = not isinstance(line.receive(timeout=PATIENCE), Refused)
    line.send(Subscribe())
    seen |= {name: taken_from(line, name, *pins) for name, pins in SLOTS.items()}
    line.close()
    return seen


def taken_from(line: Line, name: str, lock: int, contact: int) -> list[Any]:
    """The levels of both slots' locks and the door's while this one is open, and the entries of it."""
    line.send(Operate(name, "open"))
    until(lambda: level(lock) == 1, f"the lock of {name}", PATIENCE)
    moved = [*(level(each) for each, _contact in SLOTS.values()), level(LOCK)]
    pull(contact, 1)
    until(partial(stands, name, "open"), "its contact", PATIENCE)
    pull(contact, 0)
    until(lambda: level(lock) == 0, f"the lock of {name}", PATIENCE)
    kinds: list[str] = []
    while "locked" not in kinds:
        message = line.receive(timeout=PATIENCE)
        if isinstance(message, Logged) and message.entry.get("door") == name:
            kinds.append(message.entry["kind"])
    return [moved, kinds]


def stands(name: str, wanted: str) -> bool:
    """Whether the door or the slot is open, or closed, by its contact."""
    return view().doors[name].door == wanted


def weighed() -> dict[str, Any]:
    """Resident memory of each program, in MB."""
    pids = {name: shell(f"systemctl show -P MainPID {name}") for name in (*PROGRAMS, "kiosk-scanner@main")}
    rss = {
        name: Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0] for name, pid in pids.items()
    }
    return {name: round(int(kilobytes) / 1000, 1) for name, kilobytes in rss.items()}


def update() -> dict[str, Any]:
    """A good version is kept; one whose station does not start is not."""
    seen: dict[str, Any] = {}
    for version in ("9.0.0", "9.1.0"):
        words = [PATIENT, "update", f"{REPOSITORY}/build/vm/{version}.update"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        seen[version] = [done.returncode, (done.stdout + done.stderr).splitlines()[-2:], view().version]
    show(11)
    return {**seen, "opened": wait_level(1), "relocked": wait_level(0)}


def cut() -> dict[str, Any]:
    """Enabled for the next boot, with an update on trial, in the middle of an entry: what the logbook has promised by then.

    The power goes next.
    """
    versions = Versions()
    shutil.copytree(versions.folder / versions.current, versions.folder / "9.2.0")
    versions.try_out("9.2.0")
    shell("systemctl enable wiring kiosk-station kiosk-sync; sync")
    show(8)
    wait_level(1)
    until(lambda: "unlocked" in [entry["kind"] for entry in logged()[-3:]], "the entry on the disk", PATIENCE)
    return {"promised": [entry["seq"] for entry in logged()]}


def booted(index: int = 9) -> dict[str, Any]:
    """After the cut: seconds from the kernel's start to the door that this pass opened; what the logbook has."""
    until(lambda: RUN.joinpath("scan.sock").exists(), "the station", PATIENCE)
    show(index)
    wait_level(1)
    seconds = boot_time()
    until(view, "the station", PATIENCE)
    until(lambda: any(entry.get("index") == index for entry in logged()), "the entry", PATIENCE)
    entries = logged()
    kinds = [entry["kind"] for entry in entries]
    return {
        "seconds": seconds,
        "kept": [entry["seq"] for entry in entries],
        "interrupted": kinds.count("interrupted_unlock"),
        "version": Versions().current,
        "whole": json.loads(shell("kiosk logbook verify --json"))["ok"],
    }


def logged() -> list[dict[str, Any]]:
    """The entries in the logbook's file."""
    return [json.loads(line) for line in shell("kiosk logbook export").splitlines()]


def killed() -> dict[str, Any]:
    """Killed in mid-unlock and not started again: the lock has no power all the same."""
    drop = UNITS / "kiosk-station.service.d" / "no-restart.conf"
    drop.write_text("[Service]\nRestart=no\n")
    shell("systemctl daemon-reload")
    shell("kiosk door hold --for 10m")
    wait_level(1)
    shell("systemctl kill --signal=KILL kiosk-station")
    safe = wait_level(0)
    state = until(lambda: shell("systemctl is-failed kiosk-station || true") == "failed", "its end", PATIENCE)
    word = until(lambda: shell("journalctl -u 'kiosk-failed@*' -p crit -o cat"), "word of it", PATIENCE)
    drop.unlink()
    shell("systemctl daemon-reload; systemctl reset-failed kiosk-station; systemctl start kiosk-station")
    until(view, "the station", PATIENCE)
    return {"without power": safe, "was not started again": state, "word": word.splitlines()[-1]}


def hung() -> dict[str, Any]:
    """Stopped in its tracks: the watchdog ends it, and systemd starts another that opens the door."""
    folder = UNITS / "kiosk-station.service.d"
    (folder / "watch.conf").write_text("[Service]\nWatchdogSec=60s\n")
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
def network():
    socket.create_connection((sys.argv[2], int(sys.argv[3])), 5)
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
    "network": tries(network),
    "volatile": tries(lambda: os.listdir("/run/kiosk/volatile")),
    "root": tries(lambda: os.setuid(0)),
}))
"""


def attacks() -> dict[str, Any]:
    """Somebody has taken over the scanner, the sensors or the sync: what they get, from within its unit."""
    Path("/run/attack.py").write_text(ATTACK)
    found = {}
    pid = shell("systemctl show -P MainPID kiosk-station")
    shell(f"ip addr add {OTHER[0]}/32 dev lo; install -d -o kiosk -g kiosk -m 0750 /run/kiosk/volatile")
    listener = socket.create_server(OTHER)
    where = f"{pid} {OTHER[0]} {OTHER[1]}"
    for unit in ("kiosk-scanner@main", "kiosk-sensors", "kiosk-sync", "kiosk-screen", "kiosk-desk"):
        shell(f"systemctl stop {unit}")
        template = unit.partition("@")[0] + ("@" if "@" in unit else "")
        drop = UNITS / f"{template}.service.d" / "attack.conf"
        command = f"ExecStart=\nExecStart=/usr/bin/python3 /run/attack.py {where}\n"
        drop.write_text(
            f"[Service]\nType=oneshot\nRestart=no\nEnvironment=PYTHONPATH={LIBRARIES}\n{command}StandardOutput=truncate:/run/{template}.json\n"
        )
        shell(f"systemctl daemon-reload; systemctl start {unit}")
        drop.unlink()
        found[template] = json.loads(Path(f"/run/{template}.json").read_text())
    shell("systemctl daemon-reload; rmdir /run/kiosk/volatile")
    listener.close()
    return found


def enabled() -> dict[str, Any]:
    """As after a first boot."""
    shell("systemctl enable --now wiring kiosk-station kiosk-sync; sync")
    until(view, "the station", PATIENCE)
    return {}


SCENES: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each
    for each in (install, start, slots, weighed, killed, hung, attacks, update, cut, booted, enabled)
}

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](*map(int, sys.argv[2:])), sys.stdout)
