"""The room, from its pins to the technician's screen: contacts, flow meters, relays, alarms, and what survives a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.demo.model import Model
from kiosk.demo.virtual import Virtual, live_a_day
from kiosk.local import Line
from kiosk.logbook.store import Logbook
from kiosk.settings.loading import load
from kiosk.wire import NotSensed, Sensed, Switch, Trouble
from tests.conftest import ROOT
from tests.core.test_day import MIDNIGHT
from tests.programs.house import House, until

DOOR, LEAK, FLOW, RELAY = 16, 20, 21, 19

ROOM = f"""
[sensors.water]
bus = "line"
port = "/dev/none"
protocol = "p"
read = "T"
unit = "°C"
[protocols.p]
kind = "text"
sign = "="
[sensors.fridge_door]
bus = "contact"
pin = {DOOR}
active_low = false
[sensors.leak]
bus = "contact"
pin = {LEAK}
[sensors.litres]
bus = "pulses"
pin = {FLOW}
per_unit = 10.0
every = 0.2
[relays.kettle]
bus = "gpio"
pin = {RELAY}
[relays.lamp]
bus = "modbus"
port = "/dev/nowhere"
device = 3
coil = 0
[appliances.kettle]
kind = "dispenser"
temperature = "water"
leak = "leak"
relay = "kettle"
alarms.boil_dry.after = 0.0
alarms.leak.after = 0.0
"""


def test_contacts_and_flow_meters_on_the_pins(tmp_path: Path) -> None:
    house = House(tmp_path, ROOM)
    with house.station() as station:
        until(lambda: house.view().sensors["fridge_door"].value == 1.0, "an open door: nothing pulls the pin down")
        station.bench.drive(DOOR, level=False)
        until(lambda: house.view().sensors["fridge_door"].value == 0.0)
        station.bench.drive(LEAK, level=False)
        assert station.next("appliance_alarm")["alarm"] == "kettle.leak"
        for _ in range(25):
            station.bench.drive(FLOW, level=False)
            station.bench.drive(FLOW, level=True)
        until(lambda: house.view().sensors["litres"].value == 2.5, "25 pulses")
        shown = house.kiosk("status").stdout
        assert "kettle: leak" in shown
        assert "fridge door" in shown
        assert "off" in shown
    told = [(each["sensor"], each["value"]) for each in house.entries("telemetry") if each["kind"] == "measured"]
    assert [value for sensor, value in told if sensor == "fridge_door"] == [1.0, 0.0]
    assert told[-1] == ("litres", 2.5), "the end of the line is told at the program's end"


def _sense(house: House) -> Line:
    return Line(house.run / "sense.sock")


def test_what_boiled_dry_stays_off_through_a_kill_until_a_technician_is_there(tmp_path: Path) -> None:
    house = House(tmp_path, ROOM)
    with house.station() as station:
        sensors = _sense(house)
        sensors.send(Sensed("water", 105.0))
        entry = station.next("switched")
        assert (entry["relay"], entry["why"], entry["held"]) == ("kettle", "kettle.boil_dry", True)
        assert station.bench.wait_for(RELAY, level=True), "normally closed: power on the relay takes it from the kettle"
        sensors.close()
        until(lambda: "switched" in house.kinds(), "the entry on the disk")
        station.kill()
    with house.station() as station:
        assert station.bench.wait_for(RELAY, level=True, after=-1.0), "before anything else happens"
        assert house.view().room.off == {"kettle": ("kettle.boil_dry",)}
        doctor = json.loads(house.kiosk("doctor", "--json").stdout)["checks"]
        relay = next(check for check in doctor if check["id"] == "relay.kettle")
        assert relay["remedy"] == "kiosk maintenance on --for 10m"
        sensors = _sense(house)
        sensors.send(Sensed("water", 60.0))
        assert house.kiosk("maintenance", "on", "--for", "10m").returncode == 0
        assert station.bench.wait_for(RELAY, level=False)
        sensors.close()
    assert [each["on"] for each in house.entries() if each["kind"] == "switched"] == [False, True]


def test_a_relay_on_a_bus_is_told_to_whoever_has_the_bus_and_its_trouble_is_a_fault(tmp_path: Path) -> None:
    house = House(tmp_path, ROOM)
    with house.station() as station:
        sensors = _sense(house)
        sensors.send(NotSensed("water", "no_answer"))
        told = [sensors.receive(timeout=30.0) for _ in range(2)]
        assert told == [Switch("kettle", on=True), Switch("lamp", on=True)]
        sensors.send(Trouble("relay.lamp", "no_answer"))
        assert station.next("fault")["what"] == "relay.lamp"
        sensors.send(Trouble("relay.lamp", None))
        assert station.next("fault_cleared")["what"] == "relay.lamp"
        sensors.send(Trouble("relay.ghost", "x"))
        sensors.send(Trouble("gps", "no_fix"))
        assert station.next("fault")["what"] == "gps"
        sensors.close()


def test_the_doctor_says_what_an_absence_means_at_the_wire(tmp_path: Path) -> None:
    more = ROOM + '[sensors.t]\nbus = "onewire"\ntree = "/nowhere"\ndevice = "28-0316a27900ff"\nunit = "C"\n'
    house = House(tmp_path, more)
    with house.station():
        sensors = _sense(house)
        sensors.send(NotSensed("water", "no_answer"))
        until(lambda: house.view().sensors["water"].absent == "no_answer")
        checks = json.loads(house.kiosk("doctor", "--json").stdout)["checks"]
        sensors.close()
    found = {check["id"]: check for check in checks}
    assert found["sensor.water"]["evidence"].startswith("no_answer: nothing on the line answers")
    assert found["sensor.water"]["remedy"].endswith("kiosk sensors read")
    assert found["sensor.leak"]["evidence"] == "off"
    assert found["onewire.tree"]["remedy"].startswith("echo dtoverlay=w1-gpio")
    assert {check["severity"] for check in checks if check["id"] == "serial.port"} == {"wrong"}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house whose logbook holds the model's day."""
    folder = tmp_path_factory.mktemp("lived")
    house = House(folder)
    text = (ROOT / "config" / "station.toml").read_text(encoding="utf-8")
    house.config.write_text(
        text.replace('# data_dir = "/var/lib/kiosk"', f'data_dir = "{house.data}"'), encoding="utf-8"
    )
    virtual = Virtual(load(house.config), MIDNIGHT)
    live_a_day(virtual, Model())
    book = Logbook(house.data, "lived")
    book.append(virtual.told)
    book.close()
    return house


