"""One server for the tests of a file, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.passpage.phones import Counter, open_counter


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def counter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("passes") / "central-data"
    folder.mkdir()
    if request.param == "postgresql":
        request.getfixturevalue("postgresql").give(folder)
    with open_counter(folder) as found:
        yield found
