"""`kiosk desk` as a real process beside a real station: what is touched there is kept, and nobody else's words are."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from kiosk.core.desk.pace import AT_ONCE
from kiosk.core.desk.urn import Urn
from kiosk.demo.place import free_port
from kiosk.desk import words
from kiosk.local import Line
from kiosk.logbook.urn import UrnFile
from kiosk.wire import GetRecording, Refused, Shown
from kiosk.wire.inside import DeskView, GetDesk, Kept, Touched
from tests.bench.road import resident
from tests.keys import claims, signed
from tests.programs.accounts import said_as
from tests.programs.house import CONTACT, PATIENCE, House, Station, until


class Inside:
    """The page's program, as a browser talks to it."""

    def __init__(self, house: House, port: int) -> None:
        self.house, self.port, self.url = house, port, f"http://127.0.0.1:{port}"
        self.token = self.made = ""

    def open(self) -> str:
        page = requests.get(self.url, timeout=5).text
        self.token, self.made = (re.findall(rf'data-{each}="([^"]+)"', page)[0] for each in ("token", "made"))
        return page

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Origin": self.url, "Content-Type": "application/json", **headers}
        return requests.post(f"{self.url}/{path}", data=data, headers=given, timeout=PATIENCE)

    def touch(self, answer: int) -> int:
        return self.post("touched", {"token": self.token, "answer": answer}).status_code

    def here(self, **more: Any) -> int:
        drawn = {"token": self.token, "made": self.made, "frames": 1, "width": 800, "height": 480}
        return self.post("here", {**drawn, **more}).status_code

    def shown(self) -> dict[str, Any]:
        """What a page that comes now is told first."""
        with requests.get(f"{self.url}/events", stream=True, timeout=PATIENCE) as events:
            line = next(each for each in events.iter_lines() if each.startswith(b"data: "))
        return dict(json.loads(line.removeprefix(b"data: ")))

    def there(self) -> bool:
        return bool(self.shown()["there"])

    def urn(self) -> Urn:
        return msgspec.json.decode(UrnFile(self.house.data).read() or b"", type=Urn)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("inside"), f"[desk]\ndisplay = true\nport = {free_port()}\n")
    house.trust()
    return house


@pytest.fixture(scope="module")
def station(house: House) -> Iterator[Station]:
    with house.station() as station:
        yield station


@pytest.fixture(scope="module")
def desk(house: House, station: Station) -> Iterator[subprocess.Popen[bytes]]:
    assert station.house is house
    with house.program("desk") as process:
        yield process


@pytest.fixture(scope="module")
def inside(house: House, desk: subprocess.Popen[bytes]) -> Inside:
    inside = Inside(house, int(house.config.read_text().rsplit("port = ", 1)[1]))
    assert desk.poll() is None
    until(inside.open, "the page")
    until(inside.there, "the station, for the page")
    return inside


def test_a_touch_is_answered_once_it_is_in_the_urn(inside: Inside, station: Station) -> None:
    inside.open()
    said = requests.get(f"{inside.url}/words.js", timeout=5).text
    assert all(each in said for answer in words.ANSWERS for each in answer)
    station.scan(signed(claims(index=1)))
    station.next("unlocked")
    station.bench.drive(CONTACT, level=True)
    station.next("taken")
    station.bench.drive(CONTACT, level=False)
    station.next("locked")
    before = inside.urn().open
    assert inside.touch(3) == 204
    after = inside.urn().open
    assert sum(after.counts) + after.surplus == sum(before.counts) + before.surplus + 1
    assert after.counts[3] == 1
    assert inside.house.view().programs["desk"]


DRAWN = {"made": "", "frames": 1, "width": 1, "height": 1}
MANY = {f"item-{number}": "yes" for number in range(25)}


