"""A network camera that misbehaves: an HTTP server whose answer is JPEG pictures without an end, at any rate."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import cv2

from kiosk.demo.film import COME, Film, Visit, frames

BOUNDARY = "frame"


class StreamCamera:
    """Shows a street, or a pass that is held up; `rate` is in frames a second, 0 for a camera that has stalled."""

    def __init__(self) -> None:
        self.rate = 15.0
        self._picture = picture("")
        self._calls = 0
        self._changed = threading.Condition()
        camera = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
                self.end_headers()
                try:
                    camera.play(self)
                except OSError:
                    return

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/stream.mjpg"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def shows(self, text: str) -> None:
        """Hold this up from now on."""
        with self._changed:
            self._picture = picture(text)
            self._changed.notify_all()

    def hang_up(self) -> None:
        """Close every connection; new ones are taken."""
        with self._changed:
            self._calls += 1
            self._changed.notify_all()

    def close(self) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()

    def play(self, answer: BaseHTTPRequestHandler) -> None:
        """Send pictures until the connection is to end."""
        with self._changed:
            call, due = self._calls, monotonic()
            while call == self._calls:
                if self.rate:
                    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(self._picture)}\r\n\r\n"
                    answer.wfile.write(head.encode() + self._picture + b"\r\n")
                due = max(due + 1 / (self.rate or 20.0), monotonic())
                self._changed.wait_for(lambda: call != self._calls, due - monotonic())


def picture(text: str) -> bytes:
    """A JPEG of somebody who holds that up, or of the street."""
    visits = (Visit(text, -COME, hold=2.0, holding="card", side=300),) if text else ()
    data = cv2.imencode(".jpg", next(iter(frames(Film(visits, seconds=0.1, width=640, height=480)))))[1]
    return bytes(data)
