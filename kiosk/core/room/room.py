"""The room behind the doors: its alarms, meters, relays and position, and whether somebody is in it. A part of the state."""

from __future__ import annotations

import enum
import math

from msgspec import Struct

from kiosk.core.room.alarms import Alarm
from kiosk.core.room.motion import Motion
from kiosk.core.room.position import Place
from kiosk.core.room.stops import Stops
from kiosk.core.room.usage import Usage


class Phase(enum.StrEnum):
    """How far the saving of energy has gone: not begun, about to begin, begun."""

    ON = "on"
    WARNED = "warned"
    OFF = "off"


class OccupancyRules(Struct, frozen=True):
    """`presence`: sensors that are on while somebody moves. `entrances`: the doors that lead in. `saves`: relays to switch off.

    The room is empty when every presence sensor has been off, and nothing else has told of anybody, for `empty_after` seconds;
    for `warn_for` seconds before anything is switched off, the entrance warns.
    """

    presence: tuple[str, ...] = ()
    entrances: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()
    empty_after: float = 1800.0
    warn_for: float = 60.0


class Battery(Struct, frozen=True):
    """Power from a battery: an alarm on its voltage, which nobody is told, and the relays that it switches off."""

    low: Alarm
    relays: tuple[str, ...]


class Wheels(Struct, frozen=True):
    """A station on wheels: whether it drives, and at which of its stops it is."""

    motion: Motion = Motion()
    stops: Stops = Stops()


class Room(Struct, frozen=True):
    """`off`: why each relay is off, of those that are. `sign_at`: the last sign of somebody; `signs`: sensors that give one.

    `hour_at`: boot time at which the meters' sums are told next; `phase_at`: when the saving took its phase.
    `battery`: where there is one to be spared; `wheels`: where it drives.
    """

    alarms: dict[str, Alarm] = {}
    usages: dict[str, Usage] = {}
    off: dict[str, tuple[str, ...]] = {}
    place: Place = Place()
    rules: OccupancyRules = OccupancyRules()
    signs: frozenset[str] = frozenset()
    sign_at: float = 0.0
    phase: Phase = Phase.ON
    phase_at: float = 0.0
    hour_at: float = -math.inf
    battery: Battery | None = None
    wheels: Wheels | None = None
