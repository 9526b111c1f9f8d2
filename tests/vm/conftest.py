"""Fixtures of the virtual machine: KIOSK_VM names the folder in which its build.sh has made out/ and wheels/."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vm.machine import restored, warm


@pytest.fixture(scope="session")
def folder() -> Path:
    """Where the machine was built; without it the tests are skipped, and say so."""
    found = os.environ.get("KIOSK_VM", "")
    if not found or not (Path(found) / "out" / "disk.img").exists():
        pytest.skip("KIOSK_VM NAMES NO BUILT VIRTUAL MACHINE; type: tools/vm.sh FOLDER")
    return Path(found).resolve()  # a disk names the one below it by its whole path


@pytest.fixture(scope="module")
def disk(folder: Path) -> Iterator[Path]:
    """A disk that nothing of ours has run on."""
    disk = folder / "kiosk.qcow2"
    shutil.copyfile(warm(folder), disk)
    yield disk
    disk.unlink()


@pytest.fixture(scope="module")
def machine(folder: Path, disk: Path) -> Iterator[Any]:
    """A running machine with this checkout and its libraries in it."""
    with restored(folder, disk) as machine:
        print(f"\nthe snapshot answers after {machine.ready:.1f} s")
        yield machine
