"""The list of the stations: found by words, prefix and state, sorted, and by the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import asdict, replace
from starlette.responses import Response

from kiosk.central.office.asked import Asked, page
from kiosk.central.published import Published
from kiosk.central.roles import STEWARD
from kiosk.central.station_words import heard, lacking, version
from kiosk.central.store.sightings import StationLine
from kiosk.foreign import visible

PAGE: Final = 50
LONGEST: Final = 100
"""Characters of what is looked for."""

STATES: Final = ("silent", "faulty", "enrolled", "added", "retired", "stolen")
SORTS: Final[Mapping[str, Callable[[StationLine], Any]]] = {
    "code": lambda each: each.code,
    "name": lambda each: (each.name, each.code),
    "heard": lambda each: (each.seen.at if each.seen else 0.0, each.code),
    "faults": lambda each: (-each.faults, each.code),
}


class Wanted(Struct, frozen=True):
    """Which stations are shown, in which order, from which page on."""

    words: str = ""
    prefix: str = ""
    state: str = ""
    sort: str = "code"
    page: int = 1

    def with_(self, **changes: object) -> str:
        """The query of an address with these changes."""
        empty, wanted = Wanted(), replace(self, **changes)
        return urlencode({name: value for name, value in asdict(wanted).items() if value != getattr(empty, name)})


class Row(Struct, frozen=True):
    """A line of the list, in words."""

    code: str
    name: str
    address: str
    state: str
    heard: str
    silent: bool
    version: str
    faults: int
    lacks: list[str]


def read_wanted(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what it asks for that there is not counts as nothing asked."""
    number, state, sort = query.get("page", ""), query.get("state", ""), query.get("sort", "")
    return Wanted(
        visible(query.get("words", "").strip())[:LONGEST],
        visible(query.get("prefix", "").strip())[:12],
        state if state in STATES else "",
        sort if sort in SORTS else "code",
        int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 6 and int(number) else 1,
    )


def chosen(lines: Iterable[StationLine], wanted: Wanted, now: float) -> list[StationLine]:
    """Those that are wanted, in order."""
    words = wanted.words.casefold().split()
    found = (each for each in lines if each.code.startswith(wanted.prefix) and _of_state(each, wanted.state, now))
    return sorted((each for each in found if not words or _has(each, words)), key=SORTS[wanted.sort])


def _of_state(each: StationLine, state: str, now: float) -> bool:
    match state:
        case "":
            return True
        case "silent":
            return each.silent(now)
        case "faulty":
            return each.faults > 0
        case _:
            return each.state == state


def _has(each: StationLine, words: list[str]) -> bool:
    text = f"{each.code} {each.name} {each.address}".casefold()
    return all(word in text for word in words)


def in_words(each: StationLine, published: Published, now: float) -> Row:
    """A line as it is shown."""
    silent = each.silent(now)
    ago, lacks = heard(each, now), lacking(each, published)
    return Row(each.code, each.name, each.address, each.state, ago, silent, version(each), each.faults, lacks)


def show(asked: Asked) -> Response:
    """The operator's stations."""
    wanted = read_wanted(asked.query)
    found = chosen(asked.looking.register(asked.scope, asked.now), wanted, asked.now)
    pages = max(1, -(-len(found) // PAGE))
    wanted = replace(wanted, page=min(wanted.page, pages))
    shown = found[(wanted.page - 1) * PAGE : wanted.page * PAGE]
    published = asked.store.published_bare()
    rows = [in_words(each, published, asked.now) for each in shown]
    return page(
        "stations",
        asked,
        rows=rows,
        count=len(found),
        pages=pages,
        wanted=wanted,
        states=STATES,
        sheets=asked.may(STEWARD),
    )
