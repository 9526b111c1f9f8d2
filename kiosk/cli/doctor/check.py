"""What `kiosk doctor` finds."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Severity = Literal["fine", "warning", "wrong"]

ORDER: Final[tuple[Severity, ...]] = ("fine", "warning", "wrong")


class Check(Struct, frozen=True):
    """What was found. `remedy`: the one command that mends it; `advice`: what helps where no command does."""

    id: str
    severity: Severity
    evidence: str
    remedy: str = ""
    advice: str = ""

    @property
    def group(self) -> str:
        """What it belongs to: a group is as bad as the worst in it."""
        return self.id.partition(".")[0]


def worst(checks: list[Check]) -> Severity:
    """The severity of the worst of them."""
    return max((check.severity for check in checks), key=ORDER.index, default="fine")
