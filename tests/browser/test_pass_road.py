"""The whole road: a code at the command line, Chromium as the phone, its screen as the camera sees it, the lock's pin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.store.place import SETTINGS
from kiosk.demo.film import COME, Film, Visit, write_film
from tests.browser.conftest import pictured
from tests.browser.test_pass_page import SIZE, installed
from tests.films import phone_with
from tests.programs.house import LOCK
from tests.programs.town import Town

pytestmark = pytest.mark.browser

HELD = 1.0
ANOTHER = "(before) => ![undefined, before].includes(document.querySelector('#code svg')?.innerHTML)"
"""A page that is loaded anew within the seconds of a code shows the same one."""

APART = HELD + 2 * COME + 0.3


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A server whose page with a pass has an address, and a station before whose camera a film is to run."""
    town = Town(tmp_path)
    (town.central / SETTINGS).write_text(f'[addresses]\npasses = "http://localhost:{town.port}"\n')
    camera = f'[scanners.main]\ndoor = "main"\ncamera = "{tmp_path / "film.avi"}"\nrate = 15.0\n'
    town.house.config.write_text(town.house.config.read_text() + camera)
    with town.server():
        town.enrol(town.port)
        yield town


def typed(town: Town, *words: str) -> str:
    """What a verb of the server's prints."""
    done = town.house.kiosk("central", *words, "--data", str(town.central))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_phone_opens_with_a_network_and_without_and_a_picture_of_it_does_not(
    chromium: Any, town: Town, tmp_path: Path
) -> None:
    typed(town, "passes", "issue", "h-1")
    context = chromium.new_context(viewport=SIZE, locale="zh-CN", device_scale_factor=2)
    page = context.new_page()
    page.goto(f"http://localhost:{town.port}/pass")
    page.fill("#typed", typed(town, "passes", "code", "h-1"))
    page.click("#enrol button")
    page.wait_for_selector("#code svg")
    stolen, drawn = pictured(page), page.inner_html("#code svg")
    installed(page)
    context.set_offline(True)
    page.reload()
    page.wait_for_function(ANOTHER, arg=drawn)
    offline = pictured(page)
    context.close()

    held = [stolen, offline, stolen]
    visits = tuple(Visit("", 0.3 + number * APART, hold=HELD, seed=number) for number in range(len(held)))
    film = Film(visits, seconds=visits[-1].until + 0.2)
    write_film(film, tmp_path / "film.avi", [phone_with(each) for each in held])
    with town.house.station() as station, town.house.program("scanner"):
        told = [station.next("granted", "denied") for _ in held]
        assert [each.get("reason", each["kind"]) for each in told] == ["granted", "granted", "replayed"]
        assert [each["pass_kind"] for each in told[:2]] == [2, 2]
        assert station.bench.wait_for(LOCK, level=True)
