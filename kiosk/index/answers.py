"""The seven dimensions of the index, the five answers to each, and a ballot as bytes.

Every ballot has the same length, whatever was answered: one byte for each dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

DIMENSIONS: Final = ("employment", "pay", "rest", "safety", "training", "insurance", "complaints")
"""Equal employment and choice, pay, rest and leave, safety and health, training, insurance and welfare, the handling of
complaints: in this order wherever there are seven of something."""

ANSWERS: Final = ("very_satisfied", "satisfied", "fairly_satisfied", "dissatisfied", "abstained")
"""The best first. In a ballot an answer is its number here, 0 to 4."""

ABSTAINED: Final = ANSWERS.index("abstained")

Ballot = tuple[int, int, int, int, int, int, int]


def ballot_bytes(ballot: Sequence[int]) -> bytes:
    """A ballot of seven answers, 0 to 4 each. Raises ValueError for anything else."""
    if len(ballot) != len(DIMENSIONS) or any(not 0 <= each < len(ANSWERS) for each in ballot):
        raise ValueError("a ballot has seven answers of 0 to 4")
    return bytes(ballot)


def ballot_in(data: bytes) -> Ballot | None:
    """The ballot in these bytes; None for what no desk of ours makes."""
    if len(data) != len(DIMENSIONS) or max(data) >= len(ANSWERS):
        return None
    employment, pay, rest, safety, training, insurance, complaints = data
    return employment, pay, rest, safety, training, insurance, complaints
