"""What a poll came to, as it is published: everything in it is fit to be, and no ballot is.

Of fewer than ten answers nothing is said, nor of groups by which fewer than ten could be told apart; that is decided here,
before anything leaves the computer that counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kiosk.board.files import Count, File, Known, MaybeSha256, Opening, PassedFile, Sha256
from kiosk.board.formula import (
    EQUAL_STEPS,
    FEWEST,
    NOT_CONTENT,
    POINTS,
    Counts,
    Scale,
    answered,
    counted,
    index,
    percent,
    rounded,
    rounded_root,
    score,
    told,
    variance,
)
from kiosk.index.answers import ABSTAINED, DIMENSIONS, Ballot
from kiosk.index.poll import MOST_HEAPS, Poll
from kiosk.index.sealing import open_answers
from kiosk.language import _

Number = Annotated[str, Meta(pattern=r"^[0-9]{1,3}\.[0-9]{2}\Z")]
Share = Annotated[str, Meta(pattern=r"^([0-9]{1,3}\.[0-9]{2})?\Z")]
"""Empty of nothing."""

Exact = Annotated[str, Meta(max_length=400)]
Texts = Annotated[Mapping[str, str], Meta(min_length=1)]


class Dimension(Struct, frozen=True, forbid_unknown_fields=True):
    """One dimension: how many gave each answer, its score under both scales, and the share that is not content.

    All but its key is None where something would be said of fewer than FEWEST.
    """

    key: str
    counts: Counts | None = None
    score: Number | None = None
    equal_steps: Number | None = None
    not_content: Number | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what no count of ours comes to."""
        if self.key not in DIMENSIONS or (self.counts and (min(self.counts) < 0 or answered(self.counts) < FEWEST)):
            raise ValueError(_("a dimension that cannot be"))


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What a number of ballots came to. `exact`: the index before it was rounded; `standard_error` is that of the index.

    `abstained` and `not_content`: shares in per cent, of all answers, and of those that were none of abstention.
    """

    counted: Count
    index: Number | None
    exact: Exact | None
    equal_steps: Number | None
    standard_error: Number | None
    not_content: Number | None
    abstained: Number | None
    dimensions: Annotated[tuple[Dimension, ...], Meta(min_length=len(DIMENSIONS), max_length=len(DIMENSIONS))]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Those who drew from one heap. `outcome` is None, and it is not said how many voted, where the rule of ten forbids it."""

    names: Texts
    slips: Count
    cancelled: Count
    outcome: Outcome | None


class Result(File, frozen=True):
    """The whole result. `slips`: those that were drawn; `turnout`: the share of them that counted, in per cent.

    `unreadable`: passed on by holder A, and not to be opened by key B.
    """

    words: str
    title: Texts
    questions: tuple[Texts, ...]
    weights: tuple[str, ...]
    points: tuple[str, ...]
    begins: int
    ends: int
    quorum: Count
    slips: Count
    cancelled_slips: Count
    counted: Count
    unreadable: Count
    turnout: Share
    valid: bool
    opening: Opening
    outcome: Outcome | None
    groups: Annotated[tuple[Group, ...], Meta(max_length=MOST_HEAPS)]
    ballots: Sha256
    cancelled: MaybeSha256
    passed: Sha256
    format: Literal["yizhan-result-1"] = "yizhan-result-1"


def result_of(known: Known, passed: PassedFile, digest: str, private: bytes) -> Result:
    """What holder B finds in what holder A passed on; `digest`: the SHA-256 of that file."""
    poll = known.poll
    opened = [[open_answers(known.id, private, bytes.fromhex(each)) for each in heap] for heap in passed.heaps]
    heaps = [[ballot for ballot in heap if ballot] for heap in opened]
    ballots = [*chain.from_iterable(heaps)]
    void = sum(passed.cancelled_slips)
    return Result(
        poll=known.id.hex(),
        words=known.words,
        title=poll.title,
        questions=poll.questions,
        weights=tuple(map(str, poll.fractions)),
        points=tuple(map(str, POINTS)),
        begins=poll.begins,
        ends=poll.ends,
        quorum=poll.quorum,
        slips=len(poll) - void,
        cancelled_slips=void,
        counted=len(ballots),
        unreadable=sum(heap.count(None) for heap in opened),
        turnout=percent(len(ballots), len(poll) - void),
        valid=len(ballots) >= poll.quorum,
        opening=passed.opening,
        outcome=outcome_of(ballots, poll.fractions) if len(ballots) >= FEWEST else None,
        groups=tuple(_groups(poll, heaps, passed.cancelled_slips)) if len(heaps) > 1 else (),
        ballots=passed.ballots,
        cancelled=passed.cancelled,
        passed=digest,
    )


def outcome_of(
    ballots: Sequence[Ballot], weights: Sequence[Fraction], shown: Sequence[bool] = (True,) * len(DIMENSIONS)
) -> Outcome:
    """What these ballots came to, which are FEWEST at the least; `shown`: of which dimensions something may be said."""
    counts = [each if may else (0, 0, 0, 0, 0) for each, may in zip(counted(ballots), shown, strict=True)]
    scores = [score(each) for each in counts]
    found, error = index(scores, weights), variance(ballots, scores, weights)
    said = [each for each, known in zip(counts, scores, strict=True) if known is not None]
    return Outcome(
        counted=len(ballots),
        index=_maybe(found),
        exact=None if found is None else str(found),
        equal_steps=_maybe(index([score(each, EQUAL_STEPS) for each in counts], weights)),
        standard_error=None if error is None else rounded_root(error),
        not_content=percent(sum(each[NOT_CONTENT] for each in said), sum(map(answered, said))) or None,
        abstained=percent(sum(each[ABSTAINED] for each in said), sum(map(sum, said))) or None,
        dimensions=tuple(_dimension(key, each) for key, each in zip(DIMENSIONS, counts, strict=True)),
    )


def _dimension(key: str, counts: Counts) -> Dimension:
    if answered(counts) < FEWEST:
        return Dimension(key)
    return Dimension(
        key, counts, _score(counts, POINTS), _score(counts, EQUAL_STEPS), percent(counts[NOT_CONTENT], answered(counts))
    )


def _score(counts: Counts, points: Scale) -> Number | None:
    return _maybe(score(counts, points))


def _maybe(value: Fraction | None) -> Number | None:
    return None if value is None else rounded(value)


def _groups(poll: Poll, heaps: Sequence[Sequence[Ballot]], void: Sequence[int]) -> list[Group]:
    """By heap, as far as the rule of ten lets it: for the ballots, and again for the answers in each dimension."""
    whole = told([len(heap) for heap in heaps])
    counts = [counted(heap) for heap in heaps]
    by_dimension = [told([answered(each[at]) for each in counts], whole) for at in range(len(DIMENSIONS))]
    return [
        Group(
            heap.names,
            len(heap) - void[at],
            void[at],
            outcome_of(heaps[at], poll.fractions, [each[at] for each in by_dimension]) if whole[at] else None,
        )
        for at, heap in enumerate(poll.heaps)
    ]
