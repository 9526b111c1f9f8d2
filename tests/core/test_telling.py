"""Who is told what is wrong, and when: once when it comes, again until somebody looks after it, once when it is gone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.alarms.settings import AlarmSettings, is_url
from kiosk.central.alarms.telling import Line, day_of, parted, told_to, turn
from kiosk.central.duty import DutyNote, Incident
from kiosk.central.wrong import Cause

NOW = 1_795_392_000.0
RULES = AlarmSettings()
SILENT = Cause("silent", "37081101", whole=False, stations=("37081101",), of=1, since=NOW, detail="")
DISTRICT = Cause(
    "silent", "370811", whole=True, stations=("37081101", "37081102", "37081103"), of=4, since=NOW, detail=""
)


def incident(cause: Cause = SILENT, **more: float | None) -> Incident:
    known: dict[str, float | None] = {"came": NOW, "seen": NOW, "told": None, "reminded": None, "gone": None, **more}
    return Incident(1, cause.key, cause.what, cause.place, *known.values())  # type: ignore[arg-type]


def events(causes: list[Cause], found: Incident, now: float) -> list[str]:
    return [each.event for each in turn(causes, {found.key: found}, RULES, now).lines]


def noted(found: Incident, act: str, until: float | None = None) -> Incident:
    note = DutyNote(1, 1, NOW, "wang", act, until, "", "")  # type: ignore[arg-type]
    return replace(found, notes=(*found.notes, note))


def test_a_cause_is_told_once_it_has_been_there_for_a_while() -> None:
    assert events([SILENT], incident(), NOW + RULES.settle - 1) == []
    assert events([SILENT], incident(), NOW + RULES.settle) == ["raised"]


def test_a_forced_door_is_told_at_once() -> None:
    forced = replace(SILENT, what="forced_open")
    assert events([forced], incident(forced), NOW) == ["raised"]


def test_it_is_told_again_every_few_hours_until_somebody_has_acknowledged_it() -> None:
    told = incident(told=NOW)
    again = NOW + RULES.remind_hours * 3600
    assert events([SILENT], told, again - 1) == []
    assert events([SILENT], told, again) == ["reminded"]
    assert events([SILENT], replace(told, reminded=again), again + 1) == []
    assert events([SILENT], noted(told, "acknowledged"), again) == []


def test_it_is_told_that_it_is_over_once_it_has_been_away_for_a_while_to_those_who_were_told_of_it() -> None:
    told = incident(told=NOW)
    assert turn([], {told.key: told}, RULES, NOW + RULES.quiet - 1).gone == []
    assert events([], told, NOW + RULES.quiet) == ["cleared"]
    assert events([], incident(), NOW + RULES.quiet) == [], "nobody was told of it"
    assert turn([], {told.key: told}, RULES, NOW + RULES.quiet).gone == [told]


def test_a_station_that_becomes_a_part_of_a_silent_district_is_not_told_to_be_well() -> None:
    told = incident(told=NOW)
    known = {told.key: told, DISTRICT.key: incident(DISTRICT, told=NOW)}
    assert turn([DISTRICT], known, RULES, NOW + RULES.quiet).lines == []


def test_of_what_is_mute_nobody_is_told_until_it_is_no_longer() -> None:
    mute = noted(incident(), "muted", NOW + 7200)
    assert events([SILENT], mute, NOW + 3600) == []
    assert events([SILENT], mute, NOW + 7200) == ["raised"]
    assert events([SILENT], noted(mute, "unmuted"), NOW + 3600) == ["raised"]
    assert events([], noted(incident(told=NOW), "muted", NOW + 7200), NOW + 3600) == []


class Told(Struct):
    """A station that comes and goes, and what its receiver is told."""

    incidents: dict[str, Incident] = msgspec.field(default_factory=dict)
    events: list[str] = msgspec.field(default_factory=list)

    def look(self, *, wrong: bool, now: float) -> None:
        causes = [SILENT] if wrong else []
        if wrong:
            before = self.incidents.get(SILENT.key)
            self.incidents[SILENT.key] = replace(before, seen=now) if before else incident(came=now, seen=now)
        asked = turn(causes, self.incidents, RULES, now)
        self.events += [each.event for each in asked.lines]
        for each in asked.gone:
            del self.incidents[each.key]
        for each in asked.told:
            self.incidents[each.key] = replace(each, told=each.told or now, reminded=now)


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 3000)), max_size=80))
def test_raised_and_cleared_take_turns_whatever_comes_and_goes(looks: list[tuple[bool, float]]) -> None:
    receiver, now = Told(), NOW
    for wrong, seconds in looks:
        now += seconds
        receiver.look(wrong=wrong, now=now)
    turns = [each for each in receiver.events if each != "reminded"]
    assert turns == ["raised", "cleared"] * (len(turns) // 2) + ["raised"] * (len(turns) % 2)


def test_a_station_that_flaps_is_told_once() -> None:
    receiver = Told()
    for number in range(100):
        receiver.look(wrong=number % 2 == 0, now=NOW + number * 100)
    assert receiver.events == ["raised"]


LINES = [
    Line("raised", number, "silent", place, whole, 1, 1, NOW, "")
    for number, (place, whole) in enumerate(
        [("37081101", False), ("370811", True), ("41", True), ("", True), ("", False)]
    )
]


def test_who_looks_after_a_prefix_is_told_of_its_stations_and_of_wider_places_that_have_them() -> None:
    assert [each.number for each in told_to(LINES, "3708")] == [0, 1, 3]
    assert [each.number for each in told_to(LINES, "37081102")] == [1, 3]
    assert told_to(LINES, "") == LINES, "what is wrong at the server is for the whole province"


def test_a_message_has_an_end() -> None:
    shown, more = parted(LINES * 20)
    assert (len(shown), more) == (40, 60)


def test_the_day_of_the_daily_message_begins_at_its_hour() -> None:
    midnight = NOW - (NOW + 8 * 3600) % 86_400
    days = [day_of(midnight + hour * 3600, RULES) for hour in (7.9, 8, 31.9, 32)]
    assert [each - days[0] for each in days] == [0, 1, 1, 2]


# The settings.

MAIL = {"name": "duty", "host": "mail.example.org", "sender": "stations@example.org", "to": ["duty@example.org"]}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"mails": []}, "unknown field `mails`"),
        ({"remind_hours": 0}, "remind_hours"),
        ({"office": "office.example.org"}, "office is no address"),
        ({"mail": [MAIL, MAIL]}, "two receivers are called duty"),
        ({"mail": [{**MAIL, "name": "The Duty"}]}, r"\$.mail\[0\].name"),
        ({"mail": [{**MAIL, "to": []}]}, r"\$.mail\[0\].to"),
        ({"mail": [{**MAIL, "to": ["a@b\r\nBcc: c@d"]}]}, r"\$.mail\[0\].to"),
        ({"mail": [{**MAIL, "user": "stations"}]}, "belong together"),
        ({"mail": [{**MAIL, "user": "a", "password_file": "b", "security": "none"}]}, "a password is sent"),
        ({"mail": [{**MAIL, "password": "secret"}]}, "unknown field `password`"),
        ({"webhook": [{"name": "robot"}]}, "url_file"),
        ({"webhook": [{"name": "robot", "url_file": "a", "form": "slack"}]}, "slack"),
        ({"webhook": [{"name": "robot", "url_file": "a", "secret_file": "b"}]}, "dingtalk"),
    ],
)
def test_what_is_wrong_in_the_settings_is_said_with_its_place(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        msgspec.convert(wrong, AlarmSettings)


@pytest.mark.parametrize(
    "text", ["", "mail.example.org", "ftp://a", "https://", "https://[", "https://a b", "https://a:99999", "https://é"]
)
def test_no_address_is_called_that_is_none(text: str) -> None:
    assert not is_url(text)
    assert is_url("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1")
