"""Fixtures that more than one test file uses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from hypothesis import settings

from kiosk.decoding import learn_types
from tests.databases import Cluster, cluster, programs
from tests.memory import in_memory

settings.register_profile("fixed", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("fixed")  # the same examples each time; `pytest --hypothesis-profile search` looks for new ones


if memory := in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # where pytest makes `tmp_path`


class Closable(Protocol):
    """Whatever must be closed."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)

ABSENT = "POSTGRESQL IS ABSENT: make setup-postgres installs it"

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def shared(name: str) -> Path:
    """A file or folder of the shared data, or a loud skip that names it."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"SHARED DATA IS ABSENT: ../shared/{name}")
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A slow test has ten minutes, unless it says otherwise: machines are shared."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(600))


def pytest_collection_finish() -> None:
    """Servers run in threads of the tests, too."""
    learn_types()


@pytest.fixture
def keep() -> Iterator[Callable[[T], T]]:
    """Keeps what it is given and closes it at the end of the test."""
    with ExitStack() as stack:

        def keeper(part: T) -> T:
            stack.callback(part.close)
            return part

        yield keeper


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server; skipped by name where Debian's is not installed."""
    binaries = programs()
    if binaries is None:
        (pytest.fail if os.environ.get("KIOSK_POSTGRES_REQUIRED") else pytest.skip)(ABSENT)
    with cluster(binaries) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def central_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A central server's folder, which has the one database, or the other."""
    return _with_database(request, tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_central_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for all tests of a file, which empty what they need empty."""
    return _with_database(request, tmp_path_factory.mktemp("shared"))


def _with_database(request: pytest.FixtureRequest, parent: Path) -> Path:
    folder = parent / "central-data"
    folder.mkdir()
    if request.param == "postgresql":
        request.getfixturevalue("postgresql").give(folder)
    return folder
