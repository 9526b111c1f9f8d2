"""How much a station may send: hundred times what one has to tell, and little enough that none fills the disk of all."""

from __future__ import annotations

from typing import Final

from kiosk.central.throttle import Rate

BURST: Final = 64 * 2**20
"""Bytes of entries that a station may send at once: what it has to tell in half a year (1,100 entries a day of 300 bytes)."""

QUOTA: Final = Rate(BURST, BURST / 86_400)
"""Of each station; a day brings it back."""

LOG: Final = 64 * 2**10
"""Bytes for which an epoch counts beside its entries: what is known of each is kept for ever, and gone through each minute."""
