"""A station's sheet: what the public is told that it has, its hours, its picture; and what it lacks of the standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from kiosk.central.codes import is_public, printed
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.scope import Scope
from kiosk.central.sheet_file import PLACE, cells_of, read_cells, registered
from kiosk.central.sheets import FACILITIES, Sheet, facility_words, unsaid
from kiosk.central.sheets import missing as lacking
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import StationLine
from kiosk.central.web.forms import Form
from kiosk.central.web.photograph import photograph
from kiosk.language import _

TEXTS: Final = ("name", "name_en", "address", "latitude", "longitude", "area", "medicine_box", "notice_board")
FLAGS: Final = ("attended", "wheels")
CLEARED: Final[Mapping[str, Any]] = {
    "name_en": "", "area": None, "medicine_box": None, "notice_board": None, "hours": (),
}  # fmt: skip
"""What an empty field of the form means."""

Cells = Mapping[str, str]
"""A sheet as texts, by the names of its columns, and of its photograph."""


class Other(Struct, frozen=True):
    """What somebody else has changed while the form was open: as it was then, as it is, and as the form would have it."""

    what: str
    before: str
    now: str
    yours: str


def show(asked: Asked) -> Response:
    """The form, as the sheet is."""
    line = _known(asked)
    sheet = asked.store.sheet(line.code)
    return _page(asked, line, sheet, Form({**_cells(_place(asked, line), sheet), **_checked(sheet)}), {})


def _place(asked: Asked, line: StationLine) -> Registered:
    return registered(line, asked.store.places(Scope(line.code)).get(line.code))


def _cells(place: Registered, sheet: Sheet) -> Cells:
    return {**cells_of(place, sheet), "photo": sheet.photo}


def _checked(sheet: Sheet) -> dict[str, str]:
    flags = {name: "yes" for name in FLAGS if getattr(sheet, name)}
    return {**dict.fromkeys(FLAGS, ""), **flags, **{f"has_{each}": "yes" for each in sheet.facilities or ()}}


def change(asked: Asked) -> Response:
    """Keep what the form says, and write into the audit who said it."""
    line = _known(asked)
    before = asked.store.sheet(line.code)
    values, wrong = read_form(asked.form, before)
    picture, why = photograph(asked.form)
    wrong |= {"photo": why} if why else {}
    if wrong:
        return _page(asked, line, before, asked.form, wrong, 422)
    place = {name: values.pop(name) for name in PLACE if name in values}
    with asked.store.transaction():
        line, before = _known(asked), asked.store.sheet(line.code)
        sheet, held = replace(before, **values), _place(asked, line)
        if others := _others(asked.form.raw("seen"), _cells(held, before), _cells(replace(held, **place), sheet)):
            return _page(asked, line, before, asked.form, {}, 409, others)
        photo = asked.store.put_photo(picture, asked.now) if picture else before.photo
        sheet = replace(sheet, photo="" if asked.form.raw("no_photo") else photo)
        asked.store.add_stations([Registered(line.code, **place)], asked.now)
        asked.store.put_sheets({line.code: sheet}, asked.who.name, asked.now)
        asked.acted("sheet changed", line.code, line.code, asked.form.words("reason"))
    return to(f"/stations/{line.code}/sheet")


def _others(seen: str, now: Cells, yours: Cells) -> list[Other]:
    """What has changed since the page was made that had `seen` in its form."""
    try:
        before = msgspec.json.decode(seen, type=dict[str, str])
    except msgspec.DecodeError:
        before = {}  # no page of ours: whoever sent it has seen nothing
    words = labels()
    return [
        Other(words[name], *(_shown(name, each.get(name, "")) for each in (before, now, yours)))
        for name in words
        if before.get(name) != now[name]
    ]


def labels() -> Mapping[str, str]:
    """What the form calls each part of a sheet."""
    return {
        "name": _("Name in Chinese"),
        "name_en": _("Name in English"),
        "address": _("Address"),
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "area": _("Area in square metres"),
        "facilities": _("Facilities"),
        "medicine_box": _("Medicine box"),
        "notice_board": _("Notice board"),
        "hours": _("Opening hours"),
        "attended": _("somebody works there: the page says since when nothing was heard"),
        "wheels": _("it drives: it is where its GPS says"),
        "photo": _("Photograph"),
    }


def _shown(name: str, cell: str) -> str:
    """A cell for people; of a photograph the beginning of its name, which tells it from another."""
    if name == "photo":
        return cell[:8]
    words = {f"{each}": called for each, called in facility_words().items()} | {"yes": _("yes"), "no": _("no")}
    return ", ".join(words.get(each, each) for each in cell.split(", ")) if name not in TEXTS[:5] else cell


def read_form(form: Form, before: Sheet) -> tuple[dict[str, Any], dict[str, str]]:
    """What the fields mean, and what is wrong with them. Nothing checked where nobody had said anything says nothing."""
    texts = {name: form.words(name) for name in TEXTS} | {"hours": form.raw("hours").strip()}
    values, wrong = read_cells({name: text for name, text in texts.items() if text})
    had = tuple(each for each in FACILITIES if form.raw(f"has_{each}"))
    facilities = had if had or before.facilities is not None else None
    flags = {name: bool(form.raw(name)) for name in FLAGS}
    return {**CLEARED, **flags, **values, "facilities": facilities}, wrong


def photo(asked: Asked) -> Response:
    """The picture, to operators of the station."""
    body = asked.store.photo(asked.store.sheet(_known(asked).code).photo)
    if body is None:
        missing(_("There is no such picture any longer."))
    return Response(body, media_type="image/jpeg")


def _known(asked: Asked) -> StationLine:
    """The station, if it may have a page. Refuses with 404."""
    found = [each for each in asked.store.register(asked.scope, asked.path["code"]) if is_public(each.code)]
    return found[0] if found else missing(_("There is no such station, or it is not one of yours."))


def _page(
    asked: Asked,
    line: StationLine,
    sheet: Sheet,
    form: Form,
    wrong: Mapping[str, str],
    status: int = 200,
    others: Sequence[Other] = (),
) -> Response:
    """`others`: what somebody else has changed; whoever sends the form once more has seen it."""
    seen = form.raw("seen") if wrong else msgspec.json.encode(_cells(_place(asked, line), sheet)).decode()
    return page(
        "sheet",
        asked,
        status,
        line=line,
        sheet=sheet,
        seen=seen,
        others=others,
        labels=labels(),
        printed=printed(line.code),
        facilities=facility_words(),
        lacking=[*lacking(sheet)],
        unsaid=[*unsaid(sheet)],
        site=asked.store.addresses.public,
        acts=[each for each in asked.store.acts(asked.scope, about=line.code) if each.what == "sheet changed"][:5],
        form=form,
        wrong=wrong,
    )
