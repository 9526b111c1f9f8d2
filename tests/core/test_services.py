"""Services: which are held, which number is asked with, and what becomes of both when something was wrong."""

from __future__ import annotations

import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.documents import versions
from kiosk.core.events import Asked, Command, KeepService, Offered, ServicesLost, Tick
from kiosk.core.held import MOST_BYTES, MOST_OF_A_KIND, MOST_UNPACKED, notices
from kiosk.core.held import said as in_force
from kiosk.core.services import restore
from kiosk.core.state import State
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import Keyset, key_id
from kiosk.trust.ledger import packed
from kiosk.trust.service import MOST_HOLDERS, Event, Notice, Question, ServiceDocument
from tests.core.bench import Bench, logged
from tests.keys import (
    DAY,
    DOCUMENT,
    ISSUER,
    NOW,
    STRANGER,
    keyset_document,
    private,
    public,
    time_document,
    trusted,
)

CODE = "37081101"
SAYS: dict[str, Any] = {"texts": {"zh": "今天停水", "en": "No water today."}}
STOP = {**SAYS, "latitude": 36.6, "longitude": 117, "radius": 80, "prefix": "3709"}
THIEF = private(40)


def service(version: int, name: str = "a", signer: Ed25519PrivateKey = DOCUMENT, **more: Any) -> bytes:
    """A notice of that number, as it is signed; what a head does not have is its body."""
    head = {"kind": "notice", "issued_at": NOW, "begins": NOW - DAY, "ends": NOW + DAY, **more}
    said = {each: head.pop(each) for each in [*head] if each not in ServiceDocument.__struct_fields__}
    return sign_document(
        ServiceDocument(version=version, id=name, **head), signer, key_id(public(signer)), said or SAYS
    )


def held(state: State) -> dict[str, int]:
    return {name: each.head.version for name, each in state.services.held.items()}


def number(bench: Bench) -> int:
    return versions(bench.state)["service"]


def offered(bench: Bench, *bodies: bytes, above: int = 0) -> list[Command]:
    """Carried in in this order; what followed."""
    return [each for body in bodies for each in bench.take(Offered(body, above))]


def refusal(bench: Bench, body: bytes) -> str:
    (entry,) = logged(bench.take(Offered(body)))
    assert isinstance(entry, fact.DocumentRefused)
    return entry.refusal


def test_a_notice_is_stored_told_and_shown_and_the_number_rises_to_it() -> None:
    bench = Bench()
    said = offered(bench, service(5))
    assert [each for each in said if isinstance(each, KeepService)] == [
        KeepService("a", 5, service(5)),
        KeepService("", 5, service(5)),
    ]
    assert logged(said) == [fact.DocumentApplied("service", 5)]
    assert notices(bench.state.services, bench.state.clock, bench.boot) == [Notice(SAYS["texts"])]
    assert number(bench) == 5


def test_a_newer_one_takes_the_place_of_its_id_the_same_is_no_news_and_a_replay_is_refused() -> None:
    bench = Bench()
    offered(bench, service(5), service(6, "b"), service(7))
    assert (held(bench.state), number(bench)) == ({"a": 7, "b": 6}, 7)
    assert offered(bench, service(7), service(6, "b")) == []
    assert refusal(bench, service(5)) == "old_version"
    assert refusal(bench, service(4, "c")) == "old_version"


@pytest.mark.parametrize("gone", [{"ends": NOW}, {"ends": NOW - DAY, "begins": NOW - 2 * DAY}])
def test_one_that_ends_in_the_past_withdraws_it_without_a_body(gone: dict[str, Any]) -> None:
    bench = Bench()
    offered(bench, service(5))
    said = offered(bench, service(6, x=1, **gone))
    assert KeepService("a", 0, b"") in said
    assert KeepService("", 6, service(6, x=1, **gone)) in said
    assert (held(bench.state), number(bench)) == ({}, 6)
    assert refusal(bench, service(5)) == "old_version"


