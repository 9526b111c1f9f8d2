"""The pictures in docs say what the program says: their text is compared with its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.central.store import CentralStore
from kiosk.cli.main import VERBS
from kiosk.demo.founding import founded
from kiosk.demo.script import write_script
from tests.conftest import ROOT
from tests.test_demo import told
from tools.pictures import WIDTH, draw_screens, rows_of

DOCS = ROOT / "docs"
OF_THE_MACHINE = {"machine", "units", "libraries", "onewire", "disk"}
"""Groups of the doctor that say another thing on another machine."""


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def alike(line: str) -> str:
    """Without what differs from run to run (numbers, folders, a pass' code), and without blanks: a picture has them as room."""
    line = re.sub(r"(?<=browser,code)[A-Z0-9]{5}-[A-Z0-9]{5}", "#", "".join(line.split()))
    return re.sub(r"-?\d+(\.\d+)?", "#", re.sub(r"/tmp/[\w.-]+", "FOLDER", line))  # noqa: S108


def test_the_picture_of_the_demo_tells_the_story_of_today(tmp_path: Path) -> None:
    store = CentralStore(tmp_path / "central")
    said = {alike(line) for line in told(write_script(founded(tmp_path / "central", store)), WIDTH, tmp_path / "house")}
    store.close()
    shown = [alike(line) for line in rows_of(DOCS / "demo.svg")]
    assert {line for line in shown if "kioskdemo" not in line and not line.endswith("…")} <= said, "type: make pictures"
    for words in (
        "Programs run: central server, station, sensors, sync, screen, scanner, desk.",
        "let in (# ms)",
        "(offline, # ms)",
        "(replayed)",
        "Everything is as it must be",
    ):
        assert any(alike(words) in line for line in shown), words


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["status", "doctor"])
def test_the_picture_of_a_screen_shows_the_screen_of_today(verb: str, tmp_path: Path) -> None:
    draw_screens(tmp_path)
    shown, here = (about_the_station(rows_of(folder / f"{verb}.svg")) for folder in (DOCS, tmp_path))
    assert shown == here, "type: make pictures"


def about_the_station(rows: list[str]) -> list[str]:
    """The rows but for what the machine says of itself, and the counts below."""
    found, group = [], ""
    for row in rows:
        if named := re.match(r"[✔!✘] ?([a-z]+)\b", row):
            group = named[1]
        if group not in OF_THE_MACHINE and not re.search(r"\d+ checks", row):
            found.append(alike(row))
    return found


def test_the_picture_of_the_programs_has_each_program_and_its_socket() -> None:
    picture = (DOCS / "programs.svg").read_text(encoding="utf-8")
    shown = set(re.findall(r"kiosk (\w+)", picture))
    assert shown <= set(VERBS) | {"status"}
    assert {"station", "scanner", "sensors", "sync", "screen", "desk"} <= shown
    sockets = set(re.findall(r"\w+\.sock", picture))
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "kiosk" / "station").glob("*.py")))
    assert (
        {each for each in sockets if f'"{each}"' in code}
        == sockets
        == {"scan.sock", "sense.sock", "control.sock", "desk.sock"}
    )
