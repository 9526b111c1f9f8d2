"""Test support: where files may lie in memory, since most tests wait for a disk that they do not ask about."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  folders of their own are made in it
ROOM: Final = 8 * 2**30
"""Bytes that must be free there: each of some hundred PostgreSQL databases has eight million."""


def in_memory() -> Path | None:
    """The folder; None where there is none, too little room, or nothing may be executed."""
    if not IN_MEMORY.is_dir() or os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC:
        return None
    return IN_MEMORY if shutil.disk_usage(IN_MEMORY).free > ROOM else None
