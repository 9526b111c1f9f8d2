"""What runs inside the virtual machine with a central server beside the station, which offers it releases.

python -m tests.vm.fleet SCENE [WORDS] prints one JSON object. In a hurry are four things: sync asks as soon as it is night and
takes as fast as it can, the update unit looks each minute and has a whole processor, which is emulated. All else is the
package's; the server runs from this checkout.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, time
from typing import Any

from kiosk.central.store import CentralStore
from kiosk.local import Line, boot_time
from kiosk.update.spool import Spool
from kiosk.update.versions import FOLDER, INCOMING, Versions
from kiosk.wire import Scan
from tests.programs.house import CONTACT, EXIT, until
from tests.vm.guest import PATIENCE, pull
from tests.vm.units import (
    LIBRARIES,
    PATIENT,
    RUN,
    SETTINGS,
    UNITS,
    install_package,
    launcher,
    logged,
    pressed,
    shell,
    view,
    wait_level,
)

SHARE = Path("/run/mnt/repo/build/fleet")
CENTRAL = Path("/opt/central")
CODE = "37081101"
EVIL = FOLDER / "evil"
SERVER_AT = ("127.0.0.1", 8420)
URL = "http://127.0.0.1:8420"
OF_THE_FLEET = (
    SETTINGS.partition("[screen]")[0]
    .replace("http://127.0.0.1:1", URL)
    .replace("[updates]\n", '[updates]\nhours = ["daily 00:00-24:00"]\nkilobytes_per_second = 100000\n')
)
SERVER = """\
[Service]
WorkingDirectory=/run/mnt/repo
Environment=PYTHONPYCACHEPREFIX=/run/compiled PYTHONPATH=/run/mnt/repo:/run/mnt/site
ExecStart=/usr/bin/python3 -m kiosk central serve --data /opt/central
"""
HURRIED = "/opt/vmtest/hurried"
HURRY = "import kiosk.sync.releases as releases; releases.SPREAD = 0.0"
SYNC = f"[Service]\nExecStart=\nExecStart={HURRIED} sync\n"
LOOK = f"[Service]\nCPUQuota=100%\nExecStart=\nExecStart={PATIENT} update --fetched\n"
TIMER = "[Timer]\nOnCalendar=\nOnCalendar=*:0/1\nRandomizedDelaySec=0\nAccuracySec=1s\n"
UNIT = "kiosk-update-fetched"
PROGRAMS = "kiosk-station kiosk-sensors kiosk-sync"
LONG = 10 * PATIENCE
BETWEEN = 5.0
"""Seconds between two presses of the exit button, so that the door leaves the update some of the processor."""

VERSIONS = Versions()
SPOOL = Spool(FOLDER)


def drop_in(unit: str, text: str) -> None:
    """More of a unit, which systemd reads after slow.conf."""
    path = UNITS / f"{unit}.d" / "the-fleet.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    shell("systemctl daemon-reload")


def install(claim: str) -> dict[str, Any]:
    """The package, enrolled at the server, which lies in here but for its bundles."""
    install_package(OF_THE_FLEET)
    launcher(HURRIED, HURRY)
    (UNITS / "central.service").write_text(SERVER)
    drop_in("kiosk-sync.service", SYNC)
    drop_in(f"{UNIT}.service", LOOK)
    drop_in(f"{UNIT}.timer", TIMER)
    pull(CONTACT, 0)
    pull(EXIT, 1)
    shutil.copytree(SHARE / "central", CENTRAL, ignore=shutil.ignore_patterns("releases"))
    (CENTRAL / "releases").symlink_to(SHARE / "central" / "releases")
    serve()
    shell(f"kiosk enrol {URL} {claim} && chown -R kiosk:kiosk /var/lib/kiosk")
    shell(f"systemctl enable wiring; systemctl enable --now {PROGRAMS}")
    until(view, "the station", PATIENCE)
    opens()
    until(entries, "its entries at the server", PATIENCE)
    shell("sync")
    return {"runs": view().version, "enrolled": "central" not in view().faults}


def serve() -> None:
    """The central server, which is part of no boot."""
    shell("systemctl start central")
    until(answers, "the server", PATIENCE)


def fall_of_night() -> None:
    """The server answers, sync asks it at once, and the update unit looks."""
    serve()
    shell(f"systemctl restart kiosk-sync; systemctl start {UNIT}.timer")


def answers() -> bool:
    """Whether the server does. Raises OSError."""
    with closing(HTTPConnection(*SERVER_AT, timeout=PATIENCE)) as asked:
        asked.request("GET", "/v1")
        return asked.getresponse().status > 0


def opens() -> bool:
    """A pass opens the door, and so does the exit button, each within PATIENCE."""
    passes, line = (SHARE / "passes").read_text().splitlines(), Line(RUN / "scan.sock")
    line.send(Scan("main", passes[int(time()) % len(passes)], boot_time()))
    wait_level(1)
    wait_level(0)
    line.close()
    return pressed()


@contextmanager
def door_watched() -> Iterator[list[float]]:
    """The exit button is pressed again and again meanwhile, and opens each time: after how many seconds."""
    waits, over = list[float](), threading.Event()

    def press() -> None:
        while not over.is_set():
            begun = monotonic()
            pressed()
            waits.append(monotonic() - begun)
            over.wait(BETWEEN)

    with ThreadPoolExecutor(1) as pool:
        watched = pool.submit(press)
        try:
            yield waits
        finally:
            over.set()
        watched.result()


def central(*words: str) -> str:
    """A verb of the server's."""
    return shell(f"cd /run/mnt/repo; python3 -m kiosk central {' '.join(words)} --data {CENTRAL}")


