"""A station with a porch of two interlocked doors and a medicine cabinet, as a real process on simulated pins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.local import boot_time
from kiosk.trust.passes import PassClass
from kiosk.wire import Scan
from tests.keys import claims, signed
from tests.programs.house import CONTACT, LOCK, House, Station, until

INNER_LOCK, INNER_CONTACT, CABINET_LOCK, BLUE = 23, 24, 16, 12
MORE = f"""\
interlock = ["inner"]
lamps = {{ blue = {BLUE} }}
[doors.inner]
lock = {{ pin = {INNER_LOCK} }}
contact = {{ pin = {INNER_CONTACT} }}
pulse = 1.0
[doors.cabinet]
lock = {{ pin = {CABINET_LOCK}, active_high = false }}
classes = ["steward"]
rest = 3600.0
pulse = 1.0
"""


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    house = House(tmp_path, MORE)
    house.trust()
    with house.station() as station:
        yield station


def show(station: Station, door: str, text: str) -> str:
    station.scanner.send(Scan(door, text, boot_time()))
    entry = station.next("granted", "denied")
    assert entry["door"] == door
    return str(entry.get("reason", entry["kind"]))


def test_one_pass_leads_through_a_porch_and_never_opens_both_doors(station: Station) -> None:
    text = signed(claims(1))
    assert show(station, "main", text) == "granted"
    assert station.bench.wait_for(LOCK, level=True)
    station.bench.drive(CONTACT, level=True)
    station.next("taken")
    assert show(station, "inner", text) == "interlocked"
    station.bench.drive(CONTACT, level=False)
    station.next("locked")
    assert show(station, "inner", text) == "granted"
    assert station.bench.wait_for(INNER_LOCK, level=True)
    assert show(station, "main", signed(claims(2))) == "interlocked"


def test_a_cabinet_has_rules_of_its_own_and_so_does_its_relay(station: Station) -> None:
    assert [edge.level for edge in station.bench.edges if edge.pin == CABINET_LOCK] == [True], (
        "without power: active low"
    )
    assert show(station, "cabinet", signed(claims(1))) == "wrong_class"
    steward = signed(claims(3, pass_class=PassClass.STEWARD))
    assert show(station, "cabinet", steward) == "granted"
    opened = station.bench.wait_for(CABINET_LOCK, level=False)
    assert opened
    assert station.bench.wait_for(CABINET_LOCK, level=True, after=opened.at)
    assert show(station, "main", steward) == "granted", "each door remembers for itself"


def test_the_blue_lamp_says_show_your_pass_and_goes_out_for_another_signal(station: Station) -> None:
    until(lambda: any(edge.pin == BLUE and edge.level for edge in station.bench.edges), "the lamp")
    began = boot_time()
    assert show(station, "main", "rubbish") == "not_a_pass"
    dark = station.bench.wait_for(BLUE, level=False, after=began)
    assert dark
    assert station.bench.wait_for(BLUE, level=True, after=dark.at), "and comes back by itself"


def test_evacuation_by_hand_frees_the_door_and_is_told(station: Station) -> None:
    assert station.house.kiosk("door", "evacuate", "main", "--for", "30s").returncode == 0
    assert station.next("operated")["verb"] == "evacuate"
    until(lambda: station.house.view().doors["main"].mode == "emergency")
    assert station.house.view().doors["main"].lock == "unlocked"
