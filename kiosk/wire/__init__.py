"""The messages between the programs: one JSON object a line, each line bounded, each tagged by `type`.

scan.sock     scanner -> station   Scan, Trouble            station -> scanner   Refused, Restart
sense.sock    sensors -> station   Sensed, NotSensed,       station -> sensors   Refused, Restart, Switch, SetSlot
                                   Located, SlotSeen,
                                   Trouble
desk.sock     desk -> station      Touched, Say, Round,     station -> desk      Kept, DeskView, Refused
                                   Clean, LeaveRound,
                                   CastBallot, LeaveBallot,
                                   Consult, LeaveConsult,
                                   Displays, GetDesk
control.sock  anybody  -> station  the requests below       station -> anybody   one answer each; a subscriber gets View,
                                                                                 Logged, Actuated and, to sync, Restart
scanner/NAME.sock  technician -> scanner  TakeSnapshot, TakeReading    scanner -> technician  Snapshot, LastReading, Refused
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from kiosk.decoding import UNDECODABLE
from kiosk.redaction import hidden
from kiosk.wire.base import MAX_CODE, MAX_SHORT, MAX_WHY, MAX_WORDS, Message, Name, Seconds, StreamName, Words
from kiosk.wire.inside import DeskView, Kept
from kiosk.wire.views import View


class Scan(Message, frozen=True):
    """A code was read at `door`, in a frame got at boot time `seen`."""

    door: Name
    text: Annotated[str, Meta(min_length=1, max_length=MAX_CODE)]
    seen: float


class Shown(Message, frozen=True):
    """A code was read at the desk, by a reader of its own; it opens no door."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_CODE)]


class Trouble(Message, frozen=True):
    """Something is wrong, or no longer (None), with `scanner.NAME`, `relay.NAME`, `board.NAME`, the `gps`, or a program's loop.

    The last is `PROGRAM.loop`. Every program tells of its troubles by this: here a password is kept out of the logbook.
    """

    what: Name
    detail: Words | None

    def __post_init__(self) -> None:
        """Hide what must not be told, and keep it short."""
        if self.detail:
            msgspec.structs.force_setattr(self, "detail", hidden(self.detail)[:MAX_WORDS])


class Sensed(Message, frozen=True):
    """A sensor's value, in the unit of the settings; `at`: the boot time of its measuring, when it had to wait."""

    sensor: Name
    value: float
    at: float | None = None


class NotSensed(Message, frozen=True):
    """A sensor has no value, and why; `at`: the boot time since when, when it had to wait."""

    sensor: Name
    reason: Name
    at: float | None = None


class Located(Message, frozen=True):
    """Where the station is, in degrees (WGS 84), and how fast it moves, in metres a second."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    speed: Annotated[float, Meta(ge=0)]


class SlotSeen(Message, frozen=True):
    """What a lock board says of a slot's contact; `at`: the boot time of that, when it had to wait."""

    slot: Name
    open: bool
    at: float | None = None


class GetView(Message, frozen=True):
    """Answered by View."""


class Subscribe(Message, frozen=True):
    """Answered by View, and then by whatever happens."""


class Explain(Message, frozen=True):
    """What would become of this code at that door now? Answered by Explained; nothing changes."""

    text: Annotated[str, Meta(max_length=MAX_SHORT)]
    door: str = ""


class Operate(Message, frozen=True):
    """A technician's act on a door. Answered by Done."""

    door: Name
    verb: Literal["open", "hold", "evacuate", "lockdown", "release"]
    seconds: Seconds = 0.0


class Maintain(Message, frozen=True):
    """Arm maintenance for some seconds, or end it with 0. Answered by Done."""

    seconds: Seconds


class TryLamp(Message, frozen=True):
    """Show a signal at a door for a moment. Answered by Done."""

    door: Name
    lamp: Literal["ready", "granted", "denied", "free", "closed", "warning", "alarm"]


class Commission(Message, frozen=True):
    """What a technician found by trying the parts: for each test passed, skipped, or another word and why. Answered by Done."""

    results: Annotated[dict[Name, Annotated[str, Meta(max_length=MAX_WHY)]], Meta(max_length=100)]


class AwaitEnrolment(Message, frozen=True):
    """A sync without a key waits for an enrolment code to be shown. Answered by EnrolmentWanted when one is."""


class EnrolmentAnswered(Message, frozen=True):
    """What the central server gave for the code, and the key that was made for it; in Base64. Answered by Done."""

    station_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    root_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    documents: Annotated[tuple[bytes, ...], Meta(max_length=16)]


class UpdateEnded(Message, frozen=True):
    """What became of an update; `version` is empty where none was proven. Answered by Done."""

    version: Annotated[str, Meta(max_length=20)]
    outcome: Literal["kept", "went_back", "refused"]
    detail: Annotated[str, Meta(max_length=MAX_WHY)] = ""


class GetRecording(Message, frozen=True):
    """A technician asks for the recent events. Answered by Recorded."""


class RefusedEntry(Struct, frozen=True):
    """An entry that the central server does not take, and why."""

    seq: Annotated[int, Meta(ge=1)]
    why: Annotated[str, Meta(max_length=MAX_WHY)]


class Acknowledge(Message, frozen=True):
    """The central server holds the stream up to `seq`, but for the entries in `refused`. Answered by Done."""

    epoch: Name
    stream: StreamName
    seq: Annotated[int, Meta(ge=0)]
    refused: Annotated[tuple[RefusedEntry, ...], Meta(max_length=1000)] = ()


