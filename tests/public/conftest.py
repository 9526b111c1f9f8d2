"""One public ground for the tests of a file, on both engines: it stands open to everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.public.ground import Ground, open_ground


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("public") / "central-data"
    folder.mkdir()
    if request.param == "postgresql":
        request.getfixturevalue("postgresql").give(folder)
    with open_ground(folder) as found:
        yield found
