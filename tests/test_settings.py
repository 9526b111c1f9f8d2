"""The settings file: everything that is wrong, at once, with its line; and files that are right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from kiosk.settings import Settings
from kiosk.settings.loading import load, warnings
from kiosk.settings.table import BadSettings
from kiosk.settings.words import kind_in_words, tables
from tests.conftest import ROOT

GOOD = """\
pins = "simulated"

[station]
code = "37081101"

[doors.main]
lock = { pin = 17 }
contact = { pin = 27 }

[scanners.main]
door = "main"
camera = "/dev/video0"

[central]
url = "https://central.example"
"""


def errors(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load(path)
    except BadSettings as bad:
        return [each.replace(str(path), "F") for each in bad.errors]
    return []


def test_a_good_file_is_good(tmp_path: Path) -> None:
    assert errors(tmp_path, GOOD) == []


def test_the_annotated_files_are_good(tmp_path: Path) -> None:
    assert load(ROOT / "config" / "station.toml").doors
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    names = ("folder", "port", "film", "tree", "line", "dispenser", "gps")
    assert (
        errors(
            tmp_path,
            Template(text).substitute(
                {name: f"/x/{name}" for name in names} | {"port": 1, "screen": 8090, "desk": 8091, "central": 8420}
            ),
        )
        == []
    )


def test_everything_wrong_is_told_at_once_with_line_and_key(tmp_path: Path) -> None:
    text = """\
pinz = "simulated"
pins = "maybe"

[station]
code = "??"

[doors.main]
lock = { pin = 99, activ_high = true }
contact = { pin = 26 }
pulse = 60

[fire]
pin = 26

[scanners.front]
door = "mian"

[sensors.fridge]
bus = "onewir"

[sensors.meter]
bus = "modbus"
unit = "W"

