"""Under which addresses people reach the central server: origins, and two hosts where there are two."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.central.addresses import Addresses, host
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.place import settings_of


def written(folder: Path, text: str) -> Addresses:
    (folder / "central.toml").write_text(f"[addresses]\n{text}\n")
    return settings_of(folder).addresses


def test_both_are_read_and_none_need_be(tmp_path: Path) -> None:
    found = written(tmp_path, 'public = "https://yizhan.example"\npasses = "http://localhost:8444"')
    assert (host(found.public), host(found.passes)) == ("yizhan.example", "localhost:8444")
    assert written(tmp_path, "") == Addresses()


@pytest.mark.parametrize(
    "text",
    [
        'public = "yizhan.example"',
        'public = "https://yizhan.example/"',
        'public = "https://yizhan.example/s"',
        'public = "http://yizhan.example"',
        'public = "https://yizhan.example:99999"',
        'public = "https://user@yizhan.example"',
        'passes = "https://[::1"',
        'public = "https://YIZHAN.example"\npasses = "https://yizhan.example"',
    ],
)
def test_what_is_no_origin_of_its_own_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(StoreFailed, match=r"public|passes"):
        written(tmp_path, text)
