"""What comes of a trial: one of these, or `failed: ` and why."""

from __future__ import annotations

from typing import Final

PASSED: Final = "passed"
SKIPPED: Final = "skipped"
