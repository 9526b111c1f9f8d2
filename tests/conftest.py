"""Fixtures that more than one test file uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from hypothesis import settings

settings.register_profile("fixed", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("fixed")  # the same examples each time; `pytest --hypothesis-profile search` looks for new ones


class Closable(Protocol):
    """Whatever must be closed."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def shared(name: str) -> Path:
    """A file or folder of the shared data, or a loud skip that names it."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"SHARED DATA IS ABSENT: ../shared/{name}")
    return path


@pytest.fixture
def keep() -> Iterator[Callable[[T], T]]:
    """Keeps what it is given and closes it at the end of the test."""
    with ExitStack() as stack:

        def keeper(part: T) -> T:
            stack.callback(part.close)
            return part

        yield keeper
