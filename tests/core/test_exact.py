"""Whole values and the instants at which they turn: what a mutant of the rules would get wrong without being seen elsewhere."""

from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk import BUILD_TIME
from kiosk.core import entries as fact
from kiosk.core.clock import LEEWAY, SYNCED_FOR, Clock, Instant, Quality, provably_early, provably_expired, raise_floor
from kiosk.core.documents import NONCE_HOLDS, versions
from kiosk.core.door import door as d
from kiosk.core.door.access import PHONE_WINDOW, SECOND_CHANCE
from kiosk.core.door.door import GRACE, Door, DoorRules
from kiosk.core.door.tables import Claim, ContactSignal, DoorMode, DoorState, LockState
from kiosk.core.entries import Stamp
from kiosk.core.events import (
    Asked,
    CommitFailed,
    Committed,
    DoorRequested,
    Edge,
    Keep,
    KeepFloor,
    Offered,
    Record,
    Restart,
    Scanned,
    SetLock,
    Tick,
    Verb,
)
from kiosk.core.freshness import Freshness, freshness, keys_until
from kiosk.core.limit import Limit, tell
from kiosk.core.step import due, stamp
from kiosk.trust.documents import CommandDocument, Refusal
from kiosk.trust.keyset import NO_KEYS, Keyset
from kiosk.trust.passes import Kind, PassClass, show_bound
from kiosk.trust.policy import DoorPolicy, PolicyDocument, ProgrammePolicy
from kiosk.trust.reasons import Reason
from kiosk.trust.status import Status, StatusDocument
from tests.core.bench import Bench, logged
from tests.keys import (
    DAY,
    DOCUMENT,
    ISSUER,
    NOW,
    PHONE,
    bound,
    claims,
    document,
    keyset_document,
    signed,
    status_document,
    time_document,
    trusted,
)

CODE = "37081101"


def record(commands: Any) -> Record:
    """The one record among the commands, which comes first."""
    assert isinstance(commands[0], Record)
    assert not any(isinstance(each, Record) for each in commands[1:])
    return commands[0]


def synced(bench: Bench) -> Bench:
    bench.take(Asked("n"))
    bench.take(Offered(time_document(NOW + round(bench.boot), "n")))
    bench.said.clear()
    return bench


def test_a_grant_is_recorded_whole_with_its_ticket_and_stamp() -> None:
    bench = synced(Bench())
    text = show_bound(bound(), PHONE, NOW)
    found = record(bench.take(Scanned("main", text, 0.05)))
    (entry,) = found.entries
    assert isinstance(entry, fact.Granted)
    assert len(entry.token) == 16
    expires = claims().expires
    assert entry == fact.Granted("main", 7, 0, int(Kind.BOUND), entry.token, expires, again=False, shown_at=NOW)
    assert (found.ticket, found.stamp) == (
        1,
        Stamp(bench.boot, bench.state.clock.wall(Instant(0.1, NOW + 0.1)), Quality.SYNCED),
    )
    bench.take(Committed(1))
    again = record(bench.take(Scanned("main", text, 0.06)))
    assert (again.ticket, again.entries[0].again) == (2, True)  # type: ignore[union-attr]
    steward = record(bench.take(Scanned("main", signed(claims(8, Kind.LIVE, pass_class=PassClass.STEWARD)), 0.07)))
    entry = steward.entries[0]
    assert isinstance(entry, fact.Granted)
    assert (entry.index, entry.pass_class, entry.pass_kind, entry.shown_at) == (8, 2, 1, 0)


def test_a_refusal_names_the_credential_where_a_signature_vouches_for_it() -> None:
    bench = Bench()
    bench.take(Offered(status_document(1, {7: Status.REVOKED})))
    (entry,) = logged(bench.take(Scanned("main", signed(claims(7)), 0.0)))
    assert entry == fact.Denied("main", "revoked", 7)
    found = record(bench.take(Scanned("main", "rubbish", 0.0)))
    assert found.entries == (fact.Denied("main", "not_a_pass"),)
    assert found.ticket == 0


def test_the_stamp_is_the_stations_own_time() -> None:
    bench = Bench()
    assert stamp(bench.state, Instant(5.0, 0.0)) == Stamp(5.0, bench.state.clock.earliest(5.0), Quality.UNSET)
    assert stamp(bench.state, Instant(5.0, NOW + 9.0)) == Stamp(5.0, NOW + 9.0, Quality.UNSET)


