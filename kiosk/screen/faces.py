"""What the display shows, from what the station tells: one face at a time.

The station decides which signal its lamps give (:mod:`kiosk.core.door.lamps`), by what matters most to whoever stands there.
The display follows it, adds the words, keeps a refusal for as long as it takes to read one, and says so when no pass could open
this door now.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.trust.reasons import WORDS as REASONS
from kiosk.trust.reasons import Reason
from kiosk.wire import Answer, DoorView, Logged, View

READ_FOR: Final = 8.0
"""Seconds for which a refusal is shown: two lines of large type, in a second language for some."""

Sign = Literal["ready", "granted", "denied", "free", "closed", "warning", "alarm", "away"]
Words = tuple[str, str]
"""Chinese, English."""

BY_LAMP: Final[dict[str, Words]] = {
    "ready": ("请出示通行码", "Please show your pass to the camera."),
    "granted": ("请进", "Please come in."),
    "free": ("门已打开，请进，不需要通行码", "The door is open. Please come in; no pass is needed."),
    "closed": REASONS[Reason.LOCKED_DOWN],
    "warning": ("请关好门", "Please close the door."),
    "alarm": (
        "请关好门。如果关不上，请联系工会。",
        "Please close the door. If it does not close, please call the union.",
    ),
}
"""For each signal of the lamps but a refusal, whose reason has its own words."""

LEAVE: Final[Words] = ("出口已打开，请马上离开", "The exit is open. Please leave now.")
SAVING: Final[Words] = (
    "本站已关闭，电器即将断电。里面还有人请按开门按钮。",
    "The station is closed, and its appliances will be switched off. If you are inside, press the exit button.",
)
AWAY: Final[Words] = (
    "门禁正在重新启动，请稍候。里面的开门按钮仍然可用。",
    "The door's computer is restarting, please wait a moment. The exit button inside works all the same.",
)
NO_EYES: Final[Words] = (
    "扫码器现在不能用，请联系工会",
    "The camera cannot read passes at the moment. Please call the union.",
)
NO_TRUST: Final[Words] = ("本站还没有启用", "This station is not in service yet.")


BROKEN: Final = {
    "zh!": "本站设置文件有误，暂用上一次正确的设置。请通知工会。",
    "en!": "This station's settings are broken; the last good ones are used. Please tell the union.",
}
"""A notice beside the union's own, in each language."""


class Face(Struct, frozen=True):
    """What the display shows. `words` and `notice`, which is the union's, by language; `sign` gives them colour and symbol."""

    sign: Sign
    words: dict[str, str]
    notice: dict[str, str] = {}


class Heard(Struct, frozen=True):
    """What the station has told: its view (None while it is away), and the last refusal at this display's door."""

    view: View | None = None
    refused: Reason | None = None
    refused_at: float = -math.inf


def heard(known: Heard, message: Answer | None, door: str, now: float) -> Heard:
    """Take a message of the station; None when the station has gone."""
    match message:
        case None:
            return Heard()
        case View():
            return _refused(replace(known, view=message), message.doors.get(door), now)
        case Logged({"kind": "granted", "door": where}) if where == door:
            return replace(known, refused=None)
        case _:
            return known


def _refused(known: Heard, here: DoorView | None, now: float) -> Heard:
    """Every refusal is shown, also one that is too much to be logged."""
    if here is None or here.refused not in set(Reason):
        return known
    return replace(known, refused=Reason(here.refused), refused_at=now)


def face(known: Heard, door: str, scanners: tuple[str, ...], now: float) -> Face:
    """What to show now at this door, which has these scanners."""
    view = known.view
    if view is None or door not in view.doors:
        return _face("away", AWAY)
    here = view.doors[door]
    sign, words = _by_lamp(here, saving=view.room.saving == "warned")
    if sign in {"ready", "denied", "closed"} and known.refused and now - known.refused_at < READ_FOR:
        sign, words = "denied", REASONS[known.refused]
    elif sign == "ready" and not view.documents.get("keyset"):
        sign, words = "away", NO_TRUST
    elif sign == "ready" and _blind(view, scanners):
        sign, words = "away", NO_EYES
    return _face(sign, words, view.texts | (BROKEN if "settings" in view.faults else {}))


def _by_lamp(door: DoorView, *, saving: bool) -> tuple[Sign, Words]:
    sign: Sign = "ready" if door.shown in {"", "denied"} else door.shown  # type: ignore[assignment]
    if sign == "free" and door.mode == "emergency":
        return sign, LEAVE
    if sign == "warning" and saving and door.alarm != "pre_alarm":
        return sign, SAVING
    return sign, BY_LAMP[sign]


def _blind(view: View, scanners: tuple[str, ...]) -> bool:
    """Whether the door has scanners, and none of them reads codes: all complain, or none is connected."""
    complain = all(f"scanner.{name}" in view.faults for name in scanners)
    return bool(scanners) and (complain or not view.programs.get("scanner"))


def _face(sign: Sign, words: Words, notice: dict[str, str] | None = None) -> Face:
    return Face(sign, dict(zip(("zh", "en"), words, strict=True)), notice or {})
