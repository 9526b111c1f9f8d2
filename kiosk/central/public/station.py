"""A station's page: whether it is open, what it has, what works, the way, and the next ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.codes import WrongCode, parsed, printed
from kiosk.central.public import voices
from kiosk.central.public.asked import Asked, absent, page, to
from kiosk.central.public.clock import ago, day_and_hour
from kiosk.central.public.forms import word_of
from kiosk.central.public.ways import ways
from kiosk.central.public.words import name_of, said, stop_line
from kiosk.central.publicly import PublicStation, nearest
from kiosk.central.sheets import FACILITIES, Facility, facility_words, missing, unsaid
from kiosk.language import _, of_languages, with_language

NEXT: Final = 3
MOST_STOPS: Final = 8

APPLIANCES: Final[Mapping[Facility, tuple[str, ...]]] = {
    "air_conditioner": ("air_conditioner", "ac", "heater"),
    "drinking_water": ("water", "drinking_water", "boiler"),
    "fridge": ("fridge",),
    "microwave": ("microwave",),
    "lockers": ("locker",),
    "wifi": ("wifi",),
    "toilet": ("toilet",),
    "charging": ("charg",),
}
"""How the settings of stations call the appliance of a facility: the name begins so."""


class Thing(Struct, frozen=True):
    """A facility, and how it is with it."""

    name: str
    state: str
    words: str


def warnings(station: PublicStation, now: float) -> Iterator[str]:
    """What is wrong at the door, as long as it is known to be so."""
    if station.evidence.silent(now) or not station.enrolled:
        return
    if any(each.partition(".")[0] == "scanner" for each in station.told):
        yield _("The reader at the door does not work: passes may not open it.")
    if any(each.partition(".")[0] == "lock" for each in station.told):
        yield _("The lock is jammed: the door may not open.")


def things(station: PublicStation, now: float) -> list[Thing]:
    """What it has, and what of that works."""
    words, known = facility_words(), not station.evidence.silent(now)
    names = [each.split(".")[1] for each in station.told if each.startswith("alarm.")] if known else []
    found = []
    for each in FACILITIES:
        if each in (station.sheet.facilities or ()):
            broken = any(name.startswith(APPLIANCES.get(each, ())) for name in names)
            found.append(Thing(words[each], *(("broken", _("out of order")) if broken else ("there", ""))))
    if station.sheet.medicine_box:
        found.append(Thing(_("medicine box"), "there", ""))
    return found


def neighbours(asked: Asked, station: PublicStation) -> list[tuple[str, PublicStation, str, str]]:
    """The next ones: how far, which, whether open, and how old that knowledge is."""
    found = []
    for kilometres, each in nearest(asked.stations, station, NEXT, asked.now):
        told = said(each, asked.now)
        now = each.openness(asked.now)
        heard = None if now.why == "hours" else now.as_of
        age = _("known {ago}", ago=ago(asked.now - heard)) if heard is not None else ""
        found.append((far(kilometres), each, told.word, age))
    return found


def moved(station: PublicStation, now: float) -> str:
    """When one that drives said where it is; empty where that tells since when nobody hears a station without anybody there."""
    if station.moved is None or (station.evidence.silent(now) and not station.sheet.attended):
        return ""
    return day_and_hour(station.moved, now)


def far(kilometres: float) -> str:
    """A distance as people say it."""
    if kilometres < 1:
        return _("{count:g} m", count=max(10, round(kilometres * 1000, -1)))
    return _("{count:g} km", count=round(kilometres, 1))


def find(asked: Asked) -> Response:
    """From a typed code to its page."""
    try:
        return to(f"/s/{printed(parsed(asked.query.get('code', '')))}")
    except WrongCode as wrong:
        return page("find", asked, 422, wrong=str(wrong), code=asked.query.get("code", "")[:20])


def station_of(asked: Asked) -> PublicStation:
    """The station that an address names. Refuses with 404, and says what is wrong with the code."""
    try:
        code = parsed(asked.path["code"])
    except WrongCode as wrong:
        absent(str(wrong))
    found = asked.stations.get(code)
    return found or absent(_("There is no station {code}, or it is none any longer.", code=printed(code)))


def show(asked: Asked) -> Response:
    """The page."""
    station = station_of(asked)
    sheet, place = station.sheet, station.where(asked.now)
    return page(
        "station",
        asked,
        station=station,
        title=name_of(station),
        said=said(station, asked.now),
        warnings=[*warnings(station, asked.now)],
        notices=[
            with_language(each.texts) for each in asked.publicly.seen(asked.now).notices_at(station.code, asked.now)
        ],
        things=things(station, asked.now),
        missing=[*missing(sheet)],
        unsaid=[*unsaid(sheet)],
        ways=[*ways(point, name_of(station))] if (point := station.point(asked.now)) else [],
        stops=[stop_line(each, asked.now) for each in station.next_stops(asked.now)[:MOST_STOPS]],
        moved="" if place else moved(station, asked.now),
        place=of_languages(place.stop.texts) if place else station.address,
        faces=voices.FACES,
        rating_word=word_of(asked, "rating"),
        rated=voices.rated(asked, station.code),
        voices=voices.lines(asked, station.code),
        more_voices=voices.more(asked, station.code),
        neighbours=[(away, each, name_of(each), word, age) for away, each, word, age in neighbours(asked, station)],
    )
