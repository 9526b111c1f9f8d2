"""One server for the tests of a file, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.passpage.phones import Counter, open_counter


@pytest.fixture(scope="module")
def counter(shared_central_folder: Path) -> Iterator[Counter]:
    with open_counter(shared_central_folder) as found:
        yield found
