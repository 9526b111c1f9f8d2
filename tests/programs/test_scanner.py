"""`kiosk scanner` and `kiosk sensors` as real processes: a film, an engine, buses; and what the station hears."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.demo.appliances import FRIDGE, Appliances, open_terminal
from kiosk.demo.film import Film, Visit, write_film
from tests.keys import STRANGER, claims, signed
from tests.programs.house import LOCK, House, until

SCANNER = '[scanners.main]\ndoor = "main"\n'
SENSORS = """\
[sensors.fridge]
bus = "onewire"
tree = "{tree}"
device = "{fridge}"
unit = "°C"
every = 0.2
[sensors.air_conditioner]
bus = "modbus"
port = "{meter}"
device = 1
address = 3
words = 2
order = "low_first"
scale = 0.1
unit = "W"
every = 0.2
[sensors.water]
bus = "dispenser"
port = "{dispenser}"
key = "T"
unit = "°C"
every = 0.2
[sensors.lost]
bus = "modbus"
port = "/dev/serial/by-path/none"
device = 1
address = 0
unit = "W"
every = 0.2
"""


def test_from_the_picture_of_a_pass_to_the_locks_pin(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    forged, good = signed(claims(), STRANGER), signed(claims(scope="3708"))
    visits = (Visit(forged, 0.5, hold=1.0), Visit(good, 3.0, hold=1.0, holding="card", side=420))
    write_film(Film(visits, seconds=5.2), film)
    house = House(tmp_path, SCANNER + f'camera = "{film}"\nrate = 15.0\n')
    house.trust()
    with house.station() as station:
        with house.program("scanner"):
            assert station.next("denied")["reason"] == "bad_signature"
            assert station.bench.wait_for(LOCK, level=True, timeout=0.01) is None
            assert station.next("granted")["index"] == 7
            assert station.bench.wait_for(LOCK, level=True) is not None
            until(lambda: house.view().programs["scanner"])
        until(lambda: "scanner" in house.view().faults)
    assert [entry["kind"] for entry in house.entries()].count("granted") == 1, "one entry for a code held for a second"


def test_a_serial_engine_is_a_scanner_too_and_may_be_unplugged(tmp_path: Path) -> None:
    ours, port = open_terminal()
    house = House(tmp_path, SCANNER + f'engine = "{port}"\n')
    house.trust()
    with house.station() as station, house.program("scanner"):
        until(lambda: house.view().programs["scanner"])
        os.write(ours, signed(claims(5)).encode() + b"\r\n")
        assert station.next("granted")["index"] == 5
        os.write(ours, b"\xff\xfe garbage \r\n")
        assert station.next("denied")["reason"] == "not_a_pass"
    os.close(ours)


def test_a_camera_that_is_not_there_is_a_fault_with_its_name(tmp_path: Path) -> None:
    house = House(tmp_path, SCANNER + 'camera = "/dev/v4l/by-path/none"\n')
    house.trust()
    with house.station(), house.program("scanner"):
        until(lambda: "does not open" in house.view().faults.get("scanner.main", ""))


def test_a_scanner_finds_a_restarted_station_before_the_next_code(tmp_path: Path) -> None:
    ours, port = open_terminal()
    house = House(tmp_path, SCANNER + f'engine = "{port}"\n')
    house.trust()
    with house.program("scanner"):
        for index in (1, 2):
            with house.station() as station:
                until(lambda: house.view().programs["scanner"])
                os.write(ours, signed(claims(index)).encode() + b"\r\n")
                assert station.next("granted")["index"] == index
                station.kill()
    os.close(ours)


@pytest.mark.slow
def test_a_hung_camera_ends_the_process_so_that_systemd_starts_another(tmp_path: Path) -> None:
    fifo = tmp_path / "camera"
    os.mkfifo(fifo)
    house = House(tmp_path, SCANNER + f'camera = "{fifo}"\n')
    house.trust()
    with house.station() as station, house.program("scanner") as scanner:
        until(lambda: "scanner.main" in house.view().faults)
        assert scanner.wait(40) == 1
        assert station.verdict(signed(claims())) == "granted", "the station notices no more than a scanner that is away"


def test_the_appliances_become_entries(tmp_path: Path) -> None:
    appliances = Appliances(tmp_path)
    more = SENSORS.format(
        tree=appliances.tree, fridge=FRIDGE, meter=appliances.meter_port, dispenser=appliances.dispenser_port
    )
    house = House(tmp_path, more)
    with house.station(), house.program("sensors"):
        until(lambda: len(house.entries("telemetry")) >= 4, "four first values")
        view = house.view()
        assert 2.9 < (view.sensors["fridge"].value or 0.0) < 6.1
        assert view.sensors["air_conditioner"].value in {35.0, 1180.0}
        assert 87.9 < (view.sensors["water"].value or 0.0) < 94.1
        assert view.sensors["lost"].absent == "port_not_open"
        appliances.unplug_fridge()
        until(lambda: house.view().sensors["fridge"].absent == "not_connected")
    appliances.close()
    kinds = {(entry["kind"], entry["sensor"]) for entry in house.entries("telemetry")}
    assert kinds >= {("measured", "fridge"), ("measured", "water"), ("absent", "lost"), ("absent", "fridge")}
