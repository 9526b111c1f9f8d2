"""What happens to a station, and what the rules answer: the two closed unions around :func:`kiosk.core.step.step`."""

from __future__ import annotations

import enum

from msgspec import Struct

from kiosk.core.entries import Entry, Stamp


class Lamp(enum.StrEnum):
    """What the lamps and the buzzer at a door tell. `free`: nobody needs a pass; `closed`: no pass opens."""

    READY = "ready"
    GRANTED = "granted"
    DENIED = "denied"
    FREE = "free"
    CLOSED = "closed"
    WARNING = "warning"
    ALARM = "alarm"


class Happening(Struct, frozen=True, tag=True):
    """The base of all events; the tag tells them apart in a recording."""


class Scanned(Happening, frozen=True):
    """A scanner read a code at `door`; `seen` is the boot time of the frame that showed it."""

    door: str
    text: str
    seen: float


class Committed(Happening, frozen=True):
    """The entries recorded under `ticket` are on the disk."""

    ticket: int


class CommitFailed(Happening, frozen=True):
    """They are not, and why. The door does not wait for them."""

    ticket: int
    why: str


class Edge(Happening, frozen=True):
    """An input's raw level, as `active`, since boot time `at`. Names: `DOOR.contact`, `DOOR.exit`, `fire`."""

    input: str
    active: bool
    at: float


class Reading(Happening, frozen=True):
    """A sensor's value in its own unit; `at`: the boot time of its measuring, when it had to wait."""

    sensor: str
    value: float
    at: float | None = None


class NoReading(Happening, frozen=True):
    """A sensor has no value: absence is data. `at`: the boot time since when, when it had to wait."""

    sensor: str
    reason: str
    at: float | None = None


class Located(Happening, frozen=True):
    """A receiver knows where the station is: degrees (WGS 84), and metres a second."""

    latitude: float
    longitude: float
    speed: float


class Offered(Happening, frozen=True):
    """Somebody carries in a document; nobody is trusted for carrying it.

    `above`: the number of services that was to be exceeded: everything above it is carried in, in order.
    """

    document: bytes
    above: int = 0


class ServicesLost(Happening, frozen=True):
    """The services that are stored are gone with their file."""


class Asked(Happening, frozen=True):
    """The station sent out a nonce, to be answered by a signed time."""

    nonce: str


class Verb(enum.StrEnum):
    """What a technician can do to a door. Each override ends by itself."""

    OPEN = "open"
    HOLD = "hold"
    EVACUATE = "evacuate"
    LOCKDOWN = "lockdown"
    RELEASE = "release"


class DoorRequested(Happening, frozen=True):
    """A technician's act; `who` is the account that asked."""

    door: str
    verb: Verb
    who: str
    seconds: float = 0.0


class SlotGranted(Happening, frozen=True):
    """Somebody inside may take what this slot holds; it is on the disk that they have it."""

    slot: str


class Maintained(Happening, frozen=True):
    """A technician arms maintenance for `seconds`, or ends it with 0; `who` is the account that asked."""

    who: str
    seconds: float


class LampTried(Happening, frozen=True):
    """A technician wants to see a signal at a door for a moment."""

    door: str
    lamp: Lamp


class PartsTried(Happening, frozen=True):
    """A technician has tried the station's parts; `results`: for each test passed, skipped, or what failed."""

    who: str
    results: dict[str, str]


class UpdateTold(Happening, frozen=True):
    """What became of an update: kept, went_back or refused, and why."""

    version: str
    outcome: str
    detail: str


class EnrolmentDone(Happening, frozen=True):
    """The central server answered a shown enrolment code; `fingerprint` in words."""

    root: bytes
    documents: tuple[bytes, ...]
    fingerprint: str


class Faulted(Happening, frozen=True):
    """A program or a driver reports trouble with `what`, or its end when `detail` is None."""

    what: str
    detail: str | None


class Tick(Happening, frozen=True):
    """Nothing happened but time."""


TechniciansAct = DoorRequested | Maintained | LampTried | PartsTried | UpdateTold
Event = (
    Scanned
    | Committed
    | CommitFailed
    | Edge
    | Reading
    | NoReading
    | Located
    | Offered
    | ServicesLost
    | Asked
    | SlotGranted
    | TechniciansAct
    | EnrolmentDone
    | Faulted
    | Tick
)


class Record(Struct, frozen=True):
    """Write these entries; answer with Committed or CommitFailed if there is a ticket (not 0)."""

    entries: tuple[Entry, ...]
    stamp: Stamp
    ticket: int = 0


class SetLock(Struct, frozen=True):
    """Drive the lock; `seen` is the boot time of the picture that a pass was read from."""

    door: str
    unlocked: bool
    seen: float | None = None


class Show(Struct, frozen=True):
    """Show this at a door."""

    door: str
    lamp: Lamp


class Keep(Struct, frozen=True):
    """Store a document that was applied in its place: its kind, or of the same kind by an older key `KIND/1` and so on.

    Empty bytes: nothing holds there any more.
    """

    document: str
    version: int
    body: bytes


class KeepService(Struct, frozen=True):
    """Store a service under its id; under none the newest of all, which proves the number. Empty bytes: nothing holds there."""

    id: str
    version: int
    body: bytes


class KeepFloor(Struct, frozen=True):
    """Store that it is at least this late; `lowered`: also if it is less than what is stored, which was refuted."""

    floor: float
    lowered: bool = False


class Switch(Struct, frozen=True):
    """Give an appliance's relay power or take it: `on` is the appliance's, whatever the wiring."""

    relay: str
    on: bool


class Restart(Struct, frozen=True):
    """End that program in order, so that systemd starts it again."""

    program: str


class Enrol(Struct, frozen=True):
    """Ask sync to enrol with this claim code."""

    claim: str


Command = Record | SetLock | Switch | Show | Keep | KeepService | KeepFloor | Restart | Enrol
