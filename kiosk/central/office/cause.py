"""One cause: the stations that have it, what was done about it, and the form with which somebody does more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NoReturn, get_args
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.duty import DutyAct, DutyNote
from kiosk.central.looking import Wrong, seen_by
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.office.duty import row
from kiosk.central.office.over import ended_meanwhile
from kiosk.central.roles import ADMINISTRATOR, DUTY
from kiosk.central.web.forms import Form
from kiosk.central.wrong import Cause
from kiosk.language import _

ACTS: Final = get_args(DutyAct)
HOURS: Final = ("1", "4", "12", "24", "72", "168")
"""For which a cause may be mute; after that somebody looks again."""

SERVER: Final = "server."
MOST: Final = 200
"""Stations that are named."""


def show(asked: Asked) -> Response:
    """The cause, while it is there."""
    return _page(asked, _found(asked, asked.query.get("key", "")), Form({"act": "acknowledged", "hours": "4"}), {})


def act(asked: Asked) -> Response:
    """Keep what somebody does about it; or say what is wrong in the form, and lose nothing of it."""
    key = asked.form.raw("key")
    cause = _seen(asked, key)
    if cause is None:
        return ended_meanwhile(asked, key) or _over()
    if not asked.scope.covers(cause.place):
        raise HTTPException(403, _("It is of a wider place than yours: whoever looks after all of that decides."))
    note, wrong = read_note(asked.form, _people(asked), asked.who.name, asked.now)
    if note is None:
        return _page(asked, cause, asked.form, wrong, 422)
    asked.store.on_duty(cause, note, asked.now)
    return to("/cause?" + urlencode({"key": cause.key}) if asked.form.raw("from") != "list" else "/")


def forget(asked: Asked) -> Response:
    """What the server found is mended: it is forgotten, and comes again if it is still so."""
    cause, why = _found(asked, asked.form.raw("key")), asked.form.words("mended")
    if not asked.scope.covers(cause.place) or not of_the_server(cause):
        missing(_("This is not wrong any longer, or not at your stations."))
    if not why:
        wrong = {"mended": _("Write why: whoever comes after you reads it.")}
        return _page(asked, cause, asked.form, wrong, 422)
    with asked.store.transaction():
        asked.store.forget_alarm(cause.what.removeprefix(SERVER), cause.place)
        asked.acted("alarm forgotten", cause.key, cause.place, why)
    return to("/")


def of_the_server(cause: Cause) -> bool:
    """Whether the server itself found it, and knows not by itself when it is over."""
    return cause.what.startswith(SERVER) and not cause.whole


def read_note(
    form: Form, people: Collection[str], account: str, now: float
) -> tuple[DutyNote | None, Mapping[str, str]]:
    """What the form says; or what is wrong, by field."""
    wanted, whom, hours, why = form.raw("act"), form.words("whom"), form.raw("hours"), form.words("why")
    act: DutyAct | None = next((each for each in ACTS if each == wanted), None)
    wrong = {}
    if act is None:
        wrong["act"] = _("Choose what is to be done.")
    if act == "assigned" and whom not in people:
        wrong["whom"] = _("Choose who is to look after it.")
    if act == "muted" and hours not in HOURS:
        wrong["hours"] = _("Choose for how long.")
    if act in {"muted", "noted"} and not why:
        wrong["why"] = _("Write why: whoever comes after you reads it.")
    if act is None or wrong:
        return None, wrong
    until = now + int(hours) * 3600 if act == "muted" else None
    return DutyNote(0, 0, now, account, act, until, whom if act == "assigned" else "", why), {}


def _found(asked: Asked, key: str) -> Cause:
    return _seen(asked, key) or _over()


def _seen(asked: Asked, key: str) -> Cause | None:
    """The cause of that key as the operator sees it; one that was there a moment ago, too."""
    wrong = asked.looking.wrong(asked.now)
    was = wrong.incidents.get(key)
    found = next((each for each in wrong.causes if each.key == key), was and was.cause)
    return seen_by(found, asked.scope) if found else None


def _over() -> NoReturn:
    missing(_("This is not wrong any longer, or not at your stations."))


def _people(asked: Asked) -> list[str]:
    """Those who can be given something."""
    accounts = asked.store.accounts(asked.scope)
    return sorted({asked.who.name, *(each.name for each in accounts if each.disabled is None and each.role in DUTY)})


def _page(asked: Asked, cause: Cause, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    known = asked.looking.wrong(asked.now)
    incident = known.incidents.get(cause.key)
    return page(
        "cause",
        asked,
        status,
        row=row(cause, known, asked.now),
        stations=_named(cause, known),
        more=max(0, len(cause.stations) - MOST),
        notes=incident.notes if incident else (),
        forgets=of_the_server(cause) and asked.may(ADMINISTRATOR) and asked.scope.covers(cause.place),
        form=form,
        wrong=wrong,
        people=_people(asked),
        hours=HOURS,
        acts=ACTS if asked.may(DUTY) and asked.scope.covers(cause.place) else (),
    )


def _named(cause: Cause, known: Wrong) -> list[tuple[str, str]]:
    lines = ((code, known.lines.get(code)) for code in cause.stations[:MOST])
    return [(code, line.name if line else "") for code, line in lines]
