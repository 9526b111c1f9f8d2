"""The pages with the notices for the displays: written, looked at, published, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.reach import crowded, meant
from kiosk.central.refusals import TooLarge
from kiosk.central.service_file import Written, judged, service_warnings
from kiosk.central.service_kinds import as_said
from kiosk.central.services import OtherService, read_service
from kiosk.central.store.services import StoredService
from kiosk.central.web.forms import Form
from kiosk.language import _
from kiosk.trust.service import NOTICE, Notice, body_in
from kiosk.wording.words import when, word

LANGUAGES: Final = ("zh", "en")
FIELDS: Final = {"texts": "text_zh", "station": "station"}
"""Which field of the form holds a key of the notice that has another name there."""


class Row(Struct, frozen=True):
    """A notice as the list shows it."""

    id: str
    scope: str
    begins: str
    ends: str
    state: str
    texts: tuple[tuple[str, str], ...]
    urgent: bool
    mine: bool


def row_of(each: StoredService, asked: Asked) -> Row:
    """A notice, and what it says."""
    found = body_in(*read_service(each.body))
    notice = found if isinstance(found, Notice) else None
    texts = tuple(notice.texts.items()) if notice else ()
    state = "ended" if each.ends <= asked.now else "waiting" if each.begins > asked.now else "in force"
    mine = asked.scope.covers(each.scope)
    urgent = notice is not None and notice.urgent
    return Row(
        each.id,
        each.scope,
        _short(each.begins),
        _short(each.ends),
        state,
        texts,
        urgent,
        mine,
    )


def _short(at: float) -> str:
    return when(at, form="%Y-%m-%d %H:%M")


def read_notice(form: Form, asked: Asked) -> tuple[Written | None, Mapping[str, str]]:
    """The notice that a form writes; or what is wrong, by field."""
    raw, wrong = _raw(form, asked.store.zone)
    found = judged(raw, asked.now) if not wrong else []
    if isinstance(found, list):
        return None, wrong | {_field(key): what for key, what in found}
    if not asked.scope.covers(found.head.station):
        return None, {"station": _("Your own stations begin with {prefix}.", prefix=asked.scope.prefix)}
    if full := crowded(asked.store, found.head, found.room, asked.now):
        return None, {"station": _("{station} would hold more services than it can.", station=full[0])}
    return found, {}


def _raw(form: Form, there: tzinfo) -> tuple[dict[str, Any], dict[str, str]]:
    texts = {language: text for language in LANGUAGES if (text := form.raw(f"text_{language}").strip())}
    texts = {language: text.replace("\r\n", "\n") for language, text in texts.items()}
    raw: dict[str, Any] = {"id": form.words("id"), "station": form.words("station"), "texts": texts}
    raw["urgent"] = bool(form.raw("urgent"))
    wrong: dict[str, str] = {}
    for name in ("begins", "ends"):
        if text := form.words(name):
            at = time_in(text, there)
            raw[name] = at
            wrong |= {} if at else {name: _("A day and a time, such as 2026-12-31T18:00.")}
        elif name == "ends":
            wrong[name] = _("A day and a time, such as 2026-12-31T18:00.")
    return raw, wrong


def time_in(text: str, there: tzinfo) -> datetime | None:
    """A time of a form, which is told in the same zone as those of the pages."""
    try:
        return datetime.strptime(text[:16].replace(" ", "T"), "%Y-%m-%dT%H:%M").replace(tzinfo=there)
    except ValueError:
        return None


def _field(key: tuple[str, ...]) -> str:
    """The field of the form in which a key of the notice stands."""
    if key[0] == "texts" and len(key) > 1 and key[1] in LANGUAGES:
        return f"text_{key[1]}"
    return FIELDS.get(key[0], key[0])


def show(asked: Asked) -> Response:
    """Those for the operator's stations, and the form for a new one."""
    return _all(asked, Form({"station": asked.scope.prefix}), {})


def change(asked: Asked) -> Response:
    """Show what it would look like, or publish it."""
    found, wrong = read_notice(asked.form, asked)
    if found is None:
        return _all(asked, asked.form, wrong, 422)
    if asked.form.words("do") != "publish":
        return _all(asked, asked.form, {}, preview=found)
    try:
        with asked.store.transaction():
            asked.issuer.publish_service(found.head, as_said(found.body))
            asked.acted("notice published", found.head.id, found.head.station, asked.form.words("reason"))
    except OtherService as error:
        where = error.scope or _("every station")
        words = _("This name is a {kind} for {station}: take another.", kind=word(error.kind), station=where)
        return _all(asked, asked.form, {"id": words}, 422)
    except TooLarge as error:
        return _all(asked, asked.form, {"text_zh": str(error)}, 422)
    return to("/notices")


def withdraw(asked: Asked) -> Response:
    """End one at every station."""
    found = asked.store.service(asked.form.words("id"))
    if found is None or found.kind != NOTICE or not asked.scope.covers(found.scope):
        missing(_("There is no such notice."))
    with asked.store.transaction():
        if asked.issuer.withdraw_service(found.id):
            asked.acted("notice withdrawn", found.id, found.scope, asked.form.words("reason"))
    return to("/notices")


def _all(
    asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200, preview: Written | None = None
) -> Response:
    held = [each for each in asked.store.services()[::-1] if each.kind == NOTICE and _concerns(asked, each.scope)]
    return page(
        "notices", asked, status, rows=[row_of(each, asked) for each in held], form=form, wrong=wrong,
        notice=_shown(preview), reaches=len(meant(asked.store, preview.head.station)) if preview else 0,
        warnings=[*service_warnings(preview)] if preview else [],
    )  # fmt: skip


def _shown(preview: Written | None) -> Notice | None:
    return preview.body if preview and isinstance(preview.body, Notice) else None


def _concerns(asked: Asked, prefix: str) -> bool:
    return prefix.startswith(asked.scope.prefix) or asked.scope.prefix.startswith(prefix)
