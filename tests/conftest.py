"""Fixtures that more than one test file uses."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def shared(name: str) -> Path:
    """A file or folder of the shared data, or a loud skip that names it."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"SHARED DATA IS ABSENT: ../shared/{name}")
    return path
