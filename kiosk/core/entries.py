"""What the logbook holds: one frozen struct for each kind of fact. `kind` is the tag on disk and on the wire.

Three streams: *access* commits at once (door, decisions, faults, documents), and so does *services* (what a station offers
inside); *telemetry* goes in groups (readings). An entry of *services* names nobody, but for the steward whose round it was.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from kiosk.core.clock import Quality
from kiosk.core.facts import Fact as Fact
from kiosk.core.served import Ballots as Ballots
from kiosk.core.served import Cleaned as Cleaned
from kiosk.core.served import Consulted as Consulted
from kiosk.core.served import Counted as Counted
from kiosk.core.served import Filled as Filled
from kiosk.core.served import HandedOut as HandedOut
from kiosk.core.served import Inspected as Inspected
from kiosk.core.served import Rated as Rated
from kiosk.core.served import Released as Released
from kiosk.core.served import StoppedAt as StoppedAt
from kiosk.core.served import Voiced as Voiced

Stream = Literal["access", "telemetry", "services"]

PHONE: Final = "phone"
Way = Literal["", "phone"]
"""How somebody asked to be let in: by a code that was shown, or by a phone through the central server."""


class Started(Fact, frozen=True):
    """The station's program began; `version` is its own."""

    version: str


class Stopped(Fact, frozen=True):
    """The station's program ended in order and took the power from every lock."""


class Granted(Fact, frozen=True):
    """A pass was accepted, or a phone asked in its place (`way`). `again`: shown once more by somebody who missed the door.

    `shown_at`: by the phone's clock.
    """

    door: str
    index: int
    pass_class: int
    pass_kind: int
    token: str
    expires: int
    again: bool = False
    shown_at: int = 0
    way: Way = ""


class Denied(Fact, frozen=True):
    """A code was refused; `index` where a signature vouches for it; `suppressed`: refusals since the last one not logged."""

    door: str
    reason: str
    index: int | None = None
    suppressed: int = 0
    way: Way = ""


class Unlocked(Fact, frozen=True):
    """The lock was released; `by` is the claim that did it."""

    door: str
    by: str


class Locked(Fact, frozen=True):
    """The lock was secured."""

    door: str


class Taken(Fact, frozen=True):
    """The door was opened on a grant; `slot`: of a cupboard, and nobody came in."""

    door: str
    slot: bool = False


class NotTaken(Fact, frozen=True):
    """A grant ended and nobody had opened the door; `slot`: of a cupboard."""

    door: str
    slot: bool = False


class InterruptedUnlock(Fact, frozen=True):
    """The program before this one ended between an unlock and its relock."""

    door: str


class ExitPressed(Fact, frozen=True):
    """Somebody inside pressed the exit button."""

    door: str


class LockFault(Fact, frozen=True):
    """The bolt is not where the lock was driven to (`jammed`), or it is again."""

    door: str
    jammed: bool


class DoorAlarm(Fact, frozen=True):
    """The door's alarm took this value (none: it cleared)."""

    door: str
    alarm: str


class FireRelease(Fact, frozen=True):
    """The fire input became active or inactive."""

    active: bool


class Operated(Fact, frozen=True):
    """A technician acted on a door; `until` is boot time, absent for a release."""

    door: str
    verb: str
    who: str
    seconds: float | None = None


class Maintenance(Fact, frozen=True):
    """A technician armed maintenance for some seconds, or ended it (no seconds)."""

    who: str
    seconds: float | None = None


class Commissioned(Fact, frozen=True):
    """A technician tried the station's parts: for each test passed, skipped, or what failed."""

    who: str
    results: dict[str, str]


class Fault(Fact, frozen=True):
    """Something needs a technician."""

    what: str
    detail: str = ""


class FaultCleared(Fact, frozen=True):
    """It no longer does."""

    what: str


class DocumentApplied(Fact, frozen=True):
    """A signed document took effect. `unused`: what of it this station has no use for, such as a door that it has not."""

    document: str
    version: int
    unused: tuple[str, ...] = ()


class DocumentRefused(Fact, frozen=True):
    """A document did not, and why."""

    refusal: str
    suppressed: int = 0


class EnrolmentShown(Fact, frozen=True):
    """A technician showed an enrolment code to a station that trusts nobody yet."""


