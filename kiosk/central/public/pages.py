"""What the public pages are: every address, and the view that answers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.public import feed, language, photo, rating, receipt, say, station, station_map
from kiosk.central.public.asked import Asked

FORM: Final = 16 * 1024
"""Bytes of a form without a file."""


class Page(Struct, frozen=True):
    """An address, and the view that answers it; `most` bytes of what is sent there.

    `before`: asked first, in their order; each may refuse by raising HTTPException, such as 429 to who comes too often.
    `beat`: it is answered a whole number of so many seconds after it came, so how long it took tells nobody what was found.
    """

    path: str
    view: Callable[[Asked], Response]
    method: Literal["GET", "POST"] = "GET"
    most: int = FORM
    before: tuple[Callable[[Asked], None], ...] = ()
    beat: float = 0.0


PAGES: Final = (
    # A station: what its poster leads to.
    Page("/s", station.find),
    Page("/s/{code}", station.show),
    Page("/photos/{name}.jpg", photo.show),
    # What people say of it.
    Page("/s/{code}/rate", rating.rate, "POST", before=(rating.limited,)),
    Page("/s/{code}/rated", rating.rated),
    Page("/s/{code}/say", say.choose),
    Page("/s/{code}/say", say.say, "POST", say.FORM, (say.limited,)),
    Page("/s/{code}/door", say.ask_door),
    Page("/s/{code}/door", say.did_not_open, "POST", beat=0.5),
    Page("/said/{number}.jpg", say.photo),
    Page("/receipt", receipt.ask),
    Page("/receipt", receipt.answer, "POST", before=(receipt.limited,)),
    # All of them.
    Page("/map", station_map.show),
    # For other programs.
    Page("/feed/{name}.schema.json", feed.describe),
    Page("/feed/{name}", feed.show),
    # Chinese or English.
    Page("/language/{language}", language.choose),
)