def test_a_kind_of_a_later_version_is_passed_over_and_told_and_those_of_this_one_are_kept() -> None:
    bench = Bench()
    assert logged(offered(bench, service(5, kind="weather"))) == [fact.DocumentApplied("service", 5, ("kind weather",))]
    assert (held(bench.state), number(bench)) == ({}, 5)
    offered(bench, service(6, kind="stop", **STOP, questions=[1, {2: b"3"}]))
    assert held(bench.state) == {"a": 6}
    assert notices(bench.state.services, bench.state.clock, bench.boot) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (service(5, station="3709"), "other_station"),
        (service(5, texts={}), "malformed"),
        (service(5, texts={"zh": "x" * 501}), "malformed"),
        (service(5, texts={"zh": 7}), "malformed"),
        (service(5, texts={"Chinese, simplified": "x"}), "malformed"),
        (service(5, name="A B"), "malformed"),
        (service(5, kind="event", **SAYS), "malformed"),
        (service(5, name="station", kind="question", **SAYS), "malformed"),
        (service(5, kind=""), "malformed"),
        (service(5, ends=-1), "malformed"),
        (service(NOW + 2 * DAY), "absurd_version"),
        (service(5, signer=STRANGER), "unknown_key"),
        (service(5, signer=ISSUER), "unknown_key"),
        (service(5)[:-1], "malformed"),
    ],
)
def test_each_wrong_service_has_its_refusal_and_is_not_held(body: bytes, why: str) -> None:
    bench = Bench()
    assert refusal(bench, body) == why
    assert (held(bench.state), number(bench) in {0, 5}) == ({}, True)


def test_the_number_rises_over_one_that_cannot_be_read_until_the_next_start_asks_anew() -> None:
    bench = Bench()
    offered(bench, service(4))
    said = offered(bench, service(5, texts={"zh": 7}), above=4)
    assert logged(said) == [fact.DocumentRefused("malformed")]
    assert [each for each in said if isinstance(each, KeepService)] == [KeepService("", 0, b"")]
    assert (held(bench.state), number(bench)) == ({"a": 4}, 5)
    assert offered(bench, service(2**40, "c", texts={"zh": 7}), above=5)[1:] == [], "no number that is absurd"
    assert number(bench) == 5


def test_prefixes_add_up() -> None:
    bench = Bench()
    offered(bench, service(1, "province", station="37"), service(2, "county", station="370811"), service(3, "all"))
    assert set(held(bench.state)) == {"province", "county", "all"}


def test_a_notice_is_shown_between_its_times_as_far_as_the_time_is_proven() -> None:
    bench = Bench()
    offered(bench, service(1, begins=NOW + 100, ends=NOW + 200))
    shown = []
    for _ in range(30):
        bench.wait(10)
        shown.append(bool(notices(bench.state.services, bench.state.clock, bench.boot)))
    assert shown == [False] * 10 + [True] * 10 + [False] * 10


def test_urgent_notices_go_first_then_the_newest() -> None:
    bench = Bench()
    for version, urgent in ((1, True), (2, False), (3, False), (4, True)):
        offered(bench, service(version, f"n{version}", texts={"zh": f"{version}"}, urgent=urgent))
    shown = notices(bench.state.services, bench.state.clock, bench.boot)
    assert [each.texts["zh"] for each in shown] == ["4", "1", "3", "2"]


def test_of_each_kind_the_newest_are_held_and_of_all_what_there_is_room_for() -> None:
    bench = Bench()
    for version in range(1, MOST_OF_A_KIND + 3):
        offered(bench, service(version, f"n{version}"))
    offered(bench, service(100, "here", kind="stop", **STOP))
    assert set(held(bench.state)) == {*(f"n{each}" for each in range(3, MOST_OF_A_KIND + 3)), "here"}
    filler, many = b"x" * 290_000, MOST_BYTES // 290_000 + 1
    for version in range(101, 101 + many):
        offered(bench, service(version, f"q{version}", kind="question", **SAYS, later=filler))
    assert sum(each.size for each in bench.state.services.held.values()) <= MOST_BYTES
    assert {*held(bench.state)} >= {f"q{version}" for version in range(102, 101 + many)}
    assert KeepService("q101", 0, b"") in bench.said


def test_of_large_ledgers_there_is_room_for_some_and_the_newest_are_held() -> None:
    """Each is 2 kB on the wire, and 2 MiB once somebody is looked up in it."""
    bench, whole = Bench(), packed((), MOST_HOLDERS)
    for version in range(1, 12):
        says: dict[str, Any] = {"campaign": "rain", "at": NOW, "size": MOST_HOLDERS, "bits": whole}
        offered(bench, service(version, f"l{version}", kind="ledger", **says))
    many = MOST_UNPACKED * 8 // MOST_HOLDERS
    assert set(held(bench.state)) == {f"l{each}" for each in range(12 - many, 12)}