def offer(version: str) -> dict[str, Any]:
    """The server opens its first ring to that release."""
    serve()
    return {"words": central("release", "open-ring", version, "1")}


def is_coming(version: str, *, whole: bool) -> bool:
    """Whether sync fetches that release, or has fetched it."""
    found = SPOOL.coming()
    return found is not None and (found.version, found.whole) == (version, whole) and SPOOL.held > 0


PHASES: dict[str, Callable[[str], bool]] = {
    "fetching": lambda version: is_coming(version, whole=False),
    "fetched": lambda version: is_coming(version, whole=True),
    "unpacking": lambda _version: (FOLDER / INCOMING / "root").is_dir(),
    "unpacked": lambda version: (FOLDER / version).is_dir() and not VERSIONS.on_trial,
    "switched": lambda version: VERSIONS.on_trial and VERSIONS.current == version,
    "tried": lambda version: VERSIONS.on_trial and view().version == version,
    "kept": lambda version: VERSIONS.floor == version,
}
"""How far an update is, each phase after the one before it."""


def cut(phase: str, version: str) -> dict[str, Any]:
    """That phase is reached, and goes no further: the power goes next."""
    fall_of_night()
    until(lambda: PHASES[phase](version), f"{version}: {phase}", LONG)
    shell(f"systemctl kill --signal=STOP kiosk-sync {UNIT} 2>/dev/null || true")
    return {"held": SPOOL.held, "tries": VERSIONS.tries(version)}


def booted() -> dict[str, Any]:
    """After the cut: the door opens, what runs, and whether the logbook is whole."""
    until(lambda: RUN.joinpath("scan.sock").exists(), "the station", PATIENCE)
    opened = opens()
    return {
        "opened": opened,
        "runs": until(view, "the station", PATIENCE).version,
        "on trial": VERSIONS.on_trial,
        "current": VERSIONS.current,
        "whole": json.loads(shell("kiosk logbook verify --json"))["ok"],
    }


def entries() -> list[dict[str, Any]]:
    """What the server has of the station."""
    with closing(CentralStore(CENTRAL)) as store:
        return store.entries(CODE, "access", limit=10_000)


def told() -> list[tuple[str, str]]:
    """What the server knows of the station's updates."""
    return [(each["version"], each["outcome"]) for each in entries() if each["kind"] == "updated"]