def test_nothing_but_the_page_of_this_address_is_taken(inside: Inside) -> None:
    before = inside.urn()
    good = {"token": inside.token, "answer": 0}
    refused = {
        "another address": inside.post("touched", good, Origin="http://evil.example").status_code,
        "another port": inside.post("touched", good, Origin="http://127.0.0.1:1").status_code,
        "no address": requests.post(f"{inside.url}/touched", json=good, timeout=5).status_code,
        "another name": inside.post("touched", good, Host="evil.example").status_code,
        "another token": inside.post("touched", {**good, "token": "ünknown"}).status_code,
        "no token": inside.post("touched", {"answer": 0}).status_code,
        "no answer": inside.post("touched", {**good, "answer": 4}).status_code,
        "half an answer": inside.post("touched", {**good, "answer": 0.5}).status_code,
        "more": inside.post("touched", {**good, "more": 1}).status_code,
        "a form": inside.post("touched", b"answer=0", **{"Content-Type": "text/plain"}).status_code,
        "too long": inside.post("touched", {**good, "token": "x" * 5000}).status_code,
        "no JSON": inside.post("touched", b"\xff[[[").status_code,
        "asked for": requests.get(f"{inside.url}/touched", timeout=5).status_code,
        "here, from elsewhere": inside.post("here", {}, Origin="null").status_code,
        "here, of another page": inside.post("here", {"token": "another", **DRAWN}).status_code,
        "a place of no such form": inside.post(
            "said", {"token": inside.token, "place": "A B", "what": "x"}
        ).status_code,
        "a round without an end": inside.post(
            "round", {"token": inside.token, "results": MANY, "version": 5}
        ).status_code,
    }
    assert refused == {
        **dict.fromkeys(refused, 403),
        **dict.fromkeys(("another name", "no token", "no answer", "half an answer", "more", "no JSON"), 400),
        "a place of no such form": 400,
        "a round without an end": 400,
        "a form": 415,
        "too long": 413,
        "asked for": 405,
    }
    assert inside.urn() == before


def test_a_question_that_is_over_and_a_round_that_nobody_opened_are_no_matter_of_waiting(inside: Inside) -> None:
    before, token = inside.urn(), {"token": inside.token}
    assert inside.post("touched", {**token, "answer": 0, "question": "last-year"}).status_code == 409
    assert inside.post("cleaned", token).status_code == 409
    assert inside.urn() == before


def test_what_it_is_made_of_lets_no_other_page_in(inside: Inside) -> None:
    page = requests.get(inside.url, timeout=5)
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in page.headers
    with socket.socket() as other:
        other.bind(("127.0.0.2", inside.port))  # what listened on every address would have this one, too


def test_a_flood_gets_no_more_into_the_urn_than_a_crowd_would_and_nothing_into_the_logbook(inside: Inside) -> None:
    before, entries = inside.urn().open, written(inside.house)
    answers = [inside.touch(0) for _ in range(4 * AT_ONCE)]
    assert answers.count(204) < 3 * AT_ONCE
    assert set(answers) <= {204, 429}
    after = inside.urn().open
    assert sum(after.counts) + after.surplus == sum(before.counts) + before.surplus + answers.count(204)
    assert written(inside.house) == entries
    assert inside.house.folder.joinpath("desk.log").read_text().count("refused") < 4, "once a minute"


def written(house: House) -> list[dict[str, Any]]:
    return [each for stream in ("access", "telemetry", "services") for each in house.entries(stream)]


def test_a_page_that_never_reads_keeps_nothing_from_another(inside: Inside) -> None:
    """Its answers wait in the kernel until they fill it; the page of whoever stands there goes on."""
    before = inside.urn()
    with socket.create_connection(("127.0.0.1", inside.port), timeout=PATIENCE) as deaf:
        asked = f"GET /page.css HTTP/1.1\r\nHost: 127.0.0.1:{inside.port}\r\n\r\n".encode()
        deaf.setblocking(False)
        with suppress(BlockingIOError):
            while deaf.send(asked * 100):
                pass
        assert inside.open()
        assert inside.there()
        assert inside.post("touched", {"token": "another", "answer": 0}).status_code == 403
    assert inside.urn() == before


def test_it_takes_little_memory_after_all_that(inside: Inside, desk: subprocess.Popen[bytes]) -> None:
    assert inside.there()
    assert resident(desk.pid) < 45


