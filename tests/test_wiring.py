"""docs/hardware.md says at which position of the header each pin of the example is; a wrong one would cost a lock or a Pi."""

from __future__ import annotations

import re
from typing import Final

import pytest
from gpiozero import PiBoardInfo

from kiosk.settings.loading import load
from tests.conftest import ROOT

BOARDS: Final = {"4B": 0xC03111, "5B": 0xD04170}
"""The two kinds of Pi, by the revision that their firmware tells; gpiozero knows their headers."""

PAGE: Final = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")


def told() -> dict[int, int]:
    """BCM number to position, from the table's columns."""
    found: dict[int, int] = {}
    for pins, positions in re.findall(r"^\|[^|]+\|[^|]+\| ([\d, ]+) \| ([\d, ]+) \|", PAGE, re.MULTILINE):
        found.update(zip(map(int, pins.split(", ")), map(int, positions.split(", ")), strict=True))
    return found


@pytest.mark.parametrize("board", BOARDS)
def test_positions_are_the_headers(board: str) -> None:
    info = PiBoardInfo.from_revision(BOARDS[board])
    names = {position: pin.name for position, pin in info.headers["J8"].pins.items()}
    assert (info.model, len(names)) == (board, 40)
    assert {pin: names[position] for pin, position in told().items()} == {pin: f"GPIO{pin}" for pin in told()}
    for name, words in {"GND": "Ground is at ([^V]*), 3", "3V3": r"3\.3 V at (\d[^.]*)\."}.items():
        (listed,) = re.findall(words, PAGE)
        assert [int(each) for each in re.findall(r"\d+", listed)] == sorted(at for at in names if names[at] == name)


def test_every_pin_of_the_example_is_in_the_table() -> None:
    text = (ROOT / "config" / "station.toml").read_text(encoding="utf-8")
    assert load(ROOT / "config" / "station.toml").pins == "gpio"
    pins = re.findall(r"\b(?:pin|red|green|blue|buzzer) = (\d+)", text)
    assert {int(pin) for pin in pins} - set(told()) == {23, 21, 10, 7}, "but those of a door, a meter and a slot"
