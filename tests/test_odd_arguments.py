"""Every verb, and whatever may stand on its line: none ends in a traceback, hangs, or fails without a word."""

from __future__ import annotations

import importlib
import io
import os
import re
import sys
from collections.abc import Iterator
from typing import Final

import click
import pytest

from kiosk.cli.main import VERBS, run
from tests.programs.house import House

PYTHON: Final = re.compile(r"Traceback|\[Errno|\b[A-Z]\w+(Error|Exception)\b|<class |object at 0x|\w+Warning:")
LASTING: Final = {
    ("station",),
    ("scanner", "run"),
    ("sensors",),
    ("sync",),
    ("screen",),
    ("desk",),
    ("demo",),
    ("central", "serve"),
    ("watch",),
}
"""Which do not end by themselves."""

DESTROYS: Final = {("index", "shred")}
"""Which would take the odd files away from all others: tests/index/test_rehearsal.py."""

ASK_THE_MACHINE: Final = {("doctor",), ("report",), ("setup",), ("test",)}
"""Which look at everything and take a second for it: one odd value each."""

ODD: Final = (
    "", "FOLDER", "BINARY", "EMPTY", "HUGE", "MISSING", "FIFO", "/dev/full", "-1", "0", "9" * 25, "nan", "1e400",
    "\x1b[31m日本", "\udc80", "x" * 5000, "--", "-",
)  # fmt: skip


def verbs(command: click.Command, name: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """What can be typed, with its command."""
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield name, command
    if isinstance(command, click.Group):
        for below, each in command.commands.items():
            yield from verbs(each, (*name, below))


def all_verbs() -> dict[str, tuple[tuple[str, ...], click.Command]]:
    found = {}
    for verb, (where, _line) in VERBS.items():
        module, _, name = where.partition(":")
        for words, command in verbs(getattr(importlib.import_module(module), name), (verb,)):
            if words not in LASTING | DESTROYS:
                found[" ".join(words)] = words, command
    return found


ALL: Final = all_verbs()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("odd"))
    house.trust()
    (house.folder / "FOLDER").mkdir()
    (house.folder / "BINARY").write_bytes(bytes(range(256)) * 16)
    (house.folder / "EMPTY").touch()
    os.mkfifo(house.folder / "FIFO")
    with (house.folder / "HUGE").open("wb") as file:
        file.truncate(3 * 10**9)
    return house


def lines(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    """The verb with odd values, in the place of each of its arguments and options in turn."""
    values = ODD[:1] if words[:1] in ASK_THE_MACHINE else ODD
    needed = ["x" for each in command.params if isinstance(each, click.Argument) and each.required]
    yield words
    for odd in values:
        yield (*words, *(odd for _ in needed or [""]))
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag:
            yield from ((*words, *needed, option.opts[0], odd) for odd in values)


def ended(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Run it: it ends with a code of ours, and with words that are not Python's."""
    monkeypatch.setattr(sys, "argv", ["kiosk", *words])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(SystemExit) as end:
        run()
    told = "".join(capfd.readouterr())
    assert end.value.code in {None, 0, 1, 2, 3}, words
    assert not PYTHON.search(told), (words, told)
    assert told.strip() or not end.value.code, f"{words}: failed without a word"


@pytest.mark.parametrize("config", [*ODD[:8], ".", "/", "/dev/zero"])
def test_no_verb_shows_python_whatever_the_settings_are(
    config: str, house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(house.folder)
    for words in (("status",), ("config", "check"), ("door", "open"), ("log",)):
        ended(("-c", config, *words), monkeypatch, capfd)


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", ALL)
def test_no_verb_shows_python_whatever_stands_on_its_line(
    name: str, house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(house.folder)
    words, command = ALL[name]
    for line in lines(words, command):
        ended(("-c", str(house.config), *line), monkeypatch, capfd)