class Enrolled(Fact, frozen=True):
    """The station trusts a root key from now on; `fingerprint` is to be compared with the central server's."""

    fingerprint: str


class CommandStarted(Fact, frozen=True):
    """A command of the central server is about to be obeyed; `sequence` is its number among this station's."""

    command: str
    sequence: int
    verb: str
    door: str = ""


class CommandEnded(Fact, frozen=True):
    """What became of it: done, interrupted (the program ended first; it is not repeated), or why not."""

    command: str
    outcome: str


class Updated(Fact, frozen=True):
    """What became of an update: kept, went_back or refused, and why; no version where none was proven."""

    version: str
    outcome: str
    detail: str = ""


class Reported(Fact, frozen=True):
    """The station as it is, which a command asked for."""

    command: str
    version: str
    doors: dict[str, str]
    faults: dict[str, str]
    documents: dict[str, int]
    list: str


class Dropped(Fact, frozen=True):
    """Entries that the central server does not have had to go: these numbers of that stream, since the logbook was full.

    Or, with no numbers, `count` of them that had none yet: the disk took no write for longer than memory could hold them.
    """

    stream: Stream
    first: int = 0
    last: int = 0
    count: int = 0


class ApplianceAlarm(Fact, frozen=True):
    """The alarm `APPLIANCE.ALARM` was raised, at this value of its sensor, or cleared."""

    alarm: str
    sensor: str
    value: float
    raised: bool


class Switched(Fact, frozen=True):
    """`why` holds a relay off from now on, or no longer; `on`: whether its appliance has power, all reasons together."""

    relay: str
    on: bool
    why: str
    held: bool


class Saving(Fact, frozen=True):
    """The saving of energy in a closed and empty station: warned, off, or on again. `why`: `battery` for one that is low."""

    phase: str
    why: str = ""


class Measured(Fact, frozen=True):
    """A corner of the line that a sensor's values draw; between two, straight lines pass each within the dead band.

    `age`: seconds before the entry's own time at which it was measured.
    """

    sensor: str
    value: float
    unit: str
    age: float = 0.0


class Absent(Fact, frozen=True):
    """A sensor has given no value for `age` seconds before the entry's own time, and why."""

    sensor: str
    reason: str
    age: float = 0.0


class Used(Fact, frozen=True):
    """What an appliance did in the last `seconds`: of those that were metered, how long it ran, and what it used.

    `starts`: how often it began to run.
    """

    appliance: str
    seconds: float
    metered: float
    ran: float
    watt_hours: float
    starts: int


class Position(Fact, frozen=True):
    """Where a station is that moves, in degrees (WGS 84), and whether it is moving."""

    latitude: float
    longitude: float
    moving: bool


Entry = (
    Started
    | Stopped
    | Granted
    | Denied
    | Unlocked
    | Locked
    | Taken
    | NotTaken
    | InterruptedUnlock
    | ExitPressed
    | LockFault
    | DoorAlarm
    | FireRelease
    | Operated
    | Maintenance
    | Commissioned
    | Fault
    | FaultCleared
    | DocumentApplied
    | DocumentRefused
    | EnrolmentShown
    | Enrolled
    | CommandStarted
    | CommandEnded
    | Reported
    | Updated
    | Dropped
    | ApplianceAlarm
    | Switched
    | Saving
    | Measured
    | Absent
    | Used
    | Position
    | Rated
    | Voiced
    | Inspected
    | Cleaned
    | Ballots
    | HandedOut
    | Counted
    | Filled
    | Released
    | Consulted
    | StoppedAt
)

TELEMETRY: Final = (Measured, Absent, Used, Position)
SERVICES: Final = (
    Rated,
    Voiced,
    Inspected,
    Cleaned,
    Ballots,
    HandedOut,
    Counted,
    Filled,
    Released,
    Consulted,
    StoppedAt,
)


def stream_of(entry: Entry) -> Stream:
    """The stream that an entry belongs to."""
    return "telemetry" if isinstance(entry, TELEMETRY) else "services" if isinstance(entry, SERVICES) else "access"


class Stamp(Struct, frozen=True):
    """When an entry was made, by the station's own knowledge; the boot id joins in the logbook."""

    boot: float
    wall: float
    quality: Quality
