"""What the display at the door shows: the words of what the station shows by its lamps, and a refusal until it is read."""

from __future__ import annotations

import asyncio
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kiosk import loops
from kiosk.core.door.tables import AlarmState, DoorMode
from kiosk.core.events import Lamp
from kiosk.loopback.symbol import Symbol
from kiosk.screen import program as program_of_screen
from kiosk.screen import words
from kiosk.screen.addresses import addresses
from kiosk.screen.faces import CHINA, COMPARED_FOR, HERE, READ_FOR, Face, Heard, Machine, face, heard
from kiosk.screen.program import Program
from kiosk.settings import ScreenTable, Settings
from kiosk.settings.loading import load
from kiosk.trust.reasons import WORDS, Reason
from kiosk.wire import Answer, GetView, Logged, Subscribe, encode
from kiosk.wire.views import DoorView, NoticeView, RoomView, TrustView, View
from tests.programs.house import SETTINGS

LAMPS = st.sampled_from([str(lamp) for lamp in Lamp])
MORE_URGENT = {"granted", "free", "warning", "alarm"}


def view(lamp: str = "ready", **more: Any) -> View:
    name, refused = more.pop("name", "main"), more.pop("refused", "")
    mode, alarm, opens = more.pop("mode", "normal"), more.pop("alarm", "none"), more.pop("opens", None)
    door = DoorView(mode, "locked", "closed", alarm, lamp, refused, opens)
    given: dict[str, Any] = {"documents": {"keyset": 1}, "programs": {"scanner": True}, "faults": {}}
    given |= {"quality": "synced", **more}
    trust = TrustView(None, "fresh", 0.0)
    return View("1234", "1", "e", "b", 0.0, trust=trust, doors={name: door}, sensors={}, streams={}, **given)


def told(*messages: Any, at: float = 0.0) -> Heard:
    known = Heard()
    for message in messages:
        known = heard(known, message, "main", at)
    return known


def denied(reason: str, door: str = "main") -> View:
    return view("denied", refused=reason, name=door)


def shown(known: Heard, now: float = 0.0) -> tuple[str, str]:
    found = face(known, "main", ("main",), now)
    return found.sign, found.words["en"]


def test_every_signal_of_the_lamps_has_words() -> None:
    assert words.BY_LAMP.keys() == {str(lamp) for lamp in Lamp} - {"denied"}
    for lamp in words.BY_LAMP:
        assert shown(told(view(lamp))) == (lamp, words.BY_LAMP[lamp][1])


@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_is_told_in_its_words_until_it_is_read(reason: Reason) -> None:
    known = told(denied(str(reason)), view("ready"))
    found = face(known, "main", ("main",), READ_FOR - 0.1)
    assert (found.sign, tuple(found.words.values())) == ("denied", WORDS[reason])
    assert shown(known, READ_FOR)[0] == "ready"


def test_the_refusal_of_somebody_before_is_gone_when_a_pass_is_accepted() -> None:
    known = told(denied("expired"), Logged({"kind": "granted", "door": "main"}), view())
    assert shown(known)[0] == "ready"


def test_what_another_door_refuses_is_not_shown_here() -> None:
    known = told(denied("expired", "medicine"), view())
    assert shown(known)[0] == "ready"
    known = told(view(), denied("expired"), Logged({"kind": "granted", "door": "medicine"}))
    assert shown(known)[0] == "denied"


@given(LAMPS, st.sampled_from([None, *Reason]), st.sampled_from(DoorMode), st.sampled_from(AlarmState), st.booleans())
def test_a_refusal_never_hides_that_the_door_is_free_or_an_alarm(
    lamp: str, reason: Reason | None, mode: DoorMode, alarm: AlarmState, trusted: bool
) -> None:
    now = view(lamp, mode=str(mode), alarm=str(alarm), documents={"keyset": int(trusted)})
    known = told(*([denied(str(reason))] if reason else []), now)
    found = face(known, "main", ("main",), 1.0)
    assert set(found.words) == {"zh", "en"}
    assert all(found.words.values())
    if lamp in MORE_URGENT:
        assert found.sign == lamp
    elif reason:
        assert found.sign == "denied"


