"""What holder A drops and what becomes of the rest: hostile ballots are counted as what they are, and none ends the count."""

from __future__ import annotations

from collections import Counter
from random import Random

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.board.files import Known, PassedFile
from kiosk.board.opening import opened
from kiosk.board.result import Result, result_of
from kiosk.index.answers import ABSTAINED, Ballot
from kiosk.index.ballots import sealed_text
from kiosk.index.poll import poll_words
from kiosk.index.sealing import INNER_INFO, SUITE, open_answers, seal_answers, seal_ballot
from kiosk.index.slips import digest_of
from tests.index.polls import INNER_KEY, OUTER_KEY, Held, heap, held, public, serial

GOOD: Ballot = (0,) * 7
HASHES = ("a" * 64, "b" * 64)


def known(whole: Held) -> Known:
    return Known(whole.poll, whole.id, poll_words(whole.data))


def passed(whole: Held, sealed: list[bytes], *cancelled: int) -> PassedFile:
    void = {digest_of(serial(each)) for each in cancelled}
    found = opened(known(whole), OUTER_KEY, map(sealed_text, sealed), void, HASHES)
    told = found.opening
    accounted = told.unreadable + told.unknown + told.cancelled + told.repeated + told.again + told.copied + told.passed
    assert accounted == told.came == len(sealed), "every ballot is somewhere"
    assert told.passed == sum(map(len, found.heaps))
    return found


def result(whole: Held, found: PassedFile) -> Result:
    return result_of(known(whole), found, "c" * 64, INNER_KEY)


def test_what_is_passed_on_says_nothing_of_a_slip_or_of_the_order() -> None:
    whole = held()
    sealed = [whole.cast(slip, GOOD) for slip in range(20)]
    found = passed(whole, sealed)
    assert found == passed(whole, sealed[::-1]) == passed(whole, Random(1).sample(sealed, 20))
    assert [*found.heaps[0]] == sorted(found.heaps[0])
    text = repr(found)
    assert not any(serial(slip).hex() in text or digest_of(serial(slip)).hex() in text for slip in range(20))


def test_two_stations_and_one_slip_count_nothing_and_the_same_one_sent_twice_counts_once() -> None:
    whole = held()
    inner = whole.inner(GOOD)
    again = [seal_ballot(whole.id, whole.poll.outer_key, serial(3), inner) for _each in range(2)]
    found = passed(
        whole, [whole.cast(1, GOOD), whole.cast(2, GOOD), whole.cast(2, (3,) * 7), whole.cast(2, GOOD), *again]
    )
    assert (found.opening.repeated, found.opening.repeated_slips) == (3, 1)
    assert found.opening.again == 1
    assert found.opening.passed == 2


def test_unknown_and_cancelled_slips_do_not_count() -> None:
    whole = held()
    found = passed(whole, [whole.cast(slip, GOOD) for slip in (1, 2, 2, 3, 100, 101)], 2, 3, 4)
    assert (found.opening.unknown, found.opening.cancelled, found.opening.passed) == (2, 3, 1)
    assert found.cancelled_slips == (3,)
    assert result(whole, found).slips == 97


def test_ballots_of_another_poll_damaged_ones_and_rubbish_are_counted_as_unreadable() -> None:
    whole, other = held(), held(quorum=2)
    good = whole.cast(1, GOOD)
    bad = [other.cast(2, GOOD), good[:-1], good + b"x", bytes(119), b"", b"x" * 500, bytes([good[0] ^ 1]) + good[1:]]
    found = passed(whole, [good, *bad])
    assert (found.opening.unreadable, found.opening.passed) == (len(bad), 1)
    assert opened(known(whole), OUTER_KEY, ["no Base64", "AAAA", ""], (), HASHES).opening.unreadable == 3


def test_a_copy_of_anothers_sealed_answers_counts_for_nobody_twice() -> None:
    """A station that was taken over learns what somebody answered if it can have it counted ten times in a small group."""
    whole = held(heap(*range(20)), heap(*range(20, 40), name="乙"))
    victim = whole.inner((3,) * 7)
    copies = [seal_ballot(whole.id, whole.poll.outer_key, serial(slip), victim) for slip in (1, 21, 22, 23)]
    found = passed(whole, [*copies, whole.cast(2, GOOD)])
    assert (found.opening.copied, found.opening.passed) == (3, 2)
    assert [len(each) for each in found.heaps] == [2, 0]


