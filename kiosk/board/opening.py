"""What holder A does: opens the outer envelopes, drops what must not count, passes on the rest without its slip."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from kiosk.board.files import Known, Opening, PassedFile
from kiosk.index.ballots import sealed_in
from kiosk.index.poll import Poll
from kiosk.index.sealing import open_ballot
from kiosk.index.slips import digest_of


class Slip(Struct, frozen=True):
    """A slip of this poll that came: its heap, and the different sealed answers that came with it."""

    heap: int
    inner: frozenset[bytes]


def opened(
    known: Known, private: bytes, ballots: Iterable[str], cancelled: Collection[bytes], hashes: tuple[str, str]
) -> PassedFile:
    """What is passed on of these ballots. `cancelled`: digests; `hashes`: of the files of ballots and of cancelled slips."""
    came = [open_ballot(known.id, private, sealed_in(each)) for each in ballots]
    found = [(digest_of(each.serial), each.inner) for each in came if each]
    pairs = {(digest, inner) for digest, inner in found}
    slips = _by_slip(known.poll, pairs)
    valid = {digest: slip for digest, slip in slips.items() if digest not in cancelled}
    repeated = [slip for slip in valid.values() if len(slip.inner) > 1]
    heaps = list(_passed(known.poll, [slip for slip in valid.values() if len(slip.inner) == 1]))
    single = len(valid) - len(repeated)
    opening = Opening(
        came=len(came),
        unreadable=came.count(None),
        unknown=sum(known.poll.heap_of(digest) is None for digest, _inner in pairs),
        cancelled=sum(len(slip.inner) for digest, slip in slips.items() if digest in cancelled),
        repeated=sum(len(slip.inner) for slip in repeated),
        repeated_slips=len(repeated),
        again=len(found) - len(pairs),
        copied=single - sum(map(len, heaps)),
        passed=sum(map(len, heaps)),
    )
    void = tuple(sum(known.poll.heap_of(each) == at for each in cancelled) for at in range(len(known.poll.heaps)))
    return PassedFile(known.id.hex(), *hashes, void, opening, tuple(heaps))


def _by_slip(poll: Poll, pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, Slip]:
    """The slips of this poll that came, by their digests."""
    came = defaultdict[bytes, set[bytes]](set)
    for digest, inner in pairs:
        came[digest].add(inner)
    heaps = {digest: poll.heap_of(digest) for digest in came}
    return {digest: Slip(heap, frozenset(came[digest])) for digest, heap in heaps.items() if heap is not None}


def _passed(poll: Poll, slips: Iterable[Slip]) -> Iterator[tuple[str, ...]]:
    """By heap, the sealed answers of these slips, each once; of a copy in two heaps that in the first."""
    seen = set[bytes]()
    held = [*slips]
    for at in range(len(poll.heaps)):
        here = {inner for slip in held if slip.heap == at for inner in slip.inner} - seen
        seen |= here
        yield tuple(sorted(each.hex() for each in here))
