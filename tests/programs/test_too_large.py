"""A whole number of more than 64 bits in an entry, wherever it stands: that entry is refused, whatever the library writes."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.central.store.batches import kept, written

HEAD = {"seq": 1, "kind": "used", "boot_id": "b", "boot": 1.0, "wall": 2.0}


@pytest.mark.parametrize("where", [lambda n: n, lambda n: [1, n], lambda n: {"a": {"b": [n]}}])
@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_an_entry_with_a_number_that_is_too_large_is_refused(where: Any, number: int) -> None:
    assert written({**HEAD, "seconds": where(number)}) == ""
    with pytest.raises(ValueError, match="more than 64 bits"):
        kept({**HEAD, "seconds": where(number)})


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 10.0**300, True])
def test_one_that_is_not_is_taken(number: float) -> None:
    assert kept({**HEAD, "seconds": [number]}).whole(1)["seconds"] == [number]
