"""What printed things say of the union, as `[printed]` of `central.toml` has it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.foreign import visible

LONGEST: Final = 40


class PrintSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`call`: whom somebody calls who has lost a card, or stands before a door that stays closed."""

    call: str = "12351"
    """The trade unions' hotline in all of China (ACFTU, 12351)."""

    def __post_init__(self) -> None:
        if not 0 < len(self.call) <= LONGEST or visible(self.call) != self.call:
            raise ValueError(f"call: 1 to {LONGEST} characters in one line, such as a telephone number")
