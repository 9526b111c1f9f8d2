"""Say what is wrong: where, what, in own words, with a photograph; and that the door did not open."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.cases import Cases, Said
from kiosk.central.photos import MOST_BYTES
from kiosk.central.public.asked import Asked, page
from kiosk.central.public.forms import admit, busy, word_of, wrong_word
from kiosk.central.public.station import neighbours, station_of
from kiosk.central.public.words import name_of
from kiosk.central.publicly import PublicStation
from kiosk.central.web.photograph import photograph
from kiosk.core.desk.vocabulary import LONGEST_TEXT, PLACES, WHATS, known, urgent
from kiosk.language import _
from kiosk.wording.words import place_word

FORM = MOST_BYTES + 16 * 1024
"""Bytes of a form with a photograph."""


def limited(asked: Asked) -> None:
    """Before anything of it is read."""
    busy(asked, "voice", station_of(asked).code)


def choose(asked: Asked) -> Response:
    """Where it is; then what is wrong there."""
    station, place = station_of(asked), asked.query.get("place", "")
    return _form(asked, station, place, {}) if place in PLACES else _places(asked, station)


def _places(asked: Asked, station: PublicStation, status: int = 200) -> Response:
    places = [(each, place_word(each)) for each in PLACES]
    return page("say", asked, status, station=station, name_of=name_of(station), places=places)


def say(asked: Asked) -> Response:
    """Keep it, and show the receipt this once; or what is wrong, beside its field. A photograph costs, so it counts first."""
    station, place, what = station_of(asked), asked.form.raw("place"), asked.form.raw("what")
    if place not in PLACES:
        return _places(asked, station, 422)
    text = asked.form.raw("text").strip()
    wrong = {
        "what": "" if known(place, what) else _("Choose one."),
        "text": "" if len(text) <= LONGEST_TEXT else _("{most} characters at the most.", most=LONGEST_TEXT),
        "word": wrong_word(asked, "voice"),
    }
    if found := {field: words for field, words in wrong.items() if words}:
        return _form(asked, station, place, found, 422)
    admit(asked, "voice", station.code)
    photo, wrong_photo = photograph(asked.form)
    if wrong_photo:
        return _form(asked, station, place, {"photo": wrong_photo}, 422)
    receipt = Cases(asked.store).say(Said(station.code, place, what, text, photo), asked.now)
    answer = page("said", asked, station=station, name_of=name_of(station), receipt=receipt, urgent=urgent(what))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _form(asked: Asked, station: PublicStation, place: str, wrong: Mapping[str, str], status: int = 200) -> Response:
    return page(
        "say_what", asked, status, station=station, name_of=name_of(station), place=place, place_words=place_word(place),
        whats=WHATS[place], wrong=wrong, chosen=asked.form.raw("what"), text=asked.form.raw("text")[: 2 * LONGEST_TEXT],
        longest=LONGEST_TEXT, form_word=word_of(asked, "voice"),
    )  # fmt: skip


# The door did not open.


def ask_door(asked: Asked) -> Response:
    """The form."""
    return _door(asked, "")


def did_not_open(asked: Asked) -> Response:
    """Tell it to whoever looks after the station; the answer is the same, whoever asks, and whatever is known."""
    if wrong := wrong_word(asked, "door"):
        return _door(asked, wrong, 422)
    station = station_of(asked)
    much = not asked.limits.admit("door", station.code, asked.address, asked.now)
    Cases(asked.store).did_not_open(station.code, asked.now, much=much)
    near = [(away, each, name_of(each), word) for away, each, word, _age in neighbours(asked, station)]
    return page("door_told", asked, station=station, name_of=name_of(station), near=near)


def _door(asked: Asked, wrong: str, status: int = 200) -> Response:
    station = station_of(asked)
    word = word_of(asked, "door")
    return page("door", asked, status, station=station, name_of=name_of(station), wrong=wrong, form_word=word)


def photo(asked: Asked) -> Response:
    """A photograph that a steward has published."""
    number = asked.path["number"]
    found = asked.store.remark(int(number)) if number.isascii() and number.isdecimal() and len(number) < 16 else None
    body = asked.store.remark_photo(found.number) if found and found.photo_public else None
    if body is None:
        raise HTTPException(404, _("There is no such picture any longer."))
    return Response(body, headers={"Cache-Control": "private, max-age=300"}, media_type="image/jpeg")
