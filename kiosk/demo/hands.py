"""Hands inside a station: they hold codes before the desk's reader, and touch what is shown, as `kiosk desk` tells it."""

from __future__ import annotations

from contextlib import closing
from typing import Final

from kiosk.local import Line, NotGranted, boot_time
from kiosk.settings import Settings
from kiosk.wire import Scan, Shown
from kiosk.wire.inside import DeskMessage, DeskView, GetDesk, Kept

MAIN: Final = "main"


class Hands:
    """Of whoever is there."""

    def __init__(self, settings: Settings) -> None:
        self._desk, self._scan = settings.run / "desk.sock", settings.run / "scan.sock"

    def show(self, text: str) -> None:
        """Hold a code before the reader inside."""
        with closing(Line(self._scan)) as line:
            line.send(Shown(text))

    def show_outside(self, text: str) -> None:
        """Hold it before the one at the door."""
        with closing(Line(self._scan)) as line:
            line.send(Scan(MAIN, text, boot_time()))

    def touch(self, message: DeskMessage) -> str:
        """Empty once it is on the station's disk; else why it is not. Raises NotReachable."""
        with closing(Line(self._desk)) as line:
            try:
                line.ask(message, Kept)
            except NotGranted as refusal:
                return str(refusal)
        return ""

    @property
    def view(self) -> DeskView:
        """What is shown. Raises NotReachable."""
        with closing(Line(self._desk)) as line:
            return line.ask(GetDesk(), DeskView)
