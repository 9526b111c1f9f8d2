"""A poll as the election board writes it, in TOML: checked whole, with every error beside its line, before a slip is made."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.board.formula import FEWEST
from kiosk.board.questions import EVERYBODY, QUESTIONS
from kiosk.board.shares import read_public
from kiosk.decoding import UNDECODABLE
from kiosk.index.answers import DIMENSIONS
from kiosk.index.poll import (
    FORMAT,
    LONGEST_PREPARED,
    MOST_HEAPS,
    MOST_PREFIXES,
    MOST_SLIPS,
    Heap,
    NotAPoll,
    Poll,
    Weight,
    poll_bytes,
)
from kiosk.index.remarks import MOST_PREPARED
from kiosk.index.slips import digest_of
from kiosk.language import _
from kiosk.settings.loading import check_table, told_lines
from kiosk.settings.reading import read_toml
from kiosk.settings.table import BadSettings, Table, Wrong, did_you_mean
from kiosk.trust.service import LANGUAGE, LONGEST, MOST_LANGUAGES

FRACTION: Final = re.compile(r"\d{1,6}(/[1-9]\d{0,5})?")
PREFIX: Final = re.compile(r"[0-9A-Za-z]{0,12}")
READ_BY_ALL: Final = "zh"

Serials = tuple[tuple[bytes, ...], ...]
"""Of all slips, by heap."""


class HeapTable(Table, frozen=True):
    """One heap of slips: those of a group."""

    slips: int
    names: dict[str, str]


class PollFile(Table, frozen=True):
    """The whole file; see docs/ballot.md. Both times carry their offset; `quorum`: ballots, or their share of the slips."""

    title: dict[str, str]
    begins: datetime
    ends: datetime
    stations: list[str]
    outer_key: str
    inner_key: str
    quorum: int | str
    slips: int | None = None
    heaps: tuple[HeapTable, ...] = ()
    questions: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    weights: dict[str, int | str] = msgspec.field(default_factory=dict)
    remarks: tuple[dict[str, str], ...] = ()

    @property
    def wanted(self) -> tuple[HeapTable, ...]:
        """The heaps, also of a poll without groups."""
        return self.heaps or (HeapTable(self.slips or 0, dict(EVERYBODY)),)

    @property
    def many(self) -> int:
        """How many slips there are to be."""
        return sum(each.slips for each in self.wanted)


class Written(msgspec.Struct, frozen=True):
    """A poll as it was written, checked; what it lacks are its slips."""

    path: Path
    text: str
    file: PollFile
    outer_key: bytes
    inner_key: bytes

    def poll(self, serials: Serials) -> Poll:
        """The poll with these slips."""
        file = self.file
        texts = (file.questions.get(each, QUESTIONS[each]) for each in DIMENSIONS)
        return Poll(
            format=FORMAT,
            title=file.title,
            questions=tuple(dict(each) for each in texts),
            weights=tuple(_weight(file, each) for each in DIMENSIONS),
            quorum=_quorum(file),
            begins=int(file.begins.timestamp()),
            ends=int(file.ends.timestamp()),
            stations=tuple(sorted(set(file.stations))),
            heaps=tuple(
                Heap(wanted.names, b"".join(sorted(map(digest_of, some))))
                for wanted, some in zip(file.wanted, serials, strict=True)
            ),
            outer_key=self.outer_key,
            inner_key=self.inner_key,
            remarks=file.remarks,
        )

    def file_of(self, serials: Serials) -> bytes:
        """The poll's file. Raises BadSettings where all of it together is more than a poll may be."""
        try:
            return poll_bytes(self.poll(serials))
        except NotAPoll as error:
            raise BadSettings([f"{self.path}:1: {error}"]) from error


def read_poll_file(path: Path, now: float) -> Written:
    """The poll in a file. Raises BadSettings with everything that is wrong."""
    try:
        text, raw = read_toml(path)
        wrong = list(check_table(raw, PollFile, ()))
        if wrong:
            raise BadSettings(told_lines(path, text, wrong))
        file = msgspec.convert(raw, PollFile)
        if wrong := list(_senseless(file, now)):
            raise BadSettings(told_lines(path, text, wrong))
        return Written(path, text, file, *_keys(path, file))
    except UNDECODABLE as error:
        raise BadSettings([f"{path}: {error}"]) from error


def _keys(path: Path, file: PollFile) -> tuple[bytes, bytes]:
    """Both public keys, from the files that stand beside. Raises BadSettings."""
    keys, errors = list[bytes](), list[str]()
    for key, name in (("A", file.outer_key), ("B", file.inner_key)):
        try:
            keys.append(read_public(path.parent / name, key))
        except BadSettings as error:
            errors += error.errors
    if errors:
        raise BadSettings(errors)
    outer, inner = keys
    return outer, inner


def _senseless(file: PollFile, now: float) -> Iterator[Wrong]:
    """What is well written and cannot be meant, with the reason."""
    yield from _texts(file.title, ("title",))
    yield from _times(file, now)
    yield from _stations(file)
    yield from _heaps(file)
    yield from _questions(file)
    yield from _weights(file)
    yield from _remarks(file)
    if wrong := _wrong_quorum(file):
        yield ("quorum",), wrong