def ends(version: str, outcome: str) -> dict[str, Any]:
    """The update goes its way by itself to that end, which the server is told; how the door did meanwhile."""
    fall_of_night()
    with door_watched() as waits:
        until(lambda: (FOLDER / "told").read_text().startswith(f"{version} {outcome}"), f"{version}: {outcome}", LONG)
    until(lambda: (version, outcome) in told(), "word of it at the server", PATIENCE)
    until(lambda: "central" not in view().faults, "the road to the server", PATIENCE)
    return {"runs": view().version, "told": told(), "presses": len(waits), "longest": round(max(waits), 1)}


def stops(version: str) -> dict[str, Any]:
    """The server stops the release by itself, since its first ring does badly."""
    until(lambda: json.loads(central("release", "show", version, "--json"))["stopped"], "the stop", LONG)
    found = json.loads(central("release", "show", version, "--json"))
    return {"stopped": found["stopped"], "offered": json.loads(central("release", "list", "--json"))[0]["ring"]}


def rests(version: str) -> dict[str, Any]:
    """What was tried twice is not tried a third time, however often the unit looks."""
    fall_of_night()
    until(lambda: is_coming(version, whole=True), f"{version}: fetched", LONG)
    before = looks()
    until(lambda: looks() > before + 2, "three looks", LONG)  # the first may have begun before
    return {"runs": view().version, "tries": VERSIONS.tries(version), "folder": (FOLDER / version).exists()}


def looks() -> int:
    """How often the update unit has looked since the boot."""
    return int(shell(f"journalctl -b -u {UNIT} -o cat | grep -c '^Finished' || true"))


TAKEN_OVER = """\
[Service]
Type=oneshot
TimeoutStartSec=infinity
Restart=no
Environment=PYTHONPATH={libraries}
ExecStart=
ExecStart=/usr/bin/python3 /run/mnt/repo/tests/vm/rubbish.py {kind}
StandardOutput=truncate:/run/rubbish.json
"""


def rubbish(kind: str) -> dict[str, Any]:
    """Somebody in sync's place lays something down for the update unit, which looks at it twice; the door works on."""
    drop_in("kiosk-sync.service", TAKEN_OVER.format(libraries=LIBRARIES, kind=kind))
    shell(f"systemctl stop {UNIT}.timer kiosk-sync; systemctl start kiosk-sync")
    with door_watched() as waits:
        said = [look(), look()]
    drop_in("kiosk-sync.service", SYNC)
    updates = [each for each in logged() if each["kind"] == "updated"]
    return {
        "got": json.loads(Path("/run/rubbish.json").read_text()),
        "said": said,
        "current": VERSIONS.current,
        "folders": sorted(each.name for each in FOLDER.iterdir() if each.is_dir() and not each.is_symlink()),
        "told": updates[-1].get("detail", ""),
        "entries": len(updates),
        "evil": EVIL.exists(),
        "bytes": SPOOL.held,
        "opened": opens(),
        "presses": len(waits),
        "longest": round(max(waits), 1),
    }


def look() -> str:
    """The update unit looks once; why it takes nothing."""
    shell(f"systemctl start {UNIT} || true; journalctl --sync")
    this = shell(f"systemctl show -P InvocationID {UNIT}")
    shell(f"systemctl reset-failed {UNIT} || true")
    return shell(f"journalctl _SYSTEMD_INVOCATION_ID={this} -o cat | grep 'is not taken' || true")


def would_tell() -> dict[str, Any]:
    """What the strange package does where somebody runs it: so a look that ran it would be seen."""
    shell(f"dpkg-deb -x {SHARE}/rubbish/evil.deb /run/evil")
    shell("cd /run/evil/usr/lib/yizhan-kiosk; python3 -c 'import kiosk'")
    return {"evil": EVIL.exists()}


SCENES: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (install, offer, cut, booted, ends, stops, rests, rubbish, would_tell)
}

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](*sys.argv[2:]), sys.stdout)
