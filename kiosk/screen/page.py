"""The display's page, with what it says before the station has told it anything."""

from __future__ import annotations

from pathlib import Path

from kiosk.loopback import page
from kiosk.screen.words import AWAY


class Page(page.Page):
    """Of a station of this name, where `call` is whom a worker calls."""

    def __init__(self, name: str, call: str) -> None:
        super().__init__(Path(__file__).parent, {"name": name, "call": call, "zh": AWAY[0], "en": AWAY[1]})
