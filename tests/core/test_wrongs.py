"""Everybody signs wrongly, then it is put right: within one exchange every valid pass opens, and none that is not.

A centre, an issuer, a root and a thief whose clocks and numbers may be anything; power gaps and restarts from what was stored;
an operating system whose clock jumps. `put_right` is what an honest centre does: an answer with keyset, list, policy, time.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from kiosk import BUILD_TIME
from kiosk.core import entries as fact
from kiosk.core import services
from kiosk.core.clock import PASS_MAY_RAISE, Instant
from kiosk.core.documents import recall, restore, versions
from kiosk.core.events import Asked, Command, Edge, Event, Keep, KeepFloor, KeepService, Offered, Record, Scanned, Tick
from kiosk.core.step import step
from kiosk.station.start import first_clock
from kiosk.trust.documents import CommandDocument, Document, TimeDocument, sign_document
from kiosk.trust.keyset import Key, Keyset, Use, key_id
from kiosk.trust.passes import Kind, make_pass, show_bound
from kiosk.trust.policy import DoorPolicy, PolicyDocument
from kiosk.trust.service import ServiceDocument
from kiosk.trust.status import Status, StatusDocument, pack
from tests.core.bench import Bench, logged
from tests.keys import DAY, NOW, PHONE, STRANGER, claims, keyset_document, private, public

CODE = "37081101"
TOP = 2**53 - 1
REVOKED, GOOD = 8, 7
WRONG = st.sampled_from([0, 0, -400 * DAY, -20 * DAY, -3600, 3600, 20 * DAY, 390 * DAY])
"""Seconds by which somebody's clock is ahead of the truth."""

SHUT = {"main": DoorPolicy(hours=("mon 00:00-00:01",), always=())}


@dataclass
class Signer:
    """A key, and whether it was stolen."""

    key: Ed25519PrivateKey
    use: Use
    stolen: bool = False

    @property
    def kid(self) -> bytes:
        return key_id(public(self.key))

    def trusted(self) -> Key:
        return Key(self.kid, self.use, public(self.key), NOW - 500 * DAY, NOW + 500 * DAY)

    def sign(self, body: Document) -> bytes:
        return sign_document(body, self.key, self.kid)


class Stored:
    """A bench whose files outlive it; what is in them is what `kiosk.logbook.cold` would keep."""

    def __init__(self, keyset: Keyset) -> None:
        self.documents: dict[str, bytes] = {"keyset": keyset_document(keyset)}
        self.services: dict[str, bytes] = {}
        self.floor = 0.0
        self.commanded = 0
        self.jumped = 0.0
        self.powered = 0.0
        self.start()

    def start(self) -> None:
        """As the station's program: from its files alone."""
        self.bench = Following(self)
        state = replace(self.bench.state, clock=first_clock(self.floor, 0.0))
        known = state.clock
        state = restore(state, self.documents, 0.0)
        if known.raised:
            state = replace(state, clock=known)
        state = services.restore(state, self.services, 0.0)
        wanted = {*state.services.held, *([services.NUMBER] if state.services.number else [])}
        self.services = {name: body for name, body in self.services.items() if name in wanted}
        self.bench.state = recall(state, self.commanded)
        self.bench.take(Edge("main.contact", active=False, at=0.0))
        self.bench.wait(0.1)

    def take_in(self, commands: tuple[Command, ...]) -> None:
        for each in commands:
            match each:
                case Keep(kind, _, body):
                    self.documents[kind] = body
                case KeepService(name, _, body):
                    self.services[name] = body
                    self.services = {each: found for each, found in self.services.items() if found}
                case KeepFloor(floor, lowered):
                    self.floor = floor if lowered else max(self.floor, floor)
                case Record(entries):
                    self.remember(entries)
                case _:
                    pass

    def remember(self, entries: tuple[fact.Entry, ...]) -> None:
        for entry in entries:
            if isinstance(entry, fact.CommandStarted):
                self.commanded = max(self.commanded, entry.sequence)
            elif isinstance(entry, fact.DocumentApplied) and entry.document == "keyset":
                self.commanded = 0


