"""Every face that the display can show, made as the program makes them: from what a station tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from kiosk.core.events import Lamp
from kiosk.screen.faces import CHINA, Face, Heard, Machine, face, heard
from kiosk.trust.reasons import Reason
from kiosk.wire import Logged
from kiosk.wire.views import DoorView, NoticeView, RoomView, TrustView, View

NOW: Final = datetime(2026, 9, 30, 15, tzinfo=UTC).timestamp() - CHINA
"""A Wednesday, 15:00 in China."""

OPENS: Final = {"today": NOW + 3600, "tomorrow": NOW + 86_400, "on a day with the longest name": NOW + 7 * 86_400}
SIX_WORDS: Final = "abstract boundary category champion daughter electric"
"""Of eight letters each: BIP 39 has none longer."""

USUAL: Final = {
    "zh": "高温关爱周：7月20日至27日，中午对所有人开放",
    "en": "Heat week, 20 to 27 July: open to everybody at noon",
}
LONGEST: Final = {
    "zh": "这里有热水和微波炉。" * 50,
    "en": "There is hot water, and a microwave. " * 13,
    "de": "Wärmestube" * 50,
}
NEARBY: Final = {
    "zh": "最近的驿站：经十路86号，向东步行八分钟，昼夜开放",
    "en": "Next station: 86 Jingshi Road, eight minutes' walk to the east, open day and night",
}
FAR: Final = {"zh": "经十路向东。" * 33, "en": "Walk to the east on Jingshi Road. " * 5}

NOTICES: Final = (
    NoticeView(
        {
            "zh": "暴雨红色预警：请留在室内，本站昼夜开放",
            "en": "Red rainstorm warning: stay inside; this station is open",
        },
        urgent=True,
    ),
    NoticeView({"zh": "周三上午九点到十一点停水", "en": "No water on Wednesday from 9 to 11"}),
    NoticeView(
        {
            "zh": "本周五下午有免费义诊",
            "ug": "جۈمە كۈنى ھەقسىز داۋالاش",
            "en": "A doctor comes on Friday afternoon, free of charge",
        }
    ),
)

MACHINE: Final = Machine(
    addresses=("192.168.100.100", "192.168.101.101", "192.168.102.102"), pass_page="https://pass.example.org"
)
PHONE_CODE: Final = "37081101.main.59848200." + "ABCDEFGH" * 12 + "ABCDEFG"


def view(lamp: str = "ready", **more: Any) -> View:
    """A station in order, with one door, whose lamps show this."""
    door = DoorView(
        more.pop("mode", "normal"), "locked", "closed", "none", lamp, more.pop("refused", ""), more.pop("opens", None)
    )
    given: dict[str, Any] = {"documents": {"keyset": 1}, "programs": {"scanner": True}, "faults": {}}
    given |= {"quality": "synced", **more}
    trust = TrustView(None, "fresh", 0.0)
    return View("37081101", "1", "e", "b", NOW, trust=trust, doors={"main": door}, sensors={}, streams={}, **given)


def shown(*messages: Any) -> Face:
    """What is shown when a station has told these."""
    known = Heard()
    for message in messages:
        known = heard(known, message, "main", 0.0)
    return face(known, "main", ("main",), 0.0, MACHINE)


def faces(
    texts: dict[str, str],
    nearby: dict[str, str],
    faults: dict[str, str],
    quality: str,
    notices: tuple[NoticeView, ...] = (),
    code: str = "",
) -> Iterator[tuple[str, Face]]:
    """Each with a name, at a station whose policy and notices say this, and whose display has that code for phones."""
    more: dict[str, Any] = {"texts": texts, "nearby": nearby, "faults": faults, "quality": quality, "notices": notices}
    more |= {"phone_code": code, "programs": {"scanner": True, "sync": True}}
    yield "away", shown()
    for lamp in Lamp:
        if lamp is not Lamp.DENIED:
            yield lamp, shown(view(lamp, **more))
    yield "leave", shown(view("free", mode="emergency", **more))
    yield "saving", shown(view("warning", room=RoomView(saving="warned"), **more))
    yield "no eyes", shown(view(**more | {"programs": {"sync": True}}))
    yield "not enrolled", shown(view(**more | {"documents": {}}))
    yield "enrolled", shown(Logged({"kind": "enrolled", "fingerprint": SIX_WORDS}), view(**more))
    for day, opens in OPENS.items():
        yield f"opens {day}", shown(view(opens=opens, **more))
        yield f"refused, opens {day}", shown(view("denied", refused="closed", opens=opens, **more))
    for reason in Reason:
        yield reason, shown(view("denied", refused=str(reason), **more))


def all_faces() -> dict[str, Face]:
    """All of them, with what stands beside them: nothing, the usual, and as much as there may be."""
    broken = {"settings": "a word misspelt"}
    most = NoticeView(LONGEST, urgent=True), NoticeView(LONGEST)
    beside: dict[str, Iterator[tuple[str, Face]]] = {
        "nothing": faces({}, {}, {}, "synced"),
        "the usual": faces(USUAL, NEARBY, {}, "holdover"),
        "notices": faces({}, NEARBY, {}, "synced", NOTICES),
        "the longest": faces(LONGEST, FAR, broken, "unset", most),
        "a code": faces({}, NEARBY, {}, "synced", (), PHONE_CODE),
        "a code and notices": faces(USUAL, NEARBY, {}, "synced", NOTICES, PHONE_CODE),
        "a code and the longest": faces(LONGEST, FAR, broken, "synced", most, PHONE_CODE),
    }
    return {f"{name} beside {what}": each for what, found in beside.items() for name, each in found}
