"""Whatever bytes come: a value of its kind, or NotUnderstood with a reason, and nothing else."""

from __future__ import annotations

import subprocess
import sys
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


TWO_AT_ONCE = """
import sys, threading
import msgspec
from kiosk.cli.act.programs import run_program

kinds = [msgspec.defstruct(f"Within{n}", [("value", int)]) for n in range(200)]
kinds = [msgspec.defstruct(f"Around{n}", [("first", each), ("second", each | None)]) for n, each in enumerate(kinds)]

def work():
    sys.setswitchinterval(1e-6)
    barrier = threading.Barrier(2)

    def decode():
        for kind in kinds:
            barrier.wait()
            msgspec.json.decode(b'{"first":{"value":1},"second":null}', type=kind)

    other = threading.Thread(target=decode)
    other.start()
    decode()
    other.join()

run_program("two", work)
"""
"""A type that two threads meet at once ends a program by SIGSEGV, where msgspec has not seen it before."""


def test_two_threads_that_meet_a_type_at_once_decode_it() -> None:
    done = subprocess.run([sys.executable, "-c", TWO_AT_ONCE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
