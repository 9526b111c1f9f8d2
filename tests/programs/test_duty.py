"""What becomes of a cause: who did what about it, who was told, and what is left when it comes again. On both databases."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest
import requests
from msgspec.structs import replace

from kiosk.central import jobs
from kiosk.central.alarms import sender, sending
from kiosk.central.alarms.sender import AGAIN, MOST_AGAIN, Sender, Telling
from kiosk.central.alarms.settings import AlarmSettings, Webhook
from kiosk.central.alarms.words import letter
from kiosk.central.duty import DutyAct, DutyNote
from kiosk.central.looking import KEPT_FOR, UNSENT_AFTER, Looking, Wrong, seen_by
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.messages import GIVES_UP, LEASE, MOST_WAITING, UNENDED, Body
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import SILENT_AFTER, Sighting
from kiosk.central.wrong import Cause
from kiosk.demo.founding import founded
from tests.keys import private, public
from tests.programs.house import until
from tests.programs.test_central_bounds import CODES, DOCUMENTS, batch, bearer, entry, post, running
from tests.programs.test_register import NOW, take, told, verb
from tests.receivers import Hook, receiving

HERE = [f"370811{number:02}" for number in range(1, 6)]
THERE = "37081201"
SILENT_AT = NOW + SILENT_AFTER + 1
HOOK = Webhook("robot", "url")
RULES = AlarmSettings(webhook=(HOOK,), language="en", daily=None)


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    """Of six stations, which were heard at NOW."""
    with closing(CentralStore(central_folder)) as store:
        store.alarm_rules = RULES
        store.add_stations([Registered(code, f"Station {code[-1]}") for code in (*HERE, THERE)], NOW)
        for number, code in enumerate((*HERE, THERE)):
            store.enrol(code, store.make_claim(code, NOW), public(private(60 + number)), NOW)
        heard(store, [*HERE, THERE], NOW)
        yield store


def heard(store: CentralStore, codes: list[str], at: float) -> None:
    store.saw([Sighting(code, at, "1", "") for code in codes])


def wrong(store: CentralStore, now: float, scope: Scope = EVERYWHERE) -> list[Cause]:
    return Wrong(store, now).seen_by(scope)


def look(store: CentralStore, now: float, rules: AlarmSettings = RULES) -> None:
    Telling(store, rules, lambda: now).look()


def note(act: DutyAct, until: float | None = None, whom: str = "", why: str = "") -> DutyNote:
    return DutyNote(0, 0, NOW, "wang", act, until, whom, why)


def queued(store: CentralStore) -> list[list[tuple[str, str]]]:
    """Of each message, the oldest first, what it says."""
    return [[(each.event, each.place) for each in message.body.lines] for message in reversed(store.messages(100))]


def force(store: CentralStore, seq: int, alarm: str, code: str = THERE) -> None:
    take(store, told(seq, "door_alarm", door="main", alarm=alarm), code=code)


def test_a_silent_district_is_one_cause_and_nobody_sees_what_is_not_theirs(store: CentralStore) -> None:
    assert wrong(store, NOW) == []
    force(store, 1, "forced_open")
    heard(store, HERE[4:], SILENT_AT)
    heard(store, [THERE], SILENT_AT)
    district, forced = sorted(wrong(store, SILENT_AT), key=lambda each: each.what, reverse=True)
    assert (district.key, district.stations, forced.key) == ("silent@370811*", tuple(HERE[:4]), f"forced_open@{THERE}")
    assert wrong(store, SILENT_AT, Scope("370812")) == [forced]
    assert wrong(store, SILENT_AT, Scope(HERE[0])) == [replace(district, stations=(HERE[0],))]
    assert wrong(store, SILENT_AT, Scope(HERE[4])) == []


def test_what_is_wrong_at_the_server_is_seen_by_who_looks_after_all() -> None:
    cause = Cause("server.keys_end", "", whole=False, stations=(), of=1, since=NOW, detail="")
    assert seen_by(cause, EVERYWHERE) == cause
    assert seen_by(cause, Scope("37")) is None


def test_what_was_done_about_a_cause_stands_at_it_and_in_the_audit_and_goes_with_it(store: CentralStore) -> None:
    force(store, 1, "forced_open")
    (forced,) = wrong(store, NOW)
    for each in (
        note("acknowledged"),
        note("assigned", whom="li"),
        note("muted", NOW + 60, why="a carpenter is there"),
    ):
        store.on_duty(forced, each, NOW)
    incident = store.incidents()[forced.key]
    assert [(each.account, each.act, each.why) for each in incident.notes][2] == (
        "wang",
        "muted",
        "a carpenter is there",
    )
    assert (incident.acknowledged and incident.acknowledged.account, incident.assigned) == ("wang", "li")
    assert [incident.mute(NOW + seconds) for seconds in (59, 60)] == [True, False]
    assert [(each.what, each.about, each.scope) for each in store.acts(Scope(THERE))][::-1] == [
        (act, forced.key, THERE) for act in ("acknowledged", "assigned", "muted")
    ]
    assert store.broken_audit() is None
    force(store, 2, "none")
    look(store, NOW + RULES.quiet)
    assert store.incidents() == {}
    assert [each.key for each in store.ended_causes(EVERYWHERE)] == [forced.key]
    force(store, 3, "forced_open")
    look(store, NOW + RULES.quiet + 30)
    again = store.incidents()[forced.key]
    assert (again.notes, again.number > incident.number) == ((), True), "it is a new one"


def test_whatever_a_station_calls_its_trouble_it_is_told_and_keeps_nobody_else_s_from_being_told(
    store: CentralStore,
) -> None:
    names = [
        "a\0b",
        "\x1b[31m",
        "<script>",
        "'; DROP TABLE causes; --",
        "a*b?[c]",
        "x" * 5000,
        "",
        ".",
        "sensor.",
        "{who}",
        "\u202e",
    ]
    take(store, *(told(number, "fault", what=what, detail=what) for number, what in enumerate(names, 1)), code=HERE[0])
    force(store, 1, "forced_open")
    look(store, NOW)
    look(store, NOW + RULES.settle)
    lines = [line for message in store.messages(9) for line in message.body.lines]
    assert {HERE[0], THERE} == {each.place for each in lines}
    for each in wrong(store, NOW):
        store.on_duty(each, note("noted", why="looked at"), NOW)
    for message in store.messages(9):
        said = letter(message, RULES)
        assert "\0" not in said.text + said.subject
        assert "\n" not in said.subject


def test_it_is_told_when_it_comes_and_when_it_is_gone_and_never_twice(store: CentralStore) -> None:
    force(store, 1, "forced_open")
    for seconds in (0, 30, 60):
        look(store, NOW + seconds)
    force(store, 2, "none")
    for seconds in (90, 660, 661, 700):
        look(store, NOW + seconds)
    assert queued(store) == [[("raised", THERE)], [("cleared", THERE)]]
    assert store.messages(1)[0].body.lines[0].name == "Station 1"


def test_one_message_tells_of_all_that_came_at_once_and_each_receiver_of_its_own(store: CentralStore) -> None:
    rules = replace(RULES, webhook=(HOOK, Webhook("here", "url", scope="370811"), Webhook("nobody", "url", scope="41")))
    force(store, 1, "forced_open")
    force(store, 1, "held_open", HERE[0])
    look(store, NOW, rules)
    look(store, NOW + 300, rules)
    sent = [(each.receiver, [line.place for line in each.body.lines]) for each in store.messages(9)]
    assert sent == [("here", [HERE[0]]), ("robot", [HERE[0]]), ("robot", [THERE])]


def test_every_day_the_head_of_the_audit_goes_out_once(store: CentralStore) -> None:
    rules = replace(RULES, daily=8)
    for seconds in (0, 30, 86_400):
        look(store, NOW + seconds, rules)
    daily = [each for each in store.messages(9) if each.kind == "daily"]
    head = store.audit_head()
    assert [each.body.head for each in daily] == [f"{head.number} {head.digest.hex()}"] * 2


def test_a_message_is_one_sender_s_alone_and_is_tried_again_ever_more_rarely(store: CentralStore) -> None:
    store.queue_message("robot", "test", Body([]), NOW)
    first = store.next_message("robot", NOW)
    assert first is not None
    assert store.next_message("robot", NOW + 1) is None, "another process has it"
    robot, moments, now = Sender(store, HOOK, Path("/nowhere")), list[float](), NOW + 1000
    while robot.send_next(now):
        moments.append(now)
        assert not robot.send_next(now), "not yet again"
        now = store.messages(1)[0].next
    between = [later - earlier for earlier, later in pairwise(moments)]
    assert between[0] == 2 * AGAIN, "the attempt of the other counts, too"
    assert max(between) == MOST_AGAIN
    assert between == sorted(between)
    (message,) = store.messages(9)
    assert message.ended is not None
    assert message.outcome.startswith("given up: url: No such file")


def test_a_message_that_ends_its_sender_each_time_does_so_ever_more_rarely_and_is_given_up(store: CentralStore) -> None:
    """Whatever an attempt raises that nobody foresaw: it was counted before it began."""
    store.queue_message("robot", "test", Body([]), NOW)
    now = NOW
    for attempt in range(1, 4):
        message = store.next_message("robot", now)
        assert message
        assert (message.tries, message.outcome) == (attempt, UNENDED)
        until = store.messages(1)[0].next
        assert until == now + LEASE * 2 ** (attempt - 1)
        assert store.next_message("robot", until - 1) is None
        now = until
    assert Sender(store, HOOK, Path("/nowhere")).send_next(NOW + GIVES_UP + 1)
    assert store.messages(1)[0].outcome == f"given up: {UNENDED}"


def test_only_those_count_as_told_of_whom_somebody_was_told(store: CentralStore) -> None:
    force(store, 1, "forced_open")
    look(store, NOW, AlarmSettings(daily=None))
    assert [each.told for each in store.incidents().values()] == [None], "there is no receiver"
    look(store, NOW + 30)
    assert [each.told for each in store.incidents().values()] == [NOW + 30]


def test_of_too_many_that_wait_the_oldest_give_way(store: CentralStore) -> None:
    for number in range(MOST_WAITING + 5):
        store.queue_message("robot", "test", Body([], number), NOW)
    waiting = [each.body.more for each in store.messages(1000) if each.ended is None]
    assert (len(waiting), min(waiting)) == (MOST_WAITING, 5)


def test_a_receiver_that_is_out_of_reach_is_a_cause_and_one_that_is_no_longer_named_is_none(
    store: CentralStore,
) -> None:
    store.queue_message("robot", "test", Body([]), NOW)
    later = NOW + UNSENT_AFTER + 1
    heard(store, [*HERE, THERE], later)
    assert [each.key for each in wrong(store, later)] == ["unsent.robot@"]
    look(store, later, replace(RULES, webhook=()))
    assert wrong(store, later) == []


def test_what_is_sent_arrives_in_the_language_that_is_set_and_a_failure_before_costs_nothing(
    store: CentralStore, central_folder: Path
) -> None:
    force(store, 1, "forced_open")
    look(store, NOW)
    with receiving(Hook()) as hook:
        (central_folder / "url").write_text(hook.url)
        hook.status = 500
        robot = Sender(store, HOOK, central_folder)
        assert robot.send_next(NOW)
        assert not robot.send_next(NOW + AGAIN - 1), "not yet again"
        hook.status = 200
        store.alarm_rules = replace(RULES, language="zh", office="https://office.example.org/")
        assert robot.send_next(NOW + AGAIN)
        assert not robot.send_next(NOW + 2 * AGAIN), "it was sent"
    said = json.loads(hook.taken[-1][1])
    assert f"{THERE} Station 1" in said["text"]
    assert "门被强行打开" in said["text"]
    assert "自 11-23 08:00" in said["text"], "the time of those who are told"
    assert said["text"].endswith("https://office.example.org/office/")
    assert (said["lines"][0]["what"], said["lines"][0]["event"]) == ("forced_open", "raised")
    assert store.messages(1)[0].outcome == "sent"


def test_a_receiver_that_hangs_costs_nobody_else_anything(
    store: CentralStore, central_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "STEP_WITHIN", 0.2)
    with receiving(Hook()) as hook:
        hook.mode = "hangs"
        (central_folder / "url").write_text(hook.url)
        store.queue_message("robot", "test", Body([]), NOW)
        began = time.monotonic()
        Sender(store, HOOK, central_folder).turn(Event())
        assert time.monotonic() - began < 20
    assert store.messages(1)[0].tries == 1


def test_notes_and_messages_go_with_what_points_to_persons_and_causes_later(store: CentralStore) -> None:
    force(store, 1, "forced_open")
    (forced,) = wrong(store, NOW)
    store.on_duty(forced, note("acknowledged"), NOW)
    store.note_told([*store.incidents().values()], NOW)
    force(store, 2, "none")
    look(store, NOW + RULES.quiet, AlarmSettings(daily=None))
    store.queue_message("robot", "test", Body([]), NOW)
    store.end_message(store.messages(1)[0].number, "sent", NOW)

    def kept(days: float) -> list[int]:
        for _ in store.purge(NOW + days * 86_400):
            pass
        counts = (store._engine.one(f"SELECT count(*) FROM {table}") for table in ("duty", "messages", "causes"))
        return [found[0] for found in counts if found]

    assert [kept(29), kept(32), kept(401)] == [[1, 1, 1], [0, 0, 1], [0, 0, 0]]


def test_what_came_and_went_and_nobody_was_told_of_goes_after_a_day(store: CentralStore) -> None:
    """Or a station that invents faults would fill the database for a year."""
    force(store, 1, "forced_open")
    look(store, NOW, AlarmSettings(daily=None))
    force(store, 2, "none")
    look(store, NOW + RULES.quiet, AlarmSettings(daily=None))
    counts = []
    for days in (0.5, 1.5):
        for _ in store.purge(NOW + days * 86_400):
            pass
        counts.append(store._engine.one("SELECT count(*) FROM causes"))
    assert counts == [(1,), (0,)]


def test_who_looks_again_within_seconds_is_told_the_same_and_after_an_act_anew(store: CentralStore) -> None:
    looking = Looking(store)
    first = looking.wrong(NOW)
    assert looking.wrong(NOW + KEPT_FOR - 1) is first
    assert looking.wrong(NOW + KEPT_FOR) is not first
    looking.forget()
    assert looking.wrong(NOW + KEPT_FOR) is not first


def test_the_lists_show_the_stations_as_whoever_looked_last_has_found_them(store: CentralStore) -> None:
    """All read the same thousands of lines: once in some seconds."""
    looking = Looking(store)
    before = looking.register(EVERYWHERE, NOW)
    assert [each.code for each in before] == [*HERE, THERE]
    assert [each.code for each in looking.register(Scope("370811"), NOW)] == HERE
    store.add_stations([Registered(HERE[0], "Lake")], NOW)
    assert looking.register(EVERYWHERE, NOW + KEPT_FOR - 1) == before
    assert looking.register(EVERYWHERE, NOW + KEPT_FOR)[0].name == "Lake"
    store.add_stations([Registered(HERE[0], "Gate")], NOW)
    looking.wrong(NOW + KEPT_FOR)
    assert looking.register(EVERYWHERE, NOW + KEPT_FOR)[0].name == "Gate", "it has looked"
    store.add_stations([Registered(HERE[0], "Door")], NOW)
    looking.forget()
    assert looking.register(EVERYWHERE, NOW + KEPT_FOR)[0].name == "Door"


# The verbs, and the server.


def settled(folder: Path, *webhooks: str, more: str = "") -> None:
    tables = [f'[[alarms.webhook]]\nname = "{name}"\nurl_file = "{name}"\n' for name in webhooks]
    (folder / "central.toml").write_text("\n".join([f'[alarms]\nlanguage = "en"\n{more}', *tables]))


def test_the_verb_says_what_is_wrong_and_what_was_done_about_it(tmp_path: Path) -> None:
    with closing(CentralStore(tmp_path)) as store:
        founded(tmp_path, store)
        store.add_stations([Registered(THERE, "By the river")], time.time())
        store.enrol(THERE, store.make_claim(THERE, time.time()), public(private(60)), time.time())
        assert verb(tmp_path, "wrong").exit_code == 0
        force(store, 1, "forced_open")
        (cause,) = wrong(store, time.time())
        store.on_duty(cause, note("acknowledged"), time.time())
    said = verb(tmp_path, "wrong", "3708")
    assert (said.exit_code, f"{THERE} By the river, door forced open: main" in said.output) == (1, True)
    (found,) = json.loads(verb(tmp_path, "wrong", "--json").output)
    assert (found["urgency"], found["acts"][0]["account"]) == ("door", "wang")
    assert verb(tmp_path, "wrong", "41").output.strip() == "Nothing is wrong at 0 stations."


def test_the_verb_tries_each_receiver_and_says_which_was_not_told(tmp_path: Path) -> None:
    with closing(CentralStore(tmp_path)) as store:
        founded(tmp_path, store)
    assert verb(tmp_path, "alarms", "test").exit_code == 2, "nobody is named"
    settled(tmp_path, "duty", "away")
    with receiving(Hook()) as hook:
        (tmp_path / "duty").write_text(hook.url)
        tried = verb(tmp_path, "alarms", "test")
        assert verb(tmp_path, "alarms", "test", "duty").exit_code == 0
    assert tried.exit_code == 1
    assert [line.split()[:2] for line in tried.output.splitlines()] == [["duty", "sent"], ["away", "not"]]
    assert json.loads(hook.taken[0][1])["kind"] == "test"
    assert verb(tmp_path, "alarms", "test", "dtuy").exit_code == 2
    settled(tmp_path, more="remind = 4\n")
    refused = verb(tmp_path, "alarms", "test")
    assert (refused.exit_code, "alarms.remind: no such setting" in refused.output) == (1, True)


def test_a_server_tells_by_itself_though_another_receiver_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "TELL_EVERY", 0.1)
    monkeypatch.setattr(sender, "LOOK_EVERY", 0.05)
    settled(tmp_path, "hangs", "duty")
    with receiving(Hook()) as hook, receiving(Hook()) as hung:
        hung.mode = "hangs"
        (tmp_path / "duty").write_text(hook.url)
        (tmp_path / "hangs").write_text(hung.url)
        with running(tmp_path, monkeypatch) as server:
            alarm = {**entry(1), "kind": "door_alarm", "alarm": "forced_open"}
            assert post(server, replace(batch(1), entries=[alarm])).status_code == 200
            until(lambda: len(hook.taken) > 1, "the daily message, and the alarm")
            began = time.monotonic()
            assert requests.get(server.url + DOCUMENTS, headers=bearer(), timeout=30).status_code == 200
            assert time.monotonic() - began < 20
    (line,) = (line for _path, body in hook.taken for line in json.loads(body)["lines"])
    assert (line["event"], line["what"], line["place"]) == ("raised", "forced_open", CODES[0])
    assert "sent" in verb(tmp_path, "alarms", "sent").output
