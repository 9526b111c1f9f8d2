"""A file of holders, judged line by line: every wrong cell is told as `line: column: what`, and what is right is an order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final

from msgspec import Struct

from kiosk.central.passes import Wanted, wrong_with
from kiosk.central.people_table import Cell, NoTable, Unclear, called, columns_of, first, rows
from kiosk.central.store import CentralStore
from kiosk.central.store.people import Credential
from kiosk.language import _
from kiosk.settings.table import did_you_mean
from kiosk.trust.passes import PassClass

COLUMNS: Final = {
    "holder": ("holder", "代号", "持有人", "持有人代号"),
    "card": ("card", "卡号"),
    "class": ("class", "类别"),
    "until": ("until", "有效期至", "有效期"),
    "scope": ("scope", "适用范围"),
    "district": ("district", "地区", "地区代码"),
}
"""Each column, and what its head may be called: in English, in Chinese, or otherwise."""

REQUIRED: Final = ("holder", "until")
CLASSES: Final = {each.name.lower(): each for each in PassClass} | {
    "劳动者": PassClass.WORKER, "技术员": PassClass.TECHNICIAN, "管理员": PassClass.STEWARD, "访客": PassClass.VISITOR,
}  # fmt: skip
EVERYWHERE: Final = "*"
DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
PLAIN: Final = re.compile(r"(\d{4})(\d\d)(\d\d)")
DAY: Final = 86_400
CHINA: Final = timezone(timedelta(hours=8))
"""A pass holds until a day's end there; China has no summer time."""

MOST_TOLD: Final = 1000


class Wrong(Struct, frozen=True):
    """What is wrong with a line (0: with the whole file), in which column if it is in one."""

    line: int
    column: str
    what: str

    def told(self, name: str) -> str:
        """As a compiler tells it."""
        place = f"{name}:{self.line}" if self.line else name
        return ": ".join(filter(None, (place, column_name(self.column), self.what)))


def column_name(column: str) -> str:
    """What a column is called by whoever reads it; what is no column stays as it is."""
    return called(column, COLUMNS)


class Found(Struct, frozen=True):
    """What a file orders: for whom a new pass, whose holds on, how many lines are wrong, and of those the first that are."""

    new: list[Wanted]
    renewed: list[tuple[Credential, Wanted]]
    wrong: list[Wrong]
    wrong_lines: int
    holders: list[str]
    """Those of the right lines, in the file's order."""


class Register(Struct, frozen=True):
    """What is known of those whom the file names: their credentials, and who has a card of that number."""

    of_holder: Mapping[str, list[Credential]]
    on_card: Mapping[str, Credential]


def read_people(data: bytes, now: float, district: str = "") -> tuple[list[tuple[int, Wanted]], list[Wrong]]:
    """The orders with their lines, and what is wrong; `district`: the prefix of whoever brings the file."""
    try:
        head, rest = first(rows(data))
        columns = columns_of(head, COLUMNS, REQUIRED)
        right: list[tuple[int, Wanted]] = []
        wrong: list[Wrong] = []
        for line, cells in rest:
            found = _line(line, columns, cells, now, district)
            if isinstance(found, Wanted):
                right.append((line, found))
            else:
                wrong += found
    except NoTable as error:
        return [], [Wrong(line, "", what) for line, what in error.wrong]
    return right, wrong


def _line(line: int, columns: list[str], cells: list[Cell], now: float, district: str) -> Wanted | list[Wrong]:
    """What a line orders, or everything that is wrong with it."""
    if len(cells) > len(columns):
        return [Wrong(line, "", _("has more cells than the first row"))]
    filled = dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=True))
    if unclear := [Wrong(line, column, cell.why) for column, cell in filled.items() if isinstance(cell, Unclear)]:
        return unclear
    text = {column: f"{cell}" for column, cell in filled.items()}
    if wrong := [Wrong(line, column, why) for column, why in _unreadable(text)]:
        return wrong
    wanted = _wanted(text, district)
    return [Wrong(line, column, why) for column, why in wrong_with(wanted, now, district)] or wanted


