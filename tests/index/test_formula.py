"""The index: exact, never better for a worse answer, as the unions' own figures have it, and silent about few."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kiosk.board.formula import (
    EQUAL_STEPS,
    FEWEST,
    POINTS,
    counted,
    index,
    percent,
    rounded,
    rounded_root,
    score,
    told,
    variance,
)
from kiosk.index.answers import ABSTAINED, Ballot

EQUAL = (Fraction(1, 7),) * 7


def drawn(seed: int, many: int) -> list[Ballot]:
    """So many ballots by chance, of which some dimensions are answered by few, or hardly in two ways."""
    chance = Random(seed)
    columns = [chance.choices(range(5), [chance.random() ** 3 for _each in range(5)], k=many) for _each in range(7)]
    return list(zip(*columns, strict=True))


ballots = st.builds(drawn, st.integers(0, 2**32), st.integers(FEWEST, 40))


def weighed_by(seed: int) -> list[Fraction]:
    """Weights by chance, some of them zero."""
    chance = Random(seed)
    return [Fraction(chance.choice((0, 1, 1, 2, 5)), chance.randint(1, 20)) for _each in range(7)]


weights = st.builds(weighed_by, st.integers(0, 2**32)).filter(any)


def index_of(found: Sequence[Ballot], weighed: Sequence[Fraction] = EQUAL) -> Fraction | None:
    return index([score(each) for each in counted(found)], weighed)


def alike(*many: tuple[int, int]) -> list[Ballot]:
    """So many ballots with one answer throughout each: (how many, answer)."""
    return [(answer,) * 7 for count, answer in many for _each in range(count)]


def told_index(found: Sequence[Ballot]) -> str:
    value = index_of(found)
    assert value is not None
    return rounded(value)


# The figures of the unions that are known.


def spread(voters: int, answers: Sequence[int]) -> list[Ballot]:
    """These answers, seven for each voter, whoever gave them: a dimension after the other."""
    assert len(answers) == 7 * voters
    return [tuple(answers[at * voters + voter] for at in range(7)) for voter in range(voters)]  # type: ignore[misc]


def split(voters: int, points: int) -> list[int]:
    """Answers without an abstention whose points, in twenties, come to that: as many 100 as there can be, and 80 or 60."""
    lost = 5 * 7 * voters - points
    return [0] * (7 * voters - lost) + [1] * lost if lost <= 7 * voters else []


def test_89_ballots_give_91_17_without_an_abstention() -> None:
    found = spread(89, split(89, 56_800 // 20))
    assert told_index(found) == "91.17"
    assert not any(ABSTAINED in ballot for ballot in found)


@pytest.mark.parametrize("voters", [17, 34, 38, 51])
def test_85_04_is_what_so_many_voters_can_come_to(voters: int) -> None:
    points = next(p for p in range(35 * voters) if rounded(Fraction(20 * p, 7 * voters)) == "85.04")
    assert told_index(spread(voters, split(voters, points))) == "85.04"


def test_85_04_is_what_no_other_number_of_up_to_51_voters_can_come_to() -> None:
    """Without abstentions every score is a multiple of 20 points over 7 answers of each voter."""
    can = {n for n in range(1, 55) if any(rounded(Fraction(20 * p, 7 * n)) == "85.04" for p in range(35 * n + 1))}
    assert can == {17, 34, 38, 51}


def test_91_17_can_be_a_split_in_which_8_8_per_cent_are_not_content() -> None:
    """Which is why the distribution stands beside it: all others are very satisfied."""
    found = spread(89, [3] * 55 + [0] * (623 - 55))
    assert told_index(found) == "91.17"
    assert percent(55, 623) == "8.83"


def test_abstentions_that_counted_as_zero_would_take_ten_points_from_a_dimension() -> None:
    fair = alike((79, 0)) + [(ABSTAINED, 0, 0, 0, 0, 0, 0)] * 10
    counts = counted(fair)[0]
    assert score(counts) == 100
    as_zero = sum(point * count for point, count in zip(POINTS, counts, strict=False)) / 89
    assert 100 - as_zero > 10
    assert told_index(fair) == "100.00"


# The formula.


@given(ballots, weights)
def test_the_index_is_what_somebody_else_reckons(found: list[Ballot], weighed: list[Fraction]) -> None:
    """In whole numbers, over one denominator."""
    columns = [[(5, 4, 3, 0)[ballot[at]] for ballot in found if ballot[at] != ABSTAINED] for at in range(7)]
    there = [at for at in range(7) if len(columns[at]) >= FEWEST and weighed[at]]
    common = math.lcm(*(len(columns[at]) * weighed[at].denominator for at in there)) if there else 1
    above = sum(20 * sum(columns[at]) * (weighed[at] * common).numerator // len(columns[at]) for at in there)
    below = sum((weighed[at] * common).numerator for at in there)
    assert index_of(found, weighed) == (Fraction(above, below) if there else None)


@given(ballots, weights, st.integers())
def test_a_better_answer_never_makes_the_index_worse(found: list[Ballot], weighed: list[Fraction], seed: int) -> None:
    could = [(who, at) for who in range(len(found)) for at in range(7) if 0 < found[who][at] < ABSTAINED]
    who, at = Random(seed).choice(could or [(0, 0)])
    assume(could)
    ballot = [*found[who]]
    ballot[at] -= 1
    better = [*found[:who], tuple(ballot), *found[who + 1 :]]
    before, after = index_of(found, weighed), index_of(better, weighed)  # type: ignore[arg-type]
    assert (before is None) == (after is None)
    assert before is None or (after is not None and after >= before)


@given(ballots, st.integers())
def test_neither_the_order_of_ballots_nor_a_whole_number_of_times_the_weights_changes_anything(
    found: list[Ballot], seed: int
) -> None:
    mixed = [*found]
    Random(seed).shuffle(mixed)
    assert index_of(mixed) == index_of(found) == index_of(found, [each * 21 for each in EQUAL])


@given(ballots)
def test_a_ballot_that_abstains_throughout_changes_no_score(found: list[Ballot]) -> None:
    assert index_of([*found, (ABSTAINED,) * 7]) == index_of(found)


@given(st.integers(0, 4), st.integers(FEWEST, 60))
def test_where_all_say_the_same_the_index_is_its_points_and_sure(answer: int, many: int) -> None:
    found = alike((many, answer))
    scores = [score(each) for each in counted(found)]
    points = None if answer == ABSTAINED else POINTS[answer]
    assert index_of(found) == points
    assert variance(found, scores, EQUAL) == (None if points is None else 0)


def test_a_dimension_that_fewer_than_ten_answered_is_left_out() -> None:
    few = [(3, 0, 0, 0, 0, 0, 0)] * 9 + [(ABSTAINED, 0, 0, 0, 0, 0, 0)] * 9
    assert told_index(few) == "100.00"
    assert told_index([*few, (3, 0, 0, 0, 0, 0, 0)]) == "85.71"
    assert index_of(alike((30, ABSTAINED))) is None


def test_the_second_scale_has_equal_steps() -> None:
    assert [first - second for first, second in pairwise(EQUAL_STEPS)] == [Fraction(100, 3)] * 3
    assert rounded(score((10, 10, 10, 10, 0), EQUAL_STEPS) or Fraction(0)) == "50.00"


@pytest.mark.parametrize(
    ("value", "said"),
    [("91.165", "91.17"), ("91.1649", "91.16"), ("0", "0.00"), ("99.995", "100.00"), ("0.005", "0.01")],
)
def test_half_a_hundredth_goes_up(value: str, said: str) -> None:
    assert rounded(Fraction(value)) == said


@given(st.fractions(0, 10_000, max_denominator=10_000))
def test_a_root_is_rounded_half_up_without_floating_points(value: Fraction) -> None:
    said = Fraction(rounded_root(value))
    assert (max(said - Fraction(1, 200), Fraction(0))) ** 2 <= value < (said + Fraction(1, 200)) ** 2


def test_the_standard_error_of_one_dimension_is_that_of_a_mean() -> None:
    found = alike((30, 0), (10, 3))
    scores = [score(each) for each in counted(found)]
    only = [Fraction(1), *[Fraction(0)] * 6]
    mean = Fraction(75)
    expected = (30 * (100 - mean) ** 2 + 10 * mean**2) / Fraction(40 * 39)
    assert variance(found, scores, only) == expected
    assert variance(found, scores, EQUAL) == expected, "since each answers all alike"


def test_the_standard_error_is_how_far_drawn_halves_lie_apart() -> None:
    """Against drawing anew: the whole is known, a hundred are drawn of it a thousand times."""
    import numpy as np

    chance = np.random.default_rng(7)
    everybody = [tuple(map(int, row)) for row in chance.choice(5, (4000, 7), p=[0.5, 0.2, 0.12, 0.08, 0.1])]
    values, errors = [], []
    for _each in range(40):
        some = [everybody[at] for at in chance.choice(4000, 100, replace=False)]
        scores = [score(each) for each in counted(some)]
        values.append(float(index_of(some) or 0))
        errors.append(math.sqrt(variance(some, scores, EQUAL) or 0))
    assert 0.75 < float(np.std(values)) / float(np.mean(errors)) < 1.3


# The rule of ten.


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.data())
def test_nothing_can_be_told_apart_of_fewer_than_ten(sizes: list[int], data: st.DataObject) -> None:
    """Whatever is subtracted from whatever: the groups that are told of, and all together where they are ten."""
    among = data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    shown = told(sizes, among)
    assert not any(shown[at] and not among[at] for at in range(len(sizes)))
    whole = {frozenset(range(len(sizes)))} if sum(sizes) >= FEWEST else set[frozenset[int]]()
    known = whole | {frozenset({at}) for at in range(len(sizes)) if shown[at]}
    groups = [at for at in range(len(sizes)) if shown[at]]
    for taken in product((False, True), repeat=len(groups)):
        some = frozenset(at for at, yes in zip(groups, taken, strict=True) if yes)
        for one in known:
            left = one - some
            assert not 0 < sum(sizes[at] for at in left) < FEWEST


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ([9], [False]),
        ([10], [True]),
        ([50, 9], [False, False]),
        ([50, 10], [True, True]),
        ([50, 20, 9], [True, False, False]),
        ([50, 9, 9], [True, False, False]),
        ([50, 0], [True, False]),
        ([12, 13, 3, 3], [False, True, False, False]),
    ],
)
def test_a_group_that_would_tell_of_a_smaller_one_is_not_told(sizes: list[int], shown: list[bool]) -> None:
    assert [*told(sizes)] == shown
