"""Enrolment by a code shown at the door: who may, when, and what a station trusts afterwards."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.enrolment import HOLDS, enrolment_code, may_enrol
from kiosk.core.events import Edge, Enrol, EnrolmentDone, Keep, Maintained, Scanned
from kiosk.trust.keyset import NO_KEYS
from tests.core.bench import Bench, logged
from tests.keys import ROOT, STRANGER, claims, keyset_document, public, signed, status_document

CODE = "37081101"
TEXT = enrolment_code(CODE, "abcd1234")


def unenrolled(*, armed: bool = True) -> Bench:
    bench = Bench(keyset=NO_KEYS)
    bench.state = replace(bench.state, root=b"")
    if armed:
        bench.take(Edge("tamper", active=True, at=bench.boot))
        bench.wait(0.1)
        bench.said.clear()
    return bench


def denied(bench: Bench, text: str) -> list[str]:
    commands = bench.take(Scanned("main", text, bench.boot))
    assert not any(isinstance(each, Enrol) for each in commands)
    return [each.reason for each in logged(commands) if isinstance(each, fact.Denied)]


def test_the_code_is_small_and_names_the_station() -> None:
    assert TEXT == "YZE1:37081101:ABCD1234"


def test_a_station_may_have_letters_in_its_code_and_a_claim_may_be_long() -> None:
    bench = unenrolled()
    bench.state = replace(bench.state, trust=replace(bench.state.trust, station="37a8"))
    long = "A" * 64
    assert Enrol(long) in bench.take(Scanned("main", enrolment_code("37a8", long), bench.boot))


@pytest.mark.parametrize("how", ["housing", "maintenance"])
def test_an_armed_station_that_trusts_nobody_asks_sync_to_enrol(how: str) -> None:
    bench = unenrolled(armed=how == "housing")
    if how == "maintenance":
        bench.take(Maintained("li", 60.0))
    commands = bench.take(Scanned("main", TEXT, bench.boot))
    assert Enrol("ABCD1234") in commands
    assert logged(commands) == [fact.EnrolmentShown()]
    assert may_enrol(bench.state, bench.boot)
    bench.wait(HOLDS)
    assert not may_enrol(bench.state, bench.boot)


def test_who_may_not() -> None:
    assert denied(unenrolled(armed=False), TEXT) == ["not_armed"]
    bench = unenrolled(armed=False)
    bench.take(Maintained("li", 60.0))
    bench.wait(60)
    assert denied(bench, TEXT) == ["not_armed"], "maintenance is over"
    bench = unenrolled()
    for text in (
        enrolment_code("44010001", "ABCD1234"),
        "YZE1:",
        "YZE1:37081101:",
        f"{TEXT}!",
        "YZE1:37081101:" + "A" * 65,
    ):
        assert denied(bench, text) == ["wrong_station"], text
    enrolled = Bench()
    enrolled.take(Maintained("li", 60.0))
    assert denied(enrolled, TEXT) == ["already_enrolled"]


def test_the_answer_is_trusted_once_and_only_if_it_was_asked_for() -> None:
    done = EnrolmentDone(public(ROOT), (keyset_document(), status_document(1, {})), "six words")
    bench = unenrolled()
    assert bench.take(done) == []
    assert bench.state.root == b""
    assert bench.state.enrolling_until == 0.0
    bench.take(Scanned("main", TEXT, bench.boot))
    commands = bench.take(done)
    assert logged(commands) == [
        fact.Enrolled("six words"),
        fact.DocumentApplied("keyset", 1),
        fact.DocumentApplied("status", 1),
    ]
    assert Keep("keyset", 1, keyset_document()) in commands
    assert bench.outcome(signed(claims())) == "open"
    assert bench.take(replace(done, root=public(STRANGER))) == []
    assert bench.state.root == public(ROOT)
    assert not may_enrol(bench.state, bench.boot)
