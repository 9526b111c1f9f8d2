"""What holder B does with the sealed remarks: opens them, for one person who goes through them before anybody else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from msgspec import Struct

from kiosk.board.files import Known
from kiosk.board.formula import FEWEST
from kiosk.board.refused import Missing
from kiosk.board.words import text_in
from kiosk.foreign import visible
from kiosk.index.ballots import sealed_in
from kiosk.index.poll import Poll
from kiosk.index.remarks import NONE, Remark
from kiosk.index.sealing import open_remark
from kiosk.language import _


class Read(Struct, frozen=True):
    """What became of the remarks that came: each is in one of these. `lines`: what they say, sorted, a remark each.

    Of a prepared one there is one line, with how many chose it. Somebody's own words stand in quotation marks, so that they
    pass for no such line.
    """

    came: int
    unreadable: int
    empty: int
    prepared: int
    own: int
    lines: tuple[str, ...]


def opened_remarks(known: Known, private: bytes, remarks: Iterable[str]) -> Read:
    """What these say. Raises Missing where fewer than ten came: of so few the writers can be guessed."""
    found = [_opened(known, private, each) for each in remarks]
    said = Counter(each for each in found if each is not None)
    if said.total() < FEWEST:
        raise Missing(_("Of fewer than ten ballots no remark is opened."))
    chosen = {each: many for each, many in said.items() if isinstance(each, int) and each != NONE}
    own = {each: many for each, many in said.items() if isinstance(each, str)}
    return Read(
        came=len(found),
        unreadable=found.count(None),
        empty=said[NONE],
        prepared=sum(chosen.values()),
        own=sum(own.values()),
        lines=(*_prepared(known.poll, chosen), *sorted(chain.from_iterable(map(_written, own, own.values())))),
    )


def _opened(known: Known, private: bytes, text: str) -> Remark | None:
    """The remark; None also for one that this poll has not prepared."""
    found = open_remark(known.id, private, sealed_in(text))
    return None if isinstance(found, int) and found > len(known.poll.remarks) else found


def told_remarks(read: Read) -> Iterator[str]:
    """What sealed remarks came to, a line each; what they say is told to nobody here."""
    yield _("{count} sealed remarks came: one of each ballot, said or not", count=read.came)
    if read.unreadable:
        yield _("{count} could not be opened: sealed for another poll, or damaged", count=read.unreadable)
    yield _("{count} say nothing", count=read.empty)
    yield _("{count} are prepared ones, {own} somebody's own words", count=read.prepared, own=read.own)


def _prepared(poll: Poll, chosen: Mapping[int, int]) -> Iterator[str]:
    for number, texts in enumerate(poll.remarks, 1):
        if many := chosen.get(number):
            yield _("{count} times: {text}", count=many, text=text_in(texts))


def _written(words: str, many: int) -> list[str]:
    return [f"“{visible(' '.join(words.split()))}”"] * many
