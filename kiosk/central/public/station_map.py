"""All stations: by district, as a map, and by the words that somebody looks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.coordinates import Point, far_off
from kiosk.central.public.asked import Asked, html, rendered
from kiosk.central.public.districts import District, districts
from kiosk.central.public.words import Said, name_of, said
from kiosk.central.publicly import PublicStation, Stations
from kiosk.central.web.drawing import Look, Mark, dotted, drawn
from kiosk.foreign import visible
from kiosk.language import _, chinese

FEW: Final = 60
"""Stations that are listed all at once, and whose marks each lead to their page."""

MOST_FOUND: Final = 100
LONGEST: Final = 60
"""Characters of what is looked for."""

COLOURS: Final[Mapping[str, str]] = {"unknown": "#767676", "no": "#7d0000", "yes": "#004d1a"}
LOOK: Final = Look(
    {
        "unknown": '<circle r="4" fill="#fff" stroke="#3a3a3a" stroke-width="2"/>',
        "no": '<path d="M-4-4 4 4M4-4-4 4" stroke="#7d0000" stroke-width="3"/>',
        "yes": '<circle r="5" fill="#004d1a" stroke="#fff"/>',
    },
    tabbed=frozenset(),
    to="/s/",
    large=4,
)


class Row(Struct, frozen=True):
    """A station of the list."""

    station: PublicStation
    name: str
    said: Said


def found_by(stations: Iterable[PublicStation], words: str) -> list[PublicStation]:
    """Those that have every word in their names, address or code."""
    wanted = words.casefold().split()
    return [each for each in stations if all(word in _text(each) for word in wanted)]


def _text(each: PublicStation) -> str:
    return f"{each.printed} {each.name} {each.sheet.name_en} {each.address}".casefold()


def show(asked: Asked) -> Response:
    """The page: of many stations the districts first, of few, or those of one district or of some words, each."""
    return html(asked.once.of(asked.now, (asked.here, chinese()), lambda seen: _text_of(asked, seen.stations)))


def _text_of(asked: Asked, stations: Stations) -> str:
    every = [each for each in stations.values() if each.enrolled]
    words = visible(asked.query.get("words", "").strip())[:LONGEST]
    chosen = asked.query.get("district", "")
    among = [each for each in districts(every) if chosen in {"", each.code}]
    wanted = found_by((each for district in among for each in district.stations), words)
    listed = wanted if words or chosen or len(wanted) <= FEW else []
    rows = [Row(each, name_of(each), said(each, asked.now)) for each in listed[:MOST_FOUND]]
    counts = Counter({each.code: _open(each.stations, asked.now) for each in among})
    return rendered(
        "map",
        asked,
        words=words,
        district=among[0] if chosen and among else None,
        districts=[(each, counts[each.code]) for each in among] if not words and not chosen else [],
        rows=rows,
        more=len(listed) - len(rows),
        nothing=not wanted,
        picture=_picture(wanted, among, asked.now),
        legend=[(kind, shape, words_of()[kind]) for kind, shape in reversed([*LOOK.shapes.items()])],
    )


def _open(stations: Sequence[PublicStation], now: float) -> int:
    return sum(each.openness(now).open == "yes" for each in stations)


def words_of() -> dict[str, str]:
    """The marks in words."""
    return {"yes": _("Open"), "no": _("Closed"), "unknown": _("Not known")}


def _picture(stations: Sequence[PublicStation], among: Sequence[District], now: float) -> str:
    """The map; empty where nobody has said where any of them stands."""
    placed = [(each, point) for each in stations if (point := each.point(now))]
    far = far_off([at for _each, at in placed])
    marks = [
        Mark(each.printed, each.openness(now).open, at, name_of(each))
        for (each, at), off in zip(placed, far, strict=True)
        if not off
    ]
    title = _("Map of {count} stations; north is up", count=len(marks))
    if not marks or len(marks) <= FEW:
        return drawn(marks, {}, title, LOOK) if marks else ""
    near = {mark.code[:8] for mark in marks}
    labels = {
        f"/map?{urlencode({'district': each.code})}": (each.name, middle)
        for each in among
        if (middle := _middle([point for one in each.stations if one.code in near and (point := one.point(now))]))
    }
    return dotted(marks, labels, title, COLOURS)


def _middle(points: Sequence[Point]) -> Point | None:
    if not points:
        return None
    return Point(median(each.latitude for each in points), median(each.longitude for each in points))