class Following(Bench):
    """A bench on a machine whose own clock may be anything, and whose commands are stored."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        super().__init__(Keyset(1, 0, ()))

    def take(self, event: Event) -> list[Command]:
        wall = NOW + self.stored.powered + self.boot + self.stored.jumped
        self.state, commands = step(self.state, event, Instant(self.boot, wall))
        self.said += commands
        self.stored.take_in(commands)
        return list(commands)


class World(RuleBasedStateMachine):
    """Who signs, and when it is."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 50
        self.signers = [self.new("issuer"), self.new("document"), self.new("document")]
        self.numbers: dict[str, list[int]] = {"keyset": [1], "status": [], "policy": [], "service": []}
        self.services: dict[str, tuple[int, int, bytes]] = {}
        self.asked = 0
        self.station = Stored(Keyset(1, NOW - DAY, tuple(each.trusted() for each in self.signers)))
        self.by_time = False

    # Who there is.

    def new(self, use: Use) -> Signer:
        self.made += 1
        return Signer(private(self.made), use)

    @property
    def bench(self) -> Bench:
        return self.station.bench

    @property
    def true(self) -> float:
        return NOW + self.station.powered + self.bench.boot

    def of(self, use: Use) -> Signer:
        """The newest one that is not known to be stolen."""
        return [each for each in self.signers if each.use == use and not each.stolen][-1]

    def at(self, wrong: float) -> int:
        return max(int(self.true + wrong), 0)

    def number(self, kind: str, at: int) -> int:
        """After all that were given; of a centre that numbers by time, after those that its checked clock lets it count."""
        given = self.numbers[kind]
        checked = self.by_time and kind != "keyset" and at <= self.true
        counted = [each for each in given if each <= self.true + DAY] if checked else given
        number = max(max(counted, default=0) + 1, at if self.by_time else 0)
        given.append(number)
        return number

    def offer(self, body: bytes) -> None:
        self.bench.take(Offered(body))

    def publish_service(self, name: str, days: int, at: int) -> None:
        """Under the number after the last one of all."""
        number = max(max(self.numbers["service"], default=0) + 1, at if self.by_time else 0)
        self.numbers["service"].append(number)
        head = ServiceDocument(number, name, "notice", at, 0, at + days * DAY)
        signer = self.of("document")
        body = sign_document(head, signer.key, signer.kid, {"texts": {"zh": f"{number}"}})
        self.services[name] = number, days, body

    def answered_services(self) -> list[Offered]:
        """What an answer has to the number that the station names now."""
        asked = versions(self.bench.state)["service"]
        above = sorted(each for each in self.services.values() if each[0] > asked)
        return [Offered(body, asked) for _, _, body in above]

    def tell_time(self, signer: Signer, wrong: float) -> None:
        self.asked += 1
        nonce = f"n{self.asked}"
        self.bench.take(Asked(nonce))
        self.bench.wait(0.2)
        self.offer(signer.sign(TimeDocument(self.at(wrong), nonce)))

    # What is signed wrongly.

    @rule(wrong=WRONG)
    def the_centre_answers_by_a_wrong_clock(self, wrong: float) -> None:
        self.tell_time(self.of("document"), wrong)

    @rule(wrong=WRONG)
    def a_time_that_nobody_asked_for(self, wrong: float) -> None:
        self.offer(self.of("document").sign(TimeDocument(self.at(wrong))))

    @rule(wrong=WRONG, shut=st.booleans())
    def the_centre_publishes_by_a_wrong_clock(self, wrong: float, shut: bool) -> None:
        at, signer = self.at(wrong), self.of("document")
        lst = pack({REVOKED: Status.REVOKED}, 64)
        self.offer(signer.sign(StatusDocument(self.number("status", at), at, lst)))
        doors = SHUT if shut else {}
        self.offer(signer.sign(PolicyDocument(self.number("policy", at), at, "", doors)))

    @rule(wrong=WRONG, name=st.sampled_from("abc"), days=st.sampled_from([-1, 30]))
    def the_centre_publishes_a_service_by_a_wrong_clock(self, wrong: float, name: str, days: int) -> None:
        self.publish_service(name, days, self.at(wrong))
        for each in self.answered_services():
            self.bench.take(each)

    @rule(wrong=WRONG)
    def the_root_signs_by_a_wrong_clock(self, wrong: float) -> None:
        keys = tuple(each.trusted() for each in self.signers if not each.stolen)
        self.offer(keyset_document(Keyset(self.number("keyset", self.at(wrong)), self.at(wrong), keys)))

    @rule(
        wrong=WRONG, number=st.sampled_from([1, 60, 10**6, NOW, NOW + DAY, NOW + 391 * DAY, TOP]), how=st.integers(0, 7)
    )
    def a_thief_signs(self, wrong: float, number: int, how: int) -> None:
        """With a key that nobody misses yet; it stays stolen, and the centre has another one."""
        thief = self.of("document")
        thief.stolen = True
        if not [each for each in self.signers if each.use == "document" and not each.stolen]:
            self.signers.append(self.new("document"))
        everybody = pack(dict.fromkeys(range(64), Status.REVOKED), 64)
        at = self.at(wrong)
        bodies: list[Document] = [
            StatusDocument(number, at, everybody),
            StatusDocument(number, at, pack({}, 64)),
            PolicyDocument(number, at, "", SHUT),
            CommandDocument(number, "a", CODE, "lock_down", at, at + 600, seconds=86_400),
            TimeDocument(at),
            ServiceDocument(number, "a", "poll", at, at, at + 300 * DAY),
            ServiceDocument(number, "b", "notice", at, at, at),
            ServiceDocument(number, "thief", "of_a_later_version", at, at, at + 1),
        ]
        self.tell_time(thief, wrong)
        self.offer(thief.sign(bodies[how]))
        self.bench.wait(1)

    @rule(wrong=WRONG, index=st.integers(20, 40), opens=st.booleans())
    def a_pass_of_another_time(self, wrong: float, index: int, opens: bool) -> None:
        at = self.at(wrong)
        wanted = claims(index, issued_at=at, expires=at + 30 * DAY, scope="" if opens else "99")
        signer = self.of("issuer")
        for _ in range(3):
            self.bench.show(make_pass(wanted, signer.key, signer.kid))
            self.bench.wait(100)

    @rule(body=st.binary(max_size=30))
    def rubbish(self, body: bytes) -> None:
        self.offer(body)

    @rule()
    def an_issuers_key_was_stolen(self) -> None:
        self.of("issuer").stolen = True
        self.signers.append(self.new("issuer"))

    # What happens to the machine.

    @rule(seconds=st.sampled_from([1.0, 700.0, 5000.0, 2.0 * DAY]))
    def time_passes(self, seconds: float) -> None:
        self.bench.wait(seconds)

    @rule(seconds=st.sampled_from([-3650.0 * DAY, -DAY, DAY, 3650.0 * DAY]))
    def the_systems_clock_jumps(self, seconds: float) -> None:
        self.station.jumped = seconds
        self.bench.take(Tick())

    @rule(off=st.sampled_from([5.0, 3600.0, 3.0 * DAY]))
    def the_power_fails(self, off: float) -> None:
        self.station.powered += self.bench.boot + off
        self.station.start()

    @rule(by_time=st.booleans())
    def the_centre_numbers_otherwise(self, by_time: bool) -> None:
        self.by_time = self.by_time or by_time

    # And then.

    @rule(again=st.booleans())
    def put_right(self, again: bool) -> None:
        """One exchange, as the wire has it. The stolen keys are gone, and everything is signed anew."""
        keys = tuple(each.trusted() for each in self.signers if not each.stolen)
        now, signer = int(self.true), self.of("document")
        self.asked += 1
        nonce, before = f"n{self.asked}", versions(self.bench.state)["service"]
        self.bench.take(Asked(nonce))
        self.offer(keyset_document(Keyset(self.number("keyset", now), now, keys)))
        lst = pack({REVOKED: Status.REVOKED}, 64)
        self.offer(signer.sign(StatusDocument(self.number("status", now), now, lst)))
        self.offer(signer.sign(PolicyDocument(self.number("policy", now), now)))
        if self.by_time:
            most = now + DAY - len(self.services)
            self.numbers["service"] = [each for each in self.numbers["service"] if each <= most] or [most]
        for name, (_, days, _) in sorted(self.services.items(), key=lambda each: each[1]):
            self.publish_service(name, days, now)
        for _, _, body in sorted(each for each in self.services.values() if each[0] > before):
            self.bench.take(Offered(body, before))
        self.offer(signer.sign(TimeDocument(now, nonce)))
        self.everything_is_right()
        if again:
            self.the_power_fails(5.0)
            self.everything_is_right()

    def everything_is_right(self) -> None:
        now = int(self.true)
        clock = self.bench.state.clock
        assert clock.earliest(self.bench.boot) <= self.true + 1 <= clock.latest(self.bench.boot) + 2
        self.bench.wait(400)
        self.services_are_right()
        for kind in (Kind.CARD, Kind.LIVE, Kind.BOUND):
            assert self.shown(claims(GOOD, kind, issued_at=now, expires=now + DAY)) == "open"
            assert self.shown(claims(REVOKED, kind, issued_at=now, expires=now + DAY)) == "revoked"
        if self.bench.state.clock.latest(self.bench.boot) < self.true + DAY:  # an answer came in this run
            assert self.shown(claims(9, issued_at=now - 30 * DAY, expires=now - DAY)) == "expired"
            early = claims(9, issued_at=now, not_before=now + DAY, expires=now + 9 * DAY)
            assert self.shown(early) == "not_yet_valid"
        assert self.shown(claims(9, issued_at=now, expires=now + DAY), STRANGER) == "bad_signature"

    def services_are_right(self) -> None:
        """At the next questions, each asked with the number that the station has then."""
        for _ in range(3):
            for each in self.answered_services():
                self.bench.take(each)
        found = {name: each.head.version for name, each in self.bench.state.services.held.items()}
        assert found == {name: number for name, (number, days, _) in self.services.items() if days > 0}

    def shown(self, wanted: object, key: Ed25519PrivateKey | None = None) -> str:
        """What becomes of a pass: `open`, or why not."""
        signer = self.of("issuer")
        text = make_pass(_held(wanted), key or signer.key, signer.kid)  # type: ignore[arg-type]
        if wanted.kind is Kind.BOUND:  # type: ignore[attr-defined]
            text = show_bound(text, PHONE, int(self.true))
        entries = logged(self.bench.take(Scanned("main", text, self.bench.boot)))
        self.bench.wait(3700)
        granted = [each for each in entries if isinstance(each, fact.Granted)]
        denied = [each.reason for each in entries if isinstance(each, fact.Denied)]
        return "open" if granted else denied[0]

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        assert len(self.station.documents) <= 1 + 1 + 3 * 4
        assert all(len(known) <= 4 for known in self.bench.state.signed.values())

    @invariant()
    def what_is_stored_of_services_is_what_is_held(self) -> None:
        held = self.bench.state.services.held
        assert self.station.services.keys() - {""} == held.keys()
        assert all(len(self.station.services[name]) == each.size for name, each in held.items())

    @invariant()
    def a_number_that_holds_is_a_trusted_keys(self) -> None:
        keys = {key.kid.hex() for key in (*self.bench.state.trust.keyset.keys, *self.bench.state.retired)}
        for known in self.bench.state.signed.values():
            assert all(each.kid in keys for each in known if each.body)
        assert all(0 <= number <= TOP for number in versions(self.bench.state).values())

    @invariant()
    def no_time_is_before_this_version_was_made(self) -> None:
        assert self.bench.state.clock.earliest(self.bench.boot) >= BUILD_TIME
        assert self.bench.state.clock.spare <= PASS_MAY_RAISE


