"""NetworkManager by its own command line, as it is documented: nmcli(1), terse output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any, Final

from msgspec import Struct

from kiosk.language import _

PATIENCE: Final = 100.0
"""Seconds: nmcli itself gives up on a connection after 90, and then says why."""

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

    The password goes over the standard input as a passwd-file (nmcli(1)): whoever looks at the list of processes would
    see an argument, and what `--ask` reads goes through a line editor that has the last password in it already.
    """
    name = f"kiosk-{ssid}"
    heard = {each.ssid: each.security for each in networks()}
    if name in _connections():
        _run("connection", "delete", "id", name)
    place = ("ifname", "*", "con-name", name, "autoconnect", "no", "ssid", ssid)
    hidden = () if ssid in heard else ("wifi.hidden", "yes")
    key = ("wifi-sec.key-mgmt", _key_management(heard.get(ssid, ""))) if password else ()
    secret = ("passwd-file", "/dev/stdin") if password else ()
    _run("connection", "add", "type", "wifi", *place, *hidden, *key, "connection.auth-retries", "1")
    try:
        _run("connection", "up", "id", name, *secret, said=_passwd(password))
        _run("connection", "modify", "id", name, "connection.autoconnect", "yes")
    except Failed:
        _run("connection", "delete", "id", name)
        raise


def _key_management(security: str) -> str:
    """What goes with a password; NetworkManager 1.42 does not take a network of WPA3 alone for one of `wpa-psk`."""
    return "sae" if security == "WPA3" else "wpa-psk"


def _passwd(password: str) -> str:
    """A line of a passwd-file, which strips spaces and reads a backslash as C does."""
    return "802-11-wireless-security.psk:" + password.replace("\\", "\\\\").replace(" ", "\\040") + "\n"


def dial(apn: str) -> None:
    """Connect by a modem now and at every boot. Raises Failed."""
    if LTE in _connections():
        _run("connection", "modify", LTE, "gsm.apn", apn)
    else:
        _run("connection", "add", "type", "gsm", "ifname", "*", "con-name", LTE, "apn", apn)
    _run("connection", "up", LTE)


def _connections() -> set[str]:
    return {row[0] for row in _rows(_run("-t", "-f", "NAME", "connection"))}


def _rows(text: str) -> list[list[str]]:
    """Terse output: a colon or a backslash within a field stands behind a backslash."""
    return [[re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\):", line)] for line in text.splitlines()]


def _reason(text: str) -> str:
    """The error; a hint may follow it, and warnings stand before it."""
    lines = [line.rstrip(".") for line in text.splitlines()]
    return next((each for each in lines if each.startswith("Error: ")), lines[-1] if lines else "")


def _run(*words: str, said: str = "") -> str:
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    told: dict[str, Any] = {"capture_output": True, "text": True, "errors": "replace", "timeout": PATIENCE, "env": env}
    command = ("nmcli", *words)
    try:
        done = subprocess.run(command, input=said, check=False, **told)
    except subprocess.TimeoutExpired as error:
        raise Failed(_("nmcli did not answer for {seconds} s", seconds=int(PATIENCE))) from error
    except OSError as error:
        raise Failed(f"nmcli: {error.strerror}") from error
    except ValueError as error:  # a NUL in a word
        raise Failed(f"nmcli: {error}") from error
    if done.returncode:
        raise Failed(_reason(done.stderr.strip() or done.stdout.strip()) or f"nmcli: {done.returncode}")
    return str(done.stdout)
