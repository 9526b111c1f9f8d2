"""A steward's round: by whose pass it opens, what the sensors say against it, and until when medicine is good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.clock import Clock
from kiosk.core.desk import rounds
from kiosk.core.desk.desk import refused
from kiosk.core.desk.events import (
    NO_CHECKLIST,
    NO_STEWARD,
    ROUND_OPEN,
    Cleaned,
    Inspected,
    Judged,
    Offers,
    RoundLeft,
    Told,
)
from kiosk.core.desk.rounds import OPEN_FOR, Posted
from kiosk.core.desk.urn import Urn
from kiosk.core.entries import Cleaned as CleanedEntry
from kiosk.core.entries import Inspected as InspectedEntry
from kiosk.core.events import Tick
from kiosk.trust.passes import PassClass
from kiosk.trust.service import Checklist, Item, Proof
from tests.core.inside import Inside
from tests.inside import OFFSET

CHECKLIST = Checklist(
    {"zh": "标准"},
    (
        Item("clean", {"zh": "干净"}),
        Item("fridge", {"zh": "冰箱"}, proof=Proof("fridge_temperature", 0.0, 8.0)),
        Item("plasters", {"zh": "创可贴"}, kind="month"),
    ),
)
POSTED = Posted("standard", 12, CHECKLIST)
RESULTS = {"clean": "yes", "fridge": "yes", "plasters": "2027-03"}


def begun(index: int = 7) -> Inside:
    inside = Inside(Urn("u"))
    inside.take(Offers(checklist=POSTED))
    inside.take(Judged("", index, PassClass.STEWARD))
    return inside


def goes_on(inside: Inside) -> bool:
    return inside.desk.round is not None


def test_a_stewards_pass_opens_a_round_and_its_results_are_told_with_the_index() -> None:
    inside = begun()
    assert inside.desk.told == ROUND_OPEN
    inside.take(Inspected(RESULTS, 12, {"fridge_temperature": 4.0}))
    inside.take(Cleaned())
    assert inside.written() == (
        InspectedEntry(7, "standard", 12, RESULTS, ("fridge",), "u", 0),
        CleanedEntry(7, "standard", "u", 1),
    )
    assert inside.desk.urn.months == {"plasters": "2027-03"}


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Judged("", 7, PassClass.WORKER), NO_STEWARD),
        (Judged("", 7, PassClass.TECHNICIAN), NO_STEWARD),
        (Judged("revoked"), "revoked"),
        (Judged("not_a_pass"), "not_a_pass"),
        (Told("card_kept"), "card_kept"),
    ],
)
def test_nobody_else_opens_one_and_is_told_why(shown: Judged | Told, told: str) -> None:
    inside = Inside(Urn("u"))
    inside.take(Offers(checklist=POSTED))
    inside.take(shown)
    assert (inside.desk.told, inside.desk.round) == (told, None)
    assert refused(inside.desk, Inspected(RESULTS, 12)) == "no_round"
    inside.take(Inspected(RESULTS, 12))
    inside.take(Cleaned())
    assert inside.written() == ()


def test_without_a_checklist_there_is_no_round() -> None:
    inside = Inside(Urn("u"))
    inside.take(Judged("", 7, PassClass.STEWARD))
    assert (inside.desk.told, inside.desk.round) == (NO_CHECKLIST, None)


def test_a_round_stays_open_while_it_is_touched_and_ends_by_itself() -> None:
    inside = begun()
    inside.take(Cleaned(), OPEN_FOR - 1)
    inside.take(Tick(), OPEN_FOR - 1)
    assert goes_on(inside)
    inside.take(Tick(), 2)
    assert not goes_on(inside)


@pytest.mark.parametrize("end", [RoundLeft(), Offers()])
def test_a_round_ends_when_the_steward_leaves_or_its_checklist_does(end: RoundLeft | Offers) -> None:
    inside = begun()
    inside.take(end)
    inside.take(Tick())
    assert not goes_on(inside)


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"clean": "yes", "fridge": "yes"},
        RESULTS | {"moon": "yes"},
        RESULTS | {"clean": "2027-03"},
        RESULTS | {"clean": "maybe"},
        RESULTS | {"plasters": "yes"},
        RESULTS | {"plasters": "2027-13"},
        RESULTS | {"plasters": "2027-3"},
        RESULTS | {"plasters": "1027-03"},
    ],
)
def test_what_is_no_answer_to_the_checklist_changes_nothing(results: dict[str, str]) -> None:
    inside = begun()
    assert refused(inside.desk, Inspected(results, 12)) == "not_the_checklist"
    inside.take(Inspected(results, 12))
    assert (inside.written(), inside.desk.urn.months) == ((), {})


def test_a_round_against_a_checklist_that_has_changed_since_is_not_kept_as_of_the_new_one() -> None:
    inside = begun()
    inside.take(Offers(checklist=Posted("standard", 13, CHECKLIST)))
    assert refused(inside.desk, Inspected(RESULTS, 12)) == "not_the_checklist"
    inside.take(Inspected(RESULTS, 12))
    assert inside.written() == ()
    inside.take(Inspected(RESULTS, 13))
    (found,) = inside.written()
    assert isinstance(found, InspectedEntry)
    assert found.version == 13


def test_one_round_waits_for_the_logbook_at_a_time() -> None:
    inside = begun()
    inside.take(Inspected(RESULTS, 12))
    assert refused(inside.desk, Inspected(RESULTS, 12)) == "not_now"
    assert len(inside.written()) == 1
    assert refused(inside.desk, Inspected(RESULTS, 12)) == ""


SHOWN = [
    (4.0, "yes", "yes", True),
    (4.0, "no", "no", False),  # what a person saw stands
    (12.0, "yes", "no", True),
    (12.0, "no", "no", True),
    (-3.0, "yes", "no", True),
    (None, "yes", "yes", False),  # a silent sensor proves nothing
    (None, "no", "no", False),
]


@pytest.mark.parametrize(("value", "touched", "told", "proven"), SHOWN)
def test_a_yes_against_a_proof_is_a_no(value: float | None, touched: str, told: str, *, proven: bool) -> None:
    found, by = rounds.decided(CHECKLIST, RESULTS | {"fridge": touched}, {"fridge_temperature": value})
    assert (found["fridge"], "fridge" in by) == (told, proven)
    assert {key: each for key, each in found.items() if key != "fridge"} == {"clean": "yes", "plasters": "2027-03"}


@given(
    st.sampled_from(["yes", "no"]),
    st.one_of(st.none(), st.floats(-50, 50)),
    st.one_of(st.none(), st.floats(-50, 50)),
    st.floats(-60, 60),
)
def test_no_touch_makes_green_what_a_sensor_says_is_not(
    touched: str, least: float | None, most: float | None, value: float
) -> None:
    if least is None and most is None:
        least = 0.0
    if least is not None and most is not None:
        least, most = min(least, most), max(least, most)
    checklist = Checklist({"zh": "x"}, (Item("a", {"zh": "a"}, proof=Proof("s", least, most)),))
    found, _by = rounds.decided(checklist, {"a": touched}, {"s": value})
    outside = (least is not None and value < least) or (most is not None and value > most)
    assert found["a"] == ("no" if outside else touched)


def at(wall: float) -> Clock:
    return Clock(wall, 0.0, hi=wall, raised=True)


MARCH_ENDS = 1_806_508_800.0
"""2027-04-01 00:00 at +08:00."""


def test_a_month_is_warned_of_for_thirty_days_and_is_over_when_it_is() -> None:
    def on(wall: float) -> dict[str, rounds.Expiry]:
        return rounds.expiries({"plasters": "2027-03"}, at(wall), 0.0, OFFSET)

    assert on(MARCH_ENDS - 30 * 86_400 - 1) == {}
    assert on(MARCH_ENDS - 30 * 86_400) == {"plasters": "soon"}
    assert on(MARCH_ENDS - 1) == {"plasters": "soon"}
    assert on(MARCH_ENDS) == {"plasters": "over"}


def test_the_months_end_when_the_calendar_says() -> None:
    ends = [rounds.expiries({"a": month}, at(at_), 0.0, 0) for month, at_ in (
        ("2028-02", 1_835_481_600.0),  # 2028-03-01: a leap year
        ("2027-12", 1_830_297_600.0),  # 2028-01-01
        ("2000-02", 951_868_800.0),  # 2000-03-01
    )]  # fmt: skip
    assert ends == [{"a": "over"}] * 3
    assert rounds.expiries({"a": "2028-02"}, at(1_835_481_599.0), 0.0, 0) == {"a": "soon"}


def test_what_is_found_empty_is_forgotten_and_so_is_what_no_checklist_asks_for() -> None:
    checklist = POSTED.says
    assert rounds.months(checklist, RESULTS | {"plasters": "no"}) == {}
    assert rounds.months(checklist, RESULTS | {"older": "2027-01"}) == {"plasters": "2027-03"}
