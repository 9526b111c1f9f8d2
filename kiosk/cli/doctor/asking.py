"""How the doctor asks the machine: what a file holds, what a command prints. What is not there says nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

PATIENCE: Final = 10.0


def text_of(path: Path) -> str:
    """What the file holds."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def output_of(*command: str) -> str:
    """What a command of the system prints; empty where there is none."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