def _held(wanted: object) -> object:
    bound = wanted.kind is Kind.BOUND  # type: ignore[attr-defined]
    return replace(wanted, holder_key=public(PHONE)) if bound else wanted  # type: ignore[type-var]


World.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestWorld = World.TestCase


@pytest.mark.parametrize(
    "walks", [pytest.param(150, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.soak)]
)
@pytest.mark.timeout(1800)
def test_many_more_wrongs_put_right(walks: int) -> None:
    """Each walk of fifty steps."""
    many = settings(max_examples=walks, stateful_step_count=50, deadline=None, derandomize=True, database=None)
    run_state_machine_as_test(World, settings=many)


def test_a_keyset_that_waited_for_its_time_counts_on_from_one_before_it_that_did() -> None:
    world = World()
    world.an_issuers_key_was_stolen()
    world.the_centre_answers_by_a_wrong_clock(wrong=0.0)
    world.the_centre_numbers_otherwise(by_time=True)
    world.the_root_signs_by_a_wrong_clock(wrong=20 * DAY)
    world.a_thief_signs(wrong=-3600.0, number=1, how=0)
    world.put_right(again=False)


def test_a_restart_does_not_forget_that_the_roots_clock_was_wrong() -> None:
    world = World()
    world.the_centre_numbers_otherwise(by_time=True)
    world.put_right(again=False)
    world.an_issuers_key_was_stolen()
    world.the_root_signs_by_a_wrong_clock(wrong=20 * DAY)
    world.the_power_fails(off=5.0)
    world.put_right(again=False)
