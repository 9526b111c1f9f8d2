"""The page with rounds by checklists: what is overdue first; a station's rounds; and whose pass one was made with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.figures import local
from kiosk.central.inspecting import MINUTE, Told, item_word, overview, result_word, told
from kiosk.central.office.asked import Asked, missing, page
from kiosk.central.voices.rounds import Listed, Round, Standing
from kiosk.central.web.forms import Form
from kiosk.language import _, of_languages
from kiosk.wording.words import when

PAGE: Final = 100
ROUNDS: Final = 12
"""Rounds on a station's page."""

ALL, OVERDUE, WRONG, ENDING = "all", "overdue", "wrong", "ending"
WHICH: Final = (ALL, OVERDUE, WRONG, ENDING)


class Made(Struct, frozen=True):
    """A round as a station's page shows it: of each item what was found, and whether that is as it is to be."""

    at: str
    day: str
    checklist: str
    id: str
    results: tuple[tuple[str, str, bool], ...]


def chosen(found: Iterable[Standing], which: str) -> list[Standing]:
    """Those that somebody asks for, in their order."""
    match which:
        case "overdue":
            return [each for each in found if each.overdue]
        case "wrong":
            return [each for each in found if each.no or each.ended]
        case "ending":
            return [each for each in found if each.ended or each.ending]
        case _:
            return [*found]


def choices() -> Mapping[str, str]:
    """What the list may be of."""
    return {
        ALL: _("All"),
        OVERDUE: _("Overdue"),
        WRONG: _("Not as it is to be"),
        ENDING: _("Medicine that ends"),
    }


def show(asked: Asked) -> Response:
    """How the operator's stations stand with their checklists."""
    which = next((each for each in WHICH if each == asked.query.get("which")), ALL)
    prefix = re.sub("[^0-9A-Za-z]", "", asked.query.get("prefix", ""))[:12]
    number = asked.query.get("page", "")
    found = overview(asked.store, asked.scope, prefix, asked.now)
    wanted, listed = chosen(found, which), asked.store.checklists()
    pages = max(1, -(-len(wanted) // PAGE))
    at = min(int(number) if re.fullmatch("[1-9][0-9]{0,4}", number) else 1, pages)
    return page(
        "inspections",
        asked,
        rows=[told(each, listed) for each in wanted[(at - 1) * PAGE : at * PAGE]],
        names=asked.store.names(asked.scope, prefix),
        overdue=sum(each.overdue for each in found),
        count=len(found),
        published=bool(listed),
        which=which,
        choices=choices(),
        form=Form(asked.query),
        number=at,
        pages=pages,
        here=urlencode({"which": which, "prefix": prefix}),
    )


def standing_of(asked: Asked, code: str) -> list[Told]:
    """How one station stands."""
    listed = asked.store.checklists()
    return [told(each, listed) for each in overview(asked.store, asked.scope, code, asked.now) if each.station == code]


def rounds_of(asked: Asked, code: str) -> list[Made]:
    """A station's last rounds, the newest first."""
    listed = asked.store.checklists()
    return [made(each, listed.get(each.checklist), asked.now) for each in asked.store.rounds_of(code, ROUNDS)]


def made(each: Round, listed: Listed | None, now: float) -> Made:
    """A round in words."""
    bad = {*each.no, *each.ended(local(now)[0])}
    results = tuple((item_word(key, listed), result_word(each, key), key in bad) for key in each.results)
    name = of_languages(listed.said.texts) if listed else each.checklist
    return Made(when(each.at, form=MINUTE), local(each.at)[0], name, each.checklist, results)


def look_up(asked: Asked) -> Response:
    """With whose pass a round was made, for a reason; the audit never forgets, and so says who asked and not whose it was."""
    code, checklist, day = asked.path["code"], asked.form.words("checklist"), asked.form.words("day")
    reason = asked.form.words("reason")
    if not asked.scope.covers(code):
        missing(_("There is no such station, or it is not one of yours."))
    index = asked.store.steward_of(code, checklist, day)
    if index is None:
        missing(_("There is no such round, or it is not known any longer whose it was."))
    of: dict[str, Any] = {"code": code, "checklist": checklist, "day": day, "form": asked.form}
    if not reason:  # the button beside the round says none: the page that it leads to asks for one
        wrong = {"reason": _("This asks for a reason.")} if "reason" in asked.form.fields else {}
        return page("round_why", asked, 422 if wrong else 200, **of, wrong=wrong)
    held = asked.store.credential(index)
    with asked.store.transaction():
        asked.acted("round looked up", f"{checklist} {day}", code, reason)
    mine = held is not None and asked.scope.covers(held.facts.district)
    return page("round", asked, **of, index=index, holder=held.holder if held and mine else "")
