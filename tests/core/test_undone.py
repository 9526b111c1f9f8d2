"""One wrong signed value wedges nothing: it is bounded, refuted, or undone by a proven time or by the next keyset."""

from __future__ import annotations

import cbor2
import msgspec
import pytest
from msgspec.structs import replace

from kiosk import BUILD_TIME
from kiosk.core import entries as fact
from kiosk.core.clock import LEEWAY, Quality, synchronise
from kiosk.core.documents import recall, restore, versions
from kiosk.core.events import Asked, Committed, DoorRequested, Keep, KeepFloor, Offered, Record, Verb
from kiosk.core.ratchets import MOST, Signed, keeps, remembered
from kiosk.trust.cose import sign1
from kiosk.trust.documents import CommandDocument, Document, TimeDocument, sign_document
from kiosk.trust.keyset import Keyset, key_id
from kiosk.trust.passes import Kind, show_bound
from kiosk.trust.policy import DoorPolicy, PolicyDocument
from kiosk.trust.status import Status, StatusDocument, pack
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from tests.core.bench import Bench, logged
from tests.keys import (
    DAY,
    DOCUMENT,
    ISSUER,
    KEYSET,
    NOW,
    PHONE,
    bound,
    claims,
    document,
    keyset_document,
    private,
    public,
    signed,
    status_document,
    trusted,
)

NEW = private(40)
TOP = 2**53 - 1
CARD = signed(claims(7, issued_at=NOW, expires=NOW + 30 * DAY))
REPLACED = Keyset(2, NOW, (trusted(ISSUER, "issuer"), trusted(NEW, "document")))


def by(key: object, body: Document) -> bytes:
    return sign_document(body, key, key_id(public(key)))  # type: ignore[arg-type]


def synced(bench: Bench, ahead: float = 0.0, key: object = DOCUMENT) -> Bench:
    """An answer to a nonce, of a signer whose clock is so many seconds ahead."""
    nonce = f"n{bench.boot}"
    bench.take(Asked(nonce))
    bench.take(Offered(by(key, TimeDocument(int(NOW + bench.boot + ahead), nonce))))
    return bench


def refusals(bench: Bench, body: bytes) -> list[str]:
    found = logged(bench.take(Offered(body)))
    return [each.refusal for each in found if isinstance(each, fact.DocumentRefused)]


def listed(version: int, *revoked: int, issued_at: int = NOW) -> StatusDocument:
    return StatusDocument(version, issued_at, pack(dict.fromkeys(revoked, Status.REVOKED), 64))


def test_a_pass_from_the_future_moves_no_clock_that_is_known() -> None:
    bench = synced(Bench())
    ahead = signed(claims(99, issued_at=NOW + 60 * DAY, expires=NOW + 90 * DAY))
    for _ in range(70):
        bench.show(ahead)
        bench.wait(1.6)
    assert bench.state.clock.earliest(bench.boot) <= NOW + bench.boot
    assert bench.outcome(CARD) == "open"
    assert bench.outcome(signed(claims(8, Kind.LIVE, issued_at=NOW, expires=NOW + 600))) == "open"
    assert bench.outcome(show_bound(bound(5), PHONE, int(NOW + bench.boot))) == "open"


def test_passes_raise_a_floor_by_a_day_a_day_whoever_shows_them_how_often() -> None:
    bench = Bench()
    for number in range(50):
        bench.show(signed(claims(number, issued_at=NOW + 60 * DAY, expires=NOW + 90 * DAY)))
        bench.wait(100)
    assert bench.state.clock.earliest(bench.boot) < BUILD_TIME + DAY + 2 * bench.boot
    bench.wait(2 * DAY)
    before = bench.state.clock.earliest(bench.boot)
    bench.show(signed(claims(99, issued_at=NOW + 60 * DAY, expires=NOW + 90 * DAY)))
    assert bench.state.clock.earliest(bench.boot) == pytest.approx(before + DAY, abs=1)


def test_a_pass_that_is_refused_proves_nothing() -> None:
    bench = Bench()
    bench.take(Offered(status_document(1, {7: Status.REVOKED})))
    before = bench.state.clock
    assert bench.outcome(signed(claims(7, issued_at=NOW + DAY))) == "revoked"
    assert bench.state.clock is before


def test_an_answer_brings_a_floor_back_on_the_disk_too() -> None:
    bench = Bench()
    bench.take(Offered(document(listed(2, issued_at=NOW + 399 * DAY))))
    assert bench.outcome(CARD) == "expired", "nobody can know better"
    bench.said.clear()
    synced(bench)
    floors = [each for each in bench.said if isinstance(each, KeepFloor)]
    assert floors[-1] == KeepFloor(bench.state.clock.earliest(bench.boot), lowered=True)
    assert floors[-1].floor == pytest.approx(NOW, abs=2)
    assert bench.outcome(CARD) == "open"
    bench.wait(3600)
    assert isinstance(bench.said[-1], KeepFloor)
    assert bench.said[-1].lowered, "an earlier one may not have reached the disk"


