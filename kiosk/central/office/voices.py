"""The pages with what people say of stations: the cases, one case with what may be done with it, and who owns what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from starlette.responses import Response

from kiosk.central.cases import Cases, Evidence, NotSo
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.store.voices import CaseFilter, Part
from kiosk.central.voice_words import about, evidence_lines, lateness, source_word, standing
from kiosk.central.voices.calendar import Calendar
from kiosk.central.voices.case import ANSWERED_WITHIN, TABLE, Act, Answer, Case, Event, Judge, Own, State, today
from kiosk.central.voices.owners import OwnerRule, known_place
from kiosk.central.voices.rounds import Texts
from kiosk.central.web.forms import Form
from kiosk.core.desk.vocabulary import PLACES
from kiosk.language import _
from kiosk.wording.words import place_word, when

MOST: Final = 50
MINE, OVERDUE, URGENT, OPEN, ALL = "mine", "overdue", "urgent", "open", "all"
WHICH: Final = (OPEN, MINE, OVERDUE, URGENT, ALL)


class Row(Struct, frozen=True):
    """A case in words."""

    number: int
    station: str
    name: str
    about: str
    said: str
    too: int
    state: str
    owner: str
    late: str
    overdue: bool
    urgent: bool
    source: str


def row_of(case: Case, names: Mapping[str, str], day: str, items: Mapping[str, Texts]) -> Row:
    """A case as the pages show it."""
    return Row(
        case.number,
        case.station,
        names.get(case.station, ""),
        about(case, items),
        when(case.said, form="%Y-%m-%d %H:%M"),
        case.too,
        standing(case),
        case.owner,
        lateness(case, day),
        case.overdue(day),
        case.urgent and case.open,
        source_word(case.source),
    )


def wanted(query: Mapping[str, str], account: str, day: str) -> tuple[CaseFilter, str]:
    """Which cases somebody asks for, and the name of that choice."""
    which = next((each for each in WHICH if each == query.get("which")), OPEN)
    prefix = re.sub("[^0-9A-Za-z]", "", query.get("prefix", ""))[:12]
    place = next((each for each in PLACES if each == query.get("place")), "")
    found = CaseFilter(
        account if which == MINE else "", prefix, place, which != ALL, which == URGENT, day if which == OVERDUE else ""
    )
    return found, which


def show(asked: Asked) -> Response:
    """The list, by what somebody chooses."""
    day = today(asked.now)
    found, which = wanted(asked.query, asked.who.name, day)
    before = re.sub("[^0-9]", "", asked.query.get("before", ""))[:15]
    cases = asked.store.cases(found, asked.scope, int(before) if before else 2**53, MOST)
    names, items = asked.store.names(asked.scope, found.prefix), asked.store.item_texts(cases)
    older = {"which": which, "prefix": found.prefix, "place": found.place, "before": cases[-1].number if cases else 0}
    return page(
        "voices",
        asked,
        rows=[row_of(each, names, day, items) for each in cases],
        which=which,
        choices=choices(),
        form=Form(asked.query),
        places=[(each, place_word(each)) for each in PLACES],
        older=urlencode(older) if len(cases) == MOST else "",
        calendar_ends=calendar_ends(asked.store.calendar, day),
    )


def calendar_ends(calendar: Calendar, day: str) -> str:
    """The first year of whose holidays nothing is said, and in which what is said today may be due; empty for none."""
    last = calendar.after(date.fromisoformat(day), ANSWERED_WITHIN)
    return next((f"{year}" for year in range(int(day[:4]), last.year + 1) if not calendar.knows(year)), "")


def choices() -> Mapping[str, str]:
    """What the list may be of."""
    return {
        OPEN: _("Somebody has to act"),
        MINE: _("Mine"),
        OVERDUE: _("Overdue"),
        URGENT: _("Urgent"),
        ALL: _("All, with those that have ended"),
    }


# One case.


def one(asked: Asked) -> Response:
    """What was said, how the station was, what became of it, and what may be done."""
    return _one(asked, _case(asked), Form(), {})


def act(asked: Asked) -> Response:
    """Do something with it; or say what is wrong, and lose nothing of what was written."""
    case = _case(asked)
    wanted_act, wrong = read_act(asked.form, asked.who.name)
    if wanted_act is None:
        return _one(asked, case, asked.form, wrong, 422)
    try:
        Cases(asked.store).act(case.number, wanted_act, asked.who.name, asked.scope, asked.now)
    except NotSo as error:
        return _one(asked, case, asked.form, {"words": str(error)}, 409)
    return to(f"/voices/{case.number}")


def read_act(form: Form, account: str) -> tuple[Act | None, Mapping[str, str]]:
    """What the form asks for; or what is wrong, by field."""
    do, text, whom = form.raw("do"), form.raw("words").replace("\r\n", "\n").strip(), form.words("to")
    match do:
        case "take":
            return Own(account), {}
        case "own":
            return (Own(form.words("owner")), {}) if form.words("owner") else (None, {"owner": _("Choose who.")})
        case "confirm":
            return Judge(Event.CONFIRM), {}
        case "dispute":
            return Judge(Event.DISPUTE), {}
        case "do" | "refuse" | "pass on":
            return _answer(Event(do), text, whom)
    return None, {"words": _("Choose what is to be done.")}


def _answer(event: Event, text: str, whom: str) -> tuple[Answer | None, Mapping[str, str]]:
    wrong = {
        "words": "" if text else _("There is no end without words: say what was done, or why not."),
        "to": _("Say who.") if event is Event.HAND_ON and not whom else "",
    }
    if found := {field: words for field, words in wrong.items() if words}:
        return None, found
    return Answer(event, text, whom), {}  # type: ignore[arg-type]


def publish(asked: Asked) -> Response:
    """Let everybody see a text or a photograph, or nobody."""
    part: Part = "photo" if asked.form.raw("part") == "photo" else "text"
    number = _number(asked.form.raw("remark"))
    try:
        remark = Cases(asked.store).publish(
            number, part, asked.who.name, asked.scope, asked.now, public=asked.form.raw("do") == "publish"
        )
    except NotSo as error:
        missing(str(error))
    return to(f"/voices/{remark.case}")


def photo(asked: Asked) -> Response:
    """What somebody photographed, for whoever decides whether all may see it."""
    remark = asked.store.remark(_number(asked.path["number"]), asked.scope)
    body = asked.store.remark_photo(remark.number) if remark else None
    if body is None:
        missing(_("There is no such picture any longer."))
    return Response(body, media_type="image/jpeg")


def _case(asked: Asked) -> Case:
    found = asked.store.case(_number(asked.path["number"]), asked.scope)
    return found or missing(_("There is no such case, or it is of no station of yours."))


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else 0


def _one(asked: Asked, case: Case, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    store, events = asked.store, TABLE[case.state]
    evidence = [msgspec.json.decode(each, type=Evidence) for each in store.evidence(case.number)]
    return page(
        "voice",
        asked,
        status,
        row=row_of(case, store.names(asked.scope, case.station), today(asked.now), store.item_texts([case])),
        case=case,
        remarks=store.remarks(case.number),
        evidence=[[*evidence_lines(each)] for each in evidence],
        became=store.acts_on(case.number),
        acts=asked.acts(about=f"voice {case.number}"),
        may={event.value for event, after in events.items() if after is not None},
        answers=case.owner == asked.who.name,
        able=sorted(Cases(store).able(case.station)),
        unowned=case.state is State.RECEIVED,
        form=form,
        wrong=wrong,
        text=form.raw("words"),
    )


# Who owns what.


def rules(asked: Asked) -> Response:
    """The rules, and the form for another."""
    return _rules(asked, Form({"prefix": asked.scope.prefix}), {})


def set_rule(asked: Asked) -> Response:
    """Say whose it is from now on."""
    prefix, place, owner = (asked.form.words(name) for name in ("prefix", "place", "owner"))
    wrong = {
        "prefix": "" if re.fullmatch("[0-9A-Za-z]{0,12}", prefix) else _("How a station's code begins."),
        "place": "" if known_place(place) else _("Choose one."),
        "owner": "" if owner else _("Choose who."),
    }
    if not wrong["prefix"] and not asked.scope.covers(prefix):
        wrong["prefix"] = _("Your own stations begin with {prefix}.", prefix=asked.scope.prefix)
    if found := {field: words for field, words in wrong.items() if words}:
        return _rules(asked, asked.form, found, 422)
    try:
        Cases(asked.store).set_rule(OwnerRule(prefix, place, owner), asked.who.name, asked.now)
    except NotSo as error:
        return _rules(asked, asked.form, {"owner": str(error)}, 422)
    return to("/voices/owners")


def drop_rule(asked: Asked) -> Response:
    """It is nobody's from now on."""
    prefix, place = asked.form.words("prefix"), asked.form.words("place")
    if not asked.scope.covers(prefix):
        missing(_("There is no such rule."))
    try:
        Cases(asked.store).drop_rule(prefix, place, asked.who.name, asked.now)
    except NotSo as error:
        missing(str(error))
    return to("/voices/owners")


def _rules(asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    held = asked.store.owner_rules(asked.scope)
    return page(
        "owners",
        asked,
        status,
        rules=[(each, place_word(each.place) if each.place else "", asked.scope.covers(each.prefix)) for each in held],
        places=[(each, place_word(each)) for each in PLACES],
        able=sorted(Cases(asked.store).able(asked.scope.prefix)),
        form=form,
        wrong=wrong,
    )
