"""The office's few files."""

from __future__ import annotations

from typing import Final

from kiosk.central.web import assets

PACKAGE: Final = "kiosk.central.office"
KINDS: Final = {"office.css": "text/css", "live.js": "text/javascript", "map.js": "text/javascript"}


def asset(name: str) -> tuple[str, bytes]:
    """Its address below the office's, and what it holds."""
    return assets.asset(PACKAGE, name)
