"""What the page inside is told to show, and what the settings make of it."""

from __future__ import annotations

import asyncio
import re
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

import kiosk.desk
from kiosk.cli.doctor.doctor import units_of
from kiosk.core.desk import events
from kiosk.core.desk.vocabulary import PLACES
from kiosk.decoding import read_json
from kiosk.desk import words as say
from kiosk.desk.asked import PATHS, Drawn, message
from kiosk.desk.page import DoctorShown, NearestShown, Page, shown
from kiosk.desk.pictures import MOST, picture
from kiosk.desk.program import Program
from kiosk.local import boot_time
from kiosk.loopback import presence as loopback_presence
from kiosk.loopback.presence import GONE_AFTER
from kiosk.settings.loading import load
from kiosk.settings.table import BadSettings
from kiosk.trust.reasons import Reason
from kiosk.trust.service import MOST_OF_A_PICTURE
from kiosk.wire import encode  # fmt: skip
from kiosk.wire.inside import (  # fmt: skip
    MAX_TOUCH,
    Consult,
    Count,
    DeskMessage,
    DeskView,
    Displays,
    DoctorView,
    EventView,
    Fill,
    GetDesk,
    Give,
    GiveOne,
    HandingView,
    ItemView,
    Kept,
    LeaveConsult,
    LeaveSupplies,
    NearestView,
    OpenCampaign,
    RoundView,
    SupplyView,
    Take,
)
from kiosk.wire.views import NoticeView  # fmt: skip
from tests.programs.house import SETTINGS

STORM, WATER = NoticeView({"zh": "暴雨"}, urgent=True), NoticeView({"zh": "停水"})


def test_what_is_urgent_stands_first_and_behind_it_what_the_policy_says() -> None:
    told = shown(DeskView("1234", {"zh": "高温关爱周"}, (STORM, WATER)))
    assert (told.there, told.notices) == (True, (STORM, NoticeView({"zh": "高温关爱周"}), WATER))
    assert shown(DeskView("1234")).notices == ()
    assert not shown(None).there


def test_an_event_stands_at_its_local_time_and_no_time_is_no_trouble() -> None:
    events = tuple(EventView({"zh": "讲座"}, starts) for starts in (1_785_000_000.0, 1e300))
    told = shown(DeskView("1234", events=events), offset=8 * 3600)
    assert [each.when for each in told.events] == ["2026-07-26 01:20", ""]


def test_a_round_is_no_news_each_second() -> None:
    rounds = (RoundView("standard", 5, {"zh": "巡查"}, seconds=seconds) for seconds in (300.0, 299.0))
    before, after = (shown(DeskView("1234", round=each)) for each in rounds)
    assert before == after


NEAREST = NearestView({"zh": "火炬路驿站"}, 12, 2719.0, 849.0)
EMPTY = SupplyView("coat", {"zh": "雨衣"}, "empty", nearest=NEAREST)


def test_what_time_alone_changes_of_supplies_is_news_once_a_minute() -> None:
    opened = replace(EMPTY, state="open", nearest=None, seconds=60.0)
    handing = HandingView(300.0)
    before = shown(DeskView("1234", supplies=(EMPTY, opened), handing=handing, doctor=DOCTOR))
    later = (replace(EMPTY, nearest=replace(NEAREST, age=2750.0)), replace(opened, seconds=29.0))
    after = replace(DOCTOR, seconds=200.0)
    assert before == shown(DeskView("1234", supplies=later, handing=replace(handing, seconds=269.0), doctor=after))
    assert before.supplies[0].nearest == NearestShown({"zh": "火炬路驿站"}, 12, 45, "0.8")
    assert shown(DeskView("1234", supplies=(replace(EMPTY, nearest=replace(NEAREST, metres=None)),))).supplies[
        0
    ].nearest == (NearestShown({"zh": "火炬路驿站"}, 12, 45)), "a place that nobody knows is no distance"


DOCTOR = DoctorView(
    {"zh": "医院"}, "0537-1234567", reachable=True, link="https://doctor.example.cn/k3Jd8s0A", seconds=300.0
)


