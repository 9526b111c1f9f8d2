"""The settings: the tables of the one TOML file. :mod:`kiosk.settings.loading` reads and checks it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from kiosk.contract import Code

Pin = Annotated[int, Meta(ge=0, le=27)]
"""A BCM number on the 40-pin header."""

Seconds = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
ClassName = Literal["worker", "technician", "steward", "visitor"]
Index = Annotated[int, Meta(ge=0, lt=2**32)]
MAX_PULSE: Final = 30.0


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all tables of the file."""


class Station(Table, frozen=True):
    """Who and where the station is."""

    code: Code
    name: Text = "驿站"
    data_dir: Text = "/var/lib/kiosk"
    run_dir: Text = "/run/kiosk"
    operators: Text = "kiosk-technician"
    utc_offset: Annotated[float, Meta(ge=-12, le=14)] = 8.0
    """Hours by which the station's local time is ahead of UTC."""


class Input(Table, frozen=True):
    """A contact on a pin; `active_low`: pulled to ground when active."""

    pin: Pin
    active_low: bool = True


class ContactTable(Table, frozen=True):
    """The door's contact. The usual reed contact is closed, and pulls its pin to ground, while the door is closed."""

    pin: Pin
    open_when: Literal["high", "low"] = "high"


class LockTable(Table, frozen=True):
    """The lock's relay and its wiring; `bolt`: the contact in the lock that is active while its bolt is thrown."""

    pin: Pin
    active_high: bool = True
    wiring: Literal["fail_secure", "fail_safe"] = "fail_secure"
    bolt: Input | None = None


class LampTable(Table, frozen=True):
    """Lamps (an RGB lamp is three) and buzzer; each may be absent."""

    red: Pin | None = None
    green: Pin | None = None
    blue: Pin | None = None
    buzzer: Pin | None = None


class ProgrammeTable(Table, frozen=True):
    """An opening with an end, such as an exam week or a heat wave; `hours` within it, in the form of the door's."""

    begins: datetime
    ends: datetime
    hours: tuple[Text, ...] | None = None
    admits: Literal["passes", "everybody"] = "passes"


class DoorTable(Table, frozen=True):
    """One door."""

    lock: LockTable
    contact: ContactTable | None = None
    exit: Input | None = None
    lamps: LampTable = LampTable()
    pulse: Annotated[float, Meta(ge=1, le=MAX_PULSE)] = 5.0
    extended_pulse: Annotated[float, Meta(ge=1, le=MAX_PULSE)] = 15.0
    pre_alarm_after: Annotated[float, Meta(ge=10)] = 20.0
    alarm_after: Annotated[float, Meta(ge=10)] = 30.0
    rest: Annotated[float, Meta(ge=10, le=86400)] = 90.0
    classes: tuple[ClassName, ...] = ("worker", "technician", "steward", "visitor")
    holders: tuple[Index, ...] | None = None
    hours: tuple[Text, ...] | None = None
    always: tuple[ClassName, ...] = ("technician", "steward")
    programmes: dict[str, ProgrammeTable] = {}
    interlock: tuple[Text, ...] = ()


class ScannerTable(Table, frozen=True):
    """What reads codes in front of a door: a camera, a serial QR engine, or a reader that types like a keyboard."""

    door: Text
    camera: Text | None = None
    engine: Text | None = None
    keyboard: Text | None = None
    width: Annotated[int, Meta(ge=160, le=8192)] = 1280
    height: Annotated[int, Meta(ge=120, le=8192)] = 720
    rate: Annotated[float, Meta(gt=0, le=120)] = 30.0
    pause: Seconds | None = None
    exposure_ms: Annotated[float, Meta(ge=0.1, le=1000)] | None = None
    gain: int | None = None
    focus: Annotated[int, Meta(ge=0)] | None = None
    baud: int = 9600
    model: Literal["gm65", "lines"] = "lines"
    mode: Literal["continuous", "trigger"] = "continuous"
    trigger: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2} ?)*$")] = ""


class SensorTable(Table, frozen=True):
    """What all sensors share: the unit, the limits of a sane value, when a change counts, and how often to ask."""

    unit: Text
    lowest: float = -1e9
    highest: float = 1e9
    dead_band: Seconds = 0.0
    heartbeat: Annotated[float, Meta(ge=1)] = 900.0
    every: Annotated[float, Meta(ge=0.1)] = 10.0


class OneWireTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="onewire"):
    """A DS18B20 by its id in the kernel's tree."""

    device: Annotated[str, Meta(pattern=r"^[0-9a-f]{2}-[0-9a-f]{12}$")]
    tree: Text = "/sys/bus/w1/devices"


class ModbusTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="modbus"):
    """A register of a device on an RS-485 line."""

    port: Text
    device: Annotated[int, Meta(ge=1, le=247)]
    address: Annotated[int, Meta(ge=0, le=65535)]
    baud: int = 9600
    words: Literal[1, 2] = 1
    order: Literal["low_first", "high_first"] = "high_first"
    function: Literal["holding", "input"] = "input"
    scale: float = 1.0
    signed: bool = False


class DispenserTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="dispenser"):
    """A value of a water dispenser's controller, by its key."""

    port: Text
    key: Text
    baud: int = 9600


AnySensor = OneWireTable | ModbusTable | DispenserTable


class CentralTable(Table, frozen=True):
    """The central server. `ca_file`: the union's own certificate authority."""

    url: Text
    ca_file: Text | None = None
    timeout: Annotated[float, Meta(ge=1, le=120)] = 20.0
    back_off_cap: Annotated[float, Meta(ge=2, le=3600)] = 900.0
    telemetry_within: Seconds = 30.0


class LogbookTable(Table, frozen=True):
    """How long acknowledged entries are kept, and how large the file may become."""

    keep_access_days: Annotated[float, Meta(ge=0)] = 30.0
    keep_telemetry_days: Annotated[float, Meta(ge=0)] = 7.0
    most_megabytes: Annotated[int, Meta(ge=1, le=100_000)] = 256


class Settings(Table, frozen=True):
    """The whole file."""

    station: Station
    doors: dict[str, DoorTable]
    central: CentralTable | None = None
    pins: Literal["gpio", "simulated"] = "gpio"
    fire: Input | None = None
    tamper: Input | None = None
    scanners: dict[str, ScannerTable] = {}
    sensors: dict[str, AnySensor] = {}
    logbook: LogbookTable = LogbookTable()

    @property
    def data(self) -> Path:
        """Where files that survive live."""
        return Path(self.station.data_dir)

    @property
    def run(self) -> Path:
        """Where the sockets are."""
        return Path(self.station.run_dir)