def test_a_pass_raises_the_floor_by_a_day_at_most() -> None:
    bench = Bench()
    bench.outcome(signed(claims(issued_at=BUILD_TIME + 5 * DAY)))
    assert bench.state.clock.earliest(bench.boot) == pytest.approx(BUILD_TIME + DAY, abs=1)


def test_nothing_is_due_where_nothing_waits() -> None:
    assert due(replace(Bench().state, sensors={}), 0.2) == math.inf


@pytest.mark.parametrize(
    ("after", "outcome"), [(SECOND_CHANCE, "open"), (SECOND_CHANCE + 0.01, "replayed"), (89.99, "replayed")]
)
def test_the_instants_at_which_a_card_turns(after: float, outcome: str) -> None:
    bench, text = Bench(), signed(claims())
    began = bench.boot
    assert bench.outcome(text) == "open"
    bench.wait(after - (bench.boot - began))
    bench.boot = began + after
    assert bench.outcome(text) == outcome


def test_a_card_rests_for_exactly_its_rest() -> None:
    bench, text = Bench(), signed(claims())
    began = bench.boot
    bench.outcome(text)
    bench.wait(89)
    bench.boot = began + 90.0
    assert bench.outcome(text) == "open"


def test_the_fault_of_a_slow_or_failing_disk_is_named() -> None:
    bench = Bench()
    bench.take(Scanned("main", signed(claims(1)), 0.0))
    bench.wait(0.31)
    assert bench.state.faults == {"logbook": "slow"}
    bench.take(CommitFailed(0, "disk full"))
    assert bench.state.faults == {"logbook": "disk full"}
    bench.take(Committed(0))
    assert bench.state.faults == {}


def test_fire_and_overrides_are_told_whole() -> None:
    bench = Bench()
    for active in (True, False):
        bench.take(Edge("fire", active=active, at=bench.boot))
        bench.wait(0.1)
    told = [each for each in logged(bench.said) if isinstance(each, fact.FireRelease)]
    assert told == [fact.FireRelease(True), fact.FireRelease(False)]
    bench.said.clear()
    bench.take(DoorRequested("main", Verb.HOLD, "li"))
    bench.take(DoorRequested("main", Verb.RELEASE, "li"))
    operated = [each for each in logged(bench.said) if isinstance(each, fact.Operated)]
    assert operated == [fact.Operated("main", "hold", "li", 900.0), fact.Operated("main", "release", "li")]
    assert bench.state.doors["main"].locked_at == bench.boot


def test_a_keyset_and_a_list_are_applied_whole() -> None:
    bench = Bench(keyset=NO_KEYS)
    assert versions(bench.state) == {"keyset": 0, "status": 0, "policy": 0, "command": 0, "service": 0}
    commands = bench.take(Offered(keyset_document()))
    floor = KeepFloor(bench.state.clock.earliest(bench.boot))
    assert record(commands).entries == (fact.DocumentApplied("keyset", 1),)
    assert commands[1:] == [Keep("keyset", 1, keyset_document()), floor]
    assert floor.floor == NOW, "its time is a proof"
    body = status_document(3, {7: Status.REVOKED})
    commands = bench.take(Offered(body))
    assert record(commands).entries == (fact.DocumentApplied("status", 3),)
    assert Keep("status", 3, body) in commands
    assert bench.state.trust.status.issued_at == NOW
    assert versions(bench.state) == {"keyset": 1, "status": 3, "policy": 0, "command": 0, "service": 0}
    assert keys_until(bench.state) == NOW + 400 * DAY
    for again in (keyset_document(), body):
        assert bench.take(Offered(again)) == [], "the same is no news"


def refused(bench: Bench, body: bytes) -> list[str]:
    before = bench.state.trust, bench.state.policy, bench.state.commanded
    told = [each.refusal for each in logged(bench.take(Offered(body))) if isinstance(each, fact.DocumentRefused)]
    assert (bench.state.trust, bench.state.policy, bench.state.commanded) == before
    return [str(each) for each in told]