def test_of_a_doctors_link_the_page_is_told_the_symbol_alone() -> None:
    told = shown(
        DeskView("1234", doctor=replace(DOCTOR, since=1_785_000_000.0, opens=1_785_000_000.0)), offset=8 * 3600
    )
    assert told.doctor is not None
    assert told.doctor.link is not None
    assert (told.doctor.since, told.doctor.opens) == ("2026-07-26 01:20", "2026-07-26 01:20")
    assert b"k3Jd8s0A" not in msgspec.json.encode(told)
    assert shown(DeskView("1234", doctor=replace(DOCTOR, link=""))).doctor == DoctorShown(
        DOCTOR.texts, DOCTOR.call, True
    )


def test_of_what_expires_the_page_is_told_what_is_not_to_be_used() -> None:
    soon, over = (ItemView(ends, {"zh": ends}, "month", ends=ends) for ends in ("soon", "over"))
    assert shown(DeskView("1234", expiring=(over, soon))).expired == ({"zh": "over"},)


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("/take", {"campaign": "coat"}, Take("coat")),
        ("/take", {"campaign": "coat", "shown": 7}, Take("coat", 7)),
        ("/give", {"campaign": "coat", "shown": 7}, Give("coat", 7)),
        ("/one", {"campaign": "coat"}, GiveOne("coat")),
        ("/open", {"campaign": "coat", "seconds": 3600}, OpenCampaign("coat", 3600)),
        ("/open", {"campaign": "coat", "count": 50}, OpenCampaign("coat", 0, 50)),
        ("/count", {"item": "coat", "counted": 0}, Count("coat", 0)),
        ("/fill", {"item": "ors", "count": 9, "slot": "a", "month": "2027-05"}, Fill("ors", 9, "a", "2027-05")),
        ("/supplies-left", {}, LeaveSupplies()),
        ("/consult", {}, Consult()),
        ("/consult-left", {}, LeaveConsult()),
    ],
)
def test_what_the_page_sends_is_told_to_the_station(path: str, sent: dict[str, object], said: DeskMessage) -> None:
    assert message(msgspec.convert({"token": "t", **sent}, PATHS[path])) == said


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/count", {"item": "coat", "counted": -1}),
        ("/count", {"item": "coat", "counted": 10_000}),
        ("/open", {"campaign": "coat", "seconds": 86_400}),
        ("/fill", {"item": "coat", "count": 1, "month": "next year"}),
        ("/take", {"campaign": "coat", "holder": 7}),
    ],
)
def test_what_the_page_would_not_send_is_not_taken(path: str, sent: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"token": "t", **sent}, PATHS[path])


def test_each_state_of_a_supply_has_words() -> None:
    named = re.findall(r"`(\w+)`", (SupplyView.__doc__ or "").split("is one of")[1].split("`touch`")[0])
    assert set(named) - {"slot", "nearest"} == set(say.SUPPLIES)


SCRIPTS = sorted(Path(kiosk.desk.__file__).parent.glob("*.js"))


def test_the_scripts_say_nothing_that_has_no_words() -> None:
    """A key that is missing is no text at all, in the middle of a flow."""
    script = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    keys = set(re.findall(r"""\b(?:said|both|text|unseen)\("([a-z_]+)"\)""", script))
    keys |= set(re.findall(r"""\btitle: "([a-z_]+)\"""", script))
    assert len(keys) > 20
    assert keys <= set(say.words())


def test_no_words_stand_in_the_place_of_others() -> None:
    """Where something is wrong, what, and what became of it has keys of its own."""
    assert not set(say.named()) & set(say.OURS)


def test_every_place_and_all_that_is_drawn_has_a_picture() -> None:
    icons = (Path(kiosk.desk.__file__).parent / "icons.js").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^  (\w+): ", icons, re.MULTILINE))
    script = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    used = set(re.findall(r"""\b(?:icon|sentence)\("([a-z_]+)"|\bchoice\("[a-z ]*", "([a-z_]+)\"""", script))
    tables = re.findall(r"^const PICTURES = \{(.*?)\};", script, re.MULTILINE | re.DOTALL)
    named = {name for table in tables for name in re.findall(r': "([a-z_]+)"', table)}
    assert len(named) > 5
    assert {*PLACES, *named, *(one or other for one, other in used)} <= drawn


def test_no_script_keeps_anything_or_makes_markup_of_text() -> None:
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|localStorage|sessionStorage|cookie|indexedDB|pushState|caches|eval\(", text), (
            path
        )


