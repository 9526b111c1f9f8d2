"""docs/vectors/medicine.json: the station decides as it says, and each refusal is there; and a hospital's own sixty lines."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from time import time
from typing import Any

import cbor2
import pytest
from base45 import b45encode

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.cabinet import PASS_WITHIN, Cabinet, CabinetEvent, PassShown, Shown, step
from kiosk.core.desk.judging import Setting
from kiosk.core.desk.shelves import Good, Shelf, Slot
from kiosk.core.entries import Released
from kiosk.core.events import Record, Tick
from kiosk.trust.keyset import key_id
from kiosk.trust.medicine import Medicine, read_medicine
from kiosk.trust.outcomes import Outcome
from kiosk.trust.service import HospitalKey
from tools.vectors import FOLDER

Json = dict[str, Any]

VECTORS = json.loads((FOLDER / "medicine.json").read_text())
BOOT = 10_000.0
CLIENT = Path(__file__).parents[2] / "docs/examples/hospital.py"


def key() -> HospitalKey:
    said = VECTORS["keys"]["hospital"]
    return HospitalKey(bytes.fromhex(said["kid"]), bytes.fromhex(said["public"]), tuple(said["items"]))


def decided(verdict: Json) -> str:
    """What becomes of it, in the state that a vector tells: a minute later, where nothing more is shown."""
    station = VECTORS["usual"] | verdict["station"]
    slots = {
        name: Slot(each["opens"], each["keeps"] and tuple(each["keeps"]), each["value"], BOOT)
        for name, each in station["slots"].items()
    }
    good = Good("a", BOOT, float(station["earliest"]))
    lies = {
        name: Shelf(each["item"], each["count"], each["month"], good, each["spoiled"])
        for name, each in station["lies"].items()
    }
    latest = math.inf if station["latest"] is None else station["latest"]
    clock = Clock(station["earliest"], BOOT, hi=latest, hi_at=BOOT)
    cabinet, recorded = Cabinet(lies, lies, dict.fromkeys(station["used"])), list[str]()
    events: list[tuple[float, CabinetEvent]] = [(BOOT, Shown(verdict["text"])), (BOOT + PASS_WITHIN, Tick())]
    if station["pass"] is not None:
        events.insert(1, (BOOT, PassShown(station["pass"])))
    for boot, event in events:
        setting = Setting(station["code"], {key().kid: key()}, slots, clock, Instant(boot, 0.0), "a", 8 * 3600)
        cabinet, commands = step(cabinet, event, setting)
        recorded += [cabinet.told.removeprefix("release_")] if cabinet.told else []
        recorded += [
            each.outcome
            for command in commands
            if isinstance(command, Record)
            for each in command.entries
            if isinstance(each, Released)
        ]
    return recorded[0]


@pytest.mark.parametrize("verdict", VECTORS["verdicts"], ids=lambda each: each["name"])
def test_the_station_decides_as_they_say(verdict: Json) -> None:
    assert decided(verdict) == verdict["outcome"]


def test_every_refusal_that_a_release_can_have_is_there() -> None:
    of_the_disk = {Outcome.DISK, Outcome.TAKEN, Outcome.NOT_TAKEN}
    assert {each["outcome"] for each in VECTORS["verdicts"]} == {*map(str, {*Outcome} - of_the_disk)}


def test_the_bytes_are_those_of_the_standards() -> None:
    made = VECTORS["release"]
    payload, protected, signature = (
        bytes.fromhex(made[f"{each}"]) for each in ("payload_cbor", "protected_cbor", "signature")
    )
    assert bytes.fromhex(made["sig_structure_cbor"]) == cbor2.dumps(["Signature1", protected, b"", payload])
    message = cbor2.dumps([protected, {}, payload, signature])
    assert made["text"] == "YZ6:" + b45encode(message).decode()
    assert cbor2.dumps(cbor2.loads(payload), canonical=True) == payload


def hospital(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, CLIENT, *words], capture_output=True, text=True, check=False, timeout=30)


def test_a_hospital_makes_its_key_and_its_releases_by_itself(tmp_path: Path) -> None:
    path = str(tmp_path / "hospital.pem")
    public = bytes.fromhex(hospital("key", path).stdout.partition('"')[2].strip('"\n'))
    assert (tmp_path / "hospital.pem").stat().st_mode & 0o077 == 0
    assert hospital("key", path).returncode, "a key is written over by nothing"
    told = hospital("release", path, "37081101", "cabinet1", "ibuprofen", "1700042")
    found = read_medicine(told.stdout.rstrip("\n"), {key_id(public): public})
    assert isinstance(found, Medicine)
    assert (found.station, found.slot, found.item, found.index) == ("37081101", "cabinet1", "ibuprofen", 1700042)
    assert abs(found.issued_at - time()) < 60
