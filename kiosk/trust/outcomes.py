"""What becomes of a hospital's release of a medicine: a closed set, each with the words that a worker can act on."""

from __future__ import annotations

import enum
from typing import Final


class Outcome(enum.StrEnum):
    """The refusals in the order of the checks, then what becomes of a release for which a slot is opened."""

    TORN = "torn"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    NOT_ITS_ITEM = "not_its_item"
    WRONG_STATION = "wrong_station"
    EXPIRED = "expired"
    AHEAD = "ahead"
    NO_TIME = "no_time"
    USED = "used"
    NO_SLOT = "no_slot"
    EMPTY = "empty"
    OUT_OF_DATE = "out_of_date"
    KEPT_TOO_WARM = "kept_too_warm"
    DISK = "disk"
    NOT_NOW = "not_now"
    NOT_YOURS = "not_yours"
    ALONE = "alone"
    OPENED = "opened"
    TAKEN = "taken"
    NOT_TAKEN = "not_taken"


ANOTHER: Final = ("请医生重新开具。", "Please ask the doctor for another one.")
STILL_GOOD: Final = ("取药码没有作废。", "Your code is still good.")

WORDS: Final[dict[Outcome, tuple[str, str]]] = {
    Outcome.TORN: (
        "取药码没有读全，请把手机屏幕调亮、放平再试。",
        "The medicine's code is damaged or cut off. Make your screen brighter, hold it flat, and try again.",
    ),
    Outcome.UNKNOWN_KEY: (
        "本站不认识开这个取药码的医院，请联系医生或工会。",
        "This station does not know the hospital that made this code. Please ask the doctor, or the union.",
    ),
    Outcome.BAD_SIGNATURE: (
        f"取药码被改动过，或者是伪造的。{ANOTHER[0]}",
        f"This code was changed, or is a forgery. {ANOTHER[1]}",
    ),
    Outcome.NOT_ITS_ITEM: (
        "这家医院不能在本站发放这种药，请联系医生。",
        "This hospital may not release this medicine here. Please ask the doctor.",
    ),
    Outcome.WRONG_STATION: (
        f"这个取药码是别的驿站的。{STILL_GOOD[0]}",
        f"This code is for another station. {STILL_GOOD[1]}",
    ),
    Outcome.EXPIRED: (f"取药码已过期。{ANOTHER[0]}", f"This code has expired. {ANOTHER[1]}"),
    Outcome.AHEAD: (
        "医院的时钟快了，请联系医生。",
        "The hospital's clock is ahead of the time. Please ask the doctor.",
    ),
    Outcome.NO_TIME: (
        f"本站现在不能确认时间，不能取药。{STILL_GOOD[0]}",
        f"This station cannot prove what time it is, and gives no medicine now. {STILL_GOOD[1]}",
    ),
    Outcome.USED: (f"这个取药码已经用过。{ANOTHER[0]}", f"This code was used already. {ANOTHER[1]}"),
    Outcome.NO_SLOT: (f"本站没有这个药格。{ANOTHER[0]}", f"This station has no such slot. {ANOTHER[1]}"),
    Outcome.EMPTY: (f"药格里没有这种药。{ANOTHER[0]}", f"This medicine is not in that slot. {ANOTHER[1]}"),
    Outcome.OUT_OF_DATE: (
        f"药格里的药已过有效期，不能取。{ANOTHER[0]}",
        f"What lies there is past its date, and is not given. {ANOTHER[1]}",
    ),
    Outcome.KEPT_TOO_WARM: (
        f"药格的温度不合格，药不能取。{ANOTHER[0]}",
        f"It was kept too warm or too cold, or nobody knows how: it is not given. {ANOTHER[1]}",
    ),
    Outcome.DISK: (
        f"本站现在不能记录，不能取药。{STILL_GOOD[0]}",
        f"This station can write nothing down, and gives no medicine now. {STILL_GOOD[1]}",
    ),
    Outcome.NOT_NOW: (
        f"药格现在打不开，请等它关好再试。{STILL_GOOD[0]}",
        f"The slot cannot be opened now. Wait until it is closed, and try again. {STILL_GOOD[1]}",
    ),
    Outcome.NOT_YOURS: (
        f"取药码和通行码不是同一个人的。{STILL_GOOD[0]}",
        f"The code and the pass are not the same person's. {STILL_GOOD[1]}",
    ),
    Outcome.ALONE: (
        f"没有出示通行码。请再出示取药码，一分钟内出示通行码。{STILL_GOOD[0]}",
        f"No pass was shown. Show the code once more, and your pass within a minute. {STILL_GOOD[1]}",
    ),
    Outcome.OPENED: ("药格已打开，请取药并关好。", "The slot is open. Take it, and close the slot."),
    Outcome.TAKEN: ("药已取出，请关好药格。", "It is taken. Please close the slot."),
    Outcome.NOT_TAKEN: (
        f"药格没有被打开，取药码已作废。{ANOTHER[0]}",
        f"Nobody opened the slot, and the code is used up. {ANOTHER[1]}",
    ),
}
"""For each: what the display says, in Chinese and in English."""

TOLD: Final = "release_"
"""What stands before it where the desk's display tells it: a pass has reasons of the same names."""
