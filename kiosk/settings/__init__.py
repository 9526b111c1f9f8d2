"""The settings: the tables of the one TOML file. :mod:`kiosk.settings.loading` reads and checks it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from kiosk.contract.bodies import Code
from kiosk.settings.appliances import (
    AnyRelay,
    AnySensor,
    ApplianceTable,
    BatteryTable,
    BinaryProtocol,
    GpsTable,
    OccupancyTable,
    OnPins,
    TextProtocol,
)
from kiosk.settings.boards import AnyBoard, LockBoardProtocol, OnBoardTable, SlotTable
from kiosk.settings.table import Label, Pin, Seconds, Table, Text

ClassName = Literal["worker", "technician", "steward", "visitor"]
Index = Annotated[int, Meta(ge=0, lt=2**32)]
MAX_PULSE: Final = 30.0


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
    """One door. `slot`: of a cupboard, which is opened from inside; its lock may be on a lock board."""

    lock: LockTable | None = None
    board: OnBoardTable | None = None
    slot: SlotTable | None = None
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
    label: Label | None = None


Around = Annotated[str, Meta(max_length=32)]
"""What a reader with a decoder of its own sends before or behind each code."""


class ScannerTable(Table, frozen=True):
    """What reads codes in front of a door: a camera, a serial QR engine, or a reader that types like a keyboard.

    `desk`: inside instead, where people answer; what is shown there opens nothing.
    """

    door: Text | None = None
    desk: bool = False
    camera: Text | None = None
    engine: Text | None = None
    keyboard: Text | None = None
    width: Annotated[int, Meta(ge=160, le=8192)] = 1280
    height: Annotated[int, Meta(ge=120, le=8192)] = 720
    rate: Annotated[float, Meta(gt=0, le=120)] = 30.0
    pause: Seconds | None = None
    timeout: Annotated[float, Meta(ge=1, le=12)] = 8.0
    """Seconds; shorter than those after which a camera counts as hung, and is read by a fresh process."""
    exposure_ms: Annotated[float, Meta(ge=0.1, le=1000)] | None = None
    gain: int | None = None
    focus: Annotated[int, Meta(ge=0)] | None = None
    baud: int = 9600
    model: Literal["gm65", "lines"] = "lines"
    mode: Literal["continuous", "trigger"] = "continuous"
    trigger: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2} ?)*\Z")] = ""
    layout: Literal["us", "de", "fr"] = "us"
    prefix: Around = ""
    suffix: Around = ""
    label: Label | None = None


class CentralTable(Table, frozen=True):
    """The central server. `ca_file`: the union's own certificate authority."""

    url: Text
    ca_file: Text | None = None
    timeout: Annotated[float, Meta(ge=1, le=120)] = 20.0
    back_off_cap: Annotated[float, Meta(ge=2, le=3600)] = 900.0
    telemetry_within: Seconds = 30.0


class ScreenTable(Table, frozen=True):
    """The display at a door: a page for a browser on this machine. `call`: whom a worker calls, such as a telephone number.

    `pass_page`: where the pass page is, to which the changing code leads that a phone reads; absent: none is shown.
    """

    door: Text = "main"
    port: Annotated[int, Meta(ge=1024, le=65535)] = 8090
    call: Annotated[str, Meta(max_length=64)] = ""
    pass_page: Annotated[str, Meta(min_length=1, max_length=120)] | None = None


class ButtonsTable(Table, frozen=True):
    """Four buttons inside, by which people rate the station, the best answer first."""

    very_satisfied: Input
    satisfied: Input
    fair: Input
    dissatisfied: Input


class DeskTable(Table, frozen=True):
    """What people can say inside: by buttons, with answer cards at a reader of the desk, or on a display.

    `display`: there is one, for which `kiosk desk` has a page at this port; `cards`: it is not touched, and whoever votes shows
    cards with numbers; `keyboard`: there is one, by which a remark beside a ballot can be typed.
    """

    display: bool = False
    cards: bool = False
    keyboard: bool = False
    port: Annotated[int, Meta(ge=1024, le=65535)] = 8091
    buttons: ButtonsTable | None = None


class LogbookTable(Table, frozen=True):
    """How long acknowledged entries are kept, and how large the file may become."""

    keep_access_days: Annotated[float, Meta(ge=0)] = 30.0
    keep_telemetry_days: Annotated[float, Meta(ge=0)] = 7.0
    most_megabytes: Annotated[int, Meta(ge=1, le=100_000)] = 256


class UpdatesTable(Table, frozen=True):
    """Which updates are taken: `early` for the few stations that try each release first; how many seconds one is watched.

    `fetch`: those that the central server offers, too, in these `hours` and no faster; `spool_dir`: where they wait.
    """

    ring: Literal["early", "all"] = "all"
    watch: Seconds = 60.0
    fetch: bool = True
    hours: tuple[Text, ...] = ("daily 01:00-05:00",)
    kilobytes_per_second: Annotated[int, Meta(ge=8, le=100_000)] = 128
    spool_dir: Text = "/var/lib/yizhan-kiosk"


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
    protocols: dict[str, TextProtocol | BinaryProtocol | LockBoardProtocol] = {}
    boards: dict[str, AnyBoard] = {}
    relays: dict[str, AnyRelay] = {}
    appliances: dict[str, ApplianceTable] = {}
    occupancy: OccupancyTable = OccupancyTable()
    battery: BatteryTable | None = None
    gps: GpsTable | None = None
    logbook: LogbookTable = LogbookTable()
    updates: UpdatesTable = UpdatesTable()
    screen: ScreenTable | None = None
    desk: DeskTable | None = None

    def scanner_socket(self, name: str) -> Path:
        """Where a scanner shows what its camera sees, in a folder that is the scanners' own."""
        return self.run / "scanner" / f"{name}.sock"

    @property
    def entrances(self) -> dict[str, DoorTable]:
        """The doors that people walk through."""
        return {name: table for name, table in self.doors.items() if table.slot is None}

    @property
    def slots(self) -> dict[str, DoorTable]:
        """The doors of cupboards."""
        return {name: table for name, table in self.doors.items() if table.slot is not None}

    @property
    def has_display_inside(self) -> bool:
        """Whether there is anything to do for `kiosk desk`."""
        return self.desk is not None and self.desk.display

    @property
    def phone_door(self) -> str:
        """The door whose display has a code for phones; empty where none has."""
        return self.screen.door if self.screen and self.screen.pass_page else ""

    @property
    def has_buses(self) -> bool:
        """Whether there is anything to do for `kiosk sensors`: the Pi's own pins are the station's."""
        tables = [*self.sensors.values(), *self.relays.values()]
        return self.gps is not None or bool(self.boards) or not all(isinstance(each, OnPins) for each in tables)

    @property
    def data(self) -> Path:
        """Where files that survive live."""
        return Path(self.station.data_dir)

    @property
    def run(self) -> Path:
        """Where the sockets are."""
        return Path(self.station.run_dir)

    @property
    def pictures(self) -> Path:
        """Where the station keeps the pictures for the display inside, by their hashes, for its program to read."""
        return self.data / "pictures"

    @property
    def volatile(self) -> Path:
        """Where the station keeps its logbook in memory, while the data folder takes no write."""
        return self.run / "volatile"

    @property
    def kept(self) -> Path:
        """Where the station keeps its logbook and documents now; who may not look is told of the data folder."""
        try:
            in_memory = self.volatile.is_dir()
        except PermissionError:
            in_memory = False
        return self.volatile if in_memory else self.data
