"""What there is of each item, as far as anybody knows: what stewards put there, less what was taken, until somebody counts.

Of what was never filled in or counted nobody knows anything, and that is not none.
"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.core.entries import Counted, Entry, Filled, HandedOut

Stock = Mapping[tuple[str, str], int]
"""How many by slot (empty: the store, from which a steward hands over) and item."""


def after(stock: Stock, entry: Entry) -> Stock:
    """What there is after this entry; the same value where it says nothing of that."""
    match entry:
        case HandedOut(item=item, slot=slot, taken=True, count=count) if (slot, item) in stock:
            return {**stock, (slot, item): max(0, stock[slot, item] - count)}
        case Filled(slot=slot, item=item, count=count):
            others = {key: left for key, left in stock.items() if not slot or key[0] != slot or key[1] == item}
            return {**others, (slot, item): stock.get((slot, item), 0) + count}
        case Counted(item=item, counted=counted):
            return _counted(stock, item, counted)
        case _:
            return stock


def expected(stock: Stock, item: str) -> int | None:
    """How many there should be, slots and store together; None where nobody knows."""
    found = [left for (_slot, of), left in stock.items() if of == item]
    return sum(found) if found else None


def in_slot(stock: Stock, slot: str) -> tuple[str, int] | None:
    """What lies in a slot, and how many; None where nobody knows."""
    return next(((item, left) for (where, item), left in stock.items() if where == slot), None)


def _counted(stock: Stock, item: str, counted: int) -> Stock:
    """What is more or less than was reckoned is so in the store, as far as it can be, and then in the slots."""
    slots = {key: left for key, left in stock.items() if key[1] == item and key[0]}
    missing = max(0, sum(slots.values()) - counted)
    for key, left in slots.items():
        gone = min(left, missing)
        slots[key], missing = left - gone, missing - gone
    others = {key: left for key, left in stock.items() if key[1] != item}
    return {**others, **slots, ("", item): counted - sum(slots.values())}