[central]
url = "http://central.example"
"""
    assert errors(tmp_path, text) == [
        "F:1: pinz: no such setting, did you mean pins?",
        "F:2: pins: must be one of gpio, simulated",
        "F:5: station.code: expected text, 4 to 12 letters and digits",
        "F:8: doors.main.lock.activ_high: no such setting, did you mean active_high?",
        "F:8: doors.main.lock.pin: expected a whole number, at least 0, at most 27",
        "F:10: doors.main.pulse: expected a number, at least 1, at most 30",
        "F:19: sensors.fridge.bus: must be one of onewire, modbus, line, contact, pulses, did you mean onewire?",
        "F:21: sensors.meter.address: is missing",
        "F:21: sensors.meter.device: is missing",
        "F:21: sensors.meter.port: is missing",
    ]


def test_what_cannot_be_meant_is_told_too(tmp_path: Path) -> None:
    text = GOOD.replace("pin = 27", "pin = 17").replace('door = "main"', 'door = "mian"').replace("https", "http")
    assert errors(tmp_path, text + "\n[fire]\npin = 17\n") == [
        "F:7: doors.main.lock.pin: pin 17 is already used by fire",
        "F:8: doors.main.contact.pin: pin 17 is already used by fire",
        "F:11: scanners.main.door: no such door, did you mean main?",
        "F:15: central.url: must be https://..., or http:// to this machine itself; did you mean https://central.example?",
    ]


APPLIANCES = """
[sensors.t]
bus = "onewire"
device = "28-0316a27900ff"
unit = "°C"
[sensors.w]
bus = "modbus"
port = "/dev/a"
device = 1
profile = "pzem-016"
read = "power"
[relays.r]
bus = "gpio"
pin = 5
"""

MODBUS = '[sensors.x]\nbus="modbus"\nport="/dev/a"\ndevice=2\n'
LINE = '[sensors.x]\nbus="line"\nport="/dev/b"\nprotocol="p"\nread="T"\nunit="L"\n'
OTHER = '[appliances.a]\nkind="other"\n'
BATTERY = '[sensors.v]\nbus="modbus"\nport="/dev/a"\ndevice=9\naddress=0\nunit="V"\n[battery]\nbelow=11.8\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (MODBUS + 'profile="pzem16"\nread="power"', "sensors.x.profile: no such profile: one of pzem-016,"),
        (
            MODBUS + 'profile="pzem-016"\nread="pwer"',
            "sensors.x.read: is not in the profile: one of voltage, current, power, energy, frequency, did",
        ),
        (MODBUS + 'profile="pzem-016"', "sensors.x.read: is missing: one of voltage"),
        (
            MODBUS + 'profile="sdm120"\nread="power"',
            "sensors.x.port: is used as modbus 2400 N 1 here and as modbus 9600",
        ),
        (LINE, "sensors.x.protocol: no such protocol"),
        ('[protocols.p]\nkind="text"\n' + LINE, "sensors.x.read: must be the place of the value, e.g. 1"),
        (
            '[protocols.p]\nkind="binary"\nbegin="AA"\nlength=4\nread.T.at=1\n' + LINE.replace("T", "U"),
            "sensors.x.read: is not in the protocol: one of T",
        ),
        ('[sensors.x]\nbus="contact"\npin=17', "sensors.x.pin: pin 17 is already used by doors.main.lock"),
        ('[sensors.x]\nbus="contact"\npin=9\nlowest=1.0\nhighest=0.0', "sensors.x.lowest: is above highest (0)"),
        (
            '[appliances.f]\nkind="fridge"\ntemperature="tt"',
            "appliances.f.temperature: no such sensor, did you mean t?",
        ),
        ('[appliances.f]\nkind="fridge"\nrelay="r"\nsaves=true', "appliances.f.saves: a fridge keeps food"),
        ('[appliances.a]\nkind="heater"\nsaves=true', "appliances.a.saves: needs a relay"),
        ('[appliances.a]\nkind="heater"\nrelay="q"', "appliances.a.relay: no such relay"),
        (OTHER + "alarms.x.above=1.0", "appliances.a.alarms.x.of: is missing: one of temperature"),
        (OTHER + 'temperature="t"\nalarms.x.of="temperature"', "appliances.a.alarms.x: needs either above or below"),
        (OTHER + 'alarms.x={of="leak", above=0.5}', "appliances.a.alarms.x.of: the appliance has no sensor for leak"),
        (
            OTHER + 'temperature="t"\nalarms.x={of="temperature", above=0.5, switch_off=true}',
            "appliances.a.alarms.x.switch_off: needs a relay",
        ),
        ('[occupancy]\npresence=["q"]', "occupancy.presence: no such sensor"),
        ('[occupancy]\nentrances=["mian"]', "occupancy.entrances: no such door, did you mean main?"),
        ('[gps]\nport="/dev/a"', "gps.port: is already used by sensors.w"),
        (BATTERY + 'sensor="vv"\nabove=12.6\nrelays=["r"]', "battery.sensor: no such sensor"),
        (BATTERY + 'sensor="t"\nabove=12.6\nrelays=["r"]', "battery.sensor: tells °C, and not V"),
        (BATTERY + 'sensor="v"\nabove=12.6\nrelays=["q"]', "battery.relays: no such relay"),
        (BATTERY + 'sensor="v"\nabove=11.0\nrelays=["r"]', "battery.above: must be more than below (11.8)"),
        (BATTERY + 'sensor="v"\nabove=12.6\nrelays=[]', "battery.relays"),
        (
            BATTERY + 'sensor="v"\nabove=12.6\nrelays=["r"]\n[appliances.f]\nkind="freezer"\nrelay="r"',
            "battery.relays: f keeps food",
        ),
    ],
)
def test_what_is_wrong_with_the_appliances(tmp_path: Path, text: str, error: str) -> None:
    assert errors(tmp_path, GOOD + APPLIANCES) == []
    told = errors(tmp_path, f"{GOOD}{APPLIANCES}{text}\n")
    assert len(told) == 1, told
    assert error in told[0]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            '[desk]\n[scanners.counter]\ndesk=true\ndoor="main"\nengine="/dev/x"',
            "scanners.counter.door: is for a reader",
        ),
        ('[desk]\n[scanners.counter]\ndesk=true\ncamera="csi:0"', "scanners.counter.camera: there must be no camera"),
        ('[scanners.counter]\ndesk=true\nengine="/dev/x"', "scanners.counter.desk: needs the table [desk]"),
        ('[scanners.counter]\nengine="/dev/x"', "scanners.counter.door: is missing"),
    ],
)
def test_what_is_wrong_with_a_reader_inside(tmp_path: Path, text: str, error: str) -> None:
    told = errors(tmp_path, f"{GOOD}{text}\n")
    assert len(told) == 1, told
    assert error in told[0]


def test_a_profile_of_the_technicians_own_comes_first_and_its_errors_are_told_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "modbus").mkdir()
    own = tmp_path / "modbus" / "pzem-016.toml"
    own.write_text('title = "x"\nsource = "y"\n[read.power]\naddress = 7\nunit = "kW"\n')
    assert errors(tmp_path, GOOD + APPLIANCES) == []
    sensor = load(tmp_path / "station.toml").sensors["w"]
    assert (sensor.unit, getattr(sensor, "address", None)) == ("kW", 7)
    own.write_text('title = "x"\nsource = "y"\n[read.power]\nadress = 7\nunit = "kW"\n')
    told = errors(tmp_path, GOOD + APPLIANCES)
    assert f"F:25: sensors.w.profile: {own}:4: read.power.adress: no such setting, did you mean address?" in told


def test_what_the_settings_say_goes_before_the_profile(tmp_path: Path) -> None:
    assert errors(tmp_path, GOOD + APPLIANCES.replace('read = "power"', 'read = "power"\ndead_band = 9.0')) == []
    sensor = load(tmp_path / "station.toml").sensors["w"]
    assert (sensor.dead_band, sensor.highest, getattr(sensor, "order", "")) == (9.0, 23000.0, "low_first")


def test_a_run_folder_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    text = GOOD.replace('code = "37081101"', f'code = "37081101"\nrun_dir = "/run/{"k" * 100}"')
    assert errors(tmp_path, text) == [
        "F:5: station.run_dir: is too long for a socket: 107 bytes with /scanner/main.sock"
    ]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://[", "has a port or a number that is none"),
        ("https://x:99999", "has a port or a number that is none"),
        ("https://x:0", "has a port or a number that is none"),
        ("https://", "must begin with https://"),
        ("central.example", "did you mean https://central.example?"),
        ("htps://central.example:8443/kiosk", "did you mean https://central.example:8443/kiosk?"),
        ("https//central.example", "did you mean https://central.example?"),
        ("ftp://central.example", "did you mean https://central.example?"),
        ("https：／／central。example", "did you mean https://central.example?"),
        ("https://central .example", "has a blank in it"),
        ("https://me:secret@central.example", "has a name or password in it"),
        ("https://central.example/v1/enrol", "did you mean https://central.example?"),
        ("https://central.example/kiosk/v1", "did you mean https://central.example/kiosk?"),
    ],
)
def test_a_url_that_is_none_is_told(tmp_path: Path, url: str, told: str) -> None:
    (error,) = errors(tmp_path, GOOD.replace("https://central.example", url))
    assert error.startswith("F:15: central.url: ")
    assert told in error


@pytest.mark.parametrize(
    "url", ["HTTPS://c.example:8443/", "https://中央.cn", "http://127.0.0.1:8420", "https://c.example/kiosk"]
)
def test_a_url_that_is_one_is_taken(tmp_path: Path, url: str) -> None:
    assert errors(tmp_path, GOOD.replace("https://central.example", url)) == []


@pytest.mark.parametrize("bus", ['["onewire"]', "3", "{ x = 1 }"])
def test_a_bus_that_is_no_word_is_told(tmp_path: Path, bus: str) -> None:
    (told,) = errors(tmp_path, f"{GOOD}[sensors.x]\nbus = {bus}\n")
    assert told.startswith("F:17: sensors.x.bus: must be one of onewire, modbus, line, contact, pulses")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "F:1: doors: is missing"),
        ("[station\n", "F:1:9: ] is missing"),
        ("a = 1\na = 2\n", "F:2:6: a is there twice: first in line 1"),
        ("doors = 3", "F:1: doors: must be a table of tables"),
    ],
)
def test_files_that_are_hardly_settings(tmp_path: Path, text: str, error: str) -> None:
    assert errors(tmp_path, text)[0].startswith(error)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('hours = ["mon-fri 6-22"]', "doors.main.hours: 'mon-fri 6-22' is no opening hours"),
        ('hours = ["montag 06:00-22:00"]', "doors.main.hours: 'montag' is no day"),
        ('hours = ["daily 06:00-25:00"]', "doors.main.hours: '25:00' is no time of day"),
        ('hours = ["daily 06:00-06:00"]', "doors.main.hours: 'daily 06:00-06:00' is open for no time at all"),
        ("hours = []", "doors.main.hours: is empty"),
        ('interlock = ["innner"]', "doors.main.interlock: no such door: innner"),
        ('interlock = ["main"]', "doors.main.interlock: names the door itself"),
        ("pulse = 31.0", "doors.main.pulse: expected a number, at least 1, at most 30"),
        ("rest = 1.0", "doors.main.rest: expected a number, at least 10"),
        (
            "programmes.x = { begins = 2026-07-02T00:00:00, ends = 2026-07-01T00:00:00 }",
            "doors.main.programmes.x.ends: must be after begins",
        ),
        (
            "programmes.x = { begins = 2026-07-01T00:00:00Z, ends = 2026-07-02T00:00:00 }",
            "doors.main.programmes.x.begins: must be local time, without an offset",
        ),
        ('programmes.x = { begins = "soon", ends = 2026-07-02T00:00:00 }', "doors.main.programmes.x.begins: "),
    ],
)
def test_what_is_wrong_with_a_doors_rules(tmp_path: Path, line: str, error: str) -> None:
    told = errors(tmp_path, GOOD.replace("contact = { pin = 27 }", f"contact = {{ pin = 27 }}\n{line}"))
    assert len(told) == 1
    assert told[0].startswith(f"F:9: {error}"), told


@pytest.mark.parametrize(
    ("lock", "warned"),
    [
        ("{ pin = 17 }", ""),
        ("{ pin = 5, active_high = false }", ""),
        ("{ pin = 5 }", "pin 5 boots high and the relay is on at that level: the lock is released from power-on"),
        ("{ pin = 17, active_high = false }", "gpio=17=op,dh"),
        ('{ pin = 5, wiring = "fail_safe" }', "the lock has power from power-on"),
    ],
)
def test_a_lock_whose_relay_is_on_at_the_boot_level_of_its_pin_is_warned_of(
    tmp_path: Path, lock: str, warned: str
) -> None:
    path = tmp_path / "station.toml"
    path.write_text(GOOD.replace("{ pin = 17 }", lock), encoding="utf-8")
    told = warnings(load(path))
    assert len(told) == bool(warned)
    assert warned in "".join(told)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match="not UTF-8"):
        load(tmp_path / "binary.toml")


@given(st.text(max_size=300))
def test_any_text_gives_settings_or_errors(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "station.toml"
    path.write_text(
        text, encoding="utf-8", errors="surrogatepass" if "\ud800" <= max(text, default="a") <= "\udfff" else "strict"
    )
    with pytest.raises(BadSettings) as bad:
        load(path)
    assert bad.value.errors


def documented(table: type[Struct]) -> Iterator[str]:
    """Every key of a table and of the tables in it."""
    for name, hint in get_type_hints(table).items():
        yield name
        for part in get_args(hint) or (hint,):
            for each in get_args(part) or (part,):
                if isinstance(each, type) and issubclass(each, Struct):
                    yield from documented(each)


@pytest.mark.parametrize("key", sorted(set(documented(Settings))))
def test_every_setting_is_explained_in_the_annotated_file(key: str) -> None:
    text = (ROOT / "config" / "station.toml").read_text(encoding="utf-8")
    assert re.search(rf"(^|[\s#{{,\[.]){key}\b", text, re.MULTILINE), f"{key} is not in config/station.toml"


def test_every_form_of_a_setting_has_its_words() -> None:
    for table in tables():
        for name, hint in get_type_hints(table, include_extras=True).items():
            assert not re.search(r"[\\^$]", kind_in_words(hint)), name
