"""What whoever writes a logbook loads: NumPy is the scanner's alone."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("program", ["station", "sensors", "sync", "screen", "desk"])
def test_only_the_scanner_loads_numpy(program: str) -> None:
    words = f"import sys, kiosk.{program}.program; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_numpy_is_there_for_who_wants_it_afterwards() -> None:
    words = "import kiosk.logbook.schema, numpy; print(numpy.zeros(1).size)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
