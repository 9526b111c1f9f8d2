"""What a display inside is shown: the urgent and the newest first, never more than its bytes, and whole or not at all."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.ballot import TOLD
from kiosk.core.desk.desk import Desk
from kiosk.core.desk.events import Offers
from kiosk.core.desk.ratings import Bundle
from kiosk.core.desk.rounds import OpenRound
from kiosk.core.desk.urn import Urn
from kiosk.core.door.access import Trust
from kiosk.core.held import Held, Services
from kiosk.core.state import State
from kiosk.index.poll import MOST_TEXT, poll_words
from kiosk.station.inside import desk_view, offers, voting
from kiosk.trust.keyset import NO_KEYS
from kiosk.trust.service import (
    MOST_CASES,
    MOST_ITEMS,
    AnsweredCase,
    Answers,
    Body,
    Checklist,
    Event,
    Item,
    Notice,
    Picture,
    Question,
    ServiceDocument,
)
from kiosk.trust.status import NO_STATUS
from kiosk.wire.inside import MAX_DESK, AnswerView, BallotView, EventView
from tests.index.polls import held
from tests.keys import NOW

HERE = Instant(10.0, NOW)
LANGUAGES = ("zh", "en", "ug", "bo", "mn", "za", "kk", "ko")
CHECKLIST = Checklist({"zh": "巡查"}, (Item("clean", {"zh": "干净"}), Item("plasters", {"zh": "创可贴"}, kind="month")))


def state(*bodies: Body, ends: int = NOW + 100) -> State:
    """A station that holds these, the newest first."""
    held = {}
    for number, body in enumerate(bodies):
        kind = str(type(body).__struct_config__.tag)
        head = ServiceDocument(900 - number, f"d{number}", kind, NOW, NOW - 10, ends)
        held[head.id] = Held(head, "aa", 100, body)
    clock = Clock(NOW, 10.0, hi=NOW + 1, hi_at=10.0, raised=True)
    return State(b"", clock, Trust("37081101", NO_KEYS, NO_STATUS), {}, services=Services(held=held))


def desk(at: State, urn: Urn | None = None) -> Desk:
    found = offers(at, HERE.boot)
    return Desk(
        replace(urn or Urn("u"), questions={name: Bundle() for name in found.questions}), 8 * 3600, offers=found
    )


def long_texts(length: int) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, "字" * length)


def test_all_that_is_in_force_is_shown_in_its_order() -> None:
    late = AnsweredCase("water", "not_hot", "2026-11-01", "owned", "2026-11-20", late=True)
    done = AnsweredCase("door", "damaged", "2026-11-02", "done", words={"zh": "修好了"})
    picture = Picture("ab" * 32, 100)
    at = state(
        Notice({"zh": "平常"}),
        Notice({"zh": "紧急"}, urgent=True),
        Question({"zh": "新的问题？"}),
        Question({"zh": "旧的问题？"}),
        Event({"zh": "后来"}, NOW + 900),
        Event({"zh": "马上"}, NOW + 90, picture),
        Answers((done, late, replace(done, place="moon"), replace(done, what="not_hot"))),
        CHECKLIST,
    )
    view = desk_view(at, desk(at), HERE)
    assert [each.urgent for each in view.notices] == [True, False]
    assert [each.id for each in view.questions] == ["d2", "d3"]
    assert view.events == (EventView({"zh": "马上"}, NOW + 90, "ab" * 32), EventView({"zh": "后来"}, NOW + 900))
    assert [(each.place, each.late) for each in view.answers] == [("water", True), ("door", False)]
    assert view.answers[1] == AnswerView("door", "damaged", "2026-11-02", "done", words={"zh": "修好了"})
    assert (view.round, view.expiring, view.told, view.nobody, view.extended) == (None, (), "", False, False)


def test_a_question_that_has_no_place_yet_is_not_asked_and_what_is_over_is_not_offered() -> None:
    at = state(Question({"zh": "？"}), CHECKLIST)
    assert desk_view(at, replace(desk(at), urn=Urn("u")), HERE).questions == ()
    assert offers(state(Question({"zh": "？"}), CHECKLIST, ends=NOW - 5), HERE.boot) == Offers()


def test_the_newest_checklist_counts_and_a_round_shows_what_is_known_already() -> None:
    at = state(CHECKLIST, replace(CHECKLIST, items=CHECKLIST.items[:1]))
    found = replace(desk(at, Urn("u", months={"plasters": "2021-03"})), round=OpenRound(7, 100.0))
    view = desk_view(at, found, HERE)
    assert view.round
    assert (view.round.checklist, view.round.seconds) == ("d0", 90.0)
    assert [(each.key, each.value, each.ends) for each in view.round.items] == [
        ("clean", "", ""),
        ("plasters", "2021-03", "over"),
    ]
    assert view.expiring == view.round.items[1:]


def test_what_was_told_of_a_code_is_told_for_some_seconds() -> None:
    at = state()
    found = Desk(Urn("u"), told="revoked", told_until=12.0, extended_until=12.0)
    assert (desk_view(at, found, HERE).told, desk_view(at, found, HERE).extended) == ("revoked", True)
    later = desk_view(at, found, Instant(12.0, NOW))
    assert (later.told, later.extended) == ("", False)


@pytest.mark.parametrize("count", [1, 16])
def test_what_does_not_fit_goes_whole_and_what_is_urgent_stays(count: int) -> None:
    at = state(
        *(Notice(long_texts(500)) for _ in range(count)),
        Notice({"zh": "紧急"}, urgent=True),
        *(Question({"zh": f"{number}？"}) for number in range(count)),
        *(Event(long_texts(500), NOW + 5) for _ in range(count)),
        Answers(
            (
                *[AnsweredCase("water", "not_hot", "2026-11-01", "done", words=long_texts(500))] * (MOST_CASES - 1),
                AnsweredCase("fridge", "broken", "2026-11-01", "owned", late=True),
            )
        ),
    )
    view = desk_view(at, desk(at), HERE)
    assert len(msgspec.json.encode(view)) <= MAX_DESK
    assert view.notices[0].urgent
    assert view.answers[0].late
    assert len(view.questions) == count
    assert all({*each.words} in ({*LANGUAGES}, set()) for each in view.answers)


def test_the_largest_checklist_fits_its_round() -> None:
    items = tuple(Item(f"k{number:02}".ljust(32, "x"), long_texts(80), kind="month") for number in range(MOST_ITEMS))
    at = state(Notice(long_texts(500), urgent=True), Checklist(long_texts(80), items))
    found = replace(desk(at), round=OpenRound(7, 100.0), urn=Urn("u", months={each.key: "2021-03" for each in items}))
    view = desk_view(at, found, HERE)
    assert view.round
    assert len(view.round.items) == MOST_ITEMS
    assert len(msgspec.json.encode(view)) <= MAX_DESK


def test_a_ballot_of_the_longest_poll_fits_where_everything_is_full() -> None:
    at = state(*(Notice(long_texts(500), urgent=True) for _ in range(20)))
    full = desk_view(at, desk(at), HERE)
    assert len(msgspec.json.encode(full)) > MAX_DESK - 20_000
    texts, most = dict.fromkeys(LANGUAGES, ""), MOST_TEXT - 1000
    poll = replace(held().poll, title=texts | {"zh": "字" * (most // 3)})
    assert len(msgspec.json.encode((poll.title, poll.questions))) > MOST_TEXT - 1000
    ballot = BallotView(2**53, "ab" * 32, poll_words(b""), poll.title, poll.questions, poll.inner_key)
    shown = voting(full, ballot, "")
    assert (shown.ballot, shown.notices) == (ballot, ())
    told = voting(full, None, max(TOLD, key=len))
    assert (told.told, told.notices) == ("slip_elsewhere", full.notices)
    assert max(len(msgspec.json.encode(each)) for each in (shown, told)) <= MAX_DESK


bodies = st.one_of(
    st.builds(lambda length, urgent: Notice(long_texts(length), urgent), st.integers(1, 500), st.booleans()),
    st.builds(lambda length: Event(long_texts(length), NOW), st.integers(1, 500)),
    st.builds(lambda length: Question(long_texts(length)), st.integers(1, 500)),
    st.builds(
        lambda length, count: Answers(
            (AnsweredCase("water", "not_hot", "2026-11-01", "done", words=long_texts(length)),) * count
        ),
        st.integers(1, 500),
        st.integers(0, MOST_CASES),
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(bodies, max_size=30))
def test_no_view_is_longer_than_a_display_takes(held: list[Body]) -> None:
    at = state(*held)
    assert len(msgspec.json.encode(desk_view(at, desk(at), HERE))) <= MAX_DESK
