"""What runs inside the virtual machine with supplies in two slots on kernel lines: from a pass at the desk to what was taken.

python -m tests.vm.supplies SCENE prints one JSON object. The package is installed (tests.vm.units).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.events import KeepService
from kiosk.local import Line
from kiosk.logbook.services import ServicesFile
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.service import Campaign, ServiceDocument
from kiosk.wire import Shown
from kiosk.wire.inside import DeskView, GetDesk, LeaveSupplies, SupplyView, Take
from tests.keys import DAY, DOCUMENT, NOW, claims, public, signed
from tests.programs.house import LOCK, said, until
from tests.vm.guest import PATIENCE, level, pull
from tests.vm.units import DATA, RUN, SLOTS, UNITS, launcher, shell, stands, view

CAMPAIGNS = {
    "raincoats": Campaign({"zh": "雨衣"}, "raincoat", bytes(range(32)), slots=("raincoats",), when_stale="count_only"),
    "plasters": Campaign(
        {"zh": "创可贴"}, "plaster", bytes(range(1, 33)), slots=("plasters",), when_stale="count_only"
    ),
}
"""By the slot that holds what each hands out."""

WHOLE, CUT = 31, 32
"""Whose pass has one of each, and whose touch a power cut follows."""

STOPS_BEFORE = "/opt/vmtest/stops-before"
STOPS = """\
import os, signal
from hardware.lock import Lock
moves = Lock.set
def stops(lock, *, unlocked):
    if unlocked:
        os.kill(os.getpid(), signal.SIGSTOP)
    moves(lock, unlocked=unlocked)
Lock.set = stops"""
"""The program stands still before it moves a lock: what a power cut just there leaves is what it has kept by then."""


def published() -> dict[str, Any]:
    """Both campaigns, as the centre publishes them, and slots that are shut."""
    shell("systemctl stop kiosk-station")
    with closing(ServicesFile(DATA)) as file:
        found = [document(number, name) for number, name in enumerate(CAMPAIGNS, 1)]
        file.keep([*found, KeepService("", len(found), found[-1].body)])
    shell(f"chown -R kiosk:kiosk {DATA}; systemctl start kiosk-station")
    return {"states": shut()}


def document(number: int, name: str) -> KeepService:
    head = ServiceDocument(number, name, "campaign", NOW, NOW - DAY, NOW + 300 * DAY)
    said = {
        key: each for key, each in msgspec.to_builtins(CAMPAIGNS[name], builtin_types=(bytes,)).items() if key != "kind"
    }
    return KeepService(name, number, sign_document(head, DOCUMENT, key_id(public(DOCUMENT)), said))


def shut() -> list[str]:
    """Each slot by its contact; what the display says of each campaign."""
    for name, (_lock, contact) in SLOTS.items():
        pull(contact, 0)
        until(partial(stands, name, "closed"), f"the contact of {name}", PATIENCE)
    with desk() as line:
        until(lambda: len(line.ask(GetDesk(), DeskView).supplies) == len(SLOTS), "the campaigns", PATIENCE)
        return [of(line, name).state for name in SLOTS]


@contextmanager
def desk() -> Iterator[Line]:
    """The display's own line."""
    until(view, "the station", PATIENCE)
    with closing(Line(RUN / "desk.sock", timeout=PATIENCE)) as line:
        yield line


def of(line: Line, name: str) -> SupplyView:
    return next(each for each in line.ask(GetDesk(), DeskView).supplies if each.campaign == name)


def shows(line: Line, index: int, name: str, state: str) -> None:
    """A worker's pass at the desk's reader."""
    assert not said(line, LeaveSupplies(), PATIENCE)
    with closing(Line(RUN / "scan.sock")) as scanner:
        scanner.send(Shown(signed(claims(index))))
        until(lambda: of(line, name).state == state, f"{name}: {state}, not {of(line, name).state}", PATIENCE)


def handed() -> dict[str, Any]:
    """A pass has one of each: its slot's line moves and no other, the contact says taken, and then there is no more."""
    with desk() as line:
        return {name: taken(line, name, WHOLE) for name in SLOTS} | {"entries": entries()}


def taken(line: Line, name: str, index: int) -> list[Any]:
    """A pass takes: what it is told, the lines of slots and door while this one is open, and what a second touch is told."""
    lock, contact = SLOTS[name]
    shows(line, index, name, "yours")
    answer = said(line, Take(name), PATIENCE)
    until(lambda: level(lock) == 1, f"the lock of {name}", PATIENCE)
    moved = [*(level(each) for each, _contact in SLOTS.values()), level(LOCK)]
    pull(contact, 1)
    until(lambda: of(line, name).state == "taken", "the contact's word", PATIENCE)
    pull(contact, 0)
    until(lambda: level(lock) == 0, f"the lock of {name}", PATIENCE)
    return [answer, moved, said(line, Take(name), PATIENCE)]


def entries() -> list[list[Any]]:
    """Of what was handed out: the slot, and whether it was taken."""
    told = [json.loads(each) for each in shell("kiosk logbook export --stream services").splitlines()]
    return [[each["slot"], each.get("taken", False)] for each in told if each["kind"] == "handed_out"]


def between() -> dict[str, Any]:
    """Somebody touches, the mark is kept, and the program stands before the slot's lock: the power goes next."""
    launcher(STOPS_BEFORE, STOPS)
    drop = UNITS / "kiosk-station.service.d" / "stops.conf"
    drop.write_text(f"[Service]\nExecStart=\nExecStart={STOPS_BEFORE} station\nWatchdogSec=0\n")
    shell("systemctl enable wiring kiosk-station; systemctl daemon-reload; systemctl restart kiosk-station")
    shut()
    with desk() as line:
        shows(line, CUT, "raincoats", "yours")
        line.send(Take("raincoats"))
        pid = shell("systemctl show -P MainPID kiosk-station")
        until(lambda: state_of(pid) == "T", "the program to stand still", PATIENCE)
        drop.unlink()
        shell("sync -f /etc")
        return {"entries": entries(), "levels": [level(lock) for lock, _contact in SLOTS.values()]}


def state_of(pid: str) -> str:
    """As in proc(5): T is stopped by a signal."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def after() -> dict[str, Any]:
    """After the boot: the slot is shut and nobody had it, so whoever touched may, once."""
    found: dict[str, Any] = {"states": shut(), "levels": [level(lock) for lock, _contact in SLOTS.values()]}
    with desk() as line:
        return found | {"raincoats": taken(line, "raincoats", CUT), "entries": entries()}


SCENES: dict[str, Callable[[], dict[str, Any]]] = {each.__name__: each for each in (published, handed, between, after)}

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](), sys.stdout)
