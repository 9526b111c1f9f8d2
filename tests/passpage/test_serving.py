"""`kiosk central serve` with the page with a pass, alone and beside the rest, as a real process."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from kiosk.central.store.place import SETTINGS
from kiosk.cli.main import main
from tests.programs.house import until
from tests.programs.town import Town


def test_without_an_address_it_serves_no_page_and_says_what_to_do(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["central", "serve", "--data", str(tmp_path), "--only", "passes"])
    assert done.exit_code == 1
    assert "[addresses] passes" in done.output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("only", "found"),
    [
        ("passes", {"page": 200, "office there": 404, "office": 404, "contract": 404}),
        ("office", {"page": 404, "office there": 404, "office": 200, "contract": 404}),
        ("", {"page": 200, "office there": 404, "office": 200, "contract": 405}),
    ],
)
def test_each_part_alone_and_all_of_them(tmp_path: Path, only: str, found: dict[str, int]) -> None:
    town = Town(tmp_path)
    (town.central / SETTINGS).write_text(f'[addresses]\npasses = "http://localhost:{town.port}"\n')
    there, here = f"http://localhost:{town.port}", f"http://127.0.0.1:{town.port}"
    words = (
        "central",
        "serve",
        "--data",
        str(town.central),
        "--port",
        str(town.port),
        *(("--only", only) if only else ()),
    )
    asked = {
        "page": f"{there}/pass",
        "office there": f"{there}/office/login",
        "office": f"{here}/office/login",
        "contract": f"{here}/v1/enrol",
    }
    with town.house.program(*words):
        until(lambda: requests.get(f"{here}/healthz", timeout=5).status_code in {200, 503})
        assert {name: requests.get(url, timeout=5).status_code for name, url in asked.items()} == found
        assert "frame-ancestors 'none'" in requests.get(there, timeout=5).headers["Content-Security-Policy"]
