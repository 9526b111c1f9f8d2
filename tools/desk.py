"""Writes docs/desk*.png: the page of `kiosk desk` in Chromium, beside a socket that says what a station would."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from kiosk.decoding import read_json
from kiosk.demo.place import Place, free_port, wait_for_port
from kiosk.wire.base import Message
from kiosk.wire.inside import (
    MAX_TOUCH,
    AnswerView,
    CountedView,
    DeskMessage,
    DeskView,
    DoctorView,
    EventView,
    GetDesk,
    HandingView,
    ItemView,
    Kept,
    MedicineView,
    NearestView,
    QuestionView,
    RoundView,
    SlotView,
    StockView,
    SupplyView,
)
from kiosk.wire.views import NoticeView
from tools.display import DOCS, EDGE, LYING, NOTICE, chromium, saying

SETTINGS: Final = """\
pins = "simulated"
[station]
code = "37081101"
name = "中山路驿站"
data_dir = "{folder}/data"
run_dir = "{folder}"
[doors.main]
lock = {{ pin = 17 }}
[desk]
display = true
port = {port}
"""
LECTURE: Final = {"zh": "消防知识讲座，欢迎参加", "en": "A lecture on fire safety"}
MEALS: Final = {"zh": "你对这里的午餐满意吗？", "en": "How content are you with lunch here?"}
PUMP: Final = {"zh": "已换加热管，水现在是热的。", "en": "The heater is new; the water is hot again."}
INSIDE: Final = DeskView(
    "37081101",
    NOTICE,
    events=(EventView(LECTURE, 1_784_977_200.0),),
    questions=(QuestionView("meals", MEALS),),
    answers=(
        AnswerView("air_conditioner", "does_not_cool", "2026-06-29", "owned", "2026-07-20", late=True),
        AnswerView("water", "not_hot", "2026-07-13", "done", words=PUMP),
    ),
)
ITEMS: Final = (
    ItemView("clean", {"zh": "地面和桌面干净吗？", "en": "Are floor and tables clean?"}, "yes_no"),
    ItemView("fridge", {"zh": "冰箱低于 8 °C 吗？", "en": "Is the fridge below 8 °C?"}, "yes_no", "yes", proven=True),
    ItemView("box", {"zh": "药箱里最早到期的药", "en": "The medicine that expires first"}, "month"),
)
STORM: Final = NoticeView(
    {"zh": "暴雨红色预警：请留在室内", "en": "Red rainstorm warning: please stay inside"}, urgent=True
)
ROUND: Final = DeskView(
    "37081101", notices=(STORM,), round=RoundView("daily", 3, {"zh": "每日巡查", "en": "Daily round"}, ITEMS)
)

COAT: Final = {"zh": "雨衣一件", "en": "One raincoat"}
PENCILS: Final = {"zh": "考生文具一套", "en": "One set of pencils"}
NEAREST: Final = NearestView({"zh": "火炬路驿站", "en": "Torch Road station"}, 12, 2700.0, 850.0)
YOURS: Final = SupplyView("coat", COAT, "yours", "box1", touch="take")
SESSION: Final = HandingView(
    300.0, (StockView("coat", COAT),), (SlotView("box1", 20, "coat"),), ("exam",), counted=CountedView("coat", 47, 50)
)
HANDING: Final = replace(ROUND, notices=(), supplies=(SupplyView("coat", COAT, "show_pass"),), handing=SESSION)
ONLINE: Final = DoctorView(
    {"zh": "市第一人民医院在线门诊", "en": "The city hospital's doctor"}, "0537-1234567", reachable=True
)
LINKED: Final = replace(ONLINE, link="https://doctor.example.cn/station/k3Jd8s0AbQz71mVx", seconds=300.0)
AWAY: Final = replace(ONLINE, reachable=False, since=1_784_941_800.0)
RELEASE: Final = MedicineView("pass", "ors", "box2")


class Look(Struct, frozen=True):
    """What the station says, in which language it is looked at, and what is touched."""

    said: DeskView
    language: str
    touched: tuple[str, ...] = ()


def supplied(supply: SupplyView, language: str, *touched: str) -> Look:
    """What there is of one campaign."""
    return Look(DeskView("37081101", supplies=(supply,)), language, touched)


def with_doctor(doctor: DoctorView, language: str, *touched: str) -> Look:
    """A doctor, at the page that is theirs."""
    return Look(DeskView("37081101", doctor=doctor), language, touched)


PICTURES: Final = {
    "desk.png": (
        Look(INSIDE, "zh"),
        Look(INSIDE, "en"),
        Look(INSIDE, "zh", ("反映问题",)),
        Look(INSIDE, "zh", ("反映问题", "饮水")),
        Look(INSIDE, "en", ("Say something", "Door", "Blocked")),
        Look(INSIDE, "zh", ("答复",)),
    ),
    "desk-round.png": (Look(ROUND, "zh", ("巡查",)), Look(ROUND, "en", ("Round", "Begin the round"))),
    "desk-supplies.png": (
        supplied(YOURS, "zh", "领物资"),
        supplied(SupplyView("coat", COAT, "granted", "box1"), "en", "Supplies"),
        supplied(SupplyView("coat", COAT, "empty", nearest=NEAREST), "zh", "领物资"),
        supplied(SupplyView("exam", PENCILS, "open", touch="one", left=38), "en", "Supplies"),
        Look(HANDING, "zh", ("巡查",)),
        Look(HANDING, "en", ("Round", "Count", "4")),
    ),
    "desk-doctor.png": (
        with_doctor(ONLINE, "zh", "医生"),
        with_doctor(LINKED, "en", "Doctor", "Ask a doctor"),
        with_doctor(AWAY, "zh", "医生"),
        Look(DeskView("37081101", medicine=RELEASE), "en"),
    ),
}
"""For each its views."""

SIDE_BY_SIDE: Final = 2


def main() -> None:
    """Each picture, of several views."""
    with chromium("docs/desk*.png") as browser:
        for name, looks in PICTURES.items() if browser else ():
            shots = [_shot(browser, each) for each in looks]
            rows = [np.hstack(shots[at : at + SIDE_BY_SIDE]) for at in range(0, len(shots), SIDE_BY_SIDE)]
            cv2.imwrite(str(DOCS / name), np.vstack(rows)[:-EDGE, :-EDGE], [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _shot(browser: Any, look: Look) -> cv2.typing.MatLike:
    """The view after these touches; BGR, uint8, with a grey line around it, and an edge to its right and below."""

    def said(line: bytes) -> Message:
        return look.said if isinstance(read_json(line, DeskMessage, MAX_TOUCH), GetDesk) else Kept()

    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder, saying(Path(folder) / "desk.sock", said):
        place, port = Place(Path(folder)), free_port()
        place.config.write_text(SETTINGS.format(folder=folder, port=port), encoding="utf-8")
        with place.program("desk"):
            wait_for_port(port, place, "desk")
            page = browser.new_page(viewport={"width": LYING[0], "height": LYING[1]})
            page.goto(f"http://127.0.0.1:{port}")
            _touch(page, look)
            picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
            page.close()
    framed = cv2.rectangle(np.array(picture), (0, 0), (LYING[0] - 1, LYING[1] - 1), (180, 180, 180), 1)
    return cv2.copyMakeBorder(framed, 0, EDGE, 0, EDGE, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def _touch(page: Any, look: Look) -> None:
    page.wait_for_function("import('./station.js').then(({ shown }) => shown.there)")
    page.locator("main:not([inert])").wait_for()
    if look.touched and page.locator("#back").is_visible():  # a round that is open has opened itself
        page.locator("#back").click()
    page.locator(f"nav [lang={look.language}]").click()
    for each in look.touched:
        page.locator("#stage:not([inert])").get_by_role("button", name=each).first.click()
    page.locator("main:not([inert])").wait_for()
    page.mouse.move(0, 0)


if __name__ == "__main__":
    main()
