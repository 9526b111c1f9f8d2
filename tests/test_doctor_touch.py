"""What `kiosk doctor` says of the display inside: the kernel's list of devices, as files of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.doctor.touch import DEVICES, check_touch
from kiosk.settings import DeskTable, DoorTable, Settings, Station

PANEL = ("10-0038 generic ft5x06 (79)", "2")
PAD = ("SynPS/2 Synaptics TouchPad", "5")
KEYS = ("HID 1a86 Keyboard", "0")


def settings(desk: DeskTable | None) -> Settings:
    return Settings(Station("37081101"), dict[str, DoorTable](), desk=desk)


def devices(root: Path, *found: tuple[str, str]) -> Path:
    for number, (name, properties) in enumerate(found):
        folder = root / DEVICES / f"input{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "properties").write_text(f"{properties}\n")
    return root


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), "warning"),
        ((PAD, KEYS), "warning"),
        ((("odd", "no number"), ("wide", "1 0")), "warning"),
        ((KEYS, PANEL), "fine"),
    ],
)
def test_it_knows_a_panel_from_a_pad_and_from_keys(
    found: tuple[tuple[str, str], ...], expected: str, tmp_path: Path
) -> None:
    [check] = check_touch(settings(DeskTable(display=True)), devices(tmp_path, *found))
    assert (check.id, check.severity) == ("display.touch", expected)
    assert PANEL[0] in check.evidence if expected == "fine" else check.advice


@pytest.mark.parametrize("desk", [None, DeskTable(), DeskTable(display=True, cards=True)])
def test_where_nothing_is_touched_nothing_is_asked(desk: DeskTable | None, tmp_path: Path) -> None:
    assert list(check_touch(settings(desk), tmp_path)) == []
