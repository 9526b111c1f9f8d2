"""Sheets from a spreadsheet or a form, judged cell by cell: what is wrong is told as `line: column: what`; and as cells."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.codes import WrongCode, is_public, parsed, printed
from kiosk.central.numbers.files import harmless
from kiosk.central.people_file import Wrong
from kiosk.central.people_table import Cell, NoTable, Unclear, called, columns_of, first, rows
from kiosk.central.sheets import EMPTY, FACILITIES, LONGEST, MOST_HOURS, Facility, Sheet
from kiosk.central.store.places import Placed
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import StationLine
from kiosk.language import _, told
from kiosk.opening import parse_hours
from kiosk.settings.table import did_you_mean

COLUMNS: Final = {
    "code": ("code", "编号", "驿站编号"),
    "name": ("name", "名称", "驿站名称"),
    "name_en": ("name_en", "英文名称"),
    "address": ("address", "地址"),
    "latitude": ("latitude", "纬度"),
    "longitude": ("longitude", "经度"),
    "area": ("area", "面积"),
    "facilities": ("facilities", "设施"),
    "medicine_box": ("medicine_box", "药箱"),
    "notice_board": ("notice_board", "公告栏"),
    "hours": ("hours", "开放时间"),
    "attended": ("attended", "有人值守"),
    "wheels": ("wheels", "流动"),
}
"""Each column, and what its head may be called: in English, in Chinese, or otherwise."""

IN_CHINESE: Final[Mapping[str, Facility]] = {
    "空调": "air_conditioner", "饮水": "drinking_water", "饮水机": "drinking_water", "冰箱": "fridge", "微波炉": "microwave",
    "桌椅": "seats", "充电": "charging", "手机充电": "charging", "wi-fi": "wifi", "无线网": "wifi", "储物柜": "lockers",
    "卫生间": "toilet", "厕所": "toilet",
}  # fmt: skip
CALLED: Final[Mapping[str, Facility]] = {**IN_CHINESE, **{each: each for each in FACILITIES}}
"""What a facility may be called in a cell."""

YES: Final = frozenset({"yes", "y", "1", "true", "有", "是", "√"})
NO: Final = frozenset({"no", "n", "0", "false", "无", "否", "没有"})
NONE: Final = frozenset({"none", "无", "-", "–"})
ALL_DAY: Final = frozenset({"24/7", "24h", "全天", "24小时"})
EVERY_DAY: Final = "daily "
BETWEEN: Final = re.compile(r"[\s,;、，；]+")
BETWEEN_HOURS: Final = re.compile(r"\s*[;；\n]\s*")
METRES: Final = re.compile(r"\s*(m2|m²|㎡|平方米|平米)$", re.IGNORECASE)
LARGEST: Final = 10_000.0
MOST_TOLD: Final = 1000

Values = dict[str, Any]


class Found(Struct, frozen=True):
    """What a file says: of each station what is given of its place, and its sheet; and what is wrong, with how many lines."""

    places: dict[str, Registered]
    sheets: dict[str, Sheet]
    wrong: list[Wrong]
    wrong_lines: int


def read_sheets(data: bytes, known: Mapping[str, Sheet], stations: Iterable[str]) -> Found:
    """The sheets of a file; an empty cell leaves what is `known`. `stations`: those that there are, for whoever brings it."""
    found = Found({}, {}, [], 0)
    there = frozenset(stations)
    lines: dict[str, int] = {}
    try:
        head, rest = first(rows(data))
        columns = columns_of(head, COLUMNS, ("code",))
        for line, cells in rest:
            found.wrong.extend(_take(line, columns, cells, known, there, lines, found))
    except NoTable as error:
        wrong = [Wrong(line, "", what) for line, what in error.wrong]
        return Found({}, {}, wrong, len({each.line for each in wrong}))
    return Found(found.places, found.sheets, found.wrong[:MOST_TOLD], len({each.line for each in found.wrong}))


def _take(
    line: int,
    columns: list[str],
    cells: list[Cell],
    known: Mapping[str, Sheet],
    there: frozenset[str],
    lines: dict[str, int],
    found: Found,
) -> list[Wrong]:
    """Take a line in, or tell everything that is wrong with it."""
    if len(cells) > len(columns):
        return [Wrong(line, "", _("has more cells than the first row"))]
    filled = dict(zip(columns, cells, strict=False))
    wrong = {column: cell.why for column, cell in filled.items() if isinstance(cell, Unclear)}
    texts = {column: cell for column, cell in filled.items() if isinstance(cell, str) and cell}
    values, unreadable = read_cells(texts)
    code = values.pop("code", "")
    wrong |= unreadable | dict(_misplaced(code, texts, there, lines))
    if not wrong:
        lines[code] = line
        place = {name: values.pop(name) for name in PLACE if name in values}
        found.places[code] = Registered(code, **place)
        found.sheets[code] = replace(known.get(code, EMPTY), **values)
    return [Wrong(line, called(column, COLUMNS), why) for column, why in wrong.items()]


PLACE: Final = ("name", "address", "latitude", "longitude")
"""What the register keeps."""


def _misplaced(
    code: str, texts: Mapping[str, str], there: frozenset[str], lines: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """Why the line is no station's, or its place none."""
    if not texts.get("code"):
        yield "code", _("is empty")
    elif code and code not in there:
        yield "code", _("{code}: no station of the register", code=code)
    elif code in lines:
        yield "code", _("{value}: is there twice, first in line {line}", value=code, line=lines[code])


