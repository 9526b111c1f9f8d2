"""A batch taken apart: its numbers in order, and each entry as it is kept. Only computes."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeGuard

import msgspec
from msgspec import Meta, Struct

from kiosk.contract.bodies import MAX_ENTRY, Batch, Seq
from kiosk.decoding import DEPTH, UNDECODABLE

Numbered = list[tuple[int, dict[str, Any] | None]]
HEAD: Final = ("seq", "kind", "boot_id", "boot", "wall")
NESTED: Final = (dict, list)

LONGEST_ESCAPE: Final = 6
"""Characters of JSON for one of a text."""

HEAD_TAKES: Final = 1024
"""Characters that a head takes at the most, but for its kind: names, three numbers, and a boot of which each one is escaped."""

LONGEST_BOOT: Final = 64
"""Characters of the name of a boot, as in the batch's own; it stands in an index, which takes no long ones."""


class Head(Struct, frozen=True):
    """What every entry on the wire must have; the rest is the fact itself, which the server keeps and does not judge."""

    seq: Seq
    kind: str
    boot_id: Annotated[str, Meta(max_length=LONGEST_BOOT)]
    boot: float
    wall: float


class Kept(Struct, frozen=True):
    """An entry as it is stored: its head in columns, the rest as JSON."""

    kind: str
    boot_id: str
    boot: float
    wall: float
    body: str

    def same(self, other: Kept) -> bool:
        """Whether both are one fact; the order of the rest and its blanks do not count."""
        return (self.kind, self.boot_id, self.boot, self.wall) == (
            other.kind, other.boot_id, other.boot, other.wall,
        ) and msgspec.json.decode(self.body) == msgspec.json.decode(other.body)  # fmt: skip

    def whole(self, seq: int) -> dict[str, Any]:
        """As it was sent."""
        head = {"seq": seq, "kind": self.kind, "boot_id": self.boot_id, "boot": self.boot, "wall": self.wall}
        rest: dict[str, Any] = msgspec.json.decode(self.body)
        return head | rest


def kept(entry: dict[str, Any]) -> Kept:
    """Raises UNDECODABLE's for what cannot be taken."""
    head, rest = msgspec.convert(entry, Head), entry.copy()
    for name in HEAD:
        del rest[name]
    if not _fits(rest):
        raise ValueError("it is nested too deep, or has a number of more than 64 bits")
    body = msgspec.json.encode(rest).decode()
    if len(body) + LONGEST_ESCAPE * len(head.kind) + HEAD_TAKES > MAX_ENTRY and len(written(entry)) > MAX_ENTRY:
        raise ValueError(f"an entry of more than {MAX_ENTRY} bytes")
    return Kept(without_nul(head.kind), without_nul(head.boot_id), head.boot, head.wall, body)


def without_nul(text: str) -> str:
    """With the sign for what cannot be shown in its place: PostgreSQL has no NUL in a text, and what is held must compare."""
    return text.replace("\0", "\ufffd")


def written(entry: dict[str, Any], most: int | None = None) -> str:
    """An entry as JSON, or the first `most` characters of it; nothing of one that cannot be written."""
    if not _fits(entry):  # msgspec 0.22 writes numbers of any length
        return ""
    try:
        return msgspec.json.encode(entry).decode()[:most]
    except UNDECODABLE:
        return ""


def _fits(value: dict[str, Any] | list[Any], depth: int = DEPTH) -> bool:
    """Whether it is nested no deeper, and has no whole number of more than 64 bits, at which whoever counts would stumble."""
    for each in value.values() if isinstance(value, dict) else value:
        kind = type(each)
        if kind is str:  # as most are
            continue
        if kind is int and not -(2**63) <= each < 2**63:
            return False
        if kind in NESTED and not (depth > 1 and _fits(each, depth - 1)):
            return False
    return True


def in_order(batch: Batch) -> Numbered:
    """The batch's numbers in order, each with its entry or None for a tombstone.

    An entry without a number that can be one has the number of its place, under which it is refused.
    """
    found = [entry.get("seq") for entry in batch.entries]
    if (
        not batch.tombstones
        and all(map(_is_number, found))
        and found == [*range(batch.first, batch.first + len(found))]
    ):
        return [*zip(found, batch.entries, strict=True)]  # as nearly always
    numbered: dict[int, dict[str, Any] | None] = dict.fromkeys(batch.tombstones)
    expected, gone = batch.first, set(batch.tombstones)
    for entry in batch.entries:
        while expected in gone:
            expected += 1
        if _is_number(seq := entry.get("seq")):
            numbered[seq] = entry
            expected = seq + 1
        else:
            numbered.setdefault(expected, entry)
            expected += 1
    return sorted(numbered.items(), key=lambda item: item[0])


def _is_number(seq: Any) -> TypeGuard[int]:
    """Whether it is a number that an entry may have; `True` is none."""
    return type(seq) is int and 1 <= seq < 2**62
