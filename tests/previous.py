"""Test support: the code of an older commit, out of git's history, run as a program beside today's."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT

LANDED: Final = "190a4b7"
"""Version 0.3.0, which knows two streams."""


def code_of(commit: str, folder: Path) -> Path:
    """The packages of that commit."""
    archive = subprocess.run(
        ["git", "archive", commit, "kiosk", "hardware"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"THE PREVIOUS RELEASE IS NOT IN GIT'S HISTORY HERE: {archive.stderr.decode().strip()}")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def by(old: Path) -> tuple[str, ...]:
    """What stands before a command that this code shall run."""
    return ("env", f"--chdir={old}", f"PYTHONPATH={old}")
