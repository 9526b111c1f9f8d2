"""The display's words, in Chinese and in English: short, since they are read in the cold, and say what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from kiosk.trust.reasons import WORDS as REASONS
from kiosk.trust.reasons import Reason

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

DRIVES: Final[Words] = REASONS[Reason.MOVING]
LEAVE: Final[Words] = ("出口已打开，请马上离开", "The exit is open. Please leave now.")
SAVING: Final[Words] = (
    "本站已关闭，电器即将断电。里面还有人请按出门按钮。",
    "The station is closed, and its appliances will be switched off. If you are inside, press the exit button.",
)
AWAY: Final[Words] = (
    "门禁正在重新启动，请稍候。里面的出门按钮仍然可用。",
    "The door's computer is restarting, please wait a moment. The exit button inside works all the same.",
)
NO_EYES: Final[Words] = (
    "扫码器现在不能用，请联系工会",
    "The camera cannot read passes at the moment. Please call the union.",
)
BY_PHONE: Final[Words] = (
    "扫码器现在不能用，请用手机扫码开门",
    "The camera cannot read passes at the moment. Please scan this code with your phone.",
)
SCAN: Final[Words] = ("也可手机扫码", "Or scan by phone")
"""Under the code for phones."""

NO_TRUST: Final[Words] = ("本站还没有启用", "This station is not in service yet.")
ENROLLED: Final[Words] = (
    "注册成功。请打电话给工会，核对这六个单词。",
    "Enrolled. Please call the union, and compare these six words.",
)
NOT_VERIFIED: Final[Words] = ("时间未经核实", "time not verified")

CODE: Final = "编号 code: {}"
ADDRESS: Final = "地址 address: {}"
NO_NETWORK: Final = "没有网络 no network"
NO_WORDS: Final = "六个单词 six words: 注册后显示 shown after enrolment"
"""What a technician wants of a station that is not enrolled. The words are made of both ends' keys: there are none before."""

BROKEN: Final = {
    "zh!": "本站设置文件有误，暂用上一次正确的设置。请通知工会。",
    "en!": "This station's settings are broken; the last good ones are used. Please tell the union.",
}
"""A notice beside the union's own, in each language."""

WEEKDAYS: Final = (
    ("星期一", "Monday"),
    ("星期二", "Tuesday"),
    ("星期三", "Wednesday"),
    ("星期四", "Thursday"),
    ("星期五", "Friday"),
    ("星期六", "Saturday"),
    ("星期日", "Sunday"),
)
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def local(at: float, offset: float) -> datetime:
    """Seconds since 1970 as the station's local time, which is `offset` seconds ahead of UTC."""
    return datetime.fromtimestamp(at + offset, UTC)


def opening(opens: datetime, now: datetime) -> Words:
    """That the door is closed, and when it opens; both in local time."""
    zh, en = _day(opens, (opens.date() - now.date()).days)
    time = f"{opens:%H:%M}"
    return f"已关门，{zh} {time} 开门。", f"Closed. It opens {en} at {time}."


def _day(at: datetime, ahead: int) -> Words:
    if ahead <= 1:
        return ("明天", "tomorrow") if ahead else ("今天", "today")
    zh, en = WEEKDAYS[at.weekday()]
    return f"{at.month}月{at.day}日{zh}", f"on {en}, {at.day} {MONTHS[at.month - 1]},"