def test_without_the_station_it_says_so() -> None:
    assert shown(Heard()) == ("away", words.AWAY[1])
    assert shown(told(denied("expired"), None)) == ("away", words.AWAY[1])


def test_whoever_is_inside_is_told_to_leave_or_to_press_the_button() -> None:
    assert shown(told(view("free", mode="emergency"))) == ("free", words.LEAVE[1])
    drives = RoomView(moving=True)
    assert shown(told(view("closed", room=drives))) == ("closed", words.DRIVES[1])
    assert shown(told(view("closed", room=drives, mode="locked_down"))) == ("closed", words.BY_LAMP["closed"][1])
    assert shown(told(view("free", room=drives))) == ("free", words.BY_LAMP["free"][1])
    saving = RoomView(saving="warned")
    assert shown(told(view("warning", room=saving))) == ("warning", words.SAVING[1])
    assert shown(told(view("warning", room=saving, alarm="pre_alarm"))) == ("warning", words.BY_LAMP["warning"][1])


def test_nobody_holds_a_phone_before_a_dead_camera_without_being_told() -> None:
    broken = {"scanner.main": "no pictures"}
    assert shown(told(view(faults=broken))) == ("away", words.NO_EYES[1])
    assert shown(told(view(programs={"scanner": False}))) == ("away", words.NO_EYES[1])
    assert face(told(view(faults=broken)), "main", ("main", "side"), 0.0).sign == "ready", "the other one reads"
    assert face(told(view(programs={"scanner": False})), "main", (), 0.0).sign == "ready", "it never had any"
    assert shown(told(view("free", faults=broken)))[0] == "free", "nobody needs it"


def test_a_station_that_trusts_nobody_yet_is_not_in_service() -> None:
    assert shown(told(view(documents={"keyset": 0}))) == ("away", words.NO_TRUST[1])


def test_what_the_union_has_to_say_is_shown_below() -> None:
    assert face(told(view(texts={"zh": "高考爱心驿站"})), "main", (), 0.0).notice == {"zh": "高考爱心驿站"}


def clocked(at: float, **more: Any) -> View:
    return structs.replace(view(**more), wall=at - CHINA)


def test_a_closed_door_says_when_it_opens_and_where_the_next_open_station_is() -> None:
    wednesday = datetime(2026, 11, 25, 22, 30, tzinfo=UTC).timestamp()
    nearby = {"zh": "经十路站昼夜开放"}

    def words_at(hours: float, **more: Any) -> Face:
        opens = wednesday + hours * 3600 - CHINA
        return face(told(clocked(wednesday, opens=opens, nearby=nearby, **more)), "main", ("main",), 0.0)

    assert words_at(1.0).words == {"zh": "已关门，今天 23:30 开门。", "en": "Closed. It opens today at 23:30."}
    assert words_at(7.5).words == {"zh": "已关门，明天 06:00 开门。", "en": "Closed. It opens tomorrow at 06:00."}
    later = words_at(4 * 24 + 7.5)
    assert later.words["zh"] == "已关门，11月30日星期一 06:00 开门。"
    assert later.words["en"] == "Closed. It opens on Monday, 30 November, at 06:00."
    assert (later.sign, later.nearby) == ("closed", nearby)
    refused = words_at(7.5, refused="closed")
    assert (refused.sign, refused.words, refused.nearby) == ("denied", words_at(7.5).words, nearby)
    assert words_at(7.5, refused="expired").nearby == {}, "another station would not let them in either"
    assert words_at(7.5, lamp="free").nearby == {}
    locked = face(told(view("closed", nearby=nearby)), "main", (), 0.0)
    assert (locked.words["en"], locked.nearby) == (words.BY_LAMP["closed"][1], nearby)


def test_at_the_hour_at_which_it_opens_the_door_is_no_longer_closed() -> None:
    known = told(clocked(CHINA + 1000.0, opens=1010.0))
    signs = [face(known, "main", (), at).sign for at in (0.0, 9.9, 10.0)]
    assert signs == ["closed", "closed", "ready"]