def test_a_name_is_no_markup_and_another_token_is_another_page() -> None:
    one, other = Page("<b>", "a"), Page("<b>", "b")
    assert "&lt;b&gt;" in one.parts["/"][0]
    assert one.made != other.made, "the page that holds an old token loads itself anew"


def settings(folder: Path, more: str) -> Path:
    config = folder / "station.toml"
    config.write_text(SETTINGS.format(folder=folder) + more, encoding="utf-8")
    return config


@pytest.mark.parametrize(("more", "wanted"), [("[desk]\n", False), ("[desk]\ndisplay = true\n", True), ("", False)])
def test_its_program_is_started_where_there_is_a_display(more: str, wanted: bool, tmp_path: Path) -> None:
    found = load(settings(tmp_path, more))
    assert found.has_display_inside is wanted
    assert ("kiosk-desk" in units_of(found)) is wanted


def test_two_pages_need_two_ports(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"desk\.port"):
        load(settings(tmp_path, "[screen]\n[desk]\ndisplay = true\nport = 8090\n"))
    load(settings(tmp_path, "[screen]\n[desk]\ndisplay = true\n"))


def test_every_picture_that_a_document_may_name_is_read_whole() -> None:
    assert MOST == MOST_OF_A_PICTURE


def test_whatever_is_told_of_a_code_has_words() -> None:
    told = {events.CARD_KEPT, events.ROUND_OPEN, events.NO_STEWARD, events.NO_CHECKLIST, *Reason}
    assert {f"told_{each}" for each in told} <= set(say.words())


def test_a_picture_is_served_by_its_hash_and_nothing_else_is(tmp_path: Path) -> None:
    good, folder = b"\xff\xd8 a picture", tmp_path / "pictures"
    folder.mkdir()
    name = sha256(good).hexdigest()
    assert picture(folder, name) is None
    (folder / name).write_bytes(good)
    assert picture(folder, name) == good
    (folder / name).write_bytes(good + b"!")
    assert picture(folder, name) is None, "half of it, or another one"
    (tmp_path / "secret").write_bytes(b"x")
    for other in ("../secret", "/" * 64, "..", "", name.upper(), "\0" * 64, "é" * 64):
        assert picture(folder, other) is None


@pytest.mark.parametrize(
    ("drawn", "goes_on"),
    [
        (Drawn("t", "made", 8, 800, 480), True),
        (Drawn("t", "made", 7, 800, 480), False),
        (Drawn("t", "older", 8, 800, 480), False),
        (Drawn("t", "made", 8, 0, 480), False),
        (Drawn("t", "made", 0, 800, 480), True),
    ],
)
def test_a_page_works_while_the_display_takes_frames_of_the_one_that_is_served(drawn: Drawn, goes_on: bool) -> None:
    assert drawn.goes_on("made", 7) is goes_on, "one that was loaded anew begins to count anew"


async def told_of(program: Program, path: Path) -> list[bool]:
    """What a station is told of the display while no page is heard, and then when it is."""
    told: list[bool] = []
    news, over = asyncio.Condition(), asyncio.Event()

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            message = read_json(line, DeskMessage, MAX_TOUCH)
            if isinstance(message, Displays):
                told.append(message.working)
            async with news:
                news.notify_all()
            writer.write(encode(DeskView("1234") if isinstance(message, GetDesk) else Kept()))
        writer.close()
        await writer.wait_closed()
        over.set()

    server = await asyncio.start_unix_server(tell, path)
    app = program.app()
    async with server, asyncio.timeout(30):
        async with app.router.lifespan_context(app), news:
            await news.wait_for(lambda: told)
            program._presence.heard()
            await news.wait_for(lambda: len(told) > 1)
        program._station.close()
        await over.wait()
    return told


def test_a_display_that_draws_nothing_is_told_once_and_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loopback_presence, "boot_time", lambda: boot_time() - 2 * GONE_AFTER)
    found = load(settings(tmp_path, "[desk]\ndisplay = true\n"))
    assert found.desk is not None
    found.run.mkdir()
    program = Program(found, found.desk)
    monkeypatch.undo()
    assert asyncio.run(told_of(program, found.run / "desk.sock")) == [False, True]
