"""The demo is the whole road; its own summary is checked here, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.programs.house import House


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
