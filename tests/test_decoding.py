"""Whatever bytes come: a value of its kind, or NotUnderstood with a reason, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.contract.bodies import Batch, BatchAnswer, Documents
from kiosk.decoding import DEPTH, NotUnderstood, read_json, too_deep
from kiosk.wire import Answer, Request, ScanMessage, SenseMessage
from kiosk.wire.base import MAX_LINE

KINDS: list[Any] = [Request, ScanMessage, SenseMessage, Answer, Batch, BatchAnswer, Documents, dict[str, Any]]
DEEP = [b"[" * 2000 + b"]" * 2000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b'{"type":"view","x":' + b"[" * 100_000]
HOSTILE = [
    *DEEP, b"", b"\xff\xfe", b'{"type":"\xff"}', b"\0", b"1e999", b'"\\ud800"', b'{"type":1e400}', b"9" * 5000,
    b'{"type":"scan","door":"main","text":"\xf0\x28\x8c\xbc","seen":1}', b'{"type":"sensed","sensor":"a","value":NaN}',
]  # fmt: skip


def refusal(data: bytes, kind: Any, most: int) -> str:
    """Why it is not understood, never without words; empty when it is understood."""
    try:
        read_json(data, kind, most)
    except NotUnderstood as error:
        return str(error) or pytest.fail("a refusal without a reason")
    return ""


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:20]))
def test_hostile_bytes_are_refused_with_a_reason(data: bytes, kind: Any) -> None:
    assert len(refusal(data, kind, MAX_LINE)) <= 200


@given(st.binary(max_size=200), st.sampled_from(KINDS))
def test_any_bytes(data: bytes, kind: Any) -> None:
    refusal(data, kind, 100)


def test_more_than_allowed_is_not_looked_at() -> None:
    with pytest.raises(NotUnderstood, match="more than 10 bytes"):
        read_json(b" " * 11, Any, 10)


def test_how_deep_a_value_is() -> None:
    value: Any = 1
    for place in range(DEPTH):
        value = [value, 2] if place % 2 else {"a": value}
    assert not too_deep(value)
    assert too_deep([value])