def test_what_services_say_is_told_by_kind_while_they_are_in_force_the_newest_first() -> None:
    bench = Bench()
    offered(bench, service(1, "e", kind="event", **SAYS, starts=NOW + DAY), service(2, "n"))
    offered(bench, service(3, "q", kind="question", **SAYS), service(4, "r", kind="question", **SAYS, begins=NOW + 60))
    found = in_force(bench.state.services, Question, bench.state.clock, bench.boot)
    assert [(head.id, body) for head, body in found] == [("q", Question(SAYS["texts"]))]
    bench.wait(120)
    assert [head.id for head, _ in in_force(bench.state.services, Question, bench.state.clock, bench.boot)] == [
        "r",
        "q",
    ]
    (event,) = in_force(bench.state.services, Event, bench.state.clock, bench.boot)
    assert event[1] == Event(SAYS["texts"], NOW + DAY)


def test_a_stolen_key_takes_what_it_signed_and_what_it_withdrew_comes_again() -> None:
    bench = Bench(Keyset(1, NOW, (*Bench().state.trust.keyset.keys, trusted(THIEF, "document"))))
    offered(bench, service(5), service(6, "b"), service(7, "b", ends=NOW, signer=THIEF), service(8, "c", signer=THIEF))
    after = Keyset(2, NOW + 1, (trusted(ISSUER, "issuer"), trusted(DOCUMENT, "document")))
    said = offered(bench, keyset_document(after))
    assert KeepService("c", 0, b"") in said
    assert (held(bench.state), number(bench)) == ({"a": 5}, 0)
    offered(bench, service(5), service(6, "b"))
    assert (held(bench.state), number(bench)) == ({"a": 5, "b": 6}, 6)


def test_a_key_that_ended_by_its_own_time_takes_nothing_with_it() -> None:
    old = trusted(THIEF, "document", not_after=NOW + 10)
    bench = Bench(Keyset(1, NOW, (*Bench().state.trust.keyset.keys, old)))
    offered(bench, service(5, signer=THIEF))
    after = Keyset(2, NOW + 20, (trusted(ISSUER, "issuer"), trusted(DOCUMENT, "document")))
    offered(bench, keyset_document(after))
    assert (held(bench.state), number(bench)) == ({"a": 5}, 5)
    assert held(
        restore(replace(bench.state, services=Bench().state.services), {"a": service(5, signer=THIEF)}, 0.0)
    ) == {"a": 5}


def answered(bench: Bench, time: float) -> list[Command]:
    bench.take(Asked("n"))
    return bench.take(Offered(time_document(int(time), "n")))


def test_one_of_a_time_that_is_still_to_come_waits_for_it_and_is_asked_for_anew() -> None:
    bench = Bench()
    answered(bench, NOW)
    early = service(5, issued_at=NOW + 3600)
    assert refusal(bench, early) == "ahead"
    assert KeepService("", 0, b"") in bench.said, "also after a restart"
    offered(bench, service(6, "b"))
    assert (held(bench.state), number(bench)) == ({"b": 6}, 6)
    bench.wait(4000)
    answered(bench, NOW + 4000)
    assert number(bench) == 0
    offered(bench, early, service(6, "b"))
    assert (held(bench.state), number(bench)) == ({"a": 5, "b": 6}, 6)


def test_a_time_that_is_refuted_later_leaves_it_in_force_and_any_number_replaces_it() -> None:
    bench = Bench()
    offered(bench, service(NOW + 50 * DAY, issued_at=NOW + 50 * DAY, ends=NOW + 100 * DAY))
    answered(bench, NOW)
    assert (held(bench.state), number(bench)) == ({"a": NOW + 50 * DAY}, 0)
    offered(bench, service(7))
    assert (held(bench.state), number(bench)) == ({"a": 7}, 7)


def test_a_floor_that_is_brought_back_asks_again_for_what_seemed_to_have_ended() -> None:
    bench = Bench()
    offered(bench, service(5), service(6, "b", issued_at=NOW + 50 * DAY, ends=NOW + 90 * DAY))
    assert held(bench.state) == {"b": 6}, "by its time the other one has ended"
    answered(bench, NOW)
    assert number(bench) == 0
    offered(bench, service(5))
    assert set(held(bench.state)) == {"a", "b"}


