"""NetworkManager by its own command line, as it is documented: nmcli(1), terse output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any, Final

from msgspec import Struct

PATIENCE: Final = 90.0
"""Seconds: nmcli waits that long itself before it gives up on a connection."""

LTE: Final = "kiosk-lte"


class Failed(Exception):
    """nmcli did not do it; the text is its own."""


class Device(Struct, frozen=True):
    """A network device: `kind` is ethernet, wifi, gsm and more."""

    name: str
    kind: str
    state: str
    connection: str


class Wifi(Struct, frozen=True):
    """A network in the air; `signal` in percent, `security` empty where it has no password."""

    ssid: str
    signal: int
    security: str


def is_there() -> bool:
    """Whether there is an nmcli."""
    return shutil.which("nmcli") is not None


def devices() -> list[Device]:
    """Every network device, but for the loopback. Raises Failed."""
    rows = _rows(_run("-t", "-f", "DEVICE,TYPE,STATE,CONNECTION", "device"))
    return [Device(*row) for row in rows if len(row) == 4 and row[1] != "loopback"]


def networks() -> list[Wifi]:
    """What is in the air, the strongest first, each name once. Raises Failed."""
    rows = _rows(_run("-t", "-f", "SSID,SIGNAL,SECURITY", "device", "wifi", "list", "--rescan", "yes"))
    found: dict[str, Wifi] = {}
    for row in rows:
        if len(row) == 3 and row[0] and row[1].isdigit():
            each = Wifi(row[0], int(row[1]), row[2])
            found[each.ssid] = max(found.get(each.ssid, each), each, key=lambda wifi: wifi.signal)
    return sorted(found.values(), key=lambda wifi: -wifi.signal)


def join(ssid: str, password: str) -> None:
    """Connect now and at every boot. Raises Failed.

    The password goes over the standard input (`--ask`): whoever looks at the list of processes would see an argument.
    """
    words = ("--ask",) if password else ()
    _run(*words, "device", "wifi", "connect", ssid, said=f"{password}\n" if password else "")


def dial(apn: str) -> None:
    """Connect by a modem now and at every boot. Raises Failed."""
    names = [row[0] for row in _rows(_run("-t", "-f", "NAME", "connection"))]
    if LTE in names:
        _run("connection", "modify", LTE, "gsm.apn", apn)
    else:
        _run("connection", "add", "type", "gsm", "ifname", "*", "con-name", LTE, "apn", apn)
    _run("connection", "up", LTE)


def _rows(text: str) -> list[list[str]]:
    """Terse output: a colon or a backslash within a field stands behind a backslash."""
    return [[re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\):", line)] for line in text.splitlines()]


def _run(*words: str, said: str = "") -> str:
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    told: dict[str, Any] = {"capture_output": True, "text": True, "errors": "replace", "timeout": PATIENCE, "env": env}
    command = ("nmcli", *words)
    try:
        done = subprocess.run(command, input=said, check=False, **told)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise Failed(getattr(error, "strerror", None) or f"nmcli: {type(error).__name__}") from error
    if done.returncode:
        said_last = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Failed(said_last[-1] if said_last else f"nmcli: {done.returncode}")
    return str(done.stdout)
