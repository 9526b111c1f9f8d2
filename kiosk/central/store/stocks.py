"""What is left at the stations of each item, as far as stewards filled and counted it and people took it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import astuple

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.engine import Engine


class Stock(Struct, frozen=True):
    """What is left of an item at a station, as far as is known since `at`; `counted`: when a steward counted it last."""

    station: str
    item: str
    pieces: int
    counted: float | None
    at: float


class Slot(Struct, frozen=True):
    """What is left in a slot, by what was put in and taken; `month`: until when it is good, if it says so."""

    station: str
    slot: str
    item: str
    pieces: int
    month: str
    filled: float


class Count(Struct, frozen=True):
    """What a steward counted of an item, and what the station expected; None: it did not know."""

    station: str
    item: str
    at: float
    counted: int
    expected: int | None


class Stocks:
    """That part of the store."""

    _engine: Engine

    def fill(self, slot: Slot) -> None:
        """A steward has put so many pieces of an item into a slot, or into the station's store where that has no name."""
        row = (slot.station, slot.item, slot.pieces, slot.filled)
        more = "ON CONFLICT (station, item) DO UPDATE SET pieces = stock.pieces + excluded.pieces, at = excluded.at"
        self._engine.put("stock", ("station", "item", "pieces", "at"), [row], more)
        if slot.slot:
            kept = "CASE WHEN slots.item = excluded.item THEN slots.pieces ELSE 0 END"
            self._engine.put(
                "slots",
                Slot.__struct_fields__,
                [astuple(slot)],
                f"ON CONFLICT (station, slot) DO UPDATE SET pieces = {kept} + excluded.pieces, item = excluded.item,"
                " month = excluded.month, filled = excluded.filled",
            )

    def take_from_stock(self, station: str, item: str, slot: str, pieces: int, at: float) -> None:
        """So much less is there; nothing where nobody has said what was."""
        left = "pieces = CASE WHEN pieces > ? THEN pieces - ? ELSE 0 END"
        values = (pieces, pieces, at, station, item)
        self._engine.run(f"UPDATE stock SET {left}, at = ? WHERE station = ? AND item = ?", values)
        if slot:
            self._engine.run(f"UPDATE slots SET {left} WHERE station = ? AND slot = ?", (pieces, pieces, station, slot))

    def count_stock(self, count: Count, log: int, seq: int, received: float) -> None:
        """A steward has counted: that is what is there."""
        row = (*astuple(count), log, seq, received)
        columns = (*Count.__struct_fields__, "log", "seq", "received")
        self._engine.put("counts", columns, [row], "ON CONFLICT DO NOTHING")
        self._engine.put(
            "stock",
            ("station", "item", "pieces", "counted", "at"),
            [(count.station, count.item, count.counted, count.at, count.at)],
            "ON CONFLICT (station, item) DO UPDATE SET pieces = excluded.pieces, counted = excluded.counted, at = excluded.at",
        )

        self._count_slots(count)

    def _count_slots(self, count: Count) -> None:
        """What is missing beyond the store is missing in the slots, as the station reckons it."""
        slots = [each for each in self.slots(Scope(count.station), count.item) if each.station == count.station]
        missing = max(0, sum(each.pieces for each in slots) - count.counted)
        for each in slots:
            gone = min(each.pieces, missing)
            missing -= gone
            values = (gone, each.station, each.slot)
            self._engine.run("UPDATE slots SET pieces = pieces - ? WHERE station = ? AND slot = ?", values)

    def stock(self, scope: Scope = EVERYWHERE, item: str = "") -> list[Stock]:
        """What is left at the stations of a scope: of that item, or of every one."""
        within, values = scope.within("station")
        rows = self._engine.all(
            f"SELECT station, item, pieces, counted, at FROM stock WHERE {within} AND ? IN ('', item)"
            " ORDER BY item, station",
            (*values, item),
        )
        return [Stock(*row) for row in rows]

    def slots(self, scope: Scope = EVERYWHERE, item: str = "") -> list[Slot]:
        """What is left in each of their slots."""
        within, values = scope.within("station")
        rows = self._engine.all(
            f"SELECT {', '.join(Slot.__struct_fields__)} FROM slots WHERE {within} AND ? IN ('', item)"
            " ORDER BY station, slot",
            (*values, item),
        )
        return [Slot(*row) for row in rows]

    def stock_counts(self, item: str, since: float, until: float, scope: Scope = EVERYWHERE) -> list[Count]:
        """What stewards counted of an item between two times, by station, the first first."""
        within, values = scope.within("station")
        rows = self._engine.all(
            f"SELECT {', '.join(Count.__struct_fields__)} FROM counts WHERE item = ? AND at BETWEEN ? AND ? AND {within}"
            " ORDER BY station, at, log, seq",
            (item, since, until, *values),
        )
        return [Count(*row) for row in rows]

    def purge_counts(self, other: float) -> int:
        """Those that came before then."""
        return self._engine.run("DELETE FROM counts WHERE received < ?", (other,))