def test_inner_envelopes_that_hold_no_answers_are_counted_and_nothing_else() -> None:
    whole, other = held(), held(quorum=2)

    def cast(slip: int, inner: bytes) -> bytes:
        return seal_ballot(whole.id, whole.poll.outer_key, serial(slip), inner)

    key = X25519PublicKey.from_public_bytes(public(INNER_KEY))
    senseless = SUITE.encrypt(b"\x05" * 7, key, INNER_INFO + whole.id)
    bad = [cast(20, bytes(55)), cast(21, other.inner(GOOD)), cast(22, senseless)]
    found = result(whole, passed(whole, [*bad, *[whole.cast(slip, GOOD) for slip in range(12)]]))
    assert (found.unreadable, found.counted) == (3, 12)
    assert found.outcome is not None
    assert found.outcome.index == "100.00"


def test_the_result_is_the_models_tally() -> None:
    whole = held(heap(*range(60)), heap(*range(60, 100), name="乙"), quorum=80)
    chance = Random(3)
    cast: dict[int, Ballot] = {
        slip: tuple(chance.choices(range(5), [5, 3, 2, 1, 1], k=7))  # type: ignore[misc]
        for slip in chance.sample(range(100), 85)
    }
    found = result(whole, passed(whole, [whole.cast(slip, ballot) for slip, ballot in cast.items()]))
    assert (found.counted, found.valid, found.turnout) == (85, True, "85.00")
    assert found.outcome is not None
    for at, dimension in enumerate(found.outcome.dimensions):
        tally = Counter(ballot[at] for ballot in cast.values())
        assert dimension.counts == tuple(tally[answer] for answer in range(5))
    first, second = found.groups
    assert first.outcome is not None
    assert second.outcome is not None
    assert first.outcome.counted == sum(slip < 60 for slip in cast)
    assert first.outcome.counted + second.outcome.counted == 85


def test_below_the_quorum_it_is_not_valid_and_below_ten_nothing_is_said() -> None:
    whole = held(quorum=12)
    found = result(whole, passed(whole, [whole.cast(slip, GOOD) for slip in range(9)]))
    assert (found.counted, found.valid, found.outcome) == (9, False, None)
    found = result(whole, passed(whole, [whole.cast(slip, GOOD) for slip in range(11)]))
    assert (found.valid, found.outcome is not None) == (False, True)


def test_a_ballot_that_abstains_throughout_counts_in_the_turnout() -> None:
    whole = held(quorum=12)
    found = result(
        whole, passed(whole, [whole.cast(slip, GOOD if slip < 11 else (ABSTAINED,) * 7) for slip in range(12)])
    )
    assert found.valid
    assert found.outcome is not None
    assert (found.outcome.index, found.outcome.abstained) == ("100.00", "8.33")


def test_of_a_small_group_nothing_is_said_in_any_dimension() -> None:
    """12 and 15 voted; in one dimension the first group has 3 answers, so neither group's are told there."""
    whole = held(heap(*range(20)), heap(*range(20, 40), name="乙"))
    few: Ballot = (ABSTAINED, 0, 0, 0, 0, 0, 0)
    sealed = [whole.cast(slip, few if slip < 9 else GOOD) for slip in range(12)]
    sealed += [whole.cast(slip, (1,) * 7) for slip in range(20, 35)]
    found = result(whole, passed(whole, sealed))
    assert found.outcome is not None
    assert found.outcome.dimensions[0].counts == (3, 15, 0, 0, 9)
    for group in found.groups:
        assert group.outcome is not None
        assert group.outcome.dimensions[0].counts is None
        assert group.outcome.dimensions[1].counts is not None
    small = held(heap(*range(20)), heap(*range(20, 40), name="乙"))
    found = result(small, passed(small, [small.cast(slip, GOOD) for slip in [*range(12), *range(20, 29)]]))
    assert [group.outcome for group in found.groups] == [None, None], "9 would be all less 12"


def test_holder_b_cannot_open_outer_envelopes_nor_holder_a_inner_ones() -> None:
    whole = held()
    sealed = whole.cast(1, GOOD)
    assert opened(known(whole), INNER_KEY, [sealed_text(sealed)], (), HASHES).opening.unreadable == 1
    assert open_answers(whole.id, OUTER_KEY, seal_answers(whole.id, whole.poll.inner_key, GOOD)) is None
