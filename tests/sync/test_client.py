"""Whatever comes back over the wire is an answer or none: nothing that a gateway says raises anything else."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.contract import bounded as module
from kiosk.contract.bodies import BatchAnswer, Documents, Enrolled, Problem
from kiosk.decoding import NotUnderstood
from kiosk.sync.answers import MAX_ANSWER, Answer, NoAnswer, date_of, seconds_of, unpacked
from tests.sync.road import Road, Says, bytes_of, http

GOOD = b'{"documents":[],"server_time":1.0}'
PROBLEM = '{"title":"网关错误","status":502,"detail":"请稍后再试"}'
DEEP = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

ODD = {
    "nothing": b"",
    "a problem in GBK": http(502, PROBLEM.encode("gbk"), b"Content-Type: application/problem+json"),
    "bytes that are no UTF-8": http(200, b'{"documents":["\xff\xfe"],"server_time":1}'),
    "nested JSON": http(200, DEEP),
    "a nested problem": http(502, DEEP, b"Content-Type: application/problem+json"),
    "a body that is cut off": http(200, GOOD, b"Content-Length: 99"),
    "two lengths": http(200, GOOD, b"Content-Length: 3, 4"),
    "chunks without a length": http(200, b"zz\r\n" + GOOD, b"Transfer-Encoding: chunked", b"Content-Length:"),
    "chunks of a negative length": http(200, b"-5\r\n" + GOOD, b"Transfer-Encoding: chunked", b"Content-Length:"),
    "chunks that are cut off": http(200, b"20\r\n" + GOOD[:10], b"Transfer-Encoding: chunked", b"Content-Length:"),
    "what says gzip and is none": http(200, b"not gzip", b"Content-Encoding: gzip"),
    "gzip that is cut off": http(200, gzip.compress(b"x" * 1000)[:20], b"Content-Encoding: gzip"),
    "a bomb": http(200, gzip.compress(b"[" * 50_000_000), b"Content-Encoding: gzip"),
    "an encoding of its own": http(200, GOOD, b"Content-Encoding: br"),
    "no type": http(200, GOOD, b"Content-Type:"),
    "a type of odd bytes": http(200, GOOD, b"Content-Type: \xb2\xff"),
    "no status": b"HTTP/1.1\r\n\r\n",
    "a status that is none": b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a flood of headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    "a header without an end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
    "a redirect that leads nowhere": http(302, b"", b"Location: http://[::1"),
    "a redirect in odd bytes": http(302, b"", b"Location: \xff\xfe\x80"),
    "a redirect to a strange scheme": http(302, b"", b"Location: gopher://%%%"),
    "cookies": http(200, GOOD[:5], b"Set-Cookie: \xff=\xfe; expires=Mon, 99 Foo 0000 99:99:99", b"Set-Cookie2: ;;;="),
    "a switch of protocols": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
}


@pytest.fixture
def road() -> Iterator[Road]:
    with closing(Road(bytes_of(b""))) as road:
        yield road


@pytest.mark.parametrize("name", ODD)
def test_whatever_a_gateway_says_is_no_answer(name: str, road: Road) -> None:
    road.says = bytes_of(ODD[name])
    with pytest.raises(NoAnswer):
        road.client().get("/documents", {}).read(Documents)
    with pytest.raises(NoAnswer):
        road.client().post("/batches", {"a": 1}).problem()


@pytest.mark.parametrize(
    "header",
    [
        b"Date: Mon, 01 Jan 0001 00:00:00 -0000",
        b"Date: Mon, 01 Jan 99999999999 00:00:00 GMT",
        b"Date: , , ,",
        b"Date: \xb2\xff",
        b"Date: Mon, 01 Jan 2026 99:99:99 +9999999",
        b"Content-Length: \xb2",
        b"Content-Length: -5",
        b"Retry-After: \xb2",
        b"Retry-After: -5",
        b"Retry-After: " + b"9" * 5000,
        b"Retry-After: Mon, 01 Jan 0001 00:00:00 -0000",
        b"Retry-After: Fri, 31 Dec 9999 23:59:59 -2359",
    ],
)
def test_odd_headers_spoil_no_answer(header: bytes, road: Road) -> None:
    road.says = bytes_of(http(200, GOOD, header))
    answer = road.client().get("/documents", {})
    assert answer.read(Documents) == Documents([], 1.0)
    assert 0 <= answer.retry_after <= 86_400


def test_what_is_packed_is_unpacked(road: Road) -> None:
    road.says = bytes_of(http(200, gzip.compress(GOOD), b"Content-Encoding: gzip"))
    assert road.client().get("/documents", {}).read(Documents).documents == []


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_may_be_a_date_or_a_wish(text: str) -> None:
    date_of(text)
    assert 0 <= seconds_of(text, 1.8e9) <= 86_400


PIECES = st.sampled_from(
    [
        b"[",
        b"{",
        b'"',
        b"\\ud800",
        b"\xff",
        b"1e999",
        b"-",
        b"9" * 30,
        b"null",
        b'"acked":',
        b'"documents":',
        b",",
        b"]",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.lists(PIECES, max_size=40).map(b"".join))
def test_any_bytes_may_be_a_body(body: bytes) -> None:
    for kind in (Documents, BatchAnswer, Problem, Enrolled):
        with suppress(NoAnswer):
            Answer(200, body).read(kind)
    for encoding in ("gzip", "br", ""):
        with suppress(NotUnderstood):
            assert len(unpacked(body, encoding)) <= MAX_ANSWER


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_bytes_may_be_an_answer(data: st.DataObject) -> None:
    """Answers with some of their bytes replaced, put in or taken out."""
    answer = bytearray(http(200, GOOD, b"Date: Thu, 26 Nov 2026 00:00:00 GMT", b"Retry-After: 5"))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(answer) - 1))
        answer[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with closing(Road(bytes_of(bytes(answer)))) as road, suppress(NoAnswer):
        road.client().get("/documents", {}).read(Documents)


def endless(first: bytes, more: bytes) -> Says:
    """An answer that goes on for ever."""

    def says(near: socket.socket, _head: bytes) -> None:
        near.sendall(first)
        while True:
            near.sendall(more)

    return says


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Type: application/json\r\nLocation: /elsewhere\r\n\r\n",
    ],
)
def test_an_answer_without_an_end_ends_all_the_same(first: bytes, road: Road) -> None:
    road.says = endless(first, b" " * 65536)
    with pytest.raises(NoAnswer, match="more than 1048576 bytes"):
        road.client().get("/documents", {})


def slowly(answer: bytes, step: int, pause: float, stop: threading.Event) -> Says:
    """The answer in steps of so many bytes, with a pause after each."""

    def says(near: socket.socket, _head: bytes) -> None:
        for at in range(0, len(answer), step):
            near.sendall(answer[at : at + step])
            stop.wait(pause)

    return says


def test_a_slow_road_is_waited_for_as_long_as_it_moves(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six times the time-out in all; in the field it is a list of 30 kB at 250 bytes a second."""
    monkeypatch.setattr(module, "SLOWEST", 1000.0)
    road.says = slowly(
        http(200, json.dumps({"documents": ["A" * 4000], "server_time": 1}).encode()), 100, 0.04, threading.Event()
    )
    client, began = road.client(timeout=0.25), monotonic()
    assert client.get("/documents", {}).status == 200
    assert monotonic() - began > 1


