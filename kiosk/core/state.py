"""The whole state of a station's rules, in one frozen value."""

from __future__ import annotations

from msgspec import Struct

from kiosk.core.access import Memory, Trust
from kiosk.core.appliances import Sensor
from kiosk.core.clock import Clock
from kiosk.core.door import Door
from kiosk.core.inputs import Debounced
from kiosk.trust.passes import Pass


class Pending(Struct, frozen=True):
    """A grant that waits for its commit until boot time `deadline`."""

    door: str
    claims: Pass
    seen: float
    deadline: float


class State(Struct, frozen=True):
    """`root` is the raw public root key; `nonces` are those sent out for the time, with their boot times."""

    root: bytes
    clock: Clock
    trust: Trust
    doors: dict[str, Door]
    sensors: dict[str, Sensor] = {}
    inputs: dict[str, Debounced] = {}
    memory: Memory = Memory()
    pending: dict[int, Pending] = {}
    tickets: int = 0
    nonces: dict[str, float] = {}
    faults: dict[str, str] = {}
    floor_kept_at: float = 0.0
    refusals_window: float = 0.0
    refusals: int = 0
    refusals_suppressed: int = 0
