"""The settings: one TOML file, checked whole before anything opens, every error at once as `file:line: key: what`."""

from __future__ import annotations

import difflib
import re
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from kiosk.contract import Code

Pin = Annotated[int, Meta(ge=0, le=27)]
"""A BCM number on the 40-pin header."""

Seconds = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
ClassName = Literal["worker", "technician", "steward", "visitor"]
MAX_PULSE: Final = 30.0
SOCKET_PATH: Final = 107
"""Bytes that the kernel takes as a socket's path (unix(7))."""

LONGEST_SOCKET: Final = "control.sock"
LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all tables of the file."""


class Station(Table, frozen=True):
    """Who and where the station is."""

    code: Code
    name: Text = "驿站"
    data_dir: Text = "/var/lib/kiosk"
    run_dir: Text = "/run/kiosk"
    operators: Text = "kiosk-technician"


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
    """Lamps and buzzer; each may be absent."""

    green: Pin | None = None
    red: Pin | None = None
    buzzer: Pin | None = None


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
    classes: tuple[ClassName, ...] = ("worker", "technician", "steward", "visitor")


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
    """How long acknowledged entries are kept."""

    keep_access_days: Annotated[float, Meta(ge=0)] = 30.0
    keep_telemetry_days: Annotated[float, Meta(ge=0)] = 7.0


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


class BadSettings(Exception):
    """The file cannot be used; `errors` has a line for each thing that is wrong."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


Path_ = tuple[str, ...]
Wrong = tuple[Path_, str]


