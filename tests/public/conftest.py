"""One public ground for the tests of a file, on both engines: it stands open to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.public.ground import Ground, open_ground


@pytest.fixture(scope="module")
def ground(shared_central_folder: Path) -> Iterator[Ground]:
    with open_ground(shared_central_folder) as found:
        yield found
