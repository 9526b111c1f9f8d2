"""One server for the tests of a file, on both engines unless it says `ENGINES`; each test has clients of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.issuing.shop import App, Shop, open_shop


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "shop" in metafunc.fixturenames:
        engines = getattr(metafunc.module, "ENGINES", ["sqlite", "postgresql"])
        metafunc.parametrize("shop", engines, indirect=True, scope="module")


@pytest.fixture(scope="module")
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("issuing") / "central-data"
    folder.mkdir()
    if request.param == "postgresql":
        request.getfixturevalue("postgresql").give(folder)
    with open_shop(folder) as found:
        yield found


@pytest.fixture
def app(shop: Shop) -> App:
    return shop.client("3708")