def test_each_refusal_of_a_document_is_told() -> None:
    bench = Bench()
    bench.take(Offered(status_document(5, {})))
    newer = Keyset(2, NOW, (trusted(ISSUER, "issuer"), trusted(DOCUMENT, "document")))
    bench.take(Offered(keyset_document(newer)))
    assert refused(bench, keyset_document()) == ["old_version"]
    assert refused(bench, status_document(4, {})) == ["old_version"]
    assert refused(bench, document(StatusDocument(6, NOW, b"rubbish"))) == ["malformed"]
    assert refused(bench, keyset_document(Keyset(3, NOW, (trusted(ISSUER, "issuer"),)))) == ["no_usable_key"]
    assert refused(bench, document(PolicyDocument(1, NOW, "44"))) == ["other_station"]
    assert refused(bench, document(PolicyDocument(1, NOW, fresh_for=2, stale_for=1))) == ["contradictory"]
    assert refused(bench, b"") == [Refusal.MALFORMED]
    for _ in range(20):
        bench.take(Offered(b""))
    bench.wait(3601)
    (last,) = logged(bench.take(Offered(b"")))
    assert last == fact.DocumentRefused("malformed", 7)


@pytest.mark.parametrize(("after", "quality"), [(NONCE_HOLDS, Quality.SYNCED), (NONCE_HOLDS + 0.1, Quality.FLOOR)])
def test_a_nonce_holds_for_two_minutes_and_once(after: float, quality: Quality) -> None:
    bench = Bench()
    asked = bench.boot
    bench.take(Asked("n"))
    bench.take(Asked("other"))
    bench.boot = asked + after
    bench.take(Offered(time_document(NOW + 500, "n")))
    assert bench.state.clock.quality(bench.boot) is quality
    assert bench.state.nonces == {"other": asked}
    assert bench.said[-1] == KeepFloor(bench.state.clock.earliest(bench.boot))


def test_how_old_a_list_is_by_the_policys_measure() -> None:
    bench = Bench()
    assert freshness(bench.state, bench.boot) is Freshness.MISSING
    bench.take(Offered(status_document(1, {})))
    assert freshness(bench.state, bench.boot) is Freshness.STALE, "nobody can prove that it is of today"
    bench = synced(bench)
    assert freshness(bench.state, bench.boot) is Freshness.FRESH
    for days, expected in (
        (1.9, Freshness.FRESH),
        (2.1, Freshness.STALE),
        (29.9, Freshness.STALE),
        (30.1, Freshness.OLD),
    ):
        assert freshness(bench.state, bench.boot + days * DAY) is expected, days


def test_a_policy_that_wants_a_newer_list_refuses_workers_and_no_staff() -> None:
    bench = synced(Bench())
    bench.take(Offered(document(PolicyDocument(1, NOW, refuse_when_old=True))))
    bench.take(Offered(status_document(1, {})))
    assert bench.outcome(signed(claims(1, expires=NOW + 99 * DAY))) == "open"
    bench.wait(31 * DAY)
    assert bench.outcome(signed(claims(1, expires=NOW + 99 * DAY))) == "old_list"
    assert bench.outcome(signed(claims(2, expires=NOW + 99 * DAY, pass_class=PassClass.STEWARD))) == "open"
    bench.take(Offered(document(PolicyDocument(2, NOW))))
    bench.wait(100)
    assert bench.outcome(signed(claims(1, expires=NOW + 99 * DAY))) == "open", "by default a valid pass opens"


def test_a_policys_calendar_takes_the_place_of_the_settings_and_gives_it_back() -> None:
    bench = synced(Bench(pulse=7.0))
    bench.state = replace(bench.state, rules={"main": bench.state.doors["main"].rules}, utc_offset=8 * 3600)
    programme = ProgrammePolicy("heat", NOW + 100, NOW + 200, None, "everybody")
    policy = PolicyDocument(3, NOW, "3708", {"main": DoorPolicy(("daily 03:00-03:01",), (), (programme,))})
    commands = bench.take(Offered(document(policy)))
    assert record(commands).entries == (fact.DocumentApplied("policy", 3),)
    rules = bench.state.doors["main"].rules
    assert (rules.pulse, rules.always, rules.schedule.hours.offset) == (7.0, frozenset(), 8 * 3600)  # type: ignore[union-attr]
    assert [each.name for each in rules.schedule.programmes] == ["heat"]
    assert bench.outcome(signed(claims(pass_class=PassClass.STEWARD))) == "closed"
    bench.wait(110)
    assert bench.state.doors["main"].mode is DoorMode.HELD_OPEN
    bench.take(Offered(document(PolicyDocument(4, NOW))))
    bench.take(Tick())
    assert bench.state.doors["main"].rules == bench.state.rules["main"]
    assert bench.is_locked()


