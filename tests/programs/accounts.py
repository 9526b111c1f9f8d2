"""Test support: another account of the machine, at the other end of a station's sockets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

STRANGER = 54_321
"""A uid that no account of the machine has; as a member of the group that may open the sockets."""

BEGIN = """\
import os, signal, socket, sys, threading, time
from pathlib import Path
from kiosk.local import Line, NotReachable, boot_time
from kiosk.wire import *
from kiosk.wire.inside import *
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
run = Path(sys.argv[1])
def connect(name="control.sock"):
    sock = socket.socket(socket.AF_UNIX); sock.connect(str(run / name)); return sock
"""


def opened(run: Path) -> Path:
    """The folder of sockets, which anybody may open from now on: who may open them is not what is tried here."""
    if os.geteuid() != 0:
        pytest.skip("ONLY ROOT can act as another account")
    for path in (*run.glob("*.sock"), run, *run.parents[:4]):
        path.chmod(path.stat().st_mode | 0o007)
    return run


def _command(run: Path, code: str, uid: int) -> list[str]:
    return [sys.executable, "-c", BEGIN + code, str(opened(run)), str(uid)]


def said_as(run: Path, code: str, uid: int = STRANGER) -> list[str]:
    """The words that `code` prints, run by that account to its end."""
    done = subprocess.run(_command(run, code, uid), capture_output=True, text=True, check=True, timeout=60, cwd=ROOT)
    return done.stdout.split()


@contextmanager
def running_as(run: Path, code: str, uid: int = STRANGER) -> Iterator[subprocess.Popen[str]]:
    """Run `code` by that account until the block ends; the block begins when it has printed a line."""
    with subprocess.Popen(_command(run, code, uid), stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()
