"""The command `admit`: judged as the pass would be for which it stands, once, provably in time, and never more."""

from __future__ import annotations

from itertools import count

import pytest
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.hours import Hours, Schedule, Window
from kiosk.core.entries import Entry
from kiosk.core.events import (
    Asked,
    Command,
    CommitFailed,
    Committed,
    DoorRequested,
    Edge,
    Offered,
    Record,
    Scanned,
    SetLock,
    Verb,
)
from kiosk.station.phone_code import PhoneCode
from kiosk.trust.documents import CommandDocument
from kiosk.trust.door_code import is_good, read_door_code
from kiosk.trust.passes import Kind, PassClass
from kiosk.trust.policy import PolicyDocument
from kiosk.trust.status import Status
from tests.core.bench import Bench, logged
from tests.keys import KEYSET, NOW, STRANGER, claims, document, private, signed, status_document, time_document

NEVER = Schedule(Hours((Window(frozenset({0}), 0, 1),)))
numbers = count(1)


def bench(**rules: object) -> Bench:
    """A station whose time is proven, and whose display shows the code for phones."""
    found = Bench(KEYSET, **rules)
    found.state = replace(found.state, phone_door="main")
    found.take(Asked("n"))
    found.take(Offered(time_document(NOW + round(found.boot), "n")))
    found.said.clear()
    return found


def admit(now: float, index: int | None = 7, **said: object) -> CommandDocument:
    at = NOW + round(now)
    usual: dict[str, object] = {"issued_at": at, "expires": at + 15, "pass_class": 0}
    number = next(numbers)
    command = CommandDocument(number, f"c{number}", "37081101", "admit", 0, 0, index=index)
    return replace(command, **{**usual, **said})


def obey(at: Bench, command: CommandDocument, *, works: bool = True) -> list[Entry]:
    """Offer it, and let the disk answer."""
    commands = at.take(Offered(document(command)))
    for each in list(commands):
        if isinstance(each, Record) and each.ticket:
            commands += at.take(Committed(each.ticket) if works else CommitFailed(each.ticket, "full"))
    return logged(commands)


def ended(entries: list[Entry]) -> list[str]:
    return [each.outcome for each in entries if isinstance(each, fact.CommandEnded)]


def opened(at: Bench) -> bool:
    return any(isinstance(each, SetLock) and each.unlocked for each in at.said)


@pytest.mark.parametrize("works", [True, False])
def test_it_opens_as_a_pass_does_and_says_by_which_way(works: bool) -> None:
    at = bench()
    entries = obey(at, command := admit(at.boot), works=works)
    assert opened(at)
    granted = next(each for each in entries if isinstance(each, fact.Granted))
    assert granted == fact.Granted(
        "main", 7, 0, int(Kind.LIVE), command.id, command.expires, again=False, shown_at=0, way="phone"
    )
    assert ended(entries) == ["done"]
    assert "unlocked" in [type(each).__name__.lower() for each in entries]
    at.wait(5.1)
    assert at.is_locked()


def test_the_lock_waits_for_the_commit_that_tells_of_command_and_grant() -> None:
    at = bench()
    first = at.take(Offered(document(admit(at.boot))))
    record = next(each for each in first if isinstance(each, Record))
    assert [type(each).__name__ for each in record.entries] == ["CommandStarted", "Granted"]
    assert record.ticket
    assert not opened(at)
    at.take(Committed(record.ticket))
    assert opened(at)


def test_whoever_needs_longer_has_it_and_no_technician_arms_maintenance_by_it() -> None:
    at = bench()
    obey(at, admit(at.boot, pass_class=int(PassClass.TECHNICIAN), extended=True))
    at.wait(10.0)
    assert not at.is_locked()
    assert at.state.maintenance_until == 0.0


def refused(at: Bench, command: CommandDocument) -> str:
    entries = obey(at, command)
    assert not opened(at)
    [outcome] = ended(entries)
    [denied] = [each for each in entries if isinstance(each, fact.Denied)]
    assert denied == fact.Denied("main", outcome, command.index, 0, "phone")
    assert at.state.doors["main"].refused == outcome, "the display says it, too"
    return outcome


@pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED])
def test_the_status_list_is_asked(status: Status) -> None:
    at = bench()
    at.take(Offered(status_document(1, {7: status})))
    assert refused(at, admit(at.boot)) == status.name.lower()


@pytest.mark.parametrize(
    ("rules", "scope", "reason"),
    [
        ({"schedule": NEVER}, "", "closed"),
        ({"classes": frozenset({2})}, "3708", "wrong_class"),
        ({"holders": frozenset({1})}, "", "not_yours"),
        ({}, "3709", "wrong_station"),
    ],
)
def test_hours_classes_holders_and_scope_are_those_of_a_pass(rules: dict[str, object], scope: str, reason: str) -> None:
    at = bench(**rules)
    assert refused(at, admit(at.boot, scope=scope)) == reason


def test_hours_do_not_bind_whom_they_do_not_bind() -> None:
    at = bench(schedule=NEVER)
    assert ended(obey(at, admit(at.boot, pass_class=int(PassClass.STEWARD)))) == ["done"]