def read_cells(texts: Mapping[str, str]) -> tuple[Values, dict[str, str]]:
    """What cells or fields mean, by column; and what is wrong with those that mean nothing. Empty ones are left out before."""
    values: Values = {}
    wrong: dict[str, str] = {}
    for column, text in texts.items():
        try:
            values[column] = READ[column](text)
        except ValueError as error:
            wrong[column] = told(str(error))
    at = Registered("", latitude=texts.get("latitude", ""), longitude=texts.get("longitude", ""))
    if at.placeless:
        wrong["latitude"] = _("is no place in China, in degrees such as 35.41 and 116.60")
    return values, wrong


def _text(text: str) -> str:
    if len(text) > LONGEST or not text.isprintable():
        raise ValueError(_("has more than {most} characters, or more than one line", most=LONGEST))
    return text


def _code(text: str) -> str:
    try:
        return parsed(text)
    except WrongCode as error:
        raise ValueError(str(error)) from error


def _area(text: str) -> float:
    digits = METRES.sub("", text)
    try:
        found = float(digits) if re.fullmatch(r"\d{1,5}(\.\d{1,3})?", digits, re.ASCII) else math.nan
    except ValueError:
        found = math.nan
    if not 0 < found <= LARGEST:
        raise ValueError(_("is no area in square metres, such as 20"))
    return found


def _facilities(text: str) -> tuple[Facility, ...]:
    names = [] if text.casefold() in NONE else [each.casefold() for each in BETWEEN.split(text) if each]
    for name in names:
        if name not in CALLED:
            raise ValueError(_("no such facility: {name}", name=name) + did_you_mean(name, CALLED))
    had = {CALLED[name] for name in names}
    return tuple(each for each in FACILITIES if each in had)


def _yes_or_no(text: str) -> bool:
    if text.casefold() not in YES | NO:
        raise ValueError(_("is neither yes nor no"))
    return text.casefold() in YES


def read_hours(text: str) -> tuple[str, ...]:
    """Opening hours, with semicolons or new lines between them; an hour alone is of every day. Raises ValueError."""
    if "".join(text.split()).casefold() in ALL_DAY:
        return (f"{EVERY_DAY}00:00-24:00",)
    if len(text) > MOST_HOURS * LONGEST:
        raise ValueError(_("are more than {most} lines", most=MOST_HOURS))
    found = [each if each[:1].isalpha() else EVERY_DAY + each for each in BETWEEN_HOURS.split(text.strip()) if each]
    for each in found:
        parse_hours(each)
    if len(found) > MOST_HOURS:
        raise ValueError(_("are more than {most} lines", most=MOST_HOURS))
    return tuple(found)


READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "code": _code,
    "name": _text,
    "name_en": _text,
    "address": _text,
    "latitude": _text,
    "longitude": _text,
    "area": _area,
    "facilities": _facilities,
    "medicine_box": _yes_or_no,
    "notice_board": _yes_or_no,
    "hours": read_hours,
    "attended": _yes_or_no,
    "wheels": _yes_or_no,
}


def public_codes(lines: Iterable[StationLine]) -> list[str]:
    """Of the stations that may have a page, and have not ended."""
    return [each.code for each in lines if is_public(each.code) and each.state in {"added", "enrolled"}]


def registered(line: StationLine, place: Placed | None) -> Registered:
    """What the register knows of a station, as it was given."""
    latitude, _comma, longitude = (place.given if place else "").partition(", ")
    return Registered(line.code, line.name, line.address, latitude, longitude)


def cells_of(place: Registered, sheet: Sheet) -> dict[str, str]:
    """A sheet as the cells that mean it."""
    return {
        "code": printed(place.code),
        "name": place.name,
        "name_en": sheet.name_en,
        "address": place.address,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "area": "" if sheet.area is None else f"{sheet.area:g}",
        "facilities": "" if sheet.facilities is None else ", ".join(sheet.facilities) or "none",
        "medicine_box": _said(sheet.medicine_box),
        "notice_board": _said(sheet.notice_board),
        "hours": "; ".join(sheet.hours),
        "attended": _said(sheet.attended),
        "wheels": _said(sheet.wheels),
    }


def exported(
    lines: Iterable[StationLine], places: Mapping[str, Placed], sheets: Mapping[str, Sheet]
) -> tuple[int, str]:
    """How many of the stations may have a page, and their sheets as CSV, as :func:`read_sheets` takes them in again."""
    known, text = {each.code: each for each in lines}, io.StringIO()
    codes = public_codes(known.values())
    rows = (cells_of(registered(known[code], places.get(code)), sheets.get(code, EMPTY)).values() for code in codes)
    csv.writer(text).writerows([COLUMNS, *([harmless(cell) for cell in row] for row in rows)])
    return len(codes), text.getvalue()


def _said(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"
