"""What a phone loads: all of it in few bytes, each file under a name that fits the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.central.passpage import libraries
from kiosk.central.passpage.assets import HERE, OURS, PARTS, assets
from kiosk.central.passpage.libraries import LIBRARIES

MOST = 80_000
FOLDER = Path(libraries.__file__).parent / "assets"


def test_the_whole_page_is_small_on_the_road() -> None:
    assert sum(len(each.packed) for each in assets().values()) < MOST


def test_what_is_kept_for_ever_has_another_name_after_every_change() -> None:
    names = {name for name, each in assets().items() if each.stays}
    roots = {name.rpartition("/")[0] for name in names}
    assert len(roots) == 1
    assert re.fullmatch(rf"{HERE}/[0-9a-f]{{12}}", roots.pop())
    assert {name.rpartition("/")[2] for name in names} == {*OURS, *LIBRARIES}


def test_the_worker_keeps_all_that_the_page_loads() -> None:
    page, worker = assets()[HERE].whole.decode(), assets()["/worker.js"].whole.decode()
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert len(loaded) >= 6
    for each in [HERE, *loaded]:
        assert f'"{each}"' in worker, each
        assert each in assets(), each
    imported = {
        name for path in FOLDER.glob("*.js") for name in re.findall(r'from "\./([a-z]+\.js)"', path.read_text())
    }
    assert imported == set(PARTS), "each is named by the page, so that none waits for another to be there"
    assert {f"{name}.js" for name in re.findall(r"/(\w+)\.js", page)} == {"page.js", "qrcode.js", *PARTS}
    assert {path.name for path in FOLDER.iterdir()} == {*OURS, "page.html", "worker.js"}


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the libraries are not installed."""
    monkeypatch.setattr(
        libraries, "LIBRARIES", {name: (package, Path("/none")) for name, (package, _) in LIBRARIES.items()}
    )


@pytest.mark.usefixtures("nowhere")
def test_without_the_libraries_the_page_says_so() -> None:
    assets.cache_clear()
    try:
        assert libraries.missing() == ["node-qrcode-generator", "node-tweetnacl"]
        assert 'data-ready="no"' in assets()[HERE].whole.decode()
    finally:
        assets.cache_clear()