@pytest.mark.parametrize(
    ("quality", "shown_as"), [("synced", "23:59"), ("holdover", "23:59"), ("floor", "23:59 ?"), ("unset", "23:59 ?")]
)
def test_the_clock_goes_on_by_itself_and_tells_what_nobody_has_proven(quality: str, shown_as: str) -> None:
    known = told(clocked(23 * 3600 + 58 * 60 + 50, quality=quality))
    found = face(known, "main", (), 10.0)
    assert (found.clock, bool(found.doubt)) == (shown_as, "?" in shown_as)
    assert face(known, "main", (), 70.0).clock.startswith("00:00")
    assert face(told(None), "main", (), 0.0).clock == "", "nobody has told it"
    elsewhere = face(known, "main", (), 0.0, Machine(offset=CHINA - 3600))
    assert elsewhere.clock.startswith("22:58")


def test_a_station_that_is_not_enrolled_shows_a_technician_its_code_and_its_address() -> None:
    known = told(view(documents={}))
    facts = face(known, "main", (), 0.0, Machine(addresses=("192.168.1.20", "10.0.0.7"))).facts
    assert facts == ("编号 code: 1234", "地址 address: 192.168.1.20, 10.0.0.7", words.NO_WORDS)
    assert words.NO_NETWORK in face(known, "main", (), 0.0).facts
    assert face(told(view()), "main", (), 0.0, Machine(addresses=("192.168.1.20",))).facts == (), (
        "nobody else's business"
    )


def test_its_six_words_are_shown_once_it_is_enrolled_until_somebody_comes_in() -> None:
    six = "abandon ability able about above absent"
    enrolled = told(Logged({"kind": "enrolled", "fingerprint": six}), None, view())
    found = face(enrolled, "main", (), COMPARED_FOR - 0.1)
    assert (found.facts, found.words["en"]) == ((six,), words.ENROLLED[1])
    assert face(enrolled, "main", (), COMPARED_FOR).facts == ()
    inside = heard(enrolled, Logged({"kind": "granted", "door": "main"}), "main", 1.0)
    assert face(inside, "main", (), 1.0).facts == ()


def test_the_notice_gives_way_to_a_refusal() -> None:
    assert face(told(view("denied", refused="expired", texts={"zh": "高考爱心驿站"})), "main", (), 0.0).notice == {}


def test_notices_are_shown_as_they_come_and_give_way_to_a_refusal() -> None:
    found = NoticeView({"zh": "暴雨"}, urgent=True), NoticeView({"zh": "停水", "ug": "سۇ"})
    assert face(told(view(notices=found)), "main", (), 0.0).notices == found
    assert face(told(view("denied", refused="expired", notices=found)), "main", (), 0.0).notices == ()
    assert face(told(view(notices=found), view()), "main", (), 0.0).notices == ()


def test_an_address_is_one_of_this_machine_and_not_its_loopback() -> None:
    for each in addresses():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind((each, 0))
        assert not each.startswith("127.")


class Unlisted(Exception):
    """Nobody has thought of it."""


class Surprised(Program):
    """Fails once in each of its loops, by what the station tells and by what is shown."""

    surprises = 2

    async def _hear(self, message: Answer | None) -> None:
        if isinstance(message, View) and self.surprises == 2:
            self.surprises = 1
            raise Unlisted
        await super()._hear(message)

    async def _show(self) -> None:
        if self.surprises == 1 and asyncio.current_task() is not None:
            self.surprises = 0
            raise Unlisted
        await super()._show()


