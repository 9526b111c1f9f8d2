"""Hostile input: a bounded search each time, the same inputs each time; `make fuzz` is the long one."""

from __future__ import annotations

import pytest

from tests.conftest import SHARED, shared
from tests.fuzz.verifier import MOST, feed_within_bounds, memory_of, mutations, seeds


def test_the_seeds_cover_the_public_vectors() -> None:
    assert len(seeds(shared("vectors"))) > 100


def test_mutations_give_reasons_and_never_exceptions_within_the_bounds() -> None:
    vectors = SHARED / "vectors"
    corpus = seeds(vectors if vectors.exists() else None)
    for number, data in enumerate(mutations(corpus, 20_000)):
        feed_within_bounds(data)
        if number % 200 == 0:
            assert memory_of(data) < MOST


@pytest.mark.parametrize(
    "many", [pytest.param(50_000, marks=pytest.mark.slow), pytest.param(200_000, marks=pytest.mark.soak)]
)
@pytest.mark.timeout(900)
def test_many_more_mutations(many: int) -> None:
    vectors = SHARED / "vectors"
    corpus = seeds(vectors if vectors.exists() else None)
    for data in mutations(corpus, many, seed=2):
        feed_within_bounds(data)
