"""What a station takes back in at its start, which documents it keeps, and what it knows of their age."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.documents import EARLY, RETIRED, restore, versions
from kiosk.core.door.hours import weekly
from kiosk.core.events import Edge, Keep, Offered
from kiosk.core.freshness import keys_until
from kiosk.core.step import judge
from kiosk.trust.documents import CommandDocument
from kiosk.trust.keyset import NO_KEYS, Keyset
from kiosk.trust.policy import DoorPolicy, PolicyDocument, ProgrammePolicy
from kiosk.trust.reasons import Reason
from kiosk.trust.status import Status
from tests.core.bench import Bench, logged
from tests.keys import (
    DOCUMENT,
    ISSUER,
    NOW,
    claims,
    document,
    keyset_document,
    signed,
    status_document,
    trusted,
)


def command(version: int) -> bytes:
    return document(CommandDocument(version, f"c{version}", "37081101", "unlock", NOW, NOW + 60))


def policy(version: int, **doors: DoorPolicy) -> bytes:
    return document(PolicyDocument(version, NOW, "3708", doors))


def test_stored_documents_are_taken_back_in_and_a_command_is_not_obeyed_again() -> None:
    state = Bench(NO_KEYS).state
    bodies = (keyset_document(), status_document(4, {7: Status.REVOKED}), policy(3), command(9), command(2))
    state = restore(state, {f"{place}": body for place, body in enumerate(bodies)}, 5.0)
    assert versions(state) == {"keyset": 1, "status": 4, "policy": 3, "command": 9, "service": 0}
    assert (state.orders, state.trust.status[7]) == ({}, Status.REVOKED)
    assert state.clock.earliest(5.0) == NOW


@pytest.mark.parametrize("body", [b"", b"rubbish", status_document(1, {})[:-1]])
def test_a_stored_document_that_does_not_hold_is_left_out(body: bytes) -> None:
    state = Bench().state
    assert versions(restore(state, {"status": body, RETIRED: body, EARLY: body}, 5.0)) == versions(state)


def test_an_older_policy_is_refused_the_same_is_no_news_and_a_newer_one_is_kept_as_signed() -> None:
    bench = Bench()
    assert Keep("policy", 5, policy(5)) in bench.take(Offered(policy(5)))
    assert bench.take(Offered(policy(5))) == []
    assert logged(bench.take(Offered(policy(4)))) == [fact.DocumentRefused("old_version", 0)]
    assert versions(bench.state)["policy"] == 5


def test_the_hours_of_a_policys_programme_are_local_to_the_station() -> None:
    bench = Bench()
    bench.state = replace(bench.state, utc_offset=8 * 3600)
    programme = ProgrammePolicy("heat", NOW, NOW + 86_400, ("mon 06:00-07:00",), "everybody")
    bench.take(Offered(policy(5, main=DoorPolicy(programmes=(programme,)))))
    (found,) = bench.state.doors["main"].rules.schedule.programmes
    assert found.hours == weekly(("mon 06:00-07:00",), 8 * 3600) != weekly(("mon 06:00-07:00",), 0)


@pytest.mark.parametrize(
    ("keys", "until"),
    [
        ((), 0.0),
        ((trusted(ISSUER, "issuer", not_after=NOW + 5),), 0.0),
        ((trusted(ISSUER, "issuer", not_after=NOW + 5), trusted(DOCUMENT, "document", not_after=NOW + 9)), NOW + 5.0),
        ((trusted(ISSUER, "issuer", not_after=NOW + 9), trusted(DOCUMENT, "document", not_after=NOW + 5)), NOW + 5.0),
    ],
)
def test_the_keys_last_until_the_first_use_has_none(keys: tuple[object, ...], until: float) -> None:
    assert keys_until(Bench(Keyset(1, NOW, keys)).state) == until  # type: ignore[arg-type]


def test_what_would_become_of_a_code_is_told_and_changes_nothing() -> None:
    bench = Bench()
    before = bench.state
    text, now = signed(claims(7)), Instant(bench.boot, NOW)
    for _ in range(2):
        verdict = judge(bench.state, text, "main", now)
        assert (verdict.reason, verdict.claims and verdict.claims.index) == (None, 7)
    assert bench.state is before
    assert judge(bench.state, "rubbish", "main", now).reason is Reason.NOT_A_PASS
    late = Instant(bench.boot + 40 * 86_400, NOW)
    assert judge(bench.state, signed(claims(7, expires=NOW)), "main", late).reason is Reason.EXPIRED


def test_an_exit_button_names_its_door_and_an_open_housing_is_a_fault_in_words() -> None:
    bench = Bench()
    bench.take(Edge("main.exit", active=True, at=bench.boot))
    bench.wait(0.2)
    assert fact.ExitPressed("main") in logged(bench.said)
    bench.take(Edge("tamper", active=True, at=bench.boot))
    bench.wait(0.2)
    assert bench.state.faults["tamper"] == "the housing is open"
