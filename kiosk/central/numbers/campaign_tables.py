"""Tables of a campaign: what was given by day and station, what twice and why, and stock against count. Only computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kiosk.central.figures import DISTRICT
from kiosk.central.numbers.campaign import Reported, added
from kiosk.central.numbers.campaign_words import beijing, cut_word, why_word
from kiosk.central.numbers.measures import Number, share
from kiosk.central.numbers.tables import Cell, Column, Table
from kiosk.central.reconciling import Why, by_station, counted, cuts
from kiosk.central.store.campaigns import HandedDay
from kiosk.central.store.stocks import Stock
from kiosk.language import _


def figures(found: HandedDay) -> tuple[Number, ...]:
    """The columns that every table of them has."""
    return (
        found.given, found.again, share(found.again, found.given), found.without_pass, found.not_taken,
        share(found.not_taken, found.not_taken + found.given),
    )  # fmt: skip


def columns() -> tuple[Column, ...]:
    """Of those figures."""
    return (
        Column("given", _("Given to passes")),
        Column("again", _("Given twice")),
        Column("again_share", _("Given twice, %"), 1),
        Column("without_pass", _("Without a pass")),
        Column("not_taken", _("Not taken")),
        Column("not_taken_share", _("Not taken, %"), 1),
    )


def by_day(found: Reported) -> Table:
    """All stations together."""
    days = grouped(found.days, lambda each: each.day)
    rows = [(day, *figures(added("", day, each))) for day, each in sorted(days.items())]
    return Table(_("By day"), (Column("day", _("Day")), *columns()), tuple(rows), _sum(found))


def by_place(found: Reported) -> Table:
    """All days together, of each station."""
    places = grouped(found.days, lambda each: each.station)
    rows = [(code, found.names.get(code, ""), *figures(added(code, "", each))) for code, each in sorted(places.items())]
    first = (Column("station", _("Station")), Column("name", _("Name")))
    return Table(_("By station"), (*first, *columns()), tuple(rows), _sum(found, ""))


def by_district(found: Reported) -> Table:
    """All days together, of each district."""
    districts = grouped(found.days, lambda each: each.station[:DISTRICT])
    rows = [(code, *figures(added(code, "", each))) for code, each in sorted(districts.items())]
    return Table(_("By district"), (Column("district", _("District")), *columns()), tuple(rows), _sum(found))


def grouped(days: Iterable[HandedDay], key: Callable[[HandedDay], str]) -> dict[str, list[HandedDay]]:
    """Those that have the same key together."""
    found: dict[str, list[HandedDay]] = {}
    for each in days:
        found.setdefault(key(each), []).append(each)
    return found


def by_place_and_day(found: Reported) -> Table:
    """Each of them: what a file has."""
    rows = [(each.station, found.names.get(each.station, ""), each.day, *figures(each)) for each in found.days]
    first = (Column("station", _("Station")), Column("name", _("Name")), Column("day", _("Day")))
    return Table(_("By station and day"), (*first, *columns()), tuple(rows), _sum(found, "", ""))


def _sum(found: Reported, *more: str) -> tuple[Cell, ...]:
    return (_("Together"), *more, *figures(found.total))


def again_table(found: Reported) -> Table:
    """Why it was given to somebody who had it, at which stations."""
    whole = counted(found.again)
    whys = [why for why in Why if whole[why]]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (code, *(reasons[why] for why in whys)) for code, reasons in by_station(found.again)
    )
    columns = (Column("station", _("Station")), *(Column(why, why_word(why)) for why in whys))
    return Table(
        _("Given to somebody who had it, and why that was not known"),
        columns,
        rows,
        (_("Together"), *(whole[why] for why in whys)),
    )


def cut_table(found: Reported) -> Table:
    """When which station was without a fresh ledger, or had not sent what it gave."""
    rows = [(each.station, cut_word(each.why), beijing(each.since), beijing(each.until)) for each in cuts(found.again)]
    first = (Column("station", _("Station")), Column("why", _("What was so")))
    return Table(
        _("When the line was cut, as far as this is proven"),
        (*first, Column("since", _("From")), Column("until", _("To"))),
        tuple(rows),
    )


def late_table(found: Reported) -> Table:
    """What no ledger could say in time, whether somebody had it twice or not."""
    rows = [(code, found.names.get(code, ""), count, most / 3600) for code, count, most in found.late]
    columns = (
        Column("station", _("Station")),
        Column("name", _("Name")),
        Column("count", _("Given, and known at the centre late")),
        Column("hours", _("the longest, hours"), 1),
    )
    return Table(_("What other stations could not know in time"), columns, tuple(rows))


def count_table(found: Reported) -> Table:
    """Stock against count."""
    rows = [
        (
            each.station, found.names.get(each.station, ""), beijing(each.at), each.expected, each.counted,
            None if each.expected is None else each.counted - each.expected,
        )
        for each in found.counts
    ]  # fmt: skip
    columns = (
        Column("station", _("Station")),
        Column("name", _("Name")),
        Column("at", _("Counted")),
        Column("expected", _("Expected")),
        Column("counted", _("There")),
        Column("difference", _("Difference")),
    )
    return Table(_("Stock against count"), columns, tuple(rows))


def stock_table(found: Reported) -> Table:
    """What is left, and how old that knowledge is."""
    rows = [
        (each.station, found.names.get(each.station, ""), each.pieces, beijing(each.at), _counted(each))
        for each in found.stock
    ]
    columns = (
        Column("station", _("Station")),
        Column("name", _("Name")),
        Column("pieces", _("Left")),
        Column("at", _("as known at")),
        Column("counted", _("Last counted")),
    )
    return Table(_("What is left"), columns, tuple(rows))


def slot_table(found: Reported) -> Table:
    """What lies in each slot, and until when it is good."""
    rows = [
        (each.station, each.slot, each.pieces, each.month or _("no date"), beijing(each.filled)) for each in found.slots
    ]
    columns = (
        Column("station", _("Station")),
        Column("slot", _("Slot")),
        Column("pieces", _("Left")),
        Column("month", _("good until")),
        Column("filled", _("Last filled")),
    )
    return Table(_("In the slots"), columns, tuple(rows))


def _counted(stock: Stock) -> str:
    return _("never") if stock.counted is None else beijing(stock.counted)


def tables(found: Reported) -> dict[str, Table]:
    """Those in which there is something, in the order of the report."""
    made = {
        "days": by_day(found),
        "stations": by_place(found),
        "again": again_table(found),
        "cuts": cut_table(found),
        "late": late_table(found),
        "counts": count_table(found),
        "stock": stock_table(found),
    }
    return {name: each for name, each in made.items() if each.rows}
