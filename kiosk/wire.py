"""The messages between the programs: one JSON object a line, each line bounded, each tagged by `type`.

scan.sock     scanner -> station   Scan, Trouble            station -> scanner   Refused, Restart
sense.sock    sensors -> station   Sensed, NotSensed,       station -> sensors   Refused, Restart, Switch
                                   Located, Trouble
control.sock  anybody  -> station  the requests below       station -> anybody   one answer each; a subscriber gets View,
                                                                                 Logged, Actuated and, to sync, Restart
scanner/NAME.sock  technician -> scanner  TakeSnapshot, TakeReading    scanner -> technician  Snapshot, LastReading, Refused
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from kiosk.decoding import UNDECODABLE
from kiosk.redaction import hidden

MAX_LINE: Final = 512 * 1024
"""Bytes: a status list of the largest size allowed, in Base64."""

MAX_SHORT: Final = 64 * 1024
"""Bytes of a line by whoever carries no documents: room for the longest code, each of its characters escaped."""

MAX_RECORDING: Final = 8 * 1024 * 1024
"""Bytes that wait for a technician who asked for the recording, the one long answer."""

MAX_CODE: Final = 4296
"""Characters: the most that a QR code can hold (ISO/IEC 18004, version 40-L, alphanumeric)."""

MAX_WHY: Final = 200
"""Characters of why an entry was refused."""

Name = Annotated[str, Meta(min_length=1, max_length=64)]
MAX_WORDS: Final = 512
Words = Annotated[str, Meta(max_length=MAX_WORDS)]
Seconds = Annotated[float, Meta(ge=0, le=86400)]
StreamName = Literal["access", "telemetry", "services"]
STREAMS: Final[tuple[StreamName, ...]] = get_args(StreamName)


class Message(Struct, frozen=True, tag_field="type", tag=str.lower, omit_defaults=True, forbid_unknown_fields=True):
    """The base of all messages."""


class Scan(Message, frozen=True):
    """A code was read at `door`, in a frame got at boot time `seen`."""

    door: Name
    text: Annotated[str, Meta(min_length=1, max_length=MAX_CODE)]
    seen: float


class Trouble(Message, frozen=True):
    """Something is wrong, or no longer (None), with `scanner.NAME`, `relay.NAME`, the `gps`, or a loop of a program.

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
    """What a technician found by trying the parts: for each test passed, skipped, or what failed. Answered by Done."""

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


ScanMessage = Scan | Trouble
SenseMessage = Sensed | NotSensed | Located | Trouble
AnybodysRequest = GetView | Subscribe | Explain
TechniciansRequest = Operate | Maintain | TryLamp | Commission | UpdateEnded | GetRecording
SyncsRequest = (
    Acknowledge
    | BeginEpoch
    | Offer
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
    """The line was not understood, and why."""

    why: str


class Restart(Message, frozen=True):
    """End in order; systemd will start you again."""


class Switch(Message, frozen=True):
    """Give the appliance behind a relay on a bus its power, or take it."""

    relay: str
    on: bool


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


class DoorView(Struct, frozen=True):
    """A door in the view; `shown`: what its lamps show, empty before the first signal; `refused`: why, while they refuse.

    `opens`: when a door that is provably closed by its hours opens next (seconds since 1970); null while it may be open.
    """

    mode: str
    lock: str
    door: str
    alarm: str
    shown: str = ""
    refused: str = ""
    opens: float | None = None


class SensorView(Struct, frozen=True):
    """A sensor in the view; `value` is null while it is absent, and `absent` says why."""

    value: float | None
    unit: str
    absent: str = ""


class RoomView(Struct, frozen=True):
    """The room in the view: alarms that are raised, with their sensor's value; why each relay is off, of those that are.

    `occupancy`: somebody (lately), or empty (provably). `saving`: on, warned, off. `place`: latitude, longitude, if known.
    """

    alarms: dict[str, float | None] = {}
    off: dict[str, tuple[str, ...]] = {}
    occupancy: str = "somebody"
    saving: str = "on"
    place: tuple[float, float] | None = None


class StreamView(Struct, frozen=True):
    """A stream in the view: its newest number, the server's mark.

    `rests`: seconds until a server is asked again that did not know it; 0 otherwise.
    """

    newest: int
    acked: int
    rests: float = 0.0


class TrustView(Struct, frozen=True):
    """How far the station can trust.

    The status list's age in seconds (at least; null without one), what the policy calls that (missing, fresh, stale, old), and
    until when (seconds since 1970) there is a key for each use.
    """

    list_age: float | None
    list: str
    keys_until: float


class NoticeView(Struct, frozen=True):
    """A notice that holds now: its texts by language."""

    texts: dict[str, str]
    urgent: bool = False


class View(Message, frozen=True):
    """The station as it is now. `maintenance`: seconds of it that are left. `texts`, `nearby`: the policy's, by language.

    `services`: how many of each kind are held. `notices`: those that hold now, the urgent ones first, then the newest.
    """

    station: str
    version: str
    epoch: str
    boot_id: str
    wall: float
    quality: str
    documents: dict[str, int]
    trust: TrustView
    doors: dict[str, DoorView]
    sensors: dict[str, SensorView]
    streams: dict[str, StreamView]
    programs: dict[str, bool]
    faults: dict[str, str]
    room: RoomView = RoomView()
    maintenance: float = 0.0
    texts: dict[str, str] = {}
    nearby: dict[str, str] = {}
    services: dict[str, int] = {}
    notices: tuple[NoticeView, ...] = ()


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
    glued, speed, damaged; no_pass when it is none of our codes.
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


Unasked = Restart | Switch | EnrolmentWanted | View | Logged | Actuated
Answer = Refused | Done | Nonce | Explained | Snapshot | LastReading | Recorded | Unasked


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
