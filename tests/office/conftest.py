"""One office for the tests of a file, on both engines: each test hires people of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.central.office import login
from tests.office.clerks import Office, open_office


@pytest.fixture(autouse=True)
def _many_at_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody here comes from this machine, and many guess."""
    monkeypatch.setattr(login, "MOST_OF_ADDRESS", 10**6)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office") / "central-data"
    folder.mkdir()
    if request.param == "postgresql":
        request.getfixturevalue("postgresql").give(folder)
    with open_office(folder) as found:
        yield found
