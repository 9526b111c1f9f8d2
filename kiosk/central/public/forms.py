"""What every form of a stranger passes through: the word in it, and how much may come in."""

from __future__ import annotations

from typing import Final, NoReturn

from starlette.exceptions import HTTPException

from kiosk.central.public.asked import Asked
from kiosk.central.retention import DAY
from kiosk.central.voices.case import today
from kiosk.central.voices.limits import What
from kiosk.central.voices.tokens import age_of, form_word
from kiosk.language import _

RETRY: Final = {"Retry-After": "1800"}


def day_key(asked: Asked, before: int = 0) -> bytes:
    """What signs the forms and cookies of today, or of so many days before."""
    return asked.store.secret_of(today(asked.now - before * DAY), asked.now)


def word_of(asked: Asked, what: What) -> str:
    """For a form that is made now."""
    return form_word(day_key(asked), what, asked.now)


def wrong_word(asked: Asked, what: What) -> str:
    """What is wrong with the word that came with a form, for whoever sent it; empty where nothing is."""
    word = asked.form.raw("word")
    ages = [age_of(word, day_key(asked, before), what, asked.now) for before in (0, 1)]
    if "right" in ages:
        return ""
    if "young" in ages:
        return _("That was quick. Look at it once more, and send it again.")
    return _("The page had been open for too long. Look at it once more, and send it again.")


def busy(asked: Asked, what: What, station: str) -> None:
    """Refuses with 429 what would be too much, before anything of it is read."""
    if asked.limits.full(what, station, asked.address, asked.now):
        too_often()


def admit(asked: Asked, what: What, station: str) -> None:
    """It counts from now on. Refuses with 429."""
    if not asked.limits.admit(what, station, asked.address, asked.now):
        too_often()


def too_often() -> NoReturn:
    """More is not taken just now."""
    raise HTTPException(429, _("Very much has come in just now. Try again in half an hour."), RETRY)
