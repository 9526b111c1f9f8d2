"""A remark beside a ballot, as the station keeps it: one of each ballot, in an order of its own, and what that tells."""

from __future__ import annotations

import random

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.core.desk.ballot import (
    IN_AN_ENTRY_WITH_REMARKS,
    MOST,
    MOST_WITH_REMARKS,
    TICKET,
    Cast,
    Shown,
    Urn,
    entries_of,
    urn_of,
)
from kiosk.core.events import Committed, Tick
from kiosk.index.ballots import sealed_in
from kiosk.index.sealing import OUTER, REMARK
from kiosk.index.slips import slip_text
from kiosk.logbook.store import MOST_OF_SERVICES
from kiosk.logbook.urn import HEAD
from kiosk.station.ballots import size_of
from tests.core.test_ballot import Inside, sealed
from tests.index.polls import ENDS, PREPARED, Held, heap, held, serial

POLL = held(remarks=PREPARED)
NAME = POLL.id.hex()


def remark(number: int) -> bytes:
    """An envelope as the core sees it: the first cast is the last in order."""
    return (9999 - number).to_bytes(4, "big") * (REMARK // 4)


def voted(numbers: list[int], poll: Held = POLL) -> Inside:
    inside = Inside(poll)
    for number in numbers:
        inside.take(Shown(slip_text(serial(number))))
        assert inside.booth.open
        inside.take(Cast(inside.booth.open.number, sealed(number), remark(number)))
    return inside


def test_one_write_holds_slip_ballot_and_remark_and_each_is_sorted_by_itself() -> None:
    inside = voted(random.Random(3).sample(range(20), 20))  # noqa: S311
    urn = inside.disk[NAME]
    assert [*urn.sealed] == [sealed(each) for each in range(20)]
    assert [*urn.remarks] == sorted(remark(each) for each in range(20))
    assert len(urn.burnt) == 20


def test_what_is_sent_has_one_of_each_ballot_and_no_place_in_common() -> None:
    inside = voted([*range(20)])
    inside.take(Tick(), inside.until(ENDS + 100.0))
    (parts,) = inside.sent
    assert [(len(each.sealed), len(each.remarks)) for each in parts] == [(6, 6), (6, 6), (6, 6), (2, 2)]
    assert {sealed_in(text) for each in parts for text in each.remarks} == {remark(each) for each in range(20)}
    assert [sealed_in(text) for text in parts[0].remarks] == [remark(each) for each in range(19, 13, -1)]
    inside.take(Committed(TICKET))
    urn = inside.disk[NAME]
    assert (urn.sealed, urn.remarks, len(urn.burnt)) == ((), (), 20)


def test_where_none_is_asked_for_none_is_kept() -> None:
    urn = voted([1], held()).disk[held().id.hex()]
    assert (urn.remarked, urn.remarks) == (False, ())
    assert all(not each.remarks for each in entries_of(urn))


@pytest.mark.parametrize(("asked", "most"), [((), MOST), (PREPARED, MOST_WITH_REMARKS)])
def test_a_full_urn_fits_its_slot_and_its_entries_the_stream(asked: tuple[dict[str, str], ...], most: int) -> None:
    poll = held(heap(*range(5000)), remarks=asked)
    urn = urn_of(poll.id.hex(), poll.poll)
    assert urn.most == most
    envelopes = tuple(number.to_bytes(4, "big") * 200 for number in range(most))
    full = replace(
        urn,
        burnt=tuple(each[:16] for each in envelopes),
        sealed=tuple(each[:OUTER] for each in envelopes),
        remarks=tuple(each[:REMARK] for each in envelopes) if asked else (),
    )
    assert len(msgspec.msgpack.encode(full)) <= size_of(full) - HEAD.size
    assert all(len(msgspec.json.encode(each)) <= MOST_OF_SERVICES - 200 for each in entries_of(full))
    if asked:
        assert sum(1 for _each in entries_of(full)) == -(-most // IN_AN_ENTRY_WITH_REMARKS) == 342


def test_an_urn_of_an_older_version_is_read() -> None:
    old = {"poll": NAME, "ends": ENDS, "most": 5, "burnt": [b"b" * 16], "sealed": [b"s" * OUTER], "sent": False}
    urn = msgspec.msgpack.decode(msgspec.msgpack.encode(old), type=Urn)
    assert (urn.remarked, urn.remarks) == (False, ())
