"""What people say, and what becomes of it, in words: on the pages, and at the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kiosk.central.cases import Evidence
from kiosk.central.numbers.measures import why
from kiosk.central.voices.case import Case, State
from kiosk.central.voices.ratings import Face
from kiosk.central.voices.rounds import FOUND, Texts
from kiosk.core.desk.vocabulary import Source
from kiosk.foreign import visible
from kiosk.language import _, of_languages, told
from kiosk.wording.names import Names
from kiosk.wording.words import thing_said, when, word

DAY_AND_TIME = "%Y-%m-%d %H:%M"
NO_ITEMS: Final[Mapping[str, Texts]] = {}


def about(case: Case, items: Mapping[str, Texts] = NO_ITEMS) -> str:
    """Where, and what: `water: not hot`. `items`: the words of what rounds look at, by what a case says of it."""
    kind, _dot, item = case.what.partition(".")
    if kind == FOUND:
        return _("on a round: {item}", item=of_languages(items.get(case.what, {})) or item.rpartition(".")[2])
    return thing_said(case.place, case.what)


def source_word(source: Source) -> str:
    """By which somebody said it."""
    words: Mapping[Source, str] = {"phone": _("by phone"), "desk": _("inside"), "round": _("on a round")}
    return words[source]


def face_word(face: Face) -> str:
    """As the display inside says it."""
    words: Mapping[Face, str] = {
        "very_content": _("Very satisfied"),
        "content": _("Satisfied"),
        "so_so": _("Fair"),
        "not_content": _("Dissatisfied"),
    }
    return words[face]


def standing(case: Case) -> str:
    """Its state, with whom it was passed on to."""
    if case.state is State.PASSED_ON:
        return _("passed on to {whom}", whom=visible(case.passed_to))
    return word(case.state.value)


def lateness(case: Case, today: str) -> str:
    """By when somebody must act, or that they should have; empty where nobody has to."""
    if not case.open:
        return ""
    if case.unowned(today):
        return _("nobody owns it since {day}", day=case.own_by)
    if case.overdue(today):
        return _("overdue since {day}", day=case.due)
    return _("due on {day}", day=case.due)


def evidence_lines(found: Evidence) -> Iterator[str]:
    """How the station was then, and whom it had just refused for what."""
    heard = when(found.heard, form=DAY_AND_TIME) if found.heard is not None else _("never")
    at = when(found.at, form=DAY_AND_TIME)
    yield _(
        "At {at} the station was {condition}; heard last: {heard}",
        at=at,
        condition=word(found.condition or "unknown"),
        heard=heard,
    )
    for each in found.refusals:
        yield _(
            "{at}: refused at {door}: {reason}",
            at=when(each.at),
            door=Names(None).door(each.door),
            reason=why(each.reason),
        )
    for fault in (*found.faults, *found.alarms):
        detail = f"{_(': ')}{told(visible(fault.detail))}" if fault.detail else ""
        yield f"{Names(None).fault(fault.what)}{detail}"
    if not (found.refusals or found.faults or found.alarms):
        yield _("It had refused nobody within half an hour, and told of nothing wrong.")
