"""What can be checked of WCAG 2.2, level AA, by axe: contrast above all, of every sign and every part."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Opener, needed
from tests.browser.states import all_faces

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FACES = {name: each for name, each in all_faces().items() if name.endswith(("the usual", "the longest"))}


def violations(page: Any) -> list[str]:
    """What axe finds wrong, and what of contrast it cannot tell."""
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    unsure = [each for each in found["incomplete"] if each["id"] == "color-contrast"]
    assert "color-contrast" in {each["id"] for each in found["passes"] + found["violations"]}
    return [f"{each['id']}: {node['html']}" for each in found["violations"] + unsure for node in each["nodes"]]


@pytest.mark.parametrize("sign", sorted({each.sign for each in FACES.values()}))
def test_every_sign_passes_axe(tab: Opener, sign: str) -> None:
    here = tab((800, 480))
    richest = sorted((each for each in FACES.values() if each.sign == sign), key=lambda each: -len(str(each)))
    for each in richest[:3]:
        here.show(each)
        assert violations(here.page) == []


def test_an_alarm_passes_at_both_ends_of_its_flash_and_flashes_no_oftener_than_once_a_second(tab: Opener) -> None:
    here = tab((800, 480))
    here.show(FACES["alarm beside the usual"])
    for at in (0, 900):
        here.page.evaluate(
            "at => document.getAnimations().forEach((each) => { each.pause(); each.currentTime = at; })", at
        )
        assert violations(here.page) == []
    assert here.page.evaluate("document.getAnimations().map((each) => each.effect.getTiming().duration)") == [1000]


def test_axe_itself_sees_grey_on_grey(tab: Opener) -> None:
    here = tab((800, 480))
    here.page.evaluate("body.style.setProperty('--front', '#444')")
    assert any("color-contrast" in each for each in violations(here.page))
