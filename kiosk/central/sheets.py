"""What a station has, as its sheet says it, against what it must have. Only computes.

The province's standard asks for 12 square metres, nine facilities, a medicine box and a notice board. What this project has of
it does not name the nine: those here are our reading, what workers ask for most, and stand here alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from kiosk.language import _

Facility = Literal[
    "air_conditioner", "drinking_water", "fridge", "microwave", "seats", "charging", "wifi", "lockers", "toilet",
]  # fmt: skip
FACILITIES: Final[tuple[Facility, ...]] = get_args(Facility)

ENOUGH: Final = 12.0
"""Square metres."""

LONGEST: Final = 200
MOST_HOURS: Final = 8

Text = Annotated[str, Meta(max_length=LONGEST)]
Hash = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]


class Sheet(Struct, frozen=True, omit_defaults=True):
    """What is known of a station beside its name and place; None: nobody has said.

    `area`: square metres; `hours`: of a week, for where no policy says them; `attended`: somebody works there; `wheels`: it
    drives, and is where its GPS says; `photo`: the name of its picture.
    """

    name_en: Text = ""
    area: float | None = None
    facilities: tuple[Facility, ...] | None = None
    medicine_box: bool | None = None
    notice_board: bool | None = None
    hours: Annotated[tuple[Text, ...], Meta(max_length=MOST_HOURS)] = ()
    attended: bool = False
    wheels: bool = False
    photo: Hash = ""


EMPTY: Final = Sheet()


def facility_words() -> Mapping[Facility, str]:
    """What each is called."""
    return {
        "air_conditioner": _("air conditioner"),
        "drinking_water": _("drinking water"),
        "fridge": _("fridge"),
        "microwave": _("microwave oven"),
        "seats": _("tables and seats"),
        "charging": _("phone charging"),
        "wifi": _("Wi-Fi"),
        "lockers": _("lockers"),
        "toilet": _("toilet"),
    }


def missing(sheet: Sheet) -> Iterator[str]:
    """What the standard asks for and the station has not, in words; what nobody has said of it is not among that."""
    if sheet.area is not None and sheet.area < ENOUGH:
        yield _("{area:g} m² and not {wanted:g}", area=sheet.area, wanted=ENOUGH)
    words = facility_words()
    yield from (words[each] for each in FACILITIES if sheet.facilities is not None and each not in sheet.facilities)
    if sheet.medicine_box is False:
        yield _("medicine box")
    if sheet.notice_board is False:
        yield _("notice board")


def unsaid(sheet: Sheet) -> Iterator[str]:
    """What the standard asks for and nobody has said of the station, in words."""
    if sheet.area is None:
        yield _("area")
    if sheet.facilities is None:
        yield _("facilities")
    if sheet.medicine_box is None:
        yield _("medicine box")
    if sheet.notice_board is None:
        yield _("notice board")