def test_an_answer_to_an_older_question_leaves_no_gap() -> None:
    bench = Bench()
    offered(bench, service(5), service(6, "b"))
    bench.take(ServicesLost())
    assert (held(bench.state), number(bench)) == ({}, 0)
    offered(bench, service(7, "c"), above=6)
    assert (held(bench.state), number(bench)) == ({"c": 7}, 0)


def test_what_was_stored_is_taken_back_in_and_what_does_not_hold_asks_for_everything() -> None:
    bench = Bench()
    rows = {"a": service(5), "b": service(6, "b"), "": service(9, "c", ends=NOW)}
    state = restore(bench.state, rows, 0.0)
    assert (held(state), state.services.number) == ({"a": 5, "b": 6}, 9)
    for damaged in ({"a": service(5)[:-3]}, {"": b""}, {"b": service(5)}, {"a": service(5, station="3709")}):
        state = restore(bench.state, rows | damaged, 0.0)
        assert state.services.number == 0
        assert held(state).items() <= {"a": 5, "b": 6}.items()
    assert restore(bench.state, {}, 0.0).services.number == 0


EACH = st.tuples(
    st.sampled_from("abcde"), st.sampled_from(["", "37", "370811", "3709"]), st.sampled_from(["notice", "question", "new"]),
    st.sampled_from([-1, 1, 30]),
)  # fmt: skip
"""An id, and the prefix, the kind and the days that it has."""


class Centre:
    """What is published for this station, one after the other. An id keeps its prefix and its kind, as our server sees to."""

    def __init__(self) -> None:
        self.newest: dict[str, tuple[int, bytes]] = {}
        self.wanted: dict[str, int] = {}
        self._fixed: dict[str, tuple[str, str]] = {}

    def publish(self, version: int, name: str, scope: str, kind: str, days: int) -> None:
        scope, kind = self._fixed.setdefault(name, (scope, kind))
        if not CODE.startswith(scope):
            return
        self.newest[name] = version, service(version, name, station=scope, kind=kind, ends=NOW + days * DAY)
        self.wanted.pop(name, None)
        if kind != "new" and days > 0:
            self.wanted[name] = version

    def answer(self, asked: int, most: int) -> list[bytes]:
        above = sorted(each for each in self.newest.values() if each[0] > asked)
        return [body for _, body in above[:most]]


@given(st.lists(EACH, max_size=16), st.randoms(use_true_random=False), st.integers(1, 4))
def test_whatever_order_repetition_and_loss_of_answers_a_station_ends_with_the_newest_of_each_id(
    published: list[tuple[str, str, str, int]], chance: random.Random, most: int
) -> None:
    """An answer may be cut off, come late, and come again; and the file may be lost in between."""
    centre, bench, answers = Centre(), Bench(), list[tuple[int, list[bytes]]]()
    for version, what in enumerate(published, 1):
        centre.publish(version, *what)
        answers.append((number(bench), centre.answer(number(bench), most)))
        for above, bodies in chance.choices(answers, k=2):
            offered(bench, *bodies[: chance.randint(0, len(bodies))], above=above)
        if chance.random() < 0.1:
            bench.take(ServicesLost())
    while bodies := centre.answer(number(bench), most):
        offered(bench, *bodies, above=number(bench))
    assert held(bench.state) == centre.wanted


@pytest.mark.parametrize(("version", "left"), [(5, 6), (7, 0)])
def test_a_campaign_that_has_ended_leaves_its_key_nowhere(version: int, left: int) -> None:
    """Where the number is proven by it, everything is asked for anew."""
    head = ServiceDocument(version, "rain", "campaign", NOW, NOW - DAY, NOW + 500)
    said = {"texts": {"zh": "雨衣"}, "item": "raincoat", "key": bytes(range(32))}
    rain = sign_document(head, DOCUMENT, key_id(public(DOCUMENT)), said)
    bench = Bench()
    offered(bench, *sorted([rain, service(6, "b")], key=lambda each: each is rain and version > 6))
    assert held(bench.state) == {"rain": version, "b": 6}
    stored = {each.id: each.body for each in bench.said if isinstance(each, KeepService)}
    bench.boot += 1300.0
    stored |= {each.id: each.body for each in bench.take(Tick()) if isinstance(each, KeepService)}
    assert (held(bench.state), number(bench)) == ({"b": 6}, left)
    assert not [each for each in stored.values() if bytes(range(32)) in each]
