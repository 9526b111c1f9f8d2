"""Who is told what is wrong, and when: once when it comes, again until somebody looks after it, once when it is gone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.alarms.settings import AlarmSettings, Mail, is_url
from kiosk.central.alarms.telling import MOST_LINES, Line, Turn, day_of, told_to, turn
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


def alone(what: str, code: str) -> Cause:
    return Cause(what, code, whole=False, stations=(code,), of=1, since=NOW, detail="")


def many(causes: list[Cause], **more: float) -> dict[str, Incident]:
    return {each.key: replace(incident(each, **more), number=number) for number, each in enumerate(causes)}


def test_what_strangers_say_of_a_station_takes_none_of_the_lines_in_which_it_tells_of_a_fire() -> None:
    said = [alone(f"voice.{what}", "37081101") for what in ("did_not_open", "blocked", "dangerous")]
    told, fire = many(said, told=NOW), alone("fire", "37081101")
    found = turn([fire, *said], told | {fire.key: replace(incident(fire), number=9)}, RULES, NOW + 60)
    assert [each.what for each in found.lines] == ["fire"]


def test_what_strangers_say_is_told_at_once_in_the_room_that_all_else_leaves() -> None:
    said = [alone("voice.did_not_open", f"3708{number:04}") for number in range(100)]
    gone, fire = many([alone("forced_open", "37090101")], told=NOW - 9000, seen=NOW - 9000), alone("fire", "37090102")
    incidents = many([*said, fire]) | {key: replace(each, number=500) for key, each in gone.items()}
    found = turn([*said, fire], incidents, RULES, NOW)
    assert [(each.what, each.event) for each in found.lines[:2]] == [("fire", "raised"), ("forced_open", "cleared")]
    assert len(found.lines) == MOST_LINES
    assert {each.what for each in found.held} == {"voice.did_not_open"}


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


def look(causes: list[Cause], known: dict[str, Incident], now: float) -> Turn:
    """A look, after which who was told is kept."""
    for each in causes:
        found = Incident(len(known) + 1, each.key, each.what, each.place, now, now, None, None, None)
        known.setdefault(each.key, found)
    asked = turn(causes, known, RULES, now)
    for told in asked.told:
        known[told.key] = replace(told, told=told.told or now, reminded=now)
    return asked


def test_what_no_receiver_sees_keeps_nobody_elses_lines_back() -> None:
    far = [alone("forced_open", f"3799{number:04}") for number in range(MOST_LINES)]
    near = alone("fire", "37081101")
    known = {each.key: replace(incident(each), number=number) for number, each in enumerate([*far, near])}
    rules = AlarmSettings(mail=(Mail("city", "mail.example", "a@b.example", ("c@d.example",), scope="3708"),))
    asked = turn([*far, near], known, rules, NOW)
    assert ([each.place for each in asked.lines], asked.held) == (["37081101"], [])
    assert [each.place for each in asked.told] == ["37081101"]
    old = {key: replace(each, told=NOW, seen=NOW - rules.quiet) for key, each in known.items()}
    gone = turn([], old, rules, NOW + 1)
    assert ([each.place for each in gone.lines], len(gone.gone)) == (["37081101"], MOST_LINES + 1)


def faults(station: str, count: int) -> list[Cause]:
    return [Cause(f"fault.x{number}", station, whole=False, stations=(station,), of=1, since=NOW, detail="")
            for number in range(count)]  # fmt: skip


def test_a_station_that_invents_faults_has_a_few_lines_an_hour_and_others_have_theirs() -> None:
    known: dict[str, Incident] = {}
    causes = [*faults("37081101", 64), *faults("37081102", 1), DISTRICT]
    asked = look(causes, known, NOW + RULES.settle)
    later = look(causes, known, NOW + 2 * RULES.settle)
    assert [(each.place, each.more) for each in asked.lines] == [], "not before they have lasted"
    assert [(each.place, each.more) for each in later.lines] == [
        ("37081101", 0), ("37081101", 0), ("37081101", 61), ("37081102", 0), ("370811", 0),
    ]  # fmt: skip
    assert len(later.told) == 5, "what was not told does not count as told"
    assert look(causes, known, NOW + 3 * RULES.settle).lines == [], "nor is it told every half minute"
    assert len(look(causes, known, NOW + 2 * RULES.settle + 3600).lines) == 3, "the next of it after an hour"


@pytest.mark.parametrize(("raised", "over"), [(0, 0), (1, 1), (39, 2), (40, 0), (0, 41), (130, 200)])
def test_what_a_message_has_no_room_for_is_told_by_the_next(raised: int, over: int) -> None:
    known: dict[str, Incident] = {}
    causes = [each for number in range(raised) for each in faults(f"{37081100 + number}", 1)]
    look(causes, known, NOW)
    gone = [each for number in range(over) for each in faults(f"{41000000 + number}", 1)]
    look(gone, known, NOW)
    for each in gone:
        known[each.key] = replace(known[each.key], told=NOW)
    told, now = list[str](), NOW + RULES.quiet
    for _turn in range(12):
        asked = look(causes, known, now)
        assert len(asked.lines) <= MOST_LINES
        assert not asked.lines or len(asked.held) == raised + over - len(told) - len(asked.lines)
        told += [f"{each.event} {each.place}" for each in asked.lines]
        for one in asked.gone:
            del known[one.key]
        now += 30
    assert sorted(told) == sorted(
        [*(f"raised {each.place}" for each in causes), *(f"cleared {each.place}" for each in gone)]
    )


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
