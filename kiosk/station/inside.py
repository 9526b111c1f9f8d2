"""What is shown inside: of the documents in force, of a steward's round, and of the room; nothing of answers, and of nobody.

A display gets MAX_DESK bytes at the most. What does not fit is left out whole: first what is old, and not urgent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import Instant
from kiosk.core.desk import rounds
from kiosk.core.desk.desk import Desk
from kiosk.core.desk.events import NO_CHECKLIST, NO_STEWARD, Offers
from kiosk.core.desk.rounds import Expiry, Posted
from kiosk.core.desk.vocabulary import DID_NOT_OPEN, WHATS
from kiosk.core.held import notices, said
from kiosk.core.room.saving import empty
from kiosk.core.state import State
from kiosk.trust.service import AnsweredCase, Answers, Checklist, Event, Item, Question
from kiosk.wire.inside import (
    MAX_DESK,
    AnswerView,
    BallotView,
    DeskView,
    DoctorView,
    EventView,
    HandingView,
    ItemView,
    MedicineView,
    QuestionView,
    RoundView,
    StockView,
    SupplyView,
)
from kiosk.wire.views import NoticeView

T = TypeVar("T", bound=Struct)


def offers(state: State, boot: float) -> Offers:
    """What the documents in force ask for, the oldest question first; of several checklists the newest counts."""
    questions = said(state.services, Question, state.clock, boot)
    checklists = said(state.services, Checklist, state.clock, boot)
    posted = [Posted(head.id, head.version, says) for head, says in checklists[:1]]
    return Offers(tuple(head.id for head, _says in reversed(questions)), posted[0] if posted else None)


def readings(state: State) -> dict[str, float | None]:
    """What sensors say now."""
    return {name: sensor.value for name, sensor in state.sensors.items()}


class Healing(Struct, frozen=True):
    """The doctor in force, the medicine that was released, and what became of the release that was shown last."""

    doctor: DoctorView | None = None
    medicine: MedicineView | None = None
    told: str = ""


class GivenOut(Struct, frozen=True):
    """Campaigns in force, a steward's session, whether somebody has shown a pass just now, and how often anybody has."""

    supplies: tuple[SupplyView, ...] = ()
    handing: HandingView | None = None
    has_holder: bool = False
    shown: int = 0

    def told(self, words: str) -> str:
        """What was told of a pass, but for that it opens nothing here where there is something for it."""
        welcome = (words == NO_STEWARD and self.has_holder and self.supplies) or (
            words == NO_CHECKLIST and self.handing
        )
        return "" if welcome else words


NO_HEALING: Final = Healing()
NOTHING_GIVEN: Final = GivenOut()


def desk_view(
    state: State, desk: Desk, now: Instant, healing: Healing = NO_HEALING, given: GivenOut = NOTHING_GIVEN
) -> DeskView:
    """Whole where there is room for it."""
    boot, clock = now.boot, state.clock
    doctor, medicine = healing.doctor, healing.medicine
    room = _Room(DeskView(state.trust.station, state.policy.texts, doctor=doctor, medicine=medicine))
    hung = [NoticeView(each.texts, each.urgent) for each in notices(state.services, clock, boot)]
    in_round = room.takes(_round(state, desk, boot))
    handing = [given.handing] if given.handing else []
    in_session = room.takes(handing) or room.takes(map(_without_texts, handing))
    urgent = room.takes(each for each in hung if each.urgent)
    supplies = room.takes(given.supplies)
    expiring = room.takes(_expiring(state, desk, boot))
    asked = room.takes(_questions(state, desk, boot))
    answered = list(_answers(state, boot))
    late = room.takes(each for each in answered if each.late)
    usual = room.takes(each for each in hung if not each.urgent)
    in_time = room.takes(each for each in answered if not each.late)
    return replace(
        room.view,
        notices=urgent + usual,
        events=room.takes(_events(state, boot)),
        questions=asked,
        answers=late + in_time,
        round=in_round[0] if in_round else None,
        expiring=expiring,
        supplies=supplies,
        holder=given.has_holder,
        shown=given.shown,
        handing=in_session[0] if in_session else None,
        told=healing.told or (given.told(desk.told) if boot < desk.told_until else ""),
        nobody=empty(state, boot),
        extended=boot < desk.extended_until,
    )


