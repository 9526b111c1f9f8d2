"""`kiosk screen` as a real process beside a real station: what a browser at the door is told, and what nobody can ask of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request

from kiosk.demo.place import free_port
from kiosk.local import Line
from kiosk.loopback import presence
from kiosk.loopback.places import MOST_BROWSERS
from kiosk.screen import words
from kiosk.trust.documents import TimeDocument
from kiosk.trust.fingerprint import fingerprint
from kiosk.trust.policy import DoorPolicy, PolicyDocument
from kiosk.trust.reasons import WORDS, Reason
from kiosk.wire import AwaitEnrolment, Done, EnrolmentAnswered, EnrolmentWanted, GetNonce, Nonce, Offer
from tests.keys import NOW, ROOT, STRANGER, claims, document, keyset_document, public, signed
from tests.programs.house import EXIT, PATIENCE, House, until


class Page:
    """What a browser is told."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        until(lambda: self.answers("/"), "the page")
        self._events = requests.get(f"{self.url}/events", stream=True, timeout=PATIENCE)
        self._lines = self._events.iter_lines()

    def answers(self, path: str) -> bool:
        try:
            return requests.get(self.url + path, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def until(self, sign: str) -> dict[str, Any]:
        """The next face of that sign. A line comes every ten seconds at the latest, so that the deadline is seen."""
        seen, deadline = list[str](), monotonic() + PATIENCE
        for line in self._lines:
            if line.startswith(b"data: "):
                face: dict[str, Any] = json.loads(line[6:])
                seen.append(face["sign"])
                if face["sign"] == sign:
                    return face
            if monotonic() > deadline:
                break
        raise AssertionError(f"no {sign} but {seen}")

    def close(self) -> None:
        self._events.close()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def house(tmp_path: Path, port: int) -> House:
    camera = '[scanners.main]\ndoor = "main"\nkeyboard = "/nowhere"\n'
    house = House(tmp_path, f'{camera}[screen]\nport = {port}\ncall = "0531 <12351>"\n')
    house.trust()
    return house


@contextmanager
def screen(house: House, port: int) -> Iterator[Page]:
    with house.program("screen"):
        page = Page(port)
        yield page
        page.close()


@pytest.mark.slow
def test_a_worker_is_told_in_words_what_to_do_and_why_not(house: House, port: int) -> None:
    with screen(house, port) as page:
        assert page.until("away")["words"]["en"] == words.AWAY[1]
        with house.station() as station:
            assert page.until("away")["words"]["en"] == words.NO_EYES[1]
            assert station.verdict(signed(claims(), STRANGER)) == "bad_signature"
            assert tuple(page.until("denied")["words"].values()) == WORDS[Reason.BAD_SIGNATURE]
            assert station.verdict(signed(claims(5))) == "granted"
            assert page.until("granted")["words"]["zh"] == "请进"
            page.until("ready")
            station.bench.drive(EXIT, level=False)
            page.until("granted")
            line = Line(house.run / "control.sock")
            policy = PolicyDocument(1, NOW, texts={"zh": "高温关爱周", "en": "Heat week"})
            line.ask(Offer(document(policy)), Done)
            line.close()
            until_notice = next(face for face in iter(lambda: page.until("granted"), None) if face.get("notice"))
            assert until_notice["notice"] == {"zh": "高温关爱周", "en": "Heat week"}
            station.kill()
        assert page.until("away")["words"]["en"] == words.AWAY[1]
        with house.station():
            assert page.until("away")["words"]["en"] == words.NO_EYES[1], "it is back; its scanner is not"


def test_a_door_that_is_closed_says_when_it_opens_and_where_else_to_go(house: House, port: int) -> None:
    with house.station(), screen(house, port) as page:
        line = Line(house.run / "control.sock")
        nonce = line.ask(GetNonce(), Nonce).nonce
        line.ask(Offer(document(TimeDocument(NOW, nonce))), Done)
        local = datetime.fromtimestamp(NOW + 8 * 3600, UTC)
        opens = local + timedelta(hours=2)
        day = opens.strftime("%a").lower()
        hours = DoorPolicy(hours=(f"{day} {opens:%H}:00-{opens:%H}:30",))
        line.ask(Offer(document(PolicyDocument(1, NOW, doors={"main": hours}, nearby="经十路站昼夜开放"))), Done)
        line.close()
        face = page.until("closed")
        assert f"{opens:%H}:00 开门" in face["words"]["zh"]
        assert face["nearby"] == {"zh": "经十路站昼夜开放"}
        assert face["clock"] == f"{local:%H:%M}"


def test_a_technician_without_a_keyboard_reads_what_to_compare(tmp_path: Path, port: int) -> None:
    stranger = House(tmp_path, f"[screen]\nport = {port}\n")
    with stranger.station() as station, screen(stranger, port) as page:
        before = next(face for face in iter(lambda: page.until("away"), None) if face.get("facts"))
        assert before["facts"][0] == "编号 code: 37081101"
        assert stranger.kiosk("maintenance", "on").returncode == 0
        sync = Line(stranger.run / "control.sock")
        sync.send(AwaitEnrolment())
        station.scan("YZE1:37081101:0123456789ABCDEF")
        assert isinstance(sync.receive(timeout=PATIENCE), EnrolmentWanted)
        key = bytes(range(32))
        sync.ask(EnrolmentAnswered(key, public(ROOT), (keyset_document(),)), Done)
        sync.close()
        six = fingerprint("37081101", public(Ed25519PrivateKey.from_private_bytes(key)), public(ROOT))
        found = page.until("ready")
        assert (found["facts"], found["words"]["en"]) == ([six], words.ENROLLED[1])


def test_the_page_is_whole_and_nothing_can_be_asked_or_changed(house: House, port: int) -> None:
    with screen(house, port) as page:
        home = requests.get(page.url, timeout=5)
        assert "驿站" in home.text
        assert "0531 &lt;12351&gt;" in home.text
        assert words.AWAY[0] in home.text, "what it says before the first event"
        assert "default-src 'none'" in home.headers["Content-Security-Policy"]
        assert page.answers("/page.css")
        assert page.answers("/page.js")
        assert requests.post(page.url, timeout=5).status_code == 405
        assert requests.get(f"{page.url}/../station.toml", timeout=5).status_code == 404
        evil = requests.get(page.url, headers={"Host": "evil.example"}, timeout=5)
        assert evil.status_code == 400, "a name that somebody lets resolve to this machine"


def test_a_page_that_is_silent_is_told_from_one_that_works(house: House, port: int) -> None:
    assert house.kiosk("screen", "--alive").returncode == 3, "the program is away: no fault of the browser's"
    with screen(house, port) as page:
        assert requests.post(f"{page.url}/here", timeout=5).status_code == 204
        assert page.answers("/alive")
        assert house.kiosk("screen", "--alive").returncode == 0


def test_after_half_a_minute_of_silence_the_browser_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(presence, "boot_time", lambda: now[0])
    page = presence.Presence()
    request = Request({"type": "http"})

    def told_after(seconds: float) -> int:
        now[0] += seconds
        return asyncio.run(page.alive(request)).status_code

    assert told_after(presence.GONE_AFTER) == 200, "it has that long to come"
    assert told_after(0.1) == 503
    asyncio.run(page.here(request))
    assert told_after(presence.GONE_AFTER) == 200


def test_it_listens_on_loopback_alone(house: House, port: int) -> None:
    with screen(house, port), socket.socket() as other:
        other.bind(("127.0.0.2", port))  # what listened on every address would have this one, too


def test_a_newcomer_always_gets_in_and_the_display_that_was_there_goes_on(house: House, port: int) -> None:
    with house.station() as station, screen(house, port) as page, ExitStack() as stack:
        page.until("away")
        more = [
            stack.enter_context(requests.get(f"{page.url}/events", stream=True, timeout=PATIENCE))
            for _ in range(2 * MOST_BROWSERS)
        ]
        assert {each.status_code for each in more} == {200}
        assert page.answers("/")
        station.bench.drive(EXIT, level=False)
        page.until("granted")


@pytest.mark.slow
def test_connections_that_ask_nothing_keep_no_display_out_and_end(house: House, port: int) -> None:
    with screen(house, port) as page, ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3 * MOST_BROWSERS)]
        for each in idle[::2]:
            with suppress(OSError):
                each.send(b"GET / HTTP/1.1\r\n")
        assert page.answers("/")
        for each in idle:
            each.settimeout(PATIENCE)
            with suppress(ConnectionError):
                assert each.recv(1) == b"", "half a request has a few seconds, and no answer"
        page.until("away")


def test_rubbish_in_place_of_requests_ends_its_own_connection(house: House, port: int) -> None:
    with screen(house, port) as page:
        for rubbish in (b"\x16\x03\x01\x02\x00", b"GET /" + b"A" * 200_000, b"\r\n" * 9, b"GET / HTTP/9\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port)) as other, suppress(OSError):
                other.sendall(rubbish)
                other.settimeout(PATIENCE)
                while other.recv(65536):
                    pass
        assert page.answers("/")


def test_without_its_table_it_says_what_is_missing(tmp_path: Path) -> None:
    done = House(tmp_path).kiosk("screen")
    assert (done.returncode, "there is no [screen]" in done.stderr) == (2, True)


def test_a_door_that_is_not_there_is_an_error_in_the_settings(tmp_path: Path) -> None:
    done = House(tmp_path, '[screen]\ndoor = "mian"\n').kiosk("config", "check")
    assert "screen.door: no such door, did you mean main?" in done.stderr