@pytest.mark.parametrize("wrong", [399 * DAY, -10 * DAY])
def test_the_newest_answer_holds_whatever_the_one_before_said(wrong: float) -> None:
    bench = synced(Bench(), wrong)
    bench.wait(100)
    synced(bench)
    assert bench.state.clock.earliest(bench.boot) == pytest.approx(NOW + bench.boot, abs=2)
    assert bench.state.clock.latest(bench.boot) == pytest.approx(NOW + bench.boot, abs=4)
    assert bench.outcome(CARD) == "open"


def test_no_answer_is_believed_from_before_this_version_was_made() -> None:
    bench = synced(Bench())
    before = bench.state.clock
    assert synchronise(before, BUILD_TIME - 10.0, bench.boot, bench.boot) is before


def test_what_is_signed_in_the_future_is_refused_until_its_time_can_have_come() -> None:
    bench = synced(Bench())
    just = int(bench.state.clock.latest(bench.boot) + LEEWAY)
    assert refusals(bench, document(listed(2, 7, issued_at=just))) == []
    for body in (
        document(listed(3, issued_at=just + 1)),
        document(PolicyDocument(3, just + 1)),
        document(CommandDocument(3, "a", "37081101", "report", just + 1, just + 60)),
        document(TimeDocument(just + 1)),
        keyset_document(replace(KEYSET, version=3, issued_at=just + 1)),
    ):
        assert refusals(bench, body) == ["ahead"]
    assert versions(bench.state) == {"keyset": 1, "status": 2, "policy": 0, "command": 0, "service": 0}


def test_what_came_too_early_takes_effect_with_the_answer_that_shows_it_was_not() -> None:
    """A server whose clock was behind; it has a new key when it is right again."""
    bench = synced(Bench(), -10 * DAY)
    keys = replace(KEYSET, version=2, keys=(*KEYSET.keys, trusted(NEW, "document")))
    assert refusals(bench, keyset_document(keys)) == ["ahead"]
    assert refusals(bench, document(listed(5, 7))) == ["ahead"]
    synced(bench, key=NEW)
    assert versions(bench.state)["keyset"] == 2
    assert bench.outcome(CARD) == "revoked"
    assert bench.state.early == {}


def test_a_keyset_is_bounded_by_its_own_keys() -> None:
    bench = Bench()
    assert refusals(bench, keyset_document(replace(KEYSET, version=2, issued_at=2**40 - 1))) == ["no_usable_key"]
    assert versions(bench.state)["keyset"] == 1
    assert bench.outcome(CARD) == "open"
    bench.take(Offered(keyset_document(replace(KEYSET, version=3))))
    assert versions(bench.state)["keyset"] == 3


@pytest.mark.parametrize(
    ("held", "version", "taken"),
    [
        (0, 1, True),
        (0, NOW, True),
        (0, NOW + DAY, True),
        (0, NOW + DAY + 1, False),
        (50, TOP, False),
        (50, NOW, True),
        (NOW + DAY, NOW + DAY + 10**6, True),
        (NOW + DAY, NOW + DAY + 10**6 + 1, False),
    ],
)
def test_a_number_that_nobody_counts_to_is_refused(held: int, version: int, taken: bool) -> None:
    bench = Bench()
    if held:
        bench.take(Offered(document(listed(held))))
    assert refusals(bench, document(listed(version))) == ([] if taken else ["absurd_version"])


def test_a_thief_of_a_document_key_is_harmless_once_it_is_dropped() -> None:
    bench = synced(Bench())
    for body in (
        listed(NOW + DAY),
        PolicyDocument(NOW + DAY, NOW, doors={"main": DoorPolicy(hours=("mon 00:00-00:01",))}),
        CommandDocument(NOW + DAY, "a", "37081101", "report", NOW, NOW + 600),
    ):
        assert refusals(bench, document(body)) == []
    bench.take(Offered(keyset_document(REPLACED)))
    assert versions(bench.state) == {"keyset": 2, "status": 0, "policy": 0, "command": 0, "service": 0}
    assert bench.outcome(CARD) == "open", "the policy that shut the door is gone"
    for new in (
        listed(50, 7),
        PolicyDocument(50, NOW),
        CommandDocument(50, "b", "37081101", "report", NOW, NOW + 600),
    ):
        assert refusals(bench, by(NEW, new)) == []
    bench.wait(100)
    assert bench.outcome(CARD) == "revoked"


