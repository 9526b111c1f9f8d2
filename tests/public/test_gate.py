"""Who looks costs little: threads of their own, one look at the stations at a time, and no photograph unpacked for nothing."""

from __future__ import annotations

import asyncio
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from time import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import UploadFile
from starlette.requests import Request

from kiosk.central import publicly
from kiosk.central.photos import AT_WORK
from kiosk.central.public.asked import Asked
from kiosk.central.public.gate import Gate, left
from kiosk.central.public.made_once import MOST, MadeOnce
from kiosk.central.public.pages import PAGES
from kiosk.central.public.say import say
from kiosk.central.public.station import moved
from kiosk.central.publicly import Publicly
from kiosk.central.sheets import Sheet
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.voices.case import today
from kiosk.central.voices.limits import Limits, What
from kiosk.central.voices.tokens import form_word
from kiosk.central.web.forms import MOST_PLAIN, Form, Incoming
from kiosk.central.web.turns import Turns
from kiosk.contract.bodies import Batch
from tests.public.ground import Ground

SAID, DRIVES, ATTENDED = "37081101", "37081102", "37081103"
WHEELS = Sheet(hours=("daily 00:00-24:00",), wheels=True)


@pytest.fixture(scope="module", autouse=True)
def town(ground: Ground) -> None:
    ground.build(SAID)
    ground.build(DRIVES, WHEELS)
    ground.build(ATTENDED, Sheet(hours=("daily 00:00-24:00",), wheels=True, attended=True))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_comes_when_all_threads_are_taken_may_come_again_in_seconds(ground: Ground, method: str) -> None:
    wanted = next(each for each in PAGES if each.method == method)
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": "/map", "query_string": b"", "scheme": "http", "server": ("x", 80),
        "headers": [(b"accept-language", b"en")], "client": ("127.0.0.1", 1), "path_params": {},
    }  # fmt: skip
    answer = asyncio.run(Gate(ground.store, Turns(0, 0)).answer(wanted, Request(scope)))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"Too many pages are being made." in answer.body
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def coming(path: str, first: bytes, rest: asyncio.Future[bytes]) -> Request:
    """A form of which a part has come."""
    parts = [first]

    async def receive() -> dict[str, Any]:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": True}
        return {"type": "http.request", "body": await rest, "more_body": False}

    headers = [(b"accept-language", b"en"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "scheme": "http", "server": ("x", 80),
        "headers": headers, "client": ("127.0.0.1", 1), "path_params": {"code": SAID},
    }  # fmt: skip
    return Request(scope, receive)


def test_who_sends_slowly_holds_no_more_memory_than_there_is_and_small_forms_find_room(ground: Ground) -> None:
    wanted = next(each for each in PAGES if each.view is say)
    large = MOST_PLAIN

    async def all_at_once() -> tuple[list[int], int, bytes, int]:
        gate, rest = Gate(ground.store, incoming=Incoming(8 * large)), asyncio.get_running_loop().create_future()
        slow = [asyncio.create_task(gate.answer(wanted, coming("/s", bytes(large), rest))) for _ in range(12)]
        done, _waiting = await asyncio.wait(slow, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 4:
            done, _waiting = await asyncio.wait(slow, timeout=0.05)
        small = await gate.answer(wanted, coming("/s", b"place=", done_with(b"x")))
        rest.set_result(b"")
        await asyncio.wait(slow)
        later = await gate.answer(wanted, coming("/s", bytes(large), done_with(b"")))
        refused = next(iter(done)).result()
        return [each.result().status_code for each in slow], small.status_code, bytes(refused.body), later.status_code

    def done_with(body: bytes) -> asyncio.Future[bytes]:
        found = asyncio.get_running_loop().create_future()
        found.set_result(body)
        return found

    statuses, small, words_of_it, later = asyncio.run(all_at_once())
    assert (statuses.count(503), small, later) == (4, 422, 422)
    assert b"without a photograph" in words_of_it


def test_how_long_it_took_to_keep_that_a_door_did_not_open_says_nothing(ground: Ground) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    def done() -> asyncio.Future[bytes]:
        found = asyncio.get_running_loop().create_future()
        found.set_result(b"")
        return found

    async def told() -> list[int]:
        gate = Gate(ground.store, rest=rest)
        forms = [each for each in PAGES if each.method == "POST"]
        return [(await gate.answer(each, coming("/s", b"word=x", done()))).status_code for each in forms]

    assert set(asyncio.run(told())) == {422}
    (only,) = rests
    assert 0 < only <= 0.5


@given(st.floats(0, 60), st.sampled_from([0.25, 0.5]))
def test_an_answer_comes_at_a_beat(took: float, beat: float) -> None:
    whole = (took + left(took, beat)) / beat
    assert whole == pytest.approx(round(whole))
    assert whole >= 1


class Slow(Publicly):
    """Each look waits until it may go on, and fails where the test says so."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground.store)
        self.go, self.begun, self.looks = threading.Event(), threading.Event(), 0
        self.wrong: StoreFailed | None = None

    def _read(self, now: float) -> publicly.Seen:
        self.looks += 1
        self.begun.set()
        assert self.go.wait(30)
        if self.wrong:
            raise self.wrong
        return super()._read(now)


@pytest.fixture
def slow(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Slow:
    monkeypatch.setattr(publicly, "KEPT_FOR", 5.0)
    monkeypatch.setattr(publicly, "PATIENCE", 0.0)
    return Slow(ground)


def test_while_one_looks_the_others_get_the_last_look_or_are_told_to_come_again(slow: Slow) -> None:
    slow.go.set()
    first = slow.seen(1000.0)
    assert slow.seen(1004.0) is first
    slow.go.clear()
    slow.begun.clear()
    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(slow.seen, 1010.0)
        assert slow.begun.wait(30)
        assert slow.seen(1010.0) is first
        with pytest.raises(StoreFailed):
            slow.seen(1000.0 + publicly.STANDS_IN)
        slow.go.set()
        assert later.result(30).at == 1010.0
    assert slow.looks == 2


def test_a_look_that_failed_is_not_tried_again_by_each_who_comes(slow: Slow) -> None:
    slow.go.set()
    slow.wrong = StoreFailed(Trouble.AWAY, "no route to host")
    for later in range(5):
        with pytest.raises(StoreFailed, match="no route") as caught:
            slow.seen(1000.0 + later)
        assert caught.value.trouble is Trouble.AWAY
    assert slow.looks == 1
    slow.wrong = None
    assert slow.seen(1005.0).at == 1005.0


def test_a_map_is_made_once_of_each_look_in_each_language(slow: Slow) -> None:
    once, made = MadeOnce(slow), list[str]()
    slow.go.set()

    def asked(name: str, now: float) -> str:
        def make(seen: publicly.Seen) -> str:
            made.append(name)
            return f"{name} {seen.at:.0f}"

        return once.of(now, name, make)

    assert {asked("zh", 1000.0), asked("zh", 1004.0)} == {"zh 1000"}
    assert asked("en", 1000.0) == "en 1000"
    assert made == ["zh", "en"]
    assert asked("zh", 1e6) == "zh 1000000", "another look"
    for number in range(2 * MOST):
        asked(f"{number}", 1e6)
    assert len(once._made) <= MOST


class Counting(Limits):
    """What was let in."""

    def __init__(self) -> None:
        super().__init__()
        self.admitted = 0

    def admit(self, what: What, station: str, address: str, now: float) -> bool:
        self.admitted += 1
        return super().admit(what, station, address, now)


def sent(ground: Ground, limits: Limits, **fields: str) -> Asked:
    """A form with what is no photograph."""
    now = time()
    word = form_word(ground.store.secret_of(today(now), now), "voice", now - 10)
    form = Form(
        {"word": word, "place": "water", "what": "no_water", **fields}, {"photo": UploadFile(io.BytesIO(b"GIF89a"))}
    )
    seen = Publicly(ground.store)
    where: Any = ({"code": SAID}, {}, form, f"/s/{SAID}/say", {}, {}, True)
    return Asked(ground.store, seen, MadeOnce(seen), limits, "192.0.2.1", now, *where)


@pytest.mark.parametrize("wrong", [{"word": "x"}, {"what": "x"}, {"text": "x" * 10_000}])
def test_no_photograph_is_unpacked_of_a_form_that_is_wrong_elsewhere(ground: Ground, wrong: dict[str, str]) -> None:
    limits = Counting()
    with AT_WORK:
        answer = say(sent(ground, limits, **wrong))
    assert (answer.status_code, limits.admitted) == (422, 0)


def test_a_photograph_that_is_none_counts(ground: Ground) -> None:
    limits = Counting()
    assert say(sent(ground, limits)).status_code == 422
    assert limits.admitted == 1


def drive(ground: Ground, code: str, seq: int, **said: Any) -> None:
    told = {
        "seq": seq,
        "boot_id": "b",
        "boot": 1.0 * seq,
        "wall": time(),
        "quality": "synced",
        "kind": "position",
        **said,
    }
    ground.store.take(code, "telemetry", Batch("e", seq, "b", 1.0, time(), [told]), time())


def test_when_it_stood_there_is_told_of_no_silent_station_without_anybody_there(ground: Ground) -> None:
    for code in (DRIVES, ATTENDED):
        drive(ground, code, 1, latitude=35.5, longitude=116.7)
        ground.hear(code, 0.0)
        assert "It drives." in ground.reads(f"/s/{code}")
    for code, told in ((DRIVES, False), (ATTENDED, True)):
        silent = next(each for each in Publicly(ground.store).seen(time()).stations.values() if each.code == code)
        assert bool(moved(silent, time() + 3600)) is told


@pytest.mark.parametrize(
    "said", [{"latitude": 200.0, "longitude": 0.0}, {"wall": 1e12}, {"wall": -1e300}, {"latitude": True}]
)
def test_whatever_a_station_says_of_its_place_its_page_and_the_map_answer(ground: Ground, said: dict[str, Any]) -> None:
    place = {"latitude": 35.5, "longitude": 116.7, **said}
    drive(ground, DRIVES, 1 + len(ground.store.newest(DRIVES, "telemetry", publicly.POSITION, 100)), **place)
    ground.hear(DRIVES)
    for path in (f"/s/{DRIVES}", "/map", "/feed/stations.geojson"):
        assert ground.get(path).status_code == 200, path