class BeginEpoch(Message, frozen=True):
    """The central server holds other facts under this epoch's numbers, from `seq` on: two stations have one card.

    What it does not hold of ours goes on under a new epoch. Answered by Done.
    """

    epoch: Name
    stream: StreamName
    seq: Annotated[int, Meta(ge=1)]


class Offer(Message, frozen=True):
    """A signed document, in Base64; `above`: the view's number of services when it was asked for. Answered by Done."""

    document: bytes
    above: Annotated[int, Meta(ge=0)] = 0


class TakePicture(Message, frozen=True):
    """A picture of the view's `pictures`, in Base64. Answered by Done where a service names it."""

    picture: Annotated[bytes, Meta(min_length=1)]


class GetNonce(Message, frozen=True):
    """A nonce for the server to sign with its time. Answered by Nonce."""


class Central(Message, frozen=True):
    """The central server can be reached, or no longer can. Answered by Done."""

    reached: bool


class Resting(Message, frozen=True):
    """The central server does not know the stream: it is asked again after some seconds. Answered by Done."""

    stream: StreamName
    seconds: Seconds


class Flush(Message, frozen=True):
    """Commit the telemetry that waits for its group. Answered by Done."""


ScanMessage = Scan | Shown | Trouble
SenseMessage = Sensed | NotSensed | Located | SlotSeen | Trouble
AnybodysRequest = GetView | Subscribe | Explain
TechniciansRequest = Operate | Maintain | TryLamp | Commission | UpdateEnded | GetRecording

SyncsRequest = (
    Acknowledge
    | BeginEpoch
    | Offer
    | TakePicture
    | GetNonce
    | Central
    | Resting
    | Flush
    | Trouble
    | AwaitEnrolment
    | EnrolmentAnswered
)
Request = AnybodysRequest | TechniciansRequest | SyncsRequest


class TakeSnapshot(Message, frozen=True):
    """Asked of a scanner. Answered by Snapshot."""

    width: Annotated[int, Meta(ge=16, le=160)] = 80


class TakeReading(Message, frozen=True):
    """Asked of a scanner whose reader decodes by itself. Answered by LastReading."""


class Refused(Message, frozen=True):
    """The line was not understood, and why.

    Of what was touched inside: `too_many`, `not_saved` (the disk takes none), `not_asked` (no such question now), `not_known`
    (no such place, or thing of it), `no_round`, `not_the_checklist`, `not_now` (what was touched before is not away yet),
    `no_doctor`, `closed` (the doctor's hours).
    """

    why: str


class Restart(Message, frozen=True):
    """End in order; systemd will start you again."""


class Switch(Message, frozen=True):
    """Give the appliance behind a relay on a bus its power, or take it."""

    relay: str
    on: bool


class SetSlot(Message, frozen=True):
    """Open a slot on a lock board, or let it lock."""

    slot: str
    unlocked: bool


class Done(Message, frozen=True):
    """The request was carried out."""


class Nonce(Message, frozen=True):
    """To be sent to the server."""

    nonce: str


class EnrolmentWanted(Message, frozen=True):
    """Enrol with this claim code, at the central server of the settings."""

    claim: str


class Explained(Message, frozen=True):
    """`reason` is empty when the pass would open; `claims` is empty when there is no trustworthy pass in the text."""

    reason: str
    claims: dict[str, Any] = {}


class Snapshot(Message, frozen=True):
    """What the camera sees now, small and grey: `width` x `height` bytes, row by row; and what is wrong with it.

    `texts`: the codes in it.
    """

    width: int
    height: int
    grey: bytes
    trouble: str
    texts: tuple[str, ...] = ()


class LastReading(Message, frozen=True):
    """What stood around the code that was read last, at boot time `at` (0: none was), of `size` bytes; and what is wrong.

    `begin` and `end` hold too little of the code to be used. `wrong`: empty, or layout, prefix, suffix (`hint` says which),
    glued, speed, damaged; no_pass when it is none of our codes (`hint` is what a poster's address ends with).
    """

    at: float = 0.0
    begin: bytes = b""
    end: bytes = b""
    size: int = 0
    wrong: str = ""
    hint: str = ""


class Recorded(Message, frozen=True):
    """The recent events, for `kiosk replay`; in Base64."""

    data: bytes


class Logged(Message, frozen=True):
    """An entry that was made (it may not be on the disk yet)."""

    entry: dict[str, Any]


class Actuated(Message, frozen=True):
    """The lock moved for a picture got at boot time `seen`; `at` is the boot time right after its pin moved."""

    door: str
    seen: float
    at: float


Unasked = Restart | Switch | SetSlot | EnrolmentWanted | View | Logged | Actuated
Answer = Refused | Done | Nonce | Explained | Snapshot | LastReading | Recorded | DeskView | Kept | Unasked


def encode(message: Message) -> bytes:
    """The message as a line; one that has no form as JSON (text that is no Unicode, too deep) becomes a refusal."""
    try:
        return msgspec.json.encode(message) + b"\n"
    except UNDECODABLE as error:
        why = f"{type(message).__name__} cannot be said: {type(error).__name__}"
        return msgspec.json.encode(Refused(why)) + b"\n"


def refusal(error: Exception) -> Refused:
    """Why a line was not understood, for whoever sent it."""
    return Refused(str(error)[:200])
