"""The whole state of a station's rules, in one frozen value."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import Clock
from kiosk.core.door.access import Memory, Trust
from kiosk.core.door.door import Door, DoorRules, Moved, Outcome
from kiosk.core.door.inputs import Debounced
from kiosk.core.door.tables import Claim
from kiosk.core.entries import Entry, Way
from kiosk.core.events import Command
from kiosk.core.held import Services
from kiosk.core.limit import Limit
from kiosk.core.ratchets import Early, Signed, newest
from kiosk.core.room.room import Room
from kiosk.core.room.sensors import Sensor
from kiosk.trust.documents import CommandDocument
from kiosk.trust.keyset import Key, Keyset
from kiosk.trust.passes import Pass
from kiosk.trust.policy import NO_POLICY, PolicyDocument

DENIALS: Final = Limit(most=30, within=60.0, longest=900.0)
"""How many refusals for one reason at one door are logged one by one: a wrong code left in view must not fill the card."""

Refused = tuple[str, str, int | None, Way]
"""Door, reason, the holder's index where a signature vouches for it, and the way."""

MOST_LIMITS: Final = 256
"""Holders at doors for whom refusals are counted apart; there are no more at once."""

REFUSALS: Final = Limit(most=20, within=3600.0)
"""How many refused documents are logged one by one."""

FAULT_CHANGES: Final = Limit(most=20, within=600.0, longest=3600.0)
"""How many changes of one fault are logged one by one: nor must a loose cable."""


class Pending(Struct, frozen=True):
    """A grant that waits for its commit until boot time `deadline`; `command`: whose it is, if no pass was shown."""

    door: str
    claims: Pass
    seen: float | None
    deadline: float
    command: str = ""


class Order(Struct, frozen=True):
    """A command of the central server that waits for its commit until boot time `deadline`; `kid`: its key, hexadecimal."""

    command: CommandDocument
    deadline: float
    kid: str = ""


class State(Struct, frozen=True):
    """`root` is the raw public root key; `nonces` are those sent out for the time, with their boot times.

    `rules`: the doors' rules by the settings alone, which the policy may override; `signed`: what is kept of each kind of
    document; `retired`: keys that have ended and left the keyset, under which some of that holds; `early`: documents that were
    refused for their time; `ordered`: which key's command made a claim on a door; `phone_door`: whose display shows the code
    for phones by the settings, empty where none does.
    """

    root: bytes
    clock: Clock
    trust: Trust
    doors: dict[str, Door]
    sensors: dict[str, Sensor] = {}
    room: Room = Room()
    inputs: dict[str, Debounced] = {}
    memory: Memory = Memory()
    pending: dict[int, Pending] = {}
    tickets: int = 0
    nonces: dict[str, float] = {}
    faults: dict[str, str] = {}
    floor_kept_at: float = 0.0
    maintenance_until: float = 0.0
    """Boot time; until then a technician may see what the camera sees."""
    policy: PolicyDocument = NO_POLICY
    rules: dict[str, DoorRules] = {}
    utc_offset: int = 0
    signed: dict[str, tuple[Signed, ...]] = {}
    retired: tuple[Key, ...] = ()
    early: dict[str, Early] = {}
    services: Services = Services()
    ordered: dict[tuple[str, Claim], str] = {}
    phone_door: str = ""
    orders: dict[int, Order] = {}
    enrolling_until: float = 0.0
    """Boot time until which the answer to a shown enrolment code is awaited."""

    denials: dict[Refused, Limit] = {}
    """One flood hides nothing of another."""

    refusals: Limit = REFUSALS
    fault_changes: dict[str, Limit] = {}
    """By what is at fault."""

    @property
    def entrances(self) -> tuple[str, ...]:
        """The doors that people walk through: all but the slots."""
        return tuple(name for name, each in self.doors.items() if not each.rules.slot)

    @property
    def commanded(self) -> int:
        """The newest command's number."""
        return newest(self.signed.get("command", ()))

    @property
    def readable(self) -> Keyset:
        """The keys under which what is kept holds: those of the keyset, and those that have ended."""
        return replace(self.trust.keyset, keys=(*self.trust.keyset.keys, *self.retired))


Stepped = tuple[State, tuple[Command | Entry, ...]]
"""What every rule gives: the next state, and what to do and to record, in order."""


def moved(state: State, name: str, what: Moved) -> tuple[State, tuple[Outcome, ...]]:
    """The state with a door as it is after a move, and what came of the move."""
    changed, outcomes = what
    if changed is state.doors[name]:
        return state, outcomes
    return replace(state, doors={**state.doors, name: changed}), outcomes
