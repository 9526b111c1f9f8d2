"""What is left of an item at the stations of each district, as ledgers tell it: the 32 with the most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kiosk.central.coordinates import Point
from kiosk.central.figures import DISTRICT
from kiosk.central.scope import Scope
from kiosk.central.sheets import EMPTY
from kiosk.central.store import CentralStore
from kiosk.central.store.stocks import Stock
from kiosk.trust.service import LONGEST_LINE, MOST_LEFT, MOST_STOCK, StockAt

Left = tuple[StockAt, ...]


def by_district(store: CentralStore, prefix: str, item: str) -> dict[str, Left]:
    """At the stations of a prefix whose place is known; a district where nothing is left any more is there, too."""
    scope = Scope(prefix)
    stock = store.stock(scope, item)
    if not stock:
        return {}
    points = {code: each.point for code, each in store.places(scope).items() if each.point}
    sheets = store.sheets(scope)
    names = {each.code: {"zh": each.name, "en": sheets.get(each.code, EMPTY).name_en} for each in store.register(scope)}
    length = max(DISTRICT, len(prefix))
    found: dict[str, list[Stock]] = {each.station[:length]: [] for each in stock}
    for each in stock:
        if each.pieces and each.station in points:
            found[each.station[:length]].append(each)
    return {district: _most(some, points, names) for district, some in found.items()}


def _most(found: Iterable[Stock], points: Mapping[str, Point], names: Mapping[str, Mapping[str, str]]) -> Left:
    most = sorted(found, key=lambda each: (-each.pieces, each.station))[:MOST_STOCK]
    return tuple(_left(each, points[each.station], names.get(each.station, {})) for each in most)


def _left(stock: Stock, at: Point, names: Mapping[str, str]) -> StockAt:
    texts = {language: name[:LONGEST_LINE] for language, name in names.items() if name} or {"zh": stock.station}
    pieces = min(stock.pieces, MOST_LEFT)
    return StockAt(stock.station, texts, pieces, int(stock.at), at.latitude, at.longitude)
