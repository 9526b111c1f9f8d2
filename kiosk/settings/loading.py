"""Reads the settings' file: checked whole before anything opens, every error at once as `file:line: key: what`."""

from __future__ import annotations

import difflib
import re
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from kiosk.opening import parse_hours
from kiosk.settings import DoorTable, Settings

SOCKET_PATH: Final = 107
"""Bytes that the kernel takes as a socket's path (unix(7))."""

LONGEST_SOCKET: Final = "control.sock"
LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}
LAST_PULLED_UP: Final = 8
"""Pins 0 to 8 have a pull-up at power-on, 9 to 27 a pull-down (BCM2835 ARM Peripherals, table 6-31)."""


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


def warnings(settings: Settings) -> list[str]:
    """What is allowed and hardly meant: a lock whose relay has power from power-on until the station starts."""
    told = []
    for name, door in settings.doors.items():
        lock = door.lock
        boots_high = lock.pin <= LAST_PULLED_UP
        if boots_high is lock.active_high:
            does = "is released" if lock.wiring == "fail_secure" else "has power"
            told.append(
                f"doors.{name}.lock: pin {lock.pin} boots {'high' if boots_high else 'low'} and the relay is on at that level: "
                f"the lock {does} from power-on until the station starts. Use a pin from "
                f"{'9 to 27' if lock.active_high else '0 to 8'}, or set the boot level in config.txt: "
                f"gpio={lock.pin}=op,d{'l' if lock.active_high else 'h'}"
            )
    return told


def _check_table(raw: Any, kind: type[Struct], at: Path_) -> Iterator[Wrong]:
    """Everything that is wrong with one table, and with the tables in it."""
    if not isinstance(raw, dict):
        yield at, "must be a table"
        return
    tag = kind.__struct_config__.tag_field
    hints = get_type_hints(kind, include_extras=True)
    for key in raw.keys() - hints.keys() - {tag}:
        yield (*at, key), f"no such setting{did_you_mean(key, hints)}"
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
        yield (*at, field), f"must be one of {', '.join(known)}{did_you_mean(str(raw[field]), known)}"
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
        yield from _check_door(settings, name, door)
    yield from _check_scanners(settings)
    longest = max([LONGEST_SOCKET, *(f"scanner-{name}.sock" for name in settings.scanners)], key=len)
    if len(f"{settings.run}/{longest}".encode()) > SOCKET_PATH:
        yield ("station", "run_dir"), f"is too long for a socket: {SOCKET_PATH} bytes with /{longest}"
    if settings.central is not None and not _safe_url(settings.central.url):
        yield ("central", "url"), "must be https://..., or http:// to this machine itself"


def _check_door(settings: Settings, name: str, door: DoorTable) -> Iterator[Wrong]:
    at = ("doors", name)
    if door.alarm_after < door.pre_alarm_after:
        yield (*at, "alarm_after"), f"must not be before pre_alarm_after ({door.pre_alarm_after:g})"
    for other in door.interlock:
        if other not in settings.doors:
            yield (*at, "interlock"), f"no such door: {other}{did_you_mean(other, settings.doors)}"
        elif other == name:
            yield (*at, "interlock"), "names the door itself"
    yield from _check_hours(door.hours, (*at, "hours"))
    for title, programme in door.programmes.items():
        yield from _check_hours(programme.hours, (*at, "programmes", title, "hours"))
        for key, moment in (("begins", programme.begins), ("ends", programme.ends)):
            if moment.tzinfo is not None:
                yield (*at, "programmes", title, key), "must be local time, without an offset, e.g. 2026-07-01T08:00:00"
        if programme.begins.replace(tzinfo=None) >= programme.ends.replace(tzinfo=None):
            yield (*at, "programmes", title, "ends"), "must be after begins"


def _check_hours(hours: tuple[str, ...] | None, at: Path_) -> Iterator[Wrong]:
    if hours == ():
        yield at, 'is empty: leave it out for day and night, or write e.g. ["mon-fri 06:00-22:00"]'
    for text in hours or ():
        try:
            parse_hours(text)
        except ValueError as error:
            yield at, str(error)


def _check_scanners(settings: Settings) -> Iterator[Wrong]:
    for name, scanner in settings.scanners.items():
        if scanner.door not in settings.doors:
            yield ("scanners", name, "door"), f"no such door{did_you_mean(scanner.door, settings.doors)}"
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
        for lamp in ("red", "green", "blue", "buzzer"):
            pin = getattr(door.lamps, lamp)
            if pin is not None:
                yield (*at, "lamps", lamp), pin


def did_you_mean(word: str, known: Any) -> str:
    """The one of the known names that was probably meant, as the end of a sentence; empty when none is near."""
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
