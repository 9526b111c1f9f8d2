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


def model_of(root: Path = Path("/")) -> str:
    """The board as its firmware names it, such as `Raspberry Pi 5 Model B Rev 1.0`; empty where nothing names it."""
    return text_of(root / "proc/device-tree/model").strip("\0\n ")


def is_pi(root: Path = Path("/")) -> bool:
    """Whether this is a Raspberry Pi."""
    return "Raspberry Pi" in model_of(root)


def output_of(*command: str) -> str:
    """What a command of the system prints; empty where there is none."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
