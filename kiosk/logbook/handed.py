"""Who has had one of a campaign here, and what there is of each item: two tables of the logbook, written with its entries.

A mark is a row that the entry `handed_out` makes, in the same commit, so that neither is there without the other. It counts
once it is `taken`; until then it says which slot was to open for it.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.core.desk import stock
from kiosk.core.desk.handing import Marks
from kiosk.core.desk.stock import Stock
from kiosk.core.entries import Counted, Filled, HandedOut
from kiosk.logbook.reader import MOST_NUMBER, Damaged, Row, checksum

OfSupplies = HandedOut | Counted | Filled
"""The entries from which the tables follow."""

OF_HOLDERS: Final = "body LIKE '%\"handed_out\"%' AND body LIKE '%\"token\"%'"
COLUMNS: Final = "campaign, period, token, item, slot, taken, boot, boot_time, checksum"
PUT: Final = (
    f"INSERT INTO handed ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, period, token) DO UPDATE SET"
    " item = excluded.item, slot = excluded.slot, taken = excluded.taken, boot = excluded.boot, boot_time = excluded.boot_time,"
    " checksum = excluded.checksum WHERE handed.taken = 0"
)
"""What was taken stays so."""


class Handed(Struct, frozen=True):
    """A mark, and at which boot time of which boot it was made: by the file's number of it, and its id, empty if not known."""

    campaign: str
    period: str
    token: str
    item: str
    slot: str
    taken: bool
    boot: int = 0
    boot_time: float = 0.0
    boot_id: str = ""


def note(db: sqlite3.Connection, boot: int, boot_time: float, entry: OfSupplies) -> None:
    """What this entry says of marks and stock, within the transaction that writes it."""
    if isinstance(entry, HandedOut) and entry.token:
        row = (entry.campaign, entry.period, entry.token, entry.item, entry.slot, int(entry.taken), boot, boot_time)
        db.execute(PUT, (*row, _crc(row)))
    before = stock_in(db)
    left = stock.after(before, entry)
    if left is not before:
        _put_stock(db, left)


def put_marks(db: sqlite3.Connection, marks: Marks, left: Stock) -> None:
    """All of these were taken, whenever that was."""
    for campaign, periods in marks.items():
        for period, tokens in periods.items():
            rows = ((campaign, period, token, "", "", 1, 0, 0.0) for token in sorted(tokens))
            db.executemany(PUT, ((*row, _crc(row)) for row in rows))
    _put_stock(db, left)


def handed_in(db: sqlite3.Connection) -> Iterator[Handed]:
    """All marks. Raises Damaged where one is not as it was written: nobody knows whose it was."""
    boots = dict(db.execute("SELECT boot, boot_id FROM boots").fetchall())
    for row in db.execute(f"SELECT {COLUMNS} FROM handed").fetchall():
        found = mark_of(row)
        if found is None:
            raise Damaged("who has had something is not as it was written")
        yield msgspec.structs.replace(found, boot_id=f"{boots.get(found.boot, '')}")


def mark_of(row: Iterable[Any]) -> Handed | None:
    """A row of the table, whoever read it; None where it is none, or not as it was written."""
    match list(row):
        case [
            str(campaign), str(period), str(token), str(item), str(slot),
            0 | 1 as taken, int(boot), float() | int() as at, int(crc),
        ]:  # fmt: skip
            whole = (campaign, period, token, item, slot, taken, boot, float(at))
            found = Handed(campaign, period, token, item, slot, bool(taken), boot, float(at))
            return found if _is_whole(whole, crc) else None
        case _:
            return None


def taken_of(handed: Iterable[Handed]) -> Marks:
    """The marks that count."""
    found = defaultdict[str, defaultdict[str, set[str]]](lambda: defaultdict(set))
    for each in handed:
        if each.taken:
            found[each.campaign][each.period].add(each.token)
    return {name: {at: frozenset(tokens) for at, tokens in periods.items()} for name, periods in found.items()}


def stock_in(db: sqlite3.Connection) -> Stock:
    """What there is, by slot and item; of what no count can be nobody knows anything, until somebody counts."""
    rows = db.execute("SELECT slot, item, count FROM stock ORDER BY slot, item").fetchall()
    return {(slot, item): count for slot, item, count in rows if _can_be(slot, item, count)}


def _can_be(slot: Any, item: Any, count: Any) -> bool:
    """Whether that is of a place, and a number to which more can be added."""
    return isinstance(slot, str) and isinstance(item, str) and isinstance(count, int) and 0 <= count < MOST_NUMBER


def forget(db: sqlite3.Connection, campaign: str, period: str | None) -> None:
    """The marks of a campaign go: of one period, or all."""
    within, values = ("", ()) if period is None else (" AND period = ?", (period,))
    db.execute(f"DELETE FROM handed WHERE campaign = ?{within}", (campaign, *values))


def strip(db: sqlite3.Connection, since: int, until: int) -> None:
    """Of entries `handed_out` with these numbers, whose campaign has no marks any longer, keep date and count alone.

    Likewise of those that the server refused, whatever their number. Of one that is not as it was written nothing is kept.
    """
    running = {campaign for (campaign,) in db.execute("SELECT DISTINCT campaign FROM handed").fetchall()}
    for table, where, values in (("services", "seq > ? AND seq <= ?", (since, until)), ("refused", "1", ())):
        query = f"SELECT rowid, boot_time, wall, quality, body, checksum FROM {table} WHERE {where} AND {OF_HOLDERS}"
        for number, *columns in db.execute(query, values).fetchall():
            row = Row.of(number, 0, "", *columns)
            if not row.intact:
                db.execute(f"UPDATE {table} SET body = '' WHERE rowid = ?", (number,))
            elif (plain := _plain(row.body, running)) is not None:
                crc = checksum(plain, row.boot, row.wall, row.quality)
                db.execute(f"UPDATE {table} SET body = ?, checksum = ? WHERE rowid = ?", (plain, crc, number))


def _plain(body: str, running: set[str]) -> str | None:
    """An entry without its token; None where it stays as it is."""
    try:
        entry = msgspec.json.decode(body, type=HandedOut)
    except msgspec.MsgspecError:
        return None
    if entry.campaign in running:
        return None
    return msgspec.json.encode(msgspec.structs.replace(entry, token="", period="")).decode()


def _put_stock(db: sqlite3.Connection, left: Stock) -> None:
    db.execute("DELETE FROM stock")
    db.executemany("INSERT INTO stock VALUES (?, ?, ?)", ((*key, count) for key, count in left.items()))


def _is_whole(row: tuple[Any, ...], crc: int) -> bool:
    try:
        return _crc(row) == crc
    except UnicodeEncodeError:  # no text of ours
        return False


def _crc(row: tuple[Any, ...]) -> int:
    return zlib.crc32(msgspec.json.encode(row))