def _unreadable(text: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each cell that does not say what its column asks for, and why."""
    for column in ("holder", "until", "class"):
        if text.get(column) == "":
            yield column, _("is empty")
    if text.get("scope") == "":
        yield "scope", _("is empty; for every station write *")
    if text["until"] and end_of(text["until"]) is None:
        yield "until", _("is no day, such as 2027-12-31: {text}", text=text["until"])
    kind = text.get("class", "").casefold()
    if kind and kind not in CLASSES:
        yield "class", _("no such class: {name}", name=kind) + did_you_mean(kind, CLASSES)


def _wanted(text: Mapping[str, str], district: str) -> Wanted:
    """The order of a line that can be read."""
    return Wanted(
        text["holder"],
        end_of(text["until"]) or 0.0,
        text.get("card", ""),
        CLASSES[text.get("class", "worker").casefold()],
        text.get("scope", "").replace(EVERYWHERE, ""),
        text.get("district") or district,
    )


@lru_cache(1000)
def end_of(text: str) -> float | None:
    """The end of the day that is written there, in seconds since 1970."""
    found = DATE.fullmatch(text) or PLAIN.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime.combine(date(*map(int, found.groups())), time(), CHINA).timestamp() + DAY
    except (ValueError, OverflowError):
        return None


def last_day(until: float) -> str:
    """The day at whose end it is, as it is written."""
    return datetime.fromtimestamp(until - 1, CHINA).date().isoformat()


def ordered(data: bytes, store: CentralStore, now: float, district: str = "") -> Found:
    """What a file of holders orders, beside what the store knows of them."""
    right, wrong = read_people(data, now, district)
    known = Register(
        store.credentials_of(each.holder for _line, each in right),
        store.on_cards(each.card for _line, each in right if each.card),
    )
    return judged(right, wrong, known, district)


def judged(right: list[tuple[int, Wanted]], wrong: list[Wrong], known: Register, district: str = "") -> Found:
    """What the lines order together, and beside what is known already."""
    new: list[Wanted] = []
    renewed: list[tuple[Credential, Wanted]] = []
    lines: dict[tuple[str, str], int] = {}
    holders: list[str] = []
    for line, wanted in right:
        why = [*_twice(line, wanted, lines)] or [*_beside(wanted, known, district)]
        wrong += [Wrong(line, column, what) for column, what in why]
        held = _held(wanted, known)
        if why:
            continue
        holders.append(wanted.holder)
        if held:
            renewed.append((held[0], wanted))
        else:
            new.append(wanted)
    wrong.sort(key=lambda each: each.line)
    return Found(new, renewed, wrong[:MOST_TOLD], len({each.line for each in wrong}), holders)


def _twice(line: int, wanted: Wanted, lines: dict[tuple[str, str], int]) -> Iterator[tuple[str, str]]:
    for column, value in (("holder", wanted.holder), ("card", wanted.card)):
        before = lines.setdefault((column, value), line) if value else line
        if before != line:
            yield column, _("{value}: is there twice, first in line {line}", value=value, line=before)


def _held(wanted: Wanted, known: Register) -> list[Credential]:
    """What that holder has that counts."""
    return [each for each in known.of_holder.get(wanted.holder, []) if each.counts]


def _beside(wanted: Wanted, known: Register, district: str) -> Iterator[tuple[str, str]]:
    """Why it cannot be, as the register is."""
    held, on_card = _held(wanted, known), known.on_card.get(wanted.card)
    if on_card and on_card.index not in {each.index for each in held}:
        yield "card", _("is another pass's already")
    if len(held) > 1:
        yield "holder", _("has several passes: which of them holds on is not clear")
    for each in held:
        if not each.facts.district.startswith(district):
            yield "holder", _("is looked after by another district")
        elif each.facts.card and wanted.card not in {"", each.facts.card}:
            yield "card", _("has another card: replace that one first")