def load(path: Path) -> Settings:
    """Read and check the file. Raises BadSettings with everything that is wrong; nothing has been opened by then."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise BadSettings([f"{path}: is not UTF-8 text"]) from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([_syntax(path, str(error))]) from error
    wrong = list(_check_table(raw, Settings, ()))
    if not wrong:
        settings = msgspec.convert(raw, Settings)
        wrong = list(_check_sense(settings))
    if wrong:
        places = _lines(text)
        lines = [(_line(key, places), key, what) for key, what in wrong]
        raise BadSettings([f"{path}:{line}: {'.'.join(key)}: {what}" for line, key, what in sorted(lines)])
    return settings


def _syntax(path: Path, message: str) -> str:
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    where = f"{path}:{place[1]}" if place else str(path)
    what = message.partition(" (at ")[0]
    return f"{where}: not TOML: {what}"


def _check_table(raw: Any, kind: type[Struct], at: Path_) -> Iterator[Wrong]:
    """Everything that is wrong with one table, and with the tables in it."""
    if not isinstance(raw, dict):
        yield at, "must be a table"
        return
    tag = kind.__struct_config__.tag_field
    hints = get_type_hints(kind, include_extras=True)
    for key in raw.keys() - hints.keys() - {tag}:
        yield (*at, key), f"no such setting{_did_you_mean(key, hints)}"
    for field in msgspec.structs.fields(kind):
        if field.name in raw:
            yield from _check_value(raw[field.name], hints[field.name], (*at, field.name))
        elif field.required:
            yield (*at, field.name), "is missing"


def _check_value(raw: Any, hint: Any, at: Path_) -> Iterator[Wrong]:
    parts = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
    tables = [part for part in parts if isinstance(part, type) and issubclass(part, Struct)]
    if get_origin(hint) is dict:
        if not isinstance(raw, dict):
            yield at, "must be a table of tables"
            return
        for name, each in raw.items():
            yield from _check_value(each, get_args(hint)[1], (*at, name))
    elif len(tables) == 1:
        yield from _check_table(raw, tables[0], at)
    elif tables:
        yield from _check_tagged(raw, tables, at)
    else:
        try:
            msgspec.convert(raw, hint)
        except msgspec.ValidationError as error:
            yield at, _plain(str(error))


def _check_tagged(raw: Any, tables: list[type[Struct]], at: Path_) -> Iterator[Wrong]:
    known = {str(table.__struct_config__.tag): table for table in tables}
    field = str(tables[0].__struct_config__.tag_field)
    if not isinstance(raw, dict) or field not in raw:
        yield (*at, field), f"is missing: one of {', '.join(known)}"
    elif not isinstance(raw[field], str) or raw[field] not in known:
        yield (*at, field), f"must be one of {', '.join(known)}{_did_you_mean(str(raw[field]), known)}"
    else:
        yield from _check_table(raw, known[raw[field]], at)


def _check_sense(settings: Settings) -> Iterator[Wrong]:
    """What is well-formed but cannot be meant."""
    if not settings.doors:
        yield ("doors",), "at least one door is needed, e.g. [doors.main]"
    used: dict[int, str] = {}
    for at, pin in _pins(settings):
        if pin in used:
            yield at, f"pin {pin} is already used by {used[pin]}"
        used.setdefault(pin, ".".join(at[:-1]) if at[-1] == "pin" else ".".join(at))
    for name, door in settings.doors.items():
        if door.alarm_after < door.pre_alarm_after:
            yield ("doors", name, "alarm_after"), f"must not be before pre_alarm_after ({door.pre_alarm_after:g})"
    yield from _check_scanners(settings)
    longest = max([LONGEST_SOCKET, *(f"scanner-{name}.sock" for name in settings.scanners)], key=len)
    if len(f"{settings.run}/{longest}".encode()) > SOCKET_PATH:
        yield ("station", "run_dir"), f"is too long for a socket: {SOCKET_PATH} bytes with /{longest}"
    if settings.central is not None and not _safe_url(settings.central.url):
        yield ("central", "url"), "must be https://..., or http:// to this machine itself"


def _check_scanners(settings: Settings) -> Iterator[Wrong]:
    for name, scanner in settings.scanners.items():
        if scanner.door not in settings.doors:
            yield ("scanners", name, "door"), f"no such door{_did_you_mean(scanner.door, settings.doors)}"
        if sum(each is not None for each in (scanner.camera, scanner.engine, scanner.keyboard)) != 1:
            yield ("scanners", name), "needs one of camera, engine, keyboard"
        if scanner.mode == "trigger" and scanner.model == "lines" and not scanner.trigger:
            yield ("scanners", name, "trigger"), "is missing: the bytes that start a reading, e.g. 16 54 0D"
        if scanner.camera and not re.fullmatch(r"csi:\d|(?!csi:).*", scanner.camera):
            yield ("scanners", name, "camera"), "must be csi: and the number of the camera, e.g. csi:0"


def _safe_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises, too, for a number that is no port
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def _pins(settings: Settings) -> Iterator[tuple[Path_, int]]:
    for name, own in (("fire", settings.fire), ("tamper", settings.tamper)):
        if own:
            yield (name, "pin"), own.pin
    for name, door in settings.doors.items():
        at = ("doors", name)
        yield (*at, "lock", "pin"), door.lock.pin
        if door.lock.bolt:
            yield (*at, "lock", "bolt", "pin"), door.lock.bolt.pin
        for what, found in (("contact", door.contact), ("exit", door.exit)):
            if found:
                yield (*at, what, "pin"), found.pin
        for lamp in ("green", "red", "buzzer"):
            pin = getattr(door.lamps, lamp)
            if pin is not None:
                yield (*at, "lamps", lamp), pin


def _did_you_mean(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, [str(each) for each in known], n=1)
    return f", did you mean {close[0]}?" if close else ""


def _plain(message: str) -> str:
    message = re.sub(r" - at `.*`$", "", message)
    return message.replace("`", "").replace("Expected", "expected")


def _lines(text: str) -> dict[Path_, int]:
    """The line of each table header and key. Inline tables count as the line of their key."""
    places: dict[Path_, int] = {}
    table: Path_ = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = _split(header[1])
            places.setdefault(table, number)
        elif key := re.match(r"""\s*((?:[\w-]+|"[^"]*")(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*=""", line):
            places.setdefault((*table, *_split(key[1])), number)
    return places


def _split(dotted: str) -> Path_:
    return tuple(part.strip().strip('"') for part in dotted.split("."))


def _line(key: Path_, places: dict[Path_, int]) -> int:
    """The line of the key, or of the nearest table around it."""
    while key and key not in places:
        key = key[:-1]
    return places.get(key, 1)
