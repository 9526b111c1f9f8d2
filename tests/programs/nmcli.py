"""Test support: an nmcli that knows one Wi-Fi, an executable of its own. Not modelled: modems, time, whatever else it can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

NMCLI = """#!/bin/sh
echo "$@" >> "$FAKE/said"
case "$*" in
  *SSID,SIGNAL*) printf 'union:70:WPA2\\nunion:90:WPA2\\ncaf\\\\:e:50:\\n' ;;
  *"wifi connect"*)
    read -r word
    test "$word" = secret || { echo "Error: Secrets were required" >&2; exit 4; }
    touch "$FAKE/up" ;;
  *DEVICE*)
    test -e "$FAKE/up" && echo wlan0:wifi:connected:union || echo wlan0:wifi:disconnected:
    echo lo:loopback:unmanaged: ;;
esac
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An nmcli that knows one network."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "nmcli").write_text(NMCLI)
    (folder / "nmcli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE", str(folder))
    return folder