def command(verb: str, number: int = 1, **more: Any) -> bytes:
    return document(CommandDocument(number, f"id-{number}", CODE, verb, NOW, NOW + 300, **more))  # type: ignore[arg-type]


def obeyed(bench: Bench, body: bytes) -> tuple[list[Any], list[Any]]:
    """What is told before its commit, and everything after it."""
    found = record(bench.take(Offered(body)))
    assert found.ticket
    return list(found.entries), bench.take(Committed(found.ticket))


def test_a_command_is_told_and_stored_before_it_is_obeyed() -> None:
    bench = synced(Bench())
    body = command("unlock", seconds=3)
    commands = bench.take(Offered(body))
    assert record(commands).entries == (fact.CommandStarted("id-1", 1, "unlock"),)
    assert commands[1:] == [Keep("command", 1, body)]
    assert bench.is_locked()
    commands = bench.take(Committed(record(commands).ticket))
    entries = record(commands).entries
    assert entries[0] == fact.Operated("main", "open", "central id-1", 3.0)
    assert entries[-1] == fact.CommandEnded("id-1", "done")
    assert any(isinstance(each, SetLock) and each.unlocked for each in commands)
    assert bench.take(Offered(body)) == [], "the same is no news"
    assert refused(bench, command("unlock", 0 + 1)) == []
    bench.wait(3.1)
    assert bench.is_locked()


def test_a_command_does_not_wait_for_a_dying_disk() -> None:
    bench = synced(Bench())
    bench.take(Offered(command("hold_open")))
    assert bench.is_locked()
    bench.wait(0.31)
    assert not bench.is_locked()


def test_what_becomes_of_each_command() -> None:
    bench = synced(Bench())
    for number, (verb, door, outcome) in enumerate(
        [
            ("lock_down", "", "done"),
            ("unlock", "", "locked_down"),
            ("hold_open", "main", "locked_down"),
            ("release", "", "done"),
            ("unlock", "cellar", "no_such_door"),
        ],
        1,
    ):
        started, commands = obeyed(bench, command(verb, number, door=door))
        assert started == [fact.CommandStarted(f"id-{number}", number, verb, door)]
        assert logged(commands)[-1] == fact.CommandEnded(f"id-{number}", outcome)
    _, commands = obeyed(bench, command("restart", 6, program="scanner"))
    assert Restart("scanner") in commands
    bench.state = replace(bench.state, faults={"camera": "black"})
    _, commands = obeyed(bench, command("report", 7))
    report = logged(commands)[0]
    assert isinstance(report, fact.Reported)
    assert (report.command, report.doors, report.faults) == (
        "id-7",
        {"main": "normal locked closed none"},
        {"camera": "black"},
    )
    assert (report.documents, report.list) == (versions(bench.state), "missing")
    bench.take(Offered(status_document(1, {})))
    _, commands = obeyed(bench, command("report", 8))
    assert [each.list for each in logged(commands) if isinstance(each, fact.Reported)] == ["fresh"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (document(CommandDocument(1, "a", "37081102", "unlock", NOW, NOW + 300)), "other_station"),
        (document(CommandDocument(1, "a", CODE, "unlock", NOW - 300, NOW - 1)), "not_in_time"),
    ],
)
def test_a_command_for_another_station_or_out_of_its_time_is_refused(body: bytes, refusal: str) -> None:
    assert refused(synced(Bench()), body) == [refusal]
    assert refused(Bench(), command("unlock")) == ["not_in_time"], "without a clock nobody can prove that it is in time"


def test_an_older_command_is_refused() -> None:
    bench = synced(Bench())
    obeyed(bench, command("lock_down", 5))
    assert refused(bench, command("unlock", 4)) == ["old_version"]


def test_the_clocks_exact_bounds() -> None:
    clock = Clock(1000.0, 0.0, 1000.0, 0.0, raised=True)
    assert clock.quality(SYNCED_FOR) is Quality.SYNCED
    assert clock.quality(SYNCED_FOR + 0.1) is Quality.HOLDOVER
    late = replace(clock, hi_at=5000.0)
    assert late.quality(5000.0 + SYNCED_FOR) is Quality.SYNCED
    assert raise_floor(clock, 1000.0, 0.0) is clock
    assert raise_floor(clock, 1001.0, 0.0) is clock, "what bounds it from above refutes it"
    later = replace(clock, hi=1001.0)
    assert raise_floor(later, 1001.0, 0.0) == replace(later, lo=1001.0)
    assert provably_early(clock, 1000.0 + LEEWAY + 1, 0.0)
    assert not provably_early(clock, 1000.0 + LEEWAY, 0.0)
    assert not provably_expired(clock, 1000.0 - LEEWAY, 0.0)
    assert provably_expired(clock, 1000.0 - LEEWAY - 1, 0.0)