def test_the_station_keeps_its_own_bounds(station: Station) -> None:
    line = Line(station.house.run / "desk.sock")
    view = line.ask(GetDesk(), DeskView)
    assert view == DeskView(view.station, view.texts, view.notices), "nothing of answers"
    line._sock.sendall(b'{"type":"touched","answer":0,"x":"' + b"x" * 5000 + b'"}\n')
    assert isinstance(line.receive(10), Refused)
    found = []
    for _ in range(3 * AT_ONCE):
        line.send(Touched(0))
        found.append(type(line.receive(10)))
    line.close()
    assert {*found} <= {Kept, Refused}
    assert Refused in found


SAYS = """
line = Line(run / "desk.sock")
for message in (Touched(0), GetDesk(), GetView(), Scan("main", "YZ1:X", boot_time())):
    line.send(message)
    print(type(line.receive(10)).__name__)
"""


def test_no_other_account_says_anything_inside(inside: Inside) -> None:
    before = inside.urn()
    assert said_as(inside.house.run, SAYS) == ["Refused"] * 4
    assert inside.urn() == before


def test_no_touch_is_in_a_log_a_recording_or_an_entry(inside: Inside, station: Station) -> None:
    line = Line(station.house.run / "control.sock")
    line.send(GetRecording())
    recording = repr(line.receive(timeout=10.0)).lower()
    line.close()
    assert "main.contact" in recording
    told = [repr(each) for stream in ("access", "telemetry", "services") for each in inside.house.entries(stream)]
    logs = [path.read_text(errors="replace") for path in inside.house.folder.glob("*.log")]
    assert len(logs) == 2
    for text in (recording, *told, *logs):
        assert not re.search(r"touched|answer|satisf|rated", text, re.IGNORECASE), text


def test_what_was_said_is_in_the_urn_and_in_no_other_byte(inside: Inside, station: Station) -> None:
    said = {"token": inside.token, "place": "fridge", "what": "not_cold"}
    until(lambda: inside.post("said", said).status_code == 204, "a touch that is not one too many")
    line = Line(station.house.run / "control.sock")
    line.send(GetRecording())
    recording = msgspec.json.encode(line.receive(timeout=10.0))
    line.close()
    files = {path.name: path.read_bytes() for path in inside.house.folder.rglob("*") if path.is_file()}
    assert {"logbook.db", "logbook.db-wal", "ratings.urn", "station.log", "desk.log"} <= files.keys()
    assert [name for name, found in files.items() if b"not_cold" in found] == ["ratings.urn"]
    assert b"not_cold" not in recording


def test_what_is_no_answer_is_said_or_refused_and_not_kept(inside: Inside, station: Station) -> None:
    """A question that is over, and at the desk's reader a stranger's code and a worker's pass, of which nothing is used up."""
    before = inside.urn()
    over = {"token": inside.token, "answer": 0, "question": "over"}
    assert 400 <= inside.post("touched", over).status_code < 500
    text = signed(claims(index=88))
    for shown, told in (("https://example.org/coupon", "not_a_pass"), (text, "no_steward")):
        station.scanner.send(Shown(shown))
        until(lambda told=told: inside.shown()["told"] == told, told)  # type: ignore[misc]
    assert inside.urn() == before
    assert station.verdict(text) == "granted"


def test_a_station_that_is_away_is_said_and_nothing_is_taken(tmp_path: Path) -> None:
    house = House(tmp_path, f"[desk]\ndisplay = true\nport = {free_port()}\n")
    inside = Inside(house, int(house.config.read_text().rsplit("port = ", 1)[1]))
    with house.program("desk"):
        until(inside.open, "the page")
        assert not inside.there()
        assert inside.touch(1) == 503
        assert house.kiosk("desk", "--alive").returncode == 0


def test_without_its_display_it_says_what_is_missing(tmp_path: Path) -> None:
    done = House(tmp_path, "[desk]\n").kiosk("desk")
    assert (done.returncode, "there is no [desk] with display = true" in done.stderr) == (2, True)
