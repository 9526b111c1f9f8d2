"""What `make fuzz` does by the hundred thousand, for a moment: hostile lines, answers and bits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fuzz import answers, bits, lines


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("target", "count"), [(lines.run, 8000), (answers.run, 4000), (bits.run, 300)])
def test_nothing_ends_a_program(target: Callable[[int], str], count: int) -> None:
    assert f"{count:,}" in target(count)
