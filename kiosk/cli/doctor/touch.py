"""What `kiosk doctor` asks of the display inside: whether the kernel knows something that is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.cli.doctor.asking import text_of
from kiosk.cli.doctor.check import Check
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings

DEVICES: Final = "sys/class/input"
DIRECT: Final = 1 << 1
"""INPUT_PROP_DIRECT (linux/input-event-codes.h): what is touched there is what is seen there, unlike at a touch pad."""


def check_touch(settings: Settings, root: Path = Path("/")) -> Iterator[Check]:
    """Where a display is touched; one whose ballots go by cards is not."""
    if settings.desk is None or not settings.desk.display or settings.desk.cards:
        return
    if found := sorted(_touched(root)):
        yield Check("display.touch", "fine", visible(", ".join(found)))
        return
    advice = _(
        "its USB cable, or the ribbon of its panel; where it is not touched: a keyboard's four keys, or cards = true"
    )
    yield Check("display.touch", "warning", _("the kernel knows no device that is touched"), "", advice)


def _touched(root: Path) -> Iterator[str]:
    """The names of such devices."""
    for device in (root / DEVICES).glob("input*"):
        try:
            properties = int(text_of(device / "properties").strip() or "0", 16)
        except ValueError:  # of several words: none of them is ours
            continue
        if properties & DIRECT:
            yield text_of(device / "name").strip() or device.name