def test_a_door_that_is_locked_down_or_interlocked_stays_shut() -> None:
    at = bench()
    at.take(DoorRequested("main", Verb.LOCKDOWN, "li"))
    at.said.clear()
    assert refused(at, admit(at.boot)) == "locked_down"
    at = bench(interlock=frozenset({"inner"}))
    at.state = replace(at.state, doors={**at.state.doors, "inner": Door("inner", DoorRules())})
    at.take(Edge("inner.contact", active=True, at=at.boot))
    at.wait(0.2)
    at.said.clear()
    assert refused(at, admit(at.boot)) == "interlocked"


def test_a_lock_down_between_grant_and_commit_is_told() -> None:
    at = bench()
    record = next(each for each in at.take(Offered(document(admit(at.boot)))) if isinstance(each, Record))
    at.take(DoorRequested("main", Verb.LOCKDOWN, "li"))
    entries = logged(at.take(Committed(record.ticket)))
    assert not opened(at)
    assert ended(entries) == ["locked_down"]


def test_policy_and_settings_may_forbid_it() -> None:
    at = bench()
    at.take(Offered(document(PolicyDocument(1, NOW, by_phone=False))))
    assert refused(at, admit(at.boot)) == "not_by_phone"
    at.take(Offered(document(PolicyDocument(2, NOW))))
    assert ended(obey(at, admit(at.boot))) == ["done"]
    at = bench()
    at.state = replace(at.state, phone_door="")
    assert refused(at, admit(at.boot)) == "not_by_phone"
    assert at.outcome(signed(claims(7))) == "open", "passes are another way"


def test_what_says_nothing_to_older_stations_is_not_said() -> None:
    from kiosk.trust.documents import payload

    assert "by_phone" not in payload(document(PolicyDocument(1, NOW)))
    assert payload(document(PolicyDocument(1, NOW, by_phone=False)))["by_phone"] is False
    plain = payload(document(CommandDocument(1, "x", "37081101", "unlock", NOW, NOW)))
    assert not plain.keys() & {"index", "pass_class", "scope", "extended"}


def dropped(at: Bench, command: CommandDocument, key: int = 3) -> None:
    """Nothing opens, and nothing is told but that a document was refused."""
    entries = logged(at.take(Offered(document(command, private(key)))))
    assert not opened(at)
    assert {type(each) for each in entries} <= {fact.DocumentRefused}
    assert not at.state.pending


def test_expired_replayed_forged_for_another_or_unproven_in_time_it_opens_nothing() -> None:
    at = bench()
    command = admit(at.boot)
    at.wait(16.0)
    dropped(at, command)
    dropped(at, replace(admit(at.boot), station="37081102"))
    dropped(at, admit(at.boot, index=None))
    dropped(at, replace(admit(at.boot), pass_class=None))
    dropped(at, admit(at.boot), key=9)
    obey(at, command := admit(at.boot))
    at.wait(6.0)
    at.said.clear()
    dropped(at, command)
    dropped(at, replace(command, id="another"))
    never = Bench()
    never.state = replace(never.state, phone_door="main")
    dropped(never, admit(never.boot))


def test_a_door_that_is_not_there_is_told() -> None:
    at = bench()
    assert ended(obey(at, admit(at.boot, door="cellar"))) == ["no_such_door"]
    assert not opened(at)


def test_a_pass_that_is_shown_meanwhile_is_another() -> None:
    at = bench()
    obey(at, admit(at.boot))
    assert at.outcome(signed(claims(7, Kind.LIVE))) == "open"
    at.take(Scanned("main", signed(claims(7), STRANGER), at.boot))
    assert at.state.doors["main"].refused == "bad_signature"


def texts(at: Bench, code: PhoneCode) -> str:
    return code.text(at.state, Instant(at.boot, NOW + at.boot))


def test_the_code_changes_each_half_minute_and_is_there_only_while_the_time_is_proven() -> None:
    code = PhoneCode(bytes([40]) * 32)
    at = bench()
    first = texts(at, code)
    assert texts(at, code) is first, "it is made once"
    read = read_door_code(first)
    assert read is not None
    assert is_good(read.code, NOW + at.boot)
    at.wait(31.0)
    assert texts(at, code) not in {"", first}
    at.wait(30.0)
    assert not is_good(read.code, NOW + at.boot), "a picture of it is dead in a minute"
    at.wait(3600.0)
    assert texts(at, code) == "", "it holds over, and is no longer synced"
    unset = Bench()
    unset.state = replace(unset.state, phone_door="main")
    assert texts(unset, code) == ""


def test_no_code_is_shown_where_no_phone_may_open() -> None:
    at, code = bench(), PhoneCode(b"")
    assert texts(at, code) == "", "the station has no key yet"
    code.enrolled(bytes([40]) * 32)
    assert texts(at, code)
    at.take(Offered(document(PolicyDocument(1, NOW, by_phone=False))))
    assert texts(at, code) == ""
    at = bench()
    at.state = replace(at.state, phone_door="")
    assert texts(at, code) == ""


def test_what_a_command_record_says_is_stored_with_the_grant() -> None:
    at = bench()
    commands: list[Command] = at.take(Offered(document(command := admit(at.boot))))
    record = next(each for each in commands if isinstance(each, Record))
    assert fact.CommandStarted(command.id, command.version, "admit") in record.entries
    assert at.state.commanded == command.version
