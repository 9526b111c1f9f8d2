"""What people are told to type is what the program takes: in the documents, and in its own words."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from tests.conftest import ROOT
from tests.told import PAGES, filled, in_page, in_words, taken, taken_with_prose

TOLD = sorted({command for page in PAGES for command in in_page(page)})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in which the files are that the documents name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dist").mkdir()
    for name in ("file", "station.toml", "new.toml", "dist/*.deb"):
        (tmp_path / name).touch()


@pytest.mark.parametrize("command", [each for each in TOLD if each.startswith("kiosk ")])
def test_every_command_of_the_documents_is_understood(command: str) -> None:
    assert taken(filled(command))


def test_every_command_that_the_program_tells_is_understood() -> None:
    told = set(in_words())
    assert len(told) > 100
    assert {command: (where, wrong) for where, command in told if (wrong := misuse(command))} == {}


def misuse(command: str) -> str:
    """What the program says is wrong with it, or nothing."""
    try:
        return "" if taken_with_prose(command) else "not taken"
    except click.UsageError as error:
        return error.format_message()


THEIRS = {"etcd", "nginx", "patroni", "postgresql"}
UNITS = {path.name.partition(".")[0].rstrip("@") for path in (ROOT / "systemd").rglob("*.service")}


@pytest.mark.parametrize("command", [each for each in TOLD if each.startswith(("systemctl ", "journalctl "))])
def test_every_unit_that_is_named_is_shipped(command: str) -> None:
    named = re.findall(r"\bkiosk-[a-z]+", command)
    assert set(named) <= UNITS
    theirs = THEIRS & {*command.split()}
    assert named or theirs or "kiosk-*" in command or command.split()[1] in {"list-units", "daemon-reload"}


@pytest.mark.parametrize("command", [each for each in TOLD if each.startswith("make ")])
def test_every_target_is_there(command: str) -> None:
    subprocess.run(["make", "-n", *command.split()[1:]], cwd=ROOT, check=True, capture_output=True)
