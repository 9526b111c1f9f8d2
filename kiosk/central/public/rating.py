"""How content somebody is, by one touch; once a day a phone, by a cookie that says the day and not who."""

from __future__ import annotations

from starlette.responses import Response

from kiosk.central.public.asked import Asked, page, to
from kiosk.central.public.forms import admit, busy, day_key, word_of, wrong_word
from kiosk.central.public.station import station_of
from kiosk.central.public.voices import FACES as SIGNS
from kiosk.central.public.words import name_of
from kiosk.central.retention import DAY
from kiosk.central.voices.case import today
from kiosk.central.voices.ratings import FACES, Bundle, Face, monday, one_more
from kiosk.central.voices.tokens import has_rated, rated_cookie
from kiosk.language import _

COOKIE = "rated"


def limited(asked: Asked) -> None:
    """Before anything of it is read."""
    busy(asked, "rating", station_of(asked).code)


def rate(asked: Asked) -> Response:
    """Count a touch; whoever has rated today is thanked, and not counted."""
    station, face = station_of(asked), _face(asked.form.raw("face"))
    day, thanks = today(asked.now), to(f"/s/{station.printed}/rated")
    if has_rated(asked.cookies.get(COOKIE, ""), day_key(asked), day):
        return thanks
    wrong = wrong_word(asked, "rating") or ("" if face else _("Choose one."))
    if face is None or wrong:
        return page(
            "rate", asked, 422, station=station, name_of=name_of(station), wrong=wrong, faces=SIGNS,
            rating_word=word_of(asked, "rating"),
        )  # fmt: skip
    admit(asked, "rating", station.code)
    asked.store.add_ratings(Bundle(station.code, "phone", monday(day), one_more(face)))
    cookie = rated_cookie(day_key(asked), day)
    thanks.set_cookie(COOKIE, cookie, max_age=int(DAY), path="/", secure=asked.https, httponly=True, samesite="lax")
    return thanks


def rated(asked: Asked) -> Response:
    """Thanks, and the way to say what is wrong."""
    station = station_of(asked)
    return page("rated", asked, station=station, name_of=name_of(station))


def _face(text: str) -> Face | None:
    return next((each for each in FACES if each == text), None)
