"""What was wrong and is so no longer, what was done about it, and the form in which that is still written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.alarms.words import trouble, where
from kiosk.central.duty import DutyNote, Incident
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.roles import DUTY
from kiosk.central.web.forms import Form
from kiosk.language import _
from kiosk.wording.words import SHORT, span, when

MOST: Final = 50


class Row(Struct, frozen=True):
    """A cause that is gone, in words."""

    number: int
    where: str
    trouble: str
    came: str
    gone: str
    lasted: str
    notes: tuple[DutyNote, ...]


def row_of(ended: Incident, names: Mapping[str, str]) -> Row:
    """As the page shows it."""
    cause, gone = ended.cause, ended.gone or ended.seen
    place, lasted = where(cause, names.get(ended.place, "")), span(max(0.0, gone - ended.came))
    return Row(
        ended.number, place, trouble(cause), when(ended.came, form=SHORT), when(gone, form=SHORT), lasted, ended.notes
    )


def show(asked: Asked) -> Response:
    """The last of them, within the operator's stations, and the form for the one that is chosen."""
    ended, number = _ended(asked), asked.query.get("number", "")
    return _page(asked, ended, _numbered(ended, number) if number else None, Form(), {})


def note(asked: Asked) -> Response:
    """Keep what somebody did about it, which they had no time to write down before."""
    ended, why = _ended(asked), asked.form.words("why")
    chosen = _numbered(ended, asked.form.raw("number"))
    if not why:
        return _page(asked, ended, chosen, asked.form, {"why": _("Write why: whoever comes after you reads it.")}, 422)
    said = DutyNote(0, 0, asked.now, asked.who.name, "noted", None, "", why)
    asked.store.note_ended(chosen, said, asked.now)
    return to("/over")


def ended_meanwhile(asked: Asked, key: str) -> Response | None:
    """Where that cause has ended while somebody wrote of it: the page on which their words are kept; None where it is not."""
    ended = _ended(asked)
    chosen = next((each for each in ended if each.key == key), None)
    if chosen is None:
        return None
    return _page(asked, ended, chosen, asked.form, {"why": _("It is over meanwhile: write down what was done.")}, 409)


def _ended(asked: Asked) -> list[Incident]:
    return asked.store.ended_causes(asked.scope, MOST)


def _numbered(ended: Iterable[Incident], number: str) -> Incident:
    found = (each for each in ended if f"{each.number}" == number)
    return next(found, None) or missing(_("It is over for so long that nothing more is written of it."))


def _page(
    asked: Asked,
    ended: Iterable[Incident],
    chosen: Incident | None,
    form: Form,
    wrong: Mapping[str, str],
    status: int = 200,
) -> Response:
    names, notes = asked.store.names(asked.scope, asked.scope.prefix), asked.may(DUTY)
    rows = [row_of(each, names) for each in ended]
    row = row_of(chosen, names) if chosen and notes else None
    return page("over", asked, status, rows=rows, chosen=row, notes=notes, form=form, wrong=wrong)