def test_a_road_that_hardly_moves_is_given_up(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOWEST", 1000.0)
    over = threading.Event()
    road.says = slowly(http(200, b" " * 10_000), 1, 0.02, over)
    with pytest.raises(NoAnswer, match="drips in too slowly") as found:
        road.client(timeout=0.3).get("/documents", {})
    over.set()
    assert found.value.connected


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Wait\r\nX: y\r\n\r\n"])
def test_a_flood_before_the_answer_ends_all_the_same(piece: bytes, road: Road) -> None:
    road.says = endless(b"", piece * 1000)
    with pytest.raises(NoAnswer):
        road.client().get("/documents", {})


def test_headers_that_drip_in_end_all_the_same(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOWEST", 1000.0)
    over = threading.Event()
    road.says = slowly(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5000, 1, 0.02, over)
    with pytest.raises(NoAnswer, match="drips in too slowly"):
        road.client(timeout=0.3).get("/documents", {})
    over.set()


def test_it_is_told_apart_whether_anybody_was_there(road: Road) -> None:
    over = threading.Event()

    def silent(_near: socket.socket, _head: bytes) -> None:
        over.wait(30)

    road.says = silent
    with pytest.raises(NoAnswer) as found:
        road.client(timeout=0.2).get("/documents", {})
    over.set()
    assert found.value.connected
    assert found.value.took >= 0.2
    road.close()
    with pytest.raises(NoAnswer) as found:
        road.client(timeout=0.2).get("/documents", {})
    assert not found.value.connected


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://", "gopher://x", "http://\udcff", "http://a..b", "http://" + "a" * 300]
)
def test_a_url_that_is_none_is_no_answer(url: str, road: Road) -> None:
    client = road.client()
    client._url = url
    with pytest.raises(NoAnswer):
        client.get("/documents", {})


def test_progress_is_told_while_a_request_goes_out_and_an_answer_comes_in(road: Road) -> None:
    turns: list[int] = []
    road.says = bytes_of(http(200, GOOD))
    client = road.client()
    client._progress = lambda: turns.append(1)
    client.post("/batches", {"noise": [str(hash(number)) * 3 for number in range(20_000)]})
    assert len(turns) > 10
    assert b"Yizhan-Capabilities: conflict" in road.heads[0]
