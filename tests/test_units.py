"""The units: systemd itself finds nothing wrong with them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

UNITS = sorted((ROOT / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_analyze_verify_finds_nothing(unit: Path, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze IS ABSENT: install Debian's package systemd")
    text = unit.read_text().replace("/usr/bin/kiosk", sys.executable).replace("Documentation=man:kiosk(1)\n", "")
    copy = tmp_path / unit.name.replace("@.", "@main.")
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False, timeout=60
    )
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if unit.stem.rstrip("@") in line]
    assert complaints == []


def test_there_is_a_unit_for_each_program() -> None:
    assert {unit.stem for unit in UNITS} >= {"kiosk-station", "kiosk-scanner@", "kiosk-sensors", "kiosk-sync"}


@pytest.mark.parametrize("name", ["kiosk-station", "kiosk-scanner@", "kiosk-sensors", "kiosk-sync"])
def test_a_program_is_restarted_for_ever_and_watched(name: str) -> None:
    text = (ROOT / "systemd" / f"{name}.service").read_text()
    for line in ("Restart=always", "StartLimitIntervalSec=0", "Type=notify", "WatchdogSec="):
        assert line in text
    assert ("PrivateNetwork=yes" in text) == (name != "kiosk-sync")
