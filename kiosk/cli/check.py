"""What `kiosk doctor` finds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Severity = Literal["fine", "warning", "wrong"]


class Check(Struct, frozen=True):
    """What was found. `remedy` is a command, empty when all is fine."""

    id: str
    severity: Severity
    evidence: str
    remedy: str = ""
