"""How the verbs put entries and times into words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

UNREADABLE: Final = {"kind", "token", "expires"}


def sentence(entry: dict[str, Any]) -> tuple[str, str]:
    """An entry's kind and its details, but for what says nothing to a person."""
    details = ", ".join(f"{key} {value}" for key, value in entry.items() if key not in UNREADABLE)
    return entry["kind"].replace("_", " "), details


def when(wall: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A time of this machine's zone."""
    return datetime.fromtimestamp(wall, UTC).astimezone().strftime(form)
