"""Open, closed, or not known: by hours, by lock downs, and by how old the evidence is."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.figures import ZONE
from kiosk.central.openness import EVIDENCE, Evidence, Lockdown, Openness, hours_of, openness
from kiosk.trust.policy import DoorPolicy, PolicyDocument

MONDAY = datetime(2026, 12, 7, tzinfo=ZONE).timestamp()
HOUR = 3600.0
WORKDAYS = ("mon-fri 06:00-22:00",)


def policy(**doors: tuple[str, ...] | None) -> PolicyDocument:
    return PolicyDocument(1, 0, doors={name: DoorPolicy(hours) for name, hours in doors.items()})


def asked(at: float, heard: float | None, lasts: float = 0.0, **more: object) -> Openness:
    hours = hours_of(policy(main=WORKDAYS), ["main"], ())
    return openness(Evidence(hours, heard, **more), at, lasts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hour", "ago", "said", "why"),
    [
        (10, 0.0, "yes", "heard"),
        (10, EVIDENCE, "yes", "heard"),
        (10, EVIDENCE + 1, "unknown", "silent"),
        (10, None, "unknown", "silent"),
        (10, -30.0, "yes", "heard"),
        (10, -3600.0, "unknown", "silent"),
        (5, 0.0, "no", "hours"),
        (5, None, "no", "hours"),
        (22, 0.0, "no", "hours"),
    ],
)
def test_open_is_by_hours_and_by_what_was_heard(hour: float, ago: float | None, said: str, why: str) -> None:
    now = MONDAY + hour * HOUR
    found = asked(now, None if ago is None else now - ago)
    assert (found.open, found.why) == (said, why)
    assert found.as_of is None or found.open != "unknown", "since when nothing is known is nobody's business"


def test_a_lock_down_and_a_fire_close_it_while_they_last() -> None:
    now = MONDAY + 10 * HOUR
    assert asked(now, now, lockdowns=(Lockdown("main", now - 60, now + 60),)).why == "locked_down"
    assert asked(now, now, lockdowns=(Lockdown("main", now - 60, now - 1),)).open == "yes"
    assert asked(now, now, fire=True).why == "fire"


def test_what_must_last_is_said_only_if_it_does() -> None:
    now = MONDAY + 10 * HOUR
    assert asked(now, now - EVIDENCE + 30, lasts=30.0).open == "yes"
    assert asked(now, now - EVIDENCE + 29, lasts=30.0).open == "unknown"
    assert asked(MONDAY + 22 * HOUR - 20, MONDAY + 22 * HOUR - 20, lasts=30.0).open == "unknown", "it closes meanwhile"


def test_the_next_change_is_of_the_hours() -> None:
    assert asked(MONDAY + 10 * HOUR, None).next_change == MONDAY + 22 * HOUR
    assert asked(MONDAY + 5 * HOUR, None).next_change == MONDAY + 6 * HOUR
    assert asked(MONDAY + 4 * 24 * HOUR + 23 * HOUR, None).next_change == MONDAY + 7 * 24 * HOUR + 6 * HOUR
    assert openness(Evidence(hours_of(policy(main=None), [], ())), MONDAY).next_change is None


def test_all_doors_on_the_way_in_must_be_open_and_no_other_counts() -> None:
    both = policy(main=WORKDAYS, inner=("daily 09:00-10:00",), cellar=("sun 01:00-02:00",))
    hours = hours_of(both, ["main", "inner"], ())
    assert openness(Evidence(hours, MONDAY + 9.5 * HOUR), MONDAY + 9.5 * HOUR).open == "yes"
    assert openness(Evidence(hours, MONDAY + 8 * HOUR), MONDAY + 8 * HOUR).open == "no"


def test_the_sheet_says_the_hours_where_no_policy_does() -> None:
    assert hours_of(None, ["main"], ()) is None
    assert hours_of(policy(cellar=WORKDAYS), ["main"], ("daily 00:00-24:00",)) is not None
    found = openness(Evidence(hours_of(None, [], ()), MONDAY), MONDAY)
    assert (found.open, found.why, found.by_hours) == ("unknown", "no_hours", None)


@given(
    at=st.floats(MONDAY, MONDAY + 14 * 24 * HOUR),
    ago=st.none() | st.floats(-HOUR, 3 * EVIDENCE),
    lasts=st.floats(0.0, 120.0),
    later=st.floats(0.0, 1.0),
)
def test_open_is_never_said_on_older_evidence_nor_outside_the_hours(
    at: float, ago: float | None, lasts: float, later: float
) -> None:
    found = asked(at, None if ago is None else at - ago, lasts)
    if found.open == "yes":
        assert ago is not None
        assert at + lasts * later - (at - ago) <= EVIDENCE + 1e-6
        assert found.by_hours
        assert asked(at + lasts * later, at - ago).by_hours