def test_a_day_is_drawn_in_the_terminal_and_as_a_picture(lived: House) -> None:
    done = lived.kiosk("sensors", "plot", "--day", "2026-08-01")
    assert done.returncode == 0, done.stderr
    rows = {line[:20].strip().replace(" ", "_"): line for line in done.stdout.splitlines()}
    assert rows.keys() == {"air_conditioner", "fridge", "fridge_door", "presence", "water", "entries", "h"}
    assert "°C" in rows["fridge"]
    assert set("▁▂▃▄▅") < set(rows["fridge"])
    for form, head in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        out = lived.folder / f"day.{form}"
        done = lived.kiosk("sensors", "plot", "--day", "2026-08-01", "--out", str(out))
        assert (done.returncode, done.stdout.strip()) == (0, str(out)), done.stderr
        assert out.read_bytes().startswith(head)


def test_what_cannot_be_drawn_is_told(lived: House, tmp_path: Path) -> None:
    for words, code, told in (
        (("--day", "2020-01-01"), 1, "The logbook has no value of 2020-01-01"),
        (("--day", "2026-08-01", "--out", str(tmp_path / "day.gif")), 2, "must end in one of .png, .svg, .pdf"),
        (("--day", "2026-08-01", "--out", str(tmp_path / "no" / "day.png")), 2, "there is no folder"),
        (("--day", "yesterday"), 2, "Invalid value"),
    ):
        done = lived.kiosk("sensors", "plot", *words)
        assert done.returncode == code
        assert told in done.stderr
        assert "Traceback" not in done.stderr


SCENARIO = """\
# the fridge's door is left open, its thermometer is pulled
00:00,fridge,4.0
00:00,fridge_door,0
08:00,enter,main
08:03,fridge_door,1
08:20,fridge,9.5
08:40,fridge_door,0
09:30,fridge,5.0
10:00,fridge,no_answer
11:00:30,end
"""


def test_a_scenario_shows_what_the_rules_would_do(lived: House, tmp_path: Path) -> None:
    file = tmp_path / "scenario.csv"
    file.write_text(SCENARIO)
    done = lived.kiosk("simulate", str(file))
    assert done.returncode == 0, done.stderr
    for line in (
        "08:00:00  main: ",
        "08:06:10  alarm: fridge: door open",
        "08:30:10  alarm: fridge: too warm",
        "09:32:10  over: fridge: too warm (fridge: 5 °C)",
        "10:00:40  fridge: no value: no answer",
        "10:05:10  fault: sensor fridge: no_answer",
        "times fewer",
    ):
        assert line in done.stdout
    told = json.loads(lived.kiosk("simulate", str(file), "--json").stdout)
    assert told.keys() == {"entries", "samples", "rows"}
    assert json.loads(lived.kiosk("simulate", "--json").stdout)["samples"] > 20_000


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("8,fridge,4", ":1: '8' is no time of day"),
        ("08:00,frige,4", ":1: no such sensor or event: frige, did you mean fridge?"),
        ("08:00,enter,mian", ":1: no such door: mian, did you mean main?"),
        ("08:00,fridge,", ":1: fridge needs a value, or a reason"),
        ("08:00,fridge,4\n07:00,fridge,4", ":2: 07:00 is before the line above it"),
    ],
)
def test_a_scenario_that_is_none_is_told_with_its_line(lived: House, tmp_path: Path, line: str, error: str) -> None:
    file = tmp_path / "scenario.csv"
    file.write_text(line)
    done = lived.kiosk("simulate", str(file))
    assert done.returncode == 2
    assert error in done.stderr
    assert lived.kiosk("simulate", str(tmp_path / "none.csv")).returncode == 2
    for data, said in (
        ("08:30，enter，main\n".encode(), "'，' is not ,; write ,"),
        (b"08:30;enter;main\n", "';' is not ,; write ,"),
        ("08:30,门,main\n".encode("gbk"), "is GBK and not UTF-8 text. Next: cp "),
        ("08:30,enter,main\n".encode("utf-16"), "is UTF-16 and not UTF-8 text. Next: cp "),
    ):
        file.write_bytes(data)
        done = lived.kiosk("simulate", str(file))
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_every_bus_is_read_once_without_a_station(tmp_path: Path) -> None:
    house = House(tmp_path, ROOM)
    done = house.kiosk("sensors", "read")
    assert done.returncode == 1
    assert "✘ water" in done.stdout
    assert "port not open" in done.stdout
    told = json.loads(house.kiosk("sensors", "read", "--json").stdout)
    assert {"type": "notsensed", "sensor": "water", "reason": "port_not_open"} in told