def voting(view: DeskView, ballot: BallotView | None, told: str) -> DeskView:
    """With the ballot that is open, which is all that is shown then: both would not fit; and what became of a slip."""
    if ballot:
        return DeskView(view.station, ballot=ballot, nobody=view.nobody)
    return replace(view, told=told or view.told)


class _Room:
    """What is left of the bytes beside the view as it is at least."""

    def __init__(self, view: DeskView) -> None:
        self.view = view
        self._left = (
            MAX_DESK - len(msgspec.json.encode(view)) - 512
        )  # the names of its fields, and what is always short

    def takes(self, items: Iterable[T]) -> tuple[T, ...]:
        """Those for which there is room, each whole."""
        return tuple(each for each in items if self._take(each))

    def _take(self, item: Struct) -> bool:
        size = len(msgspec.json.encode(item)) + 1
        fits = size <= self._left
        self._left -= size if fits else 0
        return fits


def _without_texts(handing: HandingView) -> HandingView:
    """A steward has to be able to count and fill, however much there is to read."""
    return replace(handing, items=tuple(StockView(each.item) for each in handing.items))


def _questions(state: State, desk: Desk, boot: float) -> Iterator[QuestionView]:
    for head, question in said(state.services, Question, state.clock, boot):
        if desk.urn.takes(head.id):
            yield QuestionView(head.id, question.texts)


def _events(state: State, boot: float) -> list[EventView]:
    """What begins next comes first."""
    found = (event for _head, event in said(state.services, Event, state.clock, boot))
    views = (EventView(each.texts, each.starts, each.picture.sha256 if each.picture else "") for each in found)
    return sorted(views, key=lambda each: each.starts)


def _answers(state: State, boot: float) -> Iterator[AnswerView]:
    """In the order of their documents; what this version has no words for is left out."""
    for _head, answers in said(state.services, Answers, state.clock, boot):
        yield from (_answer(each) for each in answers.cases if _has_words(each))


def _has_words(case: AnsweredCase) -> bool:
    return case.what in (*WHATS.get(case.place, ()), DID_NOT_OPEN) and case.place in WHATS


def _answer(case: AnsweredCase) -> AnswerView:
    return AnswerView(case.place, case.what, case.since, case.state, case.due, case.late, case.words)


def _round(state: State, desk: Desk, boot: float) -> Iterator[RoundView]:
    posted = desk.offers.checklist
    if desk.round and posted:
        yield RoundView(
            posted.id, posted.version, posted.says.texts, _items(state, desk, boot), max(0.0, desk.round.until - boot)
        )


def _items(state: State, desk: Desk, boot: float) -> tuple[ItemView, ...]:
    """What the checklist asks for, with what sensors and earlier rounds say of it."""
    measured, ends, months = readings(state), expiries(state, desk, boot), desk.urn.months

    def view(item: Item) -> ItemView:
        shown = rounds.proof(item, measured)
        value = months.get(item.key, "") if shown is None else rounds.YES if shown else rounds.NO
        return ItemView(item.key, item.texts, item.kind, value, shown is not None, ends.get(item.key, ""))

    return tuple(map(view, _asked_for(desk)))


def _expiring(state: State, desk: Desk, boot: float) -> list[ItemView]:
    """Of the medicine box what counts as empty, and then what soon will."""
    return sorted((each for each in _items(state, desk, boot) if each.ends), key=lambda each: each.ends)


def expiries(state: State, desk: Desk, boot: float) -> dict[str, Expiry]:
    """What has expired of the medicine box, or soon will have, of what the checklist still asks for."""
    months = desk.urn.months
    kept = {each.key: months[each.key] for each in _asked_for(desk) if each.key in months}
    return rounds.expiries(kept, state.clock, boot, desk.offset)


def _asked_for(desk: Desk) -> tuple[Item, ...]:
    posted = desk.offers.checklist
    return posted.says.items if posted else ()