def test_what_another_key_had_signed_holds_again_also_after_a_restart() -> None:
    keys = replace(KEYSET, keys=(*KEYSET.keys, trusted(NEW, "document")))
    bench = synced(Bench(keys))
    bench.take(Offered(keyset_document(replace(keys, version=2))))
    bench.take(Offered(by(NEW, listed(5, 7))))
    bench.take(Offered(document(listed(900))))
    assert bench.outcome(CARD) == "open", "so says who stole the key"
    bench.take(Offered(keyset_document(replace(REPLACED, version=3))))
    again = restarted(bench)
    for each in (bench, again):
        each.wait(100)
        assert versions(each.state) == {"keyset": 3, "status": 5, "policy": 0, "command": 0, "service": 0}
        assert each.outcome(CARD) == "revoked"


def test_what_a_key_that_has_ended_signed_goes_on_to_hold_also_after_a_restart() -> None:
    ending = trusted(DOCUMENT, "document", not_after=NOW + 10)
    bench = Bench(replace(KEYSET, keys=(trusted(ISSUER, "issuer"), ending)))
    bench.take(Offered(document(listed(5, 7))))
    bench.take(Offered(keyset_document(replace(REPLACED, issued_at=NOW + 11))))
    again = restarted(bench)
    for each in (bench, again):
        assert versions(each.state)["status"] == 5
        assert refusals(each, document(listed(6))) == ["unknown_key"]
        assert refusals(each, by(NEW, listed(4))) == ["old_version"]
        assert each.outcome(CARD) == "revoked"


def test_a_key_that_is_named_with_an_empty_window_vouches_for_nothing_though_it_had_ended_by_itself() -> None:
    bench = synced(
        Bench(replace(KEYSET, keys=(trusted(ISSUER, "issuer"), trusted(DOCUMENT, "document", not_after=NOW + 10))))
    )
    before = bench.state.doors["main"].mode
    bench.take(Offered(document(listed(5, 7))))
    obeyed(bench, document(ordered("hold_open")))
    void = trusted(DOCUMENT, "document", not_after=0)
    bench.take(Offered(keyset_document(replace(REPLACED, issued_at=NOW + 11, keys=(*REPLACED.keys, void)))))
    for each in (bench, restarted(bench)):
        assert versions(each.state)["status"] == 0
        assert refusals(each, document(listed(6))) == ["key_not_valid"]
        assert each.state.doors["main"].mode == before


def restarted(bench: Bench) -> Bench:
    """A bench that begins from what the other had stored."""
    stored: dict[str, bytes] = {}
    for each in bench.said:
        if isinstance(each, Keep):
            stored[each.document] = each.body
    again = Bench(KEYSET)
    again.state = restore(again.state, stored, again.boot)
    return again


def test_of_each_kind_few_are_kept_and_only_what_changed_is_stored() -> None:
    known: tuple[Signed, ...] = ()
    for number in (3, 9, 5, 7, 1):
        known = remembered(known, Signed(f"k{number}", number, b"x"))
    assert [each.version for each in known] == [9, 7, 5, 3][:MOST]
    after = remembered(known, Signed("k9", 10, b"y"))
    assert keeps("status", known, after) == (Keep("status", 10, b"y"),)
    assert keeps("status", known[:2], known[1:2]) == (Keep("status", 7, b"x"), Keep("status/1", 0, b""))
    assert remembered(known, Signed("k9", 2, b"z")) == known, "an older one of the same key is nothing"


def test_the_quality_is_synced_by_the_newest_answer() -> None:
    bench = synced(Bench(), 399 * DAY)
    bench.wait(2 * 3600)
    assert bench.state.clock.quality(bench.boot) is Quality.HOLDOVER
    assert synced(bench).state.clock.quality(bench.boot) is Quality.SYNCED


def obeyed(bench: Bench, body: bytes) -> None:
    """A command, and the disk's answer."""
    (record, *_) = bench.take(Offered(body))
    assert isinstance(record, Record)
    bench.take(Committed(record.ticket))


def ordered(verb: str, version: int = 1) -> CommandDocument:
    now = NOW + 5
    return CommandDocument(version, f"c{version}", "37081101", verb, NOW, now + 600, "main", seconds=86_400)  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", ["lock_down", "hold_open", "unlock"])
