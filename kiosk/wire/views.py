"""The station as whoever asks is shown it."""

from __future__ import annotations

from msgspec import Struct

from kiosk.wire.base import Message


class DoorView(Struct, frozen=True):
    """A door in the view; `shown`: what its lamps show, empty before the first signal; `refused`: why, while they refuse.

    `opens`: when a door that is provably closed by its hours opens next (seconds since 1970); null while it may be open.
    `slot`: it is a cupboard's, and no way in.
    """

    mode: str
    lock: str
    door: str
    alarm: str
    shown: str = ""
    refused: str = ""
    opens: float | None = None
    slot: bool = False


class SensorView(Struct, frozen=True):
    """A sensor in the view; `value` is null while it is absent, and `absent` says why."""

    value: float | None
    unit: str
    absent: str = ""


class RoomView(Struct, frozen=True):
    """The room in the view: alarms that are raised, with their sensor's value; why each relay is off, of those that are.

    `occupancy`: somebody (lately), or empty (provably). `saving`: on, warned, off. `place`: latitude, longitude, if known.
    `moving`: it provably drives. `stops`: the ids of those at which it is.
    """

    alarms: dict[str, float | None] = {}
    off: dict[str, tuple[str, ...]] = {}
    occupancy: str = "somebody"
    saving: str = "on"
    place: tuple[float, float] | None = None
    moving: bool = False
    stops: tuple[str, ...] = ()


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
    `phone_code`: what the display shows to phones, another each half minute; empty where they may not open, or the time is not
    proven. `pictures`: the SHA-256 of those that services name and that are to be fetched.
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
    phone_code: str = ""
    pictures: tuple[str, ...] = ()
