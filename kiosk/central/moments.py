"""When what a desk sent took place, as far as its station's clock is believed. Only computes."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kiosk.central.figures import moment
from kiosk.central.store.bundles import Came
from kiosk.core.clock import Quality

KNOWN: Final = (Quality.SYNCED, Quality.HOLDOVER)


def moment_of(came: Came) -> float:
    """When it was, as far as that is believed: not before 1970, and not before it was received."""
    wall = came.wall if isinstance(came.wall, float | int) else -1.0
    return min(came.received, moment(wall, came.received, came.kind, _body(came)))


def timed(came: Came) -> bool:
    """Whether its station knew the time, and it does not lie ahead."""
    return _body(came).get("quality") in KNOWN and 0 < came.wall <= came.received


def _body(came: Came) -> dict[str, Any]:
    try:
        return msgspec.json.decode(came.body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
