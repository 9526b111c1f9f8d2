"""What a ledger's bits say: who has had one of a campaign.

A whole ledger is a bit for each index, least significant first, in zlib: of 1.5 million holders with 70,000 set some 64 kB.
What came since is the ascending indices themselves, each as what it is more than the one before (4 bytes, big endian), in zlib.
Both are unpacked when somebody is looked up first, which takes a millisecond or a few, and kept so with the document.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from kiosk.trust.service import WIDTH, Ledger, Period


def packed(indices: Iterable[int], size: int) -> bytes:
    """The bits of a whole ledger of `size` indices in which these are set."""
    bits = bytearray(-(-size // 8))
    for index in indices:
        bits[index >> 3] |= 1 << (index & 7)
    return zlib.compress(bytes(bits), 9)


def packed_new(indices: Collection[int]) -> bytes:
    """What a delta says of these."""
    steps = (after - before for before, after in pairwise([0, *sorted(indices)]))
    return zlib.compress(b"".join(each.to_bytes(WIDTH, "big") for each in steps), 9)


def in_ledger(ledger: Ledger, index: int) -> bool:
    """Whether this document says that the holder has had one."""
    if not ledger.since:
        return index < ledger.size and bool(ledger.unpacked[index >> 3] >> (index & 7) & 1)
    at = bisect_left(ledger.new, index)
    return at < len(ledger.new) and ledger.new[at] == index


def indices_in(ledger: Ledger) -> Iterator[int]:
    """All whom this document names, ascending."""
    if ledger.since:
        yield from ledger.new
        return
    for place, byte in enumerate(ledger.unpacked):
        if byte:
            yield from (place * 8 + bit for bit in range(8) if byte >> bit & 1)


def known_until(ledgers: Iterable[Ledger]) -> int:
    """Up to when it is known who has had one: the end of an unbroken chain from a whole ledger; 0 without one.

    Of an earlier period, too: who had one before its end had none of the next.
    """
    found = sorted(ledgers, key=lambda each: each.since)
    until = max((each.at for each in found if not each.since), default=0)
    for each in found:
        if until and each.since <= until:
            until = max(until, each.at)
    return until


def has_had(ledgers: Iterable[Ledger], index: int, period: Period = "") -> bool:
    """Whether any of a campaign's ledgers says so of that period."""
    return any(each.period == period and in_ledger(each, index) for each in ledgers)
