"""What a policy does in a week, as pages and verbs show it: the same that a station decides, at every instant."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.policy_file import read_policy_text
from kiosk.central.policy_form import written
from kiosk.central.policy_preview import CHINA, effects, rules_of, spans, week
from kiosk.central.policy_text import policy_text
from kiosk.core.clock import Clock
from kiosk.core.door.hours import WEEK, freed_until, provably_closed
from kiosk.trust.passes import PassClass
from kiosk.trust.policy import DoorPolicy, PolicyDocument, ProgrammePolicy

NOW = 1_795_392_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def hours(draw: st.DrawFn) -> str:
    opens, closes = draw(st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True))
    day = ",".join(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)))
    return f"{day} {opens // 60:02d}:{opens % 60:02d}-{closes // 60:02d}:{closes % 60:02d}"


SOME_HOURS = st.none() | st.lists(hours(), min_size=1, max_size=3).map(tuple)
PROGRAMMES = st.builds(
    lambda name, begins, length, found, admits: ProgrammePolicy(name, begins, begins + length, found, admits),
    st.text("abc", min_size=1, max_size=3),
    st.integers(NOW - WEEK, NOW + WEEK),
    st.integers(1, WEEK),
    SOME_HOURS,
    st.sampled_from(["passes", "everybody"]),
)
DOORS = st.builds(
    DoorPolicy,
    SOME_HOURS,
    st.lists(st.integers(0, 3), max_size=3, unique=True).map(tuple),
    st.lists(PROGRAMMES, max_size=2).map(tuple),
)


@given(DOORS, st.lists(st.integers(0, WEEK - 1), min_size=1, max_size=20))
def test_the_week_is_what_a_station_decides(door: DoorPolicy, moments: list[int]) -> None:
    rules = rules_of(PolicyDocument(1, 0, doors={"main": door}), "main")
    assert rules is not None
    found = [*spans(rules, NOW, NOW + WEEK)]
    assert [found[0].begins, *(each.ends for each in found)] == [*(each.begins for each in found), NOW + WEEK]
    for at in (NOW + each for each in moments):
        (span,) = [each for each in found if each.begins <= at < each.ends]
        exact = Clock(at, 0.0, at, 0.0)
        closed = provably_closed(rules.schedule, exact, 0.0)
        assert span.classes == tuple(each for each in PassClass if not closed or each in rules.always)
        assert span.everybody == (freed_until(rules.schedule, exact, 0.0) is not None)


@given(
    DOORS.filter(lambda door: bool(door.always)),
    TEXT,
    st.dictionaries(st.sampled_from(["zh", "en", "ug"]), TEXT, max_size=3),
    st.sampled_from([None, False]),
)
def test_what_is_written_as_text_is_read_as_the_same_policy(
    door: DoorPolicy, near: str, texts: dict[str, str], phones: bool | None
) -> None:
    policy = PolicyDocument(
        1, 0, "3708", {"main": door, 'a "b" 门': DoorPolicy()}, texts=texts, nearby=near, by_phone=phones
    )
    again = read_policy_text(policy_text(policy))
    assert again == policy


def test_a_day_begins_at_its_midnight_and_has_its_spans() -> None:
    policy = read_policy_text('[doors.main]\nhours = ["mon-fri 06:00-22:00"]\nalways = ["technician"]\n')
    rules = rules_of(policy, "main")
    assert rules is not None
    assert rules_of(policy, "other") is None
    days = week(rules, NOW)
    assert [each.name for each in days] == [*DAYS]
    assert [(each.begins + CHINA) % 86_400 / 3600 for each in days[0].spans] == [0, 6, 22]
    assert [each.classes for each in days[0].spans] == [(1,), (0, 1, 2, 3), (1,)]
    assert [each.classes for each in days[5].spans] == [(1,)]


def test_what_a_class_loses_is_told_and_whether_it_would_be_refused_now() -> None:
    before = read_policy_text('[doors.main]\nhours = ["daily 00:00-24:00"]\n[doors.old]\n')
    after = read_policy_text('[doors.main]\nhours = ["daily 01:00-02:00"]\n[doors.new]\n')
    found = effects(before, after, NOW)
    assert [(each.door, each.pass_class) for each in found] == [("main", 0), ("main", 3)]
    assert {(each.before, each.after, each.refused_now) for each in found} == {(WEEK, 7 * 3600, True)}
    assert {each.admitted_now for each in effects(after, before, NOW)} == {True}
    assert effects(before, before, NOW) == []
    assert math.isfinite(found[0].after)


def test_a_form_writes_what_is_read() -> None:
    policy = read_policy_text(
        written(
            {
                "station": "3708",
                "door": "main",
                "hours": "mon-fri 06:00-22:00\r\nsat 08:00-12:00",
                "always_technician": "on",
                "programme": "heat",
                "begins": "2030-07-20T11:00",
                "ends": "2030-07-27T18:00",
                "text_zh": 'a "b"\n',
                "not_by_phone": "on",
            }
        )
    )
    assert policy.doors["main"].hours == ("mon-fri 06:00-22:00", "sat 08:00-12:00")
    assert policy.doors["main"].always == (1,)
    assert [each.begins for each in policy.doors["main"].programmes] == [1_910_746_800]
    assert (policy.station, policy.texts, policy.by_phone) == ("3708", {"zh": 'a "b"'}, False)
