"""The changing code for the display: signed here, since the display has no key, and only while the time is proven."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.admission import by_phone
from kiosk.core.clock import Instant, Quality
from kiosk.core.state import State
from kiosk.trust.door_code import DoorCode, half_minute, sign_door_code

NOTHING: Final = DoorCode("", "", 0)


class PhoneCode:
    """One code for each half minute. `raw`: the station's key, empty before it is enrolled."""

    def __init__(self, raw: bytes) -> None:
        self.enrolled(raw)

    def enrolled(self, raw: bytes) -> None:
        """The station has this key from now on."""
        self._key = Ed25519PrivateKey.from_private_bytes(raw) if raw else None
        self._made, self._text = NOTHING, ""

    def text(self, state: State, now: Instant) -> str:
        """What the display shows now; empty where no phone may open, or none could prove when it saw it."""
        if self._key is None or not by_phone(state) or state.clock.quality(now.boot) is not Quality.SYNCED:
            return ""
        code = DoorCode(state.trust.station, state.phone_door, half_minute(state.clock.wall(now)))
        if code != self._made:
            self._made, self._text = code, sign_door_code(code, self._key)
        return self._text
