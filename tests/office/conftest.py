"""One office for the tests of a file, on both engines: each test hires people of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.central import looking
from kiosk.central.office import login
from tests.office.clerks import Office, open_office


@pytest.fixture(autouse=True)
def _many_at_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody here comes from this machine, and many guess."""
    monkeypatch.setattr(login, "MOST_OF_ADDRESS", 10**6)


@pytest.fixture(autouse=True)
def _each_look_is_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests write themselves is seen at once."""
    monkeypatch.setattr(looking, "KEPT_FOR", 0)


@pytest.fixture(scope="module")
def office(shared_central_folder: Path) -> Iterator[Office]:
    with open_office(shared_central_folder) as found:
        yield found
