"""The public pages' one file."""

from __future__ import annotations

from typing import Final

from kiosk.central.web import assets

PACKAGE: Final = "kiosk.central.public"
KINDS: Final = {"public.css": "text/css"}


def asset(name: str) -> str:
    """Its address."""
    return assets.asset(PACKAGE, name)[0]