def test_the_phones_window_is_exact() -> None:
    bench = Bench()
    bench.state = replace(bench.state, clock=Clock(float(NOW), bench.boot, float(NOW), bench.boot, raised=True))
    for shown, outcome in (
        (NOW - PHONE_WINDOW, "open"),
        (NOW - PHONE_WINDOW - 1, Reason.TOO_OLD),
        (NOW + PHONE_WINDOW, "open"),
        (NOW + PHONE_WINDOW + 1, Reason.PHONE_AHEAD),
    ):
        assert bench.outcome(show_bound(bound(), PHONE, round(shown))) == outcome


def test_the_limit_on_what_is_logged_is_exact() -> None:
    limit, told = Limit(most=2, within=10.0, longest=15.0), []
    for now in (100.0, 101.0, 102.0, 105.99, 106.0, 115.99, 116.0, 125.9, 131.0, 141.0):
        limit, suppressed = tell(limit, now)
        told.append(suppressed)
    assert told == [0, 0, None, None, 2, None, 1, None, 1, 0], (
        "after 5, 10 and 15 seconds, and anew after 10 without any"
    )


def test_an_open_door_takes_a_grant_at_once_and_a_close_within_the_grace_is_asked() -> None:
    door, _ = d.contact(Door("main", DoorRules()), ContactSignal.OPENED, 1.0)
    door, outcomes = d.claim(door, Claim.PASS, 7.0, 2.0, seen=1.5)
    assert outcomes == (fact.Taken("main"), SetLock("main", True, 1.5), fact.Unlocked("main", "pass"))
    assert (door.awaited, door.claimed_at) == (False, 2.0)
    held, _ = d.claim(door, Claim.HOLD, 9.0, 3.0)
    assert held.claimed_at == 2.0, "a hold is nobody's passage"
    for late, alarm in ((GRACE, "none"), (GRACE + 0.01, "forced_open")):
        shut, _ = d.contact(Door("main", DoorRules()), ContactSignal.CLOSED, 50.0)
        assert (shut.lock, shut.locked_at) == (LockState.LOCKED, 50.0)
        found, _ = d.contact(shut, ContactSignal.OPENED, 50.0 + late)
        assert found.alarm == alarm
    taken, outcomes = d.contact(replace(shut, awaited=True, lock=LockState.UNLOCKED), ContactSignal.OPENED, 60.0)
    assert outcomes == (fact.Taken("main"),)
    assert taken.awaited is False


def test_a_bolt_that_moves_is_judged_from_then_on() -> None:
    door = replace(Door("main", DoorRules(has_bolt=True)), lock=LockState.LOCKED, bolt=True)
    moved, outcomes = d.bolt(door, False, 5.0)
    assert (moved.bolt, moved.moved_at, outcomes) == (False, 5.0, ())
    assert d.due(moved) == 5.0 + d.JAMMED_AFTER


def test_the_leaf_and_the_lock_restart_the_bolts_time_and_a_jam_is_told_with_the_rest() -> None:
    rules = DoorRules(has_bolt=True)
    shut = replace(Door("main", rules), mode=DoorMode.NORMAL, lock=LockState.LOCKED, bolt=False, door=DoorState.OPEN)
    closed, _ = d.contact(shut, ContactSignal.CLOSED, 5.0)
    assert closed.moved_at == 5.0
    opened, _ = d.claim(replace(shut, bolt=True), Claim.PASS, 20.0, 7.0)
    assert (opened.lock, opened.moved_at) == (LockState.UNLOCKED, 7.0)
    both = replace(closed, lock=LockState.UNLOCKED, bolt=True, claims={Claim.PASS: 9.0, Claim.HOLD: 30.0}, awaited=True)
    _, outcomes = d.tick(both, 9.0)
    assert outcomes == (fact.NotTaken("main"), fact.LockFault("main", jammed=True))
