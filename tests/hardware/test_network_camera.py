"""Cameras in the network that are silent, refuse, or are not there: each is named as what it is, and its password never."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from hardware.camera import Camera, CameraSource
from hardware.network_camera import NetworkCapture, Silent, named
from kiosk.demo.place import free_port
from tests.programs.stream_camera import StreamCamera

Behave = Callable[[socket.socket], None]
SECRET = "Geheim-4711"


def holds(call: socket.socket) -> None:
    """Take the call and say nothing until it ends."""
    while call.recv(4096):
        pass


def begins(call: socket.socket) -> None:
    """Answer the first question, and no other."""
    call.recv(4096)
    call.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP, PLAY\r\n\r\n")
    holds(call)


def halts(call: socket.socket) -> None:
    """Stop in the middle of an answer."""
    call.recv(4096)
    call.sendall(b"RTSP/1.0 200 OK\r\nCS")
    holds(call)


def knows_nobody(call: socket.socket) -> None:
    """Want another password."""
    while asked := call.recv(4096):
        number = next(line for line in asked.split(b"\r\n") if line.startswith(b"CSeq"))
        call.sendall(b'RTSP/1.0 401 Unauthorized\r\n%s\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n' % number)


@contextmanager
def camera(behave: Behave) -> Iterator[int]:
    """A server for one call after the other; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    call, _ = server.accept()
                    threading.Thread(target=answer, args=(call,), daemon=True).start()

        def answer(call: socket.socket) -> None:
            with call, suppress(OSError):
                behave(call)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
@pytest.mark.parametrize("behave", [holds, begins, halts])
def test_a_camera_that_takes_the_call_and_says_nothing_is_silent(behave: Behave, scheme: str) -> None:
    with camera(behave) as port, pytest.raises(Silent, match=r"says nothing for 0\.3 s"):
        NetworkCapture(f"{scheme}://admin:{SECRET}@127.0.0.1:{port}/stream1", timeout=0.3)


def test_a_camera_that_wants_another_password_answers() -> None:
    with camera(knows_nobody) as port, pytest.raises(OSError, match="it answers, and gives no pictures"):
        NetworkCapture(f"rtsp://admin:{SECRET}@127.0.0.1:{port}/stream1", timeout=5.0)


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "[::1]:{port}", "no-such-camera.invalid", "127.0.0.1:99999", ""])
def test_a_camera_that_is_not_there_is_not_silent(place: str) -> None:
    with pytest.raises(OSError, match=r"no camera answers there: .") as error:
        NetworkCapture(f"rtsp://admin:{SECRET}@{place.format(port=free_port())}/s", timeout=5.0)
    assert SECRET not in str(error.value)


def test_a_stream_that_stops_is_silent() -> None:
    with closing(StreamCamera()) as stream:
        capture = NetworkCapture(stream.url, timeout=1.0)
        assert capture.read()[0]
        stream.rate = 0.0
        with pytest.raises(Silent):
            all(capture.read()[0] for _ in range(100))
        capture.release()


def test_what_a_camera_is_called_has_no_password() -> None:
    with camera(holds) as port:
        found = Camera(CameraSource(f"rtsp://admin:{SECRET}@127.0.0.1:{port}/user=a_password={SECRET}", timeout=0.3))
        assert found.newest(0.0, timeout=2.0) is None
        found.close()
    assert found.trouble.startswith(f"rtsp://127.0.0.1:{port} does not open: it is silent")
    assert SECRET not in found.trouble


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("rtsp://admin:pw@10.0.0.5:554/stream1", "rtsp://10.0.0.5:554"),
        ("rtsp://admin:p@ss/wo#r?d@10.0.0.5/1", "rtsp://10.0.0.5"),
        ("http://cam.example/video?user=admin&pwd=pw", "http://cam.example"),
        ("rtsp://[fe80::1]:554/user=admin_password=pw_channel=1", "rtsp://[fe80::1]:554"),
        ("RTSP://u@h", "RTSP://h"),
        ("/dev/v4l/by-path/x", "/dev/v4l/by-path/x"),
        ("csi:0", "csi:0"),
        ("film.avi", "film.avi"),
    ],
)
def test_how_a_source_is_told(source: str, name: str) -> None:
    assert named(source) == name
