"""Whatever bytes come: a value of its kind, or NotUnderstood with a reason, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Generic

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.contract.bodies import Batch, BatchAnswer, Documents
from kiosk.decoding import DEPTH, NotUnderstood, read_json, structs, too_deep
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


PROGRAMS = {
    "station": "kiosk.station.program",
    "sync": "kiosk.sync.program",
    "sensors": "kiosk.sensors.program",
    "scanner": "kiosk.scanner.program",
    "screen": "kiosk.screen.program",
    "desk": "kiosk.desk.program",
    "centre": "kiosk.central.serve kiosk.central.office.app kiosk.central.public.app kiosk.central.passpage.app",
    "demo": "kiosk.demo.run kiosk.demo.services",
}
"""What is loaded when a program begins its threads."""

LATER = """
import ast, sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
import msgspec
from kiosk.decoding import structs

def names(module):
    for work in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if isinstance(work, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for each in ast.walk(work):
                if isinstance(each, ast.ImportFrom) and each.module.startswith(("kiosk", "hardware")):
                    yield from (each.module, *(f"{each.module}.{one.name}" for one in each.names))

for name in sys.argv[1:]:
    import_module(name)
known, seen = {*structs(msgspec.Struct)}, set()
while new := [module for name, module in sys.modules.items() if name.startswith(("kiosk", "hardware")) and name not in seen]:
    seen |= {module.__name__ for module in new}
    for name in {name for module in new for name in names(module)}:
        with suppress(ModuleNotFoundError):
            import_module(name)
print(*(f"{each.__module__}.{each.__name__}" for each in {*structs(msgspec.Struct)} - known))
"""
"""Loads what a program's functions load only when they are called, and says which structs that brings."""


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_struct_comes_after_a_program_s_second_thread(program: str) -> None:
    words = [sys.executable, "-c", LATER, *PROGRAMS[program].split()]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == ""


UNDECODED = {"Answer", "Judge", "Replayed", "Sheet"}
"""Of the cases of what people say, of a replay, and of a sheet that is printed: they come from nowhere but our own code."""


def test_of_what_cannot_be_learned_nothing_is_decoded_and_no_struct_is_made_for_others() -> None:
    ours = [each for each in structs(msgspec.Struct) if each.__module__.startswith("kiosk.")]
    assert len(ours) > 100
    assert {each.__name__ for each in ours if not _learns(each)} <= UNDECODED
    assert not [each for each in ours if issubclass(each, Generic)], "each of its kinds would have to be learned"


def _learns(kind: type[msgspec.Struct]) -> bool:
    try:
        msgspec.json.Decoder(kind)
    except (TypeError, NameError):
        return False
    return True
