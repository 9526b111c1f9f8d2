"""What the board's steps hand on to each other, as JSON: the slips' secret, the cancelled slips, what holder A passes on.

Each names its poll, so that none is taken for another's, and can be compared by `sha256sum`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import chain
from operator import le
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from kiosk.board.refused import NotSo
from kiosk.decoding import NotUnderstood, read_json
from kiosk.index.ballots import MOST_BYTES as MOST_BALLOT_BYTES
from kiosk.index.ballots import BallotFile, PollHex, read_ballot_file
from kiosk.index.poll import MOST_BYTES, MOST_HEAPS, MOST_SLIPS, NotAPoll, Poll, poll_id, poll_words, read_poll
from kiosk.index.remark_file import MOST_BYTES as MOST_REMARK_BYTES
from kiosk.index.remark_file import RemarkFile, read_remark_file
from kiosk.index.sealing import INNER
from kiosk.index.slips import SERIAL
from kiosk.language import _
from kiosk.settings.text import read_bounded

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
MaybeSha256 = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
"""Empty where no slip was cancelled, and there is no file of them."""

Serial = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{{2 * SERIAL}}}\Z")]
Inner = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{{2 * INNER}}}\Z")]
F = TypeVar("F", bound="File")
G = TypeVar("G", BallotFile, RemarkFile)


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of these files."""

    poll: PollHex


class SerialsFile(File, frozen=True):
    """The serials of all slips, by heap: a secret until it is destroyed, since whoever has it can vote for all."""

    heaps: Annotated[tuple[tuple[Serial, ...], ...], Meta(max_length=MOST_HEAPS)]
    format: Literal["yizhan-serials-1"] = "yizhan-serials-1"


class CancelledFile(File, frozen=True):
    """The slips that nobody drew: their digests, hexadecimal, sorted."""

    cancelled: Annotated[tuple[Serial, ...], Meta(max_length=MOST_SLIPS)] = ()
    format: Literal["yizhan-cancelled-1"] = "yizhan-cancelled-1"


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of the sealed ballots that came: each is in one of these, but `repeated_slips`, which counts slips."""

    came: Count
    unreadable: Count
    """Sealed for another poll or key, or damaged."""

    unknown: Count
    """With a serial that is no slip's of this poll."""

    cancelled: Count
    """With a slip that was cancelled, before or after."""

    repeated: Count
    repeated_slips: Count
    """With a slip that came with several different ballots, as from two stations: none of them counts."""

    again: Count
    """The same slip with the same ballot, which was sent twice: one of them counts."""

    copied: Count
    """Somebody else's sealed answers with a slip of their own, letter for letter: the first counts, so that nobody learns what
    another answered by having it counted many times."""

    passed: Count


class PassedFile(File, frozen=True):
    """What holder A passes on to holder B: inner envelopes by heap, sorted.

    For random bytes that is a shuffle which everybody can repeat: whoever opens the same ballots makes the same file.
    `ballots` and `cancelled`: the SHA-256 of the files that it was made of; `cancelled_slips`: how many were.
    """

    ballots: Sha256
    cancelled: MaybeSha256
    cancelled_slips: Annotated[tuple[Count, ...], Meta(max_length=MOST_HEAPS)]
    opening: Opening
    heaps: Annotated[tuple[tuple[Inner, ...], ...], Meta(max_length=MOST_HEAPS)]
    format: Literal["yizhan-passed-1"] = "yizhan-passed-1"


class Known(Struct, frozen=True):
    """A poll that was read, with its id and words."""

    poll: Poll
    id: bytes
    words: str


def read_known(path: Path) -> Known:
    """The poll in a file. Raises NotSo."""
    data = _read(path, MOST_BYTES)
    try:
        return Known(read_poll(data), poll_id(data), poll_words(data))
    except NotAPoll as error:
        raise NotSo(_("{file}: {wrong}", file=path, wrong=error)) from error


def read_ballots(path: Path, known: Known) -> tuple[BallotFile, str]:
    """The file of sealed ballots of this poll, and its SHA-256. Raises NotSo."""
    return _of_the_centre(path, read_ballot_file, MOST_BALLOT_BYTES, known)


def read_remarks(path: Path, known: Known) -> tuple[RemarkFile, str]:
    """The file of sealed remarks of this poll, and its SHA-256. Raises NotSo."""
    return _of_the_centre(path, read_remark_file, MOST_REMARK_BYTES, known)


def _of_the_centre(path: Path, read: Callable[[bytes], G], most: int, known: Known) -> tuple[G, str]:
    data = _read(path, most)
    try:
        file = read(data)
    except NotUnderstood as error:
        raise NotSo(_damaged(path, error)) from error
    _of_this(path, file.poll, known)
    return file, hashlib.sha256(data).hexdigest()


def read_file(path: Path, kind: type[F], known: Known) -> tuple[F, str]:
    """A file of that kind of this poll, and its SHA-256. Raises NotSo."""
    data = _read(path, MOST_BALLOT_BYTES)
    try:
        file = read_json(data, kind, MOST_BALLOT_BYTES)
    except NotUnderstood as error:
        raise NotSo(_damaged(path, error)) from error
    assert isinstance(file, kind)  # noqa: S101  for mypy
    _of_this(path, file.poll, known)
    if not _fits(file, known.poll):
        raise NotSo(
            _damaged(path, _("it has other heaps than the poll, more than there are slips in one, or the same twice"))
        )
    return file, hashlib.sha256(data).hexdigest()


def _fits(file: File, poll: Poll) -> bool:
    """Whether there is no more in each heap than the poll has slips there, and no sealed answers twice."""
    match file:
        case SerialsFile(heaps=heaps):
            taken = [len(heap) for heap in heaps]
        case PassedFile(heaps=heaps, cancelled_slips=void) if len(heaps) == len(void) and _each_once(heaps):
            taken = [len(heap) + gone for heap, gone in zip(heaps, void, strict=True)]
        case PassedFile():
            return False
        case _:
            return True
    return len(taken) == len(poll.heaps) and all(map(le, taken, map(len, poll.heaps)))


def _each_once(heaps: Sequence[Sequence[str]]) -> bool:
    whole = [*chain.from_iterable(heaps)]
    return len(whole) == len(set(whole))


def file_bytes(file: Any) -> bytes:
    """A file as it is written: the same for the same content."""
    return msgspec.json.format(msgspec.json.encode(file, order="deterministic"), indent=1) + b"\n"


def _read(path: Path, most: int) -> bytes:
    try:
        return read_bounded(path, most)
    except OSError as error:
        raise NotSo(_("{file} cannot be read: {why}", file=path, why=error.strerror)) from error


def _damaged(path: Path, error: object) -> str:
    return _("{file} is damaged, cut off, or another kind of file: {why}", file=path, why=error)


def _of_this(path: Path, poll: str, known: Known) -> None:
    if poll != known.id.hex():
        raise NotSo(
            _(
                "{file} is of another poll, {other}…; this one is {this}… ({words}).",
                file=path,
                other=poll[:8],
                this=known.id.hex()[:8],
                words=known.words,
            )
        )
