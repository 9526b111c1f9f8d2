"""What several files of programs are given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.central.passes import Passes
from tests.programs.office import Office


@pytest.fixture
def office(central_folder: Path) -> Iterator[Office]:
    """A central server over the one database, and over the other."""
    office = Office(central_folder)
    yield office
    office.store.close()


@pytest.fixture
def passes(office: Office) -> Passes:
    """Of that server."""
    return Passes(office.store, office.issuer)
