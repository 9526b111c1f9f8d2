"""Which libzbar reads: the package's own before the system's."""

from __future__ import annotations

import ctypes.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hardware import zbar
from tests.conftest import ROOT

ASKS = "from hardware import codes, zbar; import pyzbar.wrapper; print(pyzbar.wrapper.LIBZBAR._name, zbar.found())"


def test_a_checkout_reads_with_the_systems() -> None:
    assert zbar.found() == ctypes.util.find_library("zbar")


def test_what_is_shipped_comes_first(tmp_path: Path) -> None:
    (system,) = {line.split()[-1] for line in mapped() if "libzbar.so" in line}
    shutil.copytree(ROOT / "hardware", tmp_path / "hardware", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(system, tmp_path / "libzbar.so.0")
    done = subprocess.run([sys.executable, "-c", ASKS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(tmp_path / "libzbar.so.0")] * 2


def mapped() -> list[str]:
    """The files in this process's memory."""
    if not ctypes.util.find_library("zbar"):
        pytest.skip("libzbar IS ABSENT: install Debian's package libzbar0")
    zbar.reader()
    return Path("/proc/self/maps").read_text().splitlines()