@pytest.mark.parametrize("technician", [False, True])
def test_what_a_command_holds_ends_with_its_key_and_what_a_technician_holds_does_not(
    verb: str, technician: bool
) -> None:
    bench = synced(Bench())
    before = bench.state.doors["main"].mode
    obeyed(bench, document(ordered(verb)))
    held = bench.state.doors["main"].mode
    assert held != before
    if technician:
        mine = Verb.LOCKDOWN if verb == "lock_down" else Verb.HOLD
        bench.take(DoorRequested("main", mine, "li", 6000))
    bench.take(Offered(keyset_document(replace(KEYSET, version=2))))
    assert bench.state.doors["main"].mode == held, "the same keys"
    told = logged(bench.take(Offered(keyset_document(replace(REPLACED, version=3)))))
    assert (bench.state.doors["main"].mode == before) is not technician
    assert (fact.Operated("main", "release", "keyset") in told) is not technician
    assert bench.state.ordered == {}


def test_a_list_taken_with_a_clock_ahead_shuts_out_no_right_one_in_whatever_order_they_come() -> None:
    """Numbered by the seconds since 1970, as the centre does."""
    for time_first in (True, False):
        bench = Bench()
        ahead = NOW + 399 * DAY
        bench.take(Offered(document(listed(NOW - 5))))
        bench.take(Offered(document(listed(ahead, issued_at=ahead))))
        right = document(listed(NOW + 9, 7, issued_at=NOW + 9))
        if time_first:
            synced(bench)
            assert versions(bench.state)["status"] == NOW - 5, "the number that is asked with"
            assert refusals(bench, document(listed(NOW - 5, 9))) == ["old_version"]
            assert refusals(bench, right) == []
        else:
            assert refusals(bench, right) == ["old_version"]
            synced(bench)
        assert versions(bench.state)["status"] == NOW + 9
        assert bench.outcome(CARD) == "revoked"
        assert restarted(bench).outcome(CARD) == "revoked"


def test_another_document_of_the_same_number_is_told() -> None:
    bench = Bench()
    assert refusals(bench, document(listed(5))) == []
    assert refusals(bench, document(listed(5))) == []
    assert refusals(bench, document(listed(5, 7))) == ["old_version"]


def test_a_thief_who_bounds_the_time_keeps_no_keyset_out() -> None:
    """All document keys are stolen: the time itself is vouched for by a key of the keyset that it would let in."""
    bench = synced(Bench(), -10 * DAY)
    assert refusals(bench, keyset_document(REPLACED)) == ["ahead"]
    assert refusals(bench, by(NEW, listed(6, 7))) == ["unknown_key"]
    assert refusals(bench, by(NEW, TimeDocument(NOW, "not asked"))) == ["unknown_key"]
    synced(bench, key=NEW)
    assert versions(bench.state) == {"keyset": 2, "status": 6, "policy": 0, "command": 0, "service": 0}
    assert refusals(bench, document(listed(7))) == ["unknown_key"]


def test_a_station_says_what_of_a_policy_it_has_no_use_for() -> None:
    payload = msgspec.to_builtins(
        PolicyDocument(3, NOW, doors={"main": DoorPolicy(always=(1, 9)), "mian": DoorPolicy()})
    )
    payload["doors"]["main"]["alwayz"] = [1]
    heat = {"name": "heat", "begins": NOW, "ends": NOW + 9, "until": 5}
    payload["doors"]["main"]["programmes"] = [heat]
    payload["tint"] = "red"
    bench = Bench()
    (told,) = logged(bench.take(Offered(sign1(cbor2.dumps(payload), DOCUMENT, key_id(public(DOCUMENT))))))
    assert told == fact.DocumentApplied(
        "policy", 3, ("doors.mian", "doors.main.always 9", "tint", "doors.main.alwayz", "doors.main.heat.until")
    )
    (told,) = logged(bench.take(Offered(document(PolicyDocument(4, NOW, doors={"main": DoorPolicy()})))))
    assert told == fact.DocumentApplied("policy", 4)


def test_the_words_of_a_policy_say_what_has_no_use() -> None:
    said = sentence(
        {"kind": "document_applied", "document": "policy", "version": 3, "unused": ["doors.mian", "tint"]}, Names(None)
    )
    assert said.endswith("policy 3 is in force; this station has no use for: doors.mian, tint")


def test_a_number_that_the_logbook_alone_knows_goes_with_the_first_keyset() -> None:
    """Its key is unknown where nothing is stored any more, or where the station was enrolled anew under another root."""
    bench = Bench(Keyset(1, 0, ()))
    bench.state = recall(bench.state, TOP)
    bench.take(Offered(keyset_document()))
    obeyed(synced(bench), document(ordered("unlock", 5)))
    assert versions(bench.state)["command"] == 5
    bench = synced(Bench())
    bench.state = recall(bench.state, 7)
    bench.take(Offered(keyset_document(Keyset(2, NOW, KEYSET.keys))))
    assert versions(bench.state)["command"] == 7, "a keyset that follows another forgets no number for nothing"
