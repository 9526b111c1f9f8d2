"""Test support: an nmcli that knows one Wi-Fi, an executable of its own. Not modelled: modems, time, whatever else it can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

NMCLI = r"""#!/bin/sh
echo "$@" >> "$FAKE/said"
case "$*" in
  *SSID,SIGNAL*) printf 'union:70:WPA2\nunion:90:WPA2\ncaf\\:e:50:\nnew:40:WPA3\n' ;;
  *"-f NAME"*) touch "$FAKE/profiles"; cat "$FAKE/profiles" ;;
  *"add type wifi"*) echo "$8" >> "$FAKE/profiles" ;;
  *"connection delete id"*) grep -vxF "$4" "$FAKE/profiles" > "$FAKE/left"; mv "$FAKE/left" "$FAKE/profiles" ;;
  *passwd-file*)
    read -r word < "$6"
    test "$word" = '802-11-wireless-security.psk:se\\cret\040' || {
        echo "Error: Connection activation failed: Secrets were required, but not provided" >&2
        echo "Hint: use 'journalctl -xe NM_CONNECTION=c9e0068c' to get more details." >&2
        exit 4; }
    touch "$FAKE/up" ;;
  *DEVICE*)
    test -e "$FAKE/wired" && echo 'eth0:ethernet:connected (externally):eth0'
    test -e "$FAKE/up" && echo wlan0:wifi:connected:union || echo wlan0:wifi:disconnected:
    echo lo:loopback:unmanaged: ;;
esac
"""
TYPED = "se\\cret "
"""Of the network that it knows: a passwd-file has to have a backslash and a space escaped."""


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
