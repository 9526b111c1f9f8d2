"""The listening end of a socket on real sockets: rubbish, halves of lines, peers that leave, no descriptors, surprises."""

from __future__ import annotations

import errno
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kiosk.decoding import NotUnderstood, read_json
from kiosk.local import Line, NotReachable
from kiosk.sockets import listening, peer
from kiosk.sockets.listening import Loop
from kiosk.sockets.peer import MAX_UNSENT, Peer
from kiosk.wire import Answer, Done, Explained, GetView, Logged, Refused, Request, encode
from kiosk.wire.base import MAX_SHORT
from tests.programs.house import until


class Place:
    """A loop whose turns the test takes, and that answers each request with Done."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "a.sock"
        self.loop = Loop()
        self.loop.serve(self.path, self.answer)
        self.peers: list[Peer] = []
        self.lines = 0
        self.gone: list[Peer] = []
        self.loop.when_gone(self.gone.append)

    def answer(self, peer: Peer, line: bytes) -> None:
        self.lines += 1
        self.peers.append(peer)
        if line == b"surprise":
            raise RuntimeError(line)
        if peer.read(line, Request):
            peer.send(Done())

    def connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(str(self.path))
        sock.setblocking(False)
        return sock

    def turn_until(self, condition: Callable[[], object]) -> None:
        def turned() -> object:
            self.loop.wait(0.0)
            return condition()

        until(turned)

    def close(self) -> None:
        self.loop.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def answers(place: Place, sock: socket.socket, count: int) -> list[Answer]:
    """The next lines that the peer is told."""
    said = bytearray()

    def enough() -> bool:
        with suppress(BlockingIOError):
            said.extend(sock.recv(65536))
        return said.count(b"\n") >= count

    place.turn_until(enough)
    return [read_json(line, Answer, 10**6) for line in bytes(said).splitlines()]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(lines=st.lists(st.binary(max_size=300).filter(lambda line: b"\n" not in line), min_size=1, max_size=20))
def test_any_bytes_get_an_answer_a_line_and_the_next_line_works(place: Place, lines: list[bytes]) -> None:
    sock = place.connect()
    sock.sendall(b"\n".join([*lines, b'{"type":"getview"}', b""]))
    told = answers(place, sock, len(lines) + 1)
    assert told[-1] == Done()
    sock.close()


def test_what_nobody_lists_is_told_to_who_asked_and_the_connection_lives(place: Place) -> None:
    sock = place.connect()
    sock.sendall(b'surprise\n{"type":"getview"}\n')
    first, second = answers(place, sock, 2)
    assert isinstance(first, Refused)
    assert second == Done()
    sock.close()


def test_a_line_without_an_end_takes_no_memory_and_no_more_than_a_while(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sock = place.connect()
    for _ in range(40):
        try:
            sock.send(b"A" * 65536)
        except BlockingIOError:
            place.loop.wait(0.0)
    (seated,) = place.loop._peers
    assert len(seated._in) <= MAX_SHORT + 1
    monkeypatch.setattr(peer, "PATIENCE", -1.0)
    place.turn_until(lambda: place.gone)
    sock.close()


def test_who_does_not_read_is_not_listened_to_and_what_is_told_to_it_is_bounded(place: Place) -> None:
    sock = place.connect()
    line = b'{"type":"getview"}\n'

    def pushed() -> bool:
        try:
            while True:
                sock.send(line * 1000)
        except BlockingIOError:
            return bool(place.peers) and place.peers[0].stalled

    place.turn_until(pushed)
    taken = place.lines
    for _ in range(10):
        place.loop.wait(0.0)
    assert place.lines == taken
    assert place.peers[0].unsent < MAX_UNSENT
    place.peers[0].send(Logged({"big": "A" * MAX_UNSENT}))
    assert place.gone, "whoever is told more than that is dropped"
    sock.close()


def test_what_a_peer_said_before_it_left_is_taken_once_and_costs_no_turn_after(place: Place) -> None:
    sock = place.connect()
    sock.sendall(b'{"type":"flush"}\n' * 5)
    sock.shutdown(socket.SHUT_WR)
    place.turn_until(lambda: place.gone)
    assert place.lines == 5
    sock.close()


def test_without_descriptors_nobody_is_let_in_and_nothing_ends(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "NO_ROOM", 0.0)
    here = place.connect()
    place.turn_until(lambda: place.loop._peers)
    waiting = place.connect()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = waiting.fileno() + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(OSError, match=r".") as raised:
            socket.socket()
        assert raised.value.errno == errno.EMFILE
        here.sendall(encode(GetView()))
        assert answers(place, here, 1) == [Done()]
        assert len(place.loop._peers) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    waiting.sendall(encode(GetView()))
    assert answers(place, waiting, 1) == [Done()]
    here.close()
    waiting.close()


def test_an_edge_is_taken_between_any_two_lines(place: Place) -> None:
    sock = place.connect()
    sock.sendall(b'{"type":"flush"}\n' * 20)
    between: list[int] = []
    while place.lines < 20:
        place.loop.wait(1.0, lambda: between.append(place.lines))
    assert between == list(range(1, 21))
    sock.close()


# What is said.


def deep() -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(5000):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "claims", [deep(), {"a": "\ud800"}, {"a": 10**400}, {"a": object()}], ids=["deep", "no Unicode", "huge", "no JSON"]
)
def test_what_has_no_form_as_json_is_refused_and_raises_nothing(claims: dict[str, object]) -> None:
    assert isinstance(read_json(encode(Explained("", claims)), Answer, 1000), Explained | Refused)


HOSTILE = [b"[" * 5000, b'{"type":"done","a":' * 2000, b"\xff", b"", b"rubbish", b'{"type":"of 2040"}']


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: repr(said[:20]))
def test_who_calls_hears_not_reachable_and_nothing_else_of_an_answer_that_is_none(said: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotUnderstood):
        read_json(said, Answer, 10**6)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "a.sock"))
        server.listen()
        for hear in (Line.receive, Line.arrived, lambda line: line.ask(GetView(), Done)):
            line = Line(tmp_path / "a.sock")
            other, _ = server.accept()
            other.sendall(said + b"\n")
            with pytest.raises(NotReachable):
                hear(line)
            line.close()
            other.close()