def _times(file: PollFile, now: float) -> Iterator[Wrong]:
    naive = [name for name in ("begins", "ends") if getattr(file, name).tzinfo is None]
    for name in naive:
        time = getattr(file, name).isoformat()
        yield (name,), _("{time} has no offset; write e.g. {time}+08:00", time=time)
    if naive:
        return
    if file.begins.timestamp() < 0:
        yield ("begins",), _("must not be before 1970")
    if file.ends <= file.begins:
        yield ("ends",), _("it ends before it begins")
    elif file.ends.timestamp() <= now:
        yield ("ends",), _("is over already")


def _stations(file: PollFile) -> Iterator[Wrong]:
    if not 1 <= len(file.stations) <= MOST_PREFIXES:
        yield ("stations",), _("must be 1 to {most} beginnings of station codes", most=MOST_PREFIXES)
    for each in file.stations:
        if not PREFIX.fullmatch(each):
            yield ("stations",), _("{text} is no beginning of a station's code, such as 370811", text=each[:40])


def _heaps(file: PollFile) -> Iterator[Wrong]:
    if (file.slips is None) == (not file.heaps):
        yield ("slips",), _("write either slips or [[heaps]], one for each group")
        return
    if len(file.heaps) > MOST_HEAPS:
        yield ("heaps",), _("there may be {most} heaps", most=MOST_HEAPS)
    for number, each in enumerate(file.heaps, 1):
        yield from _texts(each.names, ("heaps", str(number), "names"))
    for at, each in zip(_places(file), file.wanted, strict=True):
        if each.slips < 1:
            yield at, _("there must be a slip at least")
        elif file.heaps and each.slips < FEWEST:
            words = _(
                "a group needs {fewest} slips: of fewer nothing is said, and whoever counts would see who answered what"
            )
            yield at, words.format(fewest=FEWEST)
    if file.many > MOST_SLIPS:
        yield (
            _places(file)[-1],
            _(
                "{count} slips; a poll may have {most}. Next: one poll for each district",
                count=file.many,
                most=MOST_SLIPS,
            ),
        )


def _places(file: PollFile) -> list[tuple[str, ...]]:
    return [("heaps", str(number), "slips") for number in range(1, len(file.heaps) + 1)] or [("slips",)]


def _questions(file: PollFile) -> Iterator[Wrong]:
    for name, texts in file.questions.items():
        if name not in DIMENSIONS:
            yield ("questions", name), _("no such dimension") + did_you_mean(name, DIMENSIONS)
        else:
            yield from _texts(texts, ("questions", name))


def _remarks(file: PollFile) -> Iterator[Wrong]:
    if len(file.remarks) > MOST_PREPARED:
        yield ("remarks",), _("there may be {most} prepared remarks", most=MOST_PREPARED)
    for number, texts in enumerate(file.remarks, 1):
        yield from _texts(texts, ("remarks", str(number)), LONGEST_PREPARED)


def _texts(texts: Mapping[str, str], at: tuple[str, ...], longest: int = LONGEST) -> Iterator[Wrong]:
    if not 1 <= len(texts) <= MOST_LANGUAGES:
        yield at, _("must be 1 to {most} texts, each under its language", most=MOST_LANGUAGES)
    elif READ_BY_ALL not in texts:
        yield at, _("there is none in Chinese (zh)")
    for language, text in texts.items():
        if not re.fullmatch(LANGUAGE, language):
            yield (*at, language), _("is no language, such as zh, en or ug")
        if not text.strip():
            yield (*at, language), _("is empty")
        elif len(text) > longest:
            yield (*at, language), _("has {count} characters, and may have {most}", count=len(text), most=longest)


def _weights(file: PollFile) -> Iterator[Wrong]:
    if not file.weights:
        return
    for name in file.weights.keys() - set(DIMENSIONS):
        yield ("weights", name), _("no such dimension") + did_you_mean(name, DIMENSIONS)
    for name in DIMENSIONS:
        if name not in file.weights:
            yield ("weights", name), _("is missing: where one is weighted, all seven are")
        elif not FRACTION.fullmatch(str(file.weights[name])):
            yield ("weights", name), _('must be a whole number or a fraction, such as 2 or "1/7"')
    if all(FRACTION.fullmatch(str(each)) and not Fraction(str(each)) for each in file.weights.values()):
        yield ("weights",), _("all weights are zero")


def _weight(file: PollFile, dimension: str) -> Weight:
    return Fraction(str(file.weights.get(dimension, "1/7"))).as_integer_ratio()


def _wrong_quorum(file: PollFile) -> str:
    if not FRACTION.fullmatch(str(file.quorum)):
        return _('must be a number of ballots, or their share of the slips, such as 60 or "1/2"')
    if isinstance(file.quorum, str) and Fraction(file.quorum) > 1:
        return _("is more than all slips")
    if _quorum(file) > file.many:
        return _("{quorum} ballots of {slips} slips can never come", quorum=_quorum(file), slips=file.many)
    return "" if _quorum(file) else _("must be one ballot at least")


def _quorum(file: PollFile) -> int:
    """In ballots; a share of the slips is rounded up."""
    return math.ceil(Fraction(file.quorum) * file.many) if isinstance(file.quorum, str) else file.quorum


def summary(poll: Poll) -> dict[str, Any]:
    """What a poll says, for --json."""
    said: dict[str, Any] = msgspec.to_builtins(poll, builtin_types=(bytes,))
    heaps = [{"names": heap.names, "slips": len(heap)} for heap in poll.heaps]
    counted = {"weights": [str(each) for each in poll.fractions], "heaps": heaps, "remarks": [*poll.remarks]}
    return said | counted | {name: getattr(poll, name).hex() for name in ("outer_key", "inner_key")}
