"""The demo is the whole road; its own summary is checked here, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs.house import House, environment, until


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_demo_opens_refuses_loses_the_network_and_has_every_entry_once(tmp_path: Path) -> None:
    done = House(tmp_path).kiosk("demo", "--for", "40s", "--json", timeout=200)
    summary = json.loads(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, summary
    assert summary["failures"] == []
    assert summary["entries_local"] == summary["entries_central"] > 20
    assert summary["duplicates"] == summary["missing"] == 0
    assert summary["granted"] == 3
    assert summary["denied"].keys() == {"bad_signature", "expired", "revoked", "replayed"}
    assert summary["most_waiting"] > 3
    assert summary["drained_after_s"] is not None
    for words in ("let in", "(offline)", "refused", "The network is back", "Appliances", "logbook.db"):
        assert words in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_cleanly_with_a_summary_and_no_program_left(tmp_path: Path) -> None:
    keep, told = tmp_path / "demo", tmp_path / "told.txt"
    with told.open("w") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "kiosk", "demo", "--keep", str(keep)], stdout=out, env=environment()
        )
        until(lambda: "let in" in told.read_text(), "the first visitor", patience=60)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(20) == 0
    assert "missing / twice" in told.read_text()
    assert "0 / 0" in told.read_text()
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if os.fsencode(keep) in _read(path)]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
