"""One way to decode JSON from outside, whoever sent it: over a local socket, over the wire, or read from a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

UNDECODABLE: Final = (
    msgspec.MsgspecError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    MemoryError,
)
"""All that a decoder raises for data. msgspec: UnicodeDecodeError for text that is not UTF-8, RecursionError for nested JSON;
`email.utils` and `datetime`: OverflowError, IndexError and TypeError for odd dates."""

DEPTH: Final = 16
"""Objects and lists within each other: three times what any message of ours has."""

MOST_WORDS: Final = 200
"""Characters of why something was not understood."""


def learn_types() -> None:
    """Have msgspec look at every struct that is loaded: to be called before a program's second thread begins.

    When it meets a struct for the first time it keeps what it knows of its fields, and then evaluates in Python the types of
    the structs within; a thread that decodes the same struct meanwhile uses what is not there yet, and the program ends by
    SIGSEGV (msgspec 0.22, StructInfo_Convert). Types that cannot be decoded are left out: nobody decodes them.
    """
    for kind in structs(msgspec.Struct):
        with suppress(*UNDECODABLE, NameError):
            msgspec.json.Decoder(kind)


def structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """Every kind of it that is loaded; one that has several bases comes more than once."""
    for kind in base.__subclasses__():
        yield kind
        yield from structs(kind)


class NotUnderstood(ValueError):
    """This is not what it should be; the text says why, shortly."""


def read_json(data: bytes, kind: Any, most: int) -> Any:
    """The value of that kind in `data`, of `most` bytes at the most. Raises NotUnderstood, and nothing else."""
    if len(data) > most:
        raise NotUnderstood(f"more than {most} bytes")
    try:
        value = msgspec.json.decode(data, type=kind)
    except UNDECODABLE as error:
        raise NotUnderstood(f"{error}"[:MOST_WORDS] or type(error).__name__) from error
    return value


def too_deep(value: Any, most: int = DEPTH) -> bool:
    """Whether a decoded value without a type of its own is nested deeper than `most`; whoever encodes it again would fail."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return most == 0 or any(too_deep(each, most - 1) for each in value if isinstance(each, dict | list))
