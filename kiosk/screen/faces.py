"""What the display shows, from what the station tells: one face at a time.

The station decides which signal its lamps give (:mod:`kiosk.core.door.lamps`), by what matters most to whoever stands there.
The display follows it, adds the words, keeps a refusal for as long as it takes to read one, and says so when no pass could open
this door now, or the hours are over.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.loopback.symbol import Symbol
from kiosk.screen import words as say
from kiosk.screen.symbol import symbol
from kiosk.screen.words import Words, local
from kiosk.trust.reasons import WORDS as REASONS
from kiosk.trust.reasons import Reason
from kiosk.wire import Answer, Logged
from kiosk.wire.views import DoorView, NoticeView, View

READ_FOR: Final = 8.0
"""Seconds for which a refusal is shown: two lines of large type, in a second language for some."""

COMPARED_FOR: Final = 600.0
"""Seconds for which an enrolled station shows its six words, if nobody comes in before."""

CHINA: Final = 8 * 3600.0

Sign = Literal["ready", "granted", "denied", "free", "closed", "warning", "alarm", "away"]


class Face(Struct, frozen=True):
    """What the display shows. `words`, by language; `sign` gives them colour and symbol.

    `facts`: lines for a technician; `nearby`: where the next open station is, by language; `notice`: what the policy says,
    likewise; `notices`: those that come and go, the urgent ones first; `clock`: local time, with a `?` and `doubt`, by
    language, while nothing proves it. `phone`: the code for phones, and `scan`, by language, what it is for.
    """

    sign: Sign
    words: dict[str, str]
    facts: tuple[str, ...] = ()
    nearby: dict[str, str] = {}
    notice: dict[str, str] = {}
    notices: tuple[NoticeView, ...] = ()
    clock: str = ""
    doubt: dict[str, str] = {}
    phone: Symbol | None = None
    scan: dict[str, str] = {}


class Heard(Struct, frozen=True):
    """What the station has told: its view (None while it is away), the last refusal at this display's door, its six words.

    The times are boot times.
    """

    view: View | None = None
    viewed_at: float = 0.0
    refused: Reason | None = None
    refused_at: float = -math.inf
    enrolled: str = ""
    enrolled_at: float = -math.inf


class Machine(Struct, frozen=True):
    """What this program knows of itself: local time less UTC in seconds, and the addresses at which a technician finds it.

    `pass_page`: where the code for phones leads; empty: there is none.
    """

    offset: float = CHINA
    addresses: tuple[str, ...] = ()
    pass_page: str = ""


HERE: Final = Machine()


def heard(known: Heard, message: Answer | None, door: str, now: float) -> Heard:
    """Take a message of the station; None when the station has gone."""
    match message:
        case None:
            return replace(known, view=None, refused=None)
        case View():
            return _refused(replace(known, view=message, viewed_at=now), message.doors.get(door), now)
        case Logged({"kind": "granted", "door": where}) if where == door:
            return replace(known, refused=None, enrolled="")
        case Logged({"kind": "enrolled", "fingerprint": str(found)}):
            return replace(known, enrolled=found, enrolled_at=now)
        case _:
            return known


def _refused(known: Heard, here: DoorView | None, now: float) -> Heard:
    """Every refusal is shown, also one that is too much to be logged."""
    if here is None or here.refused not in set(Reason):
        return known
    return replace(known, refused=Reason(here.refused), refused_at=now)


def face(known: Heard, door: str, scanners: tuple[str, ...], now: float, machine: Machine = HERE) -> Face:
    """What to show now at this door, which has these scanners."""
    view = known.view
    if view is None or door not in view.doors:
        return _face("away", say.AWAY)
    found = _told(known, view, view.doors[door], scanners, now, machine)
    denied = found.sign == "denied"
    closed = found.sign == "closed" or (denied and known.refused in {Reason.CLOSED, Reason.LOCKED_DOWN})
    return replace(
        found,
        nearby=view.nearby if closed else {},
        notice={} if denied else view.texts | (say.BROKEN if "settings" in view.faults else {}),
        notices=() if denied else view.notices,
        **_clock(view, known.viewed_at, now, machine),
    )


def _told(known: Heard, view: View, here: DoorView, scanners: tuple[str, ...], now: float, machine: Machine) -> Face:
    """Sign and words; a refusal first, of what is no more urgent."""
    sign, words = _by_lamp(here, saving=view.room.saving == "warned", drives=view.room.moving)
    shut = _shut(here, _wall(view, known.viewed_at, now), machine.offset)
    if sign in {"ready", "denied", "closed"} and known.refused and now - known.refused_at < READ_FOR:
        return _face("denied", shut if shut and known.refused is Reason.CLOSED else REASONS[known.refused])
    if sign != "ready":
        return _face(sign, words)
    if not view.documents.get("keyset"):
        return _face("away", say.NO_TRUST, _of_a_stranger(view.station, machine.addresses))
    if known.enrolled and now - known.enrolled_at < COMPARED_FOR:
        return _face("ready", say.ENROLLED, (known.enrolled,))
    if shut:
        return _face("closed", shut)
    return _waiting(view, _blind(view, scanners), machine.pass_page)


def _waiting(view: View, blind: bool, pass_page: str) -> Face:
    """A pass is waited for, or a phone; the latter only while the central server can be reached, which lets it in."""
    words = say.BY_LAMP["ready"]
    reached = view.programs.get("sync") and "central" not in view.faults
    if not (pass_page and view.phone_code and reached):
        return _face("away", say.NO_EYES) if blind else _face("ready", words)
    code = symbol(pass_page, view.phone_code)
    if blind:
        return replace(_face("away", say.BY_PHONE), phone=code)
    return replace(_face("ready", words), phone=code, scan=_by_language(say.SCAN))


def _by_lamp(door: DoorView, *, saving: bool, drives: bool) -> tuple[Sign, Words]:
    sign: Sign = "ready" if door.shown in {"", "denied"} else door.shown  # type: ignore[assignment]
    if sign == "free" and door.mode == "emergency":
        return sign, say.LEAVE
    if sign == "warning" and saving and door.alarm != "pre_alarm":
        return sign, say.SAVING
    if sign == "closed" and drives and door.mode != "locked_down":
        return sign, say.DRIVES
    return sign, say.BY_LAMP[sign]


def _shut(door: DoorView, wall: float, offset: float) -> Words | None:
    """That the door is closed by its hours, and until when; None while it is open."""
    if door.opens is None or door.opens <= wall:
        return None
    return say.opening(local(door.opens, offset), local(wall, offset))


def _of_a_stranger(code: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """What a technician wants to know of a station that trusts nobody yet."""
    address = say.ADDRESS.format(", ".join(addresses)) if addresses else say.NO_NETWORK
    return say.CODE.format(code), address, say.NO_WORDS


def _blind(view: View, scanners: tuple[str, ...]) -> bool:
    """Whether the door has scanners, and none of them reads codes: all complain, or none is connected."""
    complain = all(f"scanner.{name}" in view.faults for name in scanners)
    return bool(scanners) and (complain or not view.programs.get("scanner"))


def _wall(view: View, viewed_at: float, now: float) -> float:
    """The station's time now."""
    return view.wall + now - viewed_at


def _clock(view: View, viewed_at: float, now: float, machine: Machine) -> dict[str, Any]:
    time = f"{local(_wall(view, viewed_at, now), machine.offset):%H:%M}"
    if view.quality in {"synced", "holdover"}:
        return {"clock": time}
    return {"clock": f"{time} ?", "doubt": _by_language(say.NOT_VERIFIED)}


def _face(sign: Sign, words: Words, facts: tuple[str, ...] = ()) -> Face:
    return Face(sign, _by_language(words), facts)


def _by_language(words: Words) -> dict[str, str]:
    return dict(zip(("zh", "en"), words, strict=True))
