"""On every panel every text stands whole, and apart from every other."""

from __future__ import annotations

import pytest

from tests.browser.conftest import LANDSCAPE, Opener
from tests.browser.states import all_faces

pytestmark = pytest.mark.browser

SIZES = LANDSCAPE + [(height, width) for width, height in LANDSCAPE]
LONG_NAME = "济南市历下区总工会户外劳动者驿站" * 13
LONG_CALL = "工会服务热线（昼夜有人接听）0531-12351 转 8；0531-88888888"
HOUSES = {"the usual": {}, "the longest name and call": {"name": LONG_NAME[:200], "call": LONG_CALL}}
HOUSES["one long word, nobody to call"] = {"name": "W" * 200, "call": ""}

FACES = all_faces()
CROWDED = {name: each for name, each in FACES.items() if name.endswith("the longest")}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("house", HOUSES)
def test_nothing_is_cut_or_overlaps_or_leaves_the_page(tab: Opener, size: tuple[int, int], house: str) -> None:
    found = tab(size, **HOUSES[house]).each(FACES if house == "the usual" else CROWDED, "measure()")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