async def through_surprises(program: Surprised, said: list[bytes], path: Path) -> Face:
    """What is shown after both loops failed, of a station that says these lines to whoever connects."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.writelines(said)
        try:
            await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_unix_server(tell, path)
    app = program.app()
    async with server, app.router.lifespan_context(app), asyncio.timeout(30):
        found = await program._news.until(lambda now: not program.surprises and sign(now) == "granted")
    return msgspec.json.decode(found, type=Face)


def sign(face: bytes) -> str:
    return msgspec.json.decode(face, type=Face).sign


async def asked_of(program: Program, path: Path, answers: int) -> list[bytes]:
    """The lines that a station is asked which answers so many of them, and then hangs; until its display says so."""
    asked: list[bytes] = []

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked.append(line)
            if len(asked) <= answers:
                writer.write(encode(view("granted")))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(tell, path)
    app = program.app()
    async with server, app.router.lifespan_context(app), asyncio.timeout(30):
        await program._news.until(lambda now: sign(now) == "granted")
        await program._news.until(lambda now: sign(now) == "away")
    return asked


def test_a_station_that_is_silent_is_asked_and_one_that_hangs_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_of_screen, "LISTEN", 0.02)
    settings, table = settings_of(tmp_path)
    asked = asyncio.run(asked_of(Program(settings, table), settings.run / "control.sock", 5))
    assert asked[:6] == [encode(Subscribe())] + [encode(GetView())] * 5


def settings_of(folder: Path) -> tuple[Settings, ScreenTable]:
    """Of a station with a display, whose sockets have their folder."""
    config = folder / "station.toml"
    config.write_text(SETTINGS.format(folder=folder) + "[screen]\n", encoding="utf-8")
    settings = load(config)
    assert settings.screen is not None
    settings.run.mkdir()
    return settings, settings.screen


def test_neither_loop_ends_by_what_nobody_lists_or_understands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "PAUSE", 0.0)
    settings, table = settings_of(tmp_path)
    program = Surprised(settings, table)
    hostile = [b"[" * 5000 + b"\n", b'{"type":"view"}\n', b"\xff\n", b"\n"]
    said = [*hostile, encode(view("granted")), b'{"type":"new in 2030"}\n']
    found = asyncio.run(through_surprises(program, said, settings.run / "control.sock"))
    assert found.words["zh"] == words.BY_LAMP["granted"][0]


CODE = "37081101.main.59848200." + "A" * 103
PASSES = Machine(pass_page="https://pass.example.org/")
ONLINE = {"programs": {"scanner": True, "sync": True}}


def waiting(machine: Machine = PASSES, **more: Any) -> Face:
    given: dict[str, Any] = {"phone_code": CODE, **ONLINE, **more}
    return face(told(view(**given)), "main", ("main",), 0.0, machine)


def test_the_code_for_phones_stands_beside_show_your_pass_and_leads_to_the_pass_page() -> None:
    found = waiting()
    assert (found.sign, found.words["en"]) == ("ready", words.BY_LAMP["ready"][1])
    assert found.phone is not None
    assert read_symbol(found.phone) == f"https://pass.example.org/o/{CODE}"
    assert found.phone.size == 41 + 2 * 4, "version 6"


def read_symbol(symbol: Symbol) -> str:
    """As a phone reads it, from the path that the page draws."""
    picture = np.full((symbol.size, symbol.size), 255, np.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", symbol.path):
        picture[int(y), int(x) : int(x) + int(length)] = 0
    [found] = zxingcpp.read_barcodes(np.kron(picture, np.ones((3, 3), np.uint8)))
    return str(found.text)


def test_it_takes_the_place_of_a_camera_that_cannot_read() -> None:
    found = waiting(programs={"sync": True})
    assert (found.sign, found.words["en"]) == ("away", words.BY_PHONE[1])
    assert found.phone is not None
    assert not found.scan, "the sentence says it"


@pytest.mark.parametrize(
    "more",
    [
        {"phone_code": ""},
        {"machine": HERE},
        {"faults": {"central": "not reachable"}},
        {"programs": {"scanner": True}},
        {"documents": {}},
        {"opens": 3600.0},
        *({"lamp": str(lamp)} for lamp in Lamp if lamp is not Lamp.READY),
    ],
    ids=str,
)
def test_no_code_is_shown_where_it_would_lead_nowhere_or_something_else_matters(more: dict[str, Any]) -> None:
    more |= {"refused": "expired"} if more.get("lamp") == "denied" else {}
    assert waiting(**more).phone is None
