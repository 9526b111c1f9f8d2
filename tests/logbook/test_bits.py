"""A few hundred flipped bits in what a station keeps; `make fuzz` flips many more."""

from __future__ import annotations

import pytest

from tests.fuzz import bits


@pytest.mark.slow
def test_no_flipped_bit_ends_a_start_or_keeps_anybody_out() -> None:
    bits.run(300)
