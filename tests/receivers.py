"""Test support: who is told of alarms. A mail server (RFC 5321, STARTTLS, AUTH PLAIN) and a webhook, real ones, on loopback.

What they are not: complete. The mail server knows the commands that a client of the standard library sends, and no others.
Each can be told to hang, to give a byte now and then, to refuse, or to lie.
"""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, TypeVar

DRIP = 0.05
"""Seconds between two bytes of a receiver that never ends."""

Mode = Literal["takes", "hangs", "drips", "refuses"]


class Mailbox:
    """A mail server: `mode` may change at any time; `password` is asked for where there is one."""

    def __init__(self, certificate: tuple[Path, Path] | None = None, password: str = "") -> None:
        self.mode: Mode = "takes"
        self.password, self.mails = password, list[EmailMessage]()
        self.ended = threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self.context and certificate:
            self.context.load_cert_chain(*certificate)
        box = self

        class Session(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                talk = Talk(box, self.request)
                with suppress(OSError):
                    talk.run()
                talk.lines.close()
                talk.connection.close()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])


class Talk:
    """With one client."""

    def __init__(self, box: Mailbox, connection: socket.socket) -> None:
        self.box, self.connection = box, connection
        self.lines = connection.makefile("rb")
        self.authorised = not box.password

    def run(self) -> None:
        if self.box.mode in {"hangs", "drips"}:
            return drip(self.connection, self.box.ended, b"2" if self.box.mode == "drips" else b"")
        self.say("220 here")
        while (line := self.lines.readline().decode().strip()) and line != "QUIT":
            self.obey(*line.partition(" ")[::2])
        return self.say("221 bye")

    def obey(self, verb: str, rest: str) -> None:
        match verb.upper():
            case "EHLO":
                tls = self.box.context and not isinstance(self.connection, ssl.SSLSocket)
                self.say("250-here\r\n" + ("250-STARTTLS\r\n" if tls else "") + "250 AUTH PLAIN")
            case "STARTTLS":
                self.say("220 go")
                assert self.box.context
                self.connection = self.box.context.wrap_socket(self.connection, server_side=True)
                self.lines = self.connection.makefile("rb")
            case "AUTH":
                self.authorised = (
                    base64.b64decode(rest.rsplit(maxsplit=1)[-1]).decode().split("\0")[-1] == self.box.password
                )
                self.say("235 welcome" if self.authorised else "535 wrong")
            case "MAIL" | "RCPT":
                self.say("250 fine" if self.authorised and self.box.mode == "takes" else "550 not here")
            case "DATA":
                self.say("354 go on")
                data = b"".join(iter(self.lines.readline, b".\r\n"))
                mail = message_from_bytes(data, policy=policy.default)
                assert isinstance(mail, EmailMessage)
                self.box.mails.append(mail)
                self.say("250 taken")
            case _:
                self.say("250 fine")

    def say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")


def drip(connection: socket.socket, ended: threading.Event, byte: bytes) -> None:
    """A byte now and then, or none, for ever."""
    while not ended.wait(DRIP):
        connection.sendall(byte)


class Hook:
    """A webhook; it answers `status` and `answer`, or hangs, or gives a byte now and then."""

    def __init__(self) -> None:
        self.mode: Mode = "takes"
        self.status, self.answer = 200, b'{"errcode": 0, "errmsg": "ok"}'
        self.taken: list[tuple[str, bytes]] = []
        self.ended = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.mode in {"hangs", "drips"}:
                    return drip(self.connection, hook.ended, b"H" if hook.mode == "drips" else b"")
                hook.taken.append((self.path, body))
                self.send_response(hook.status)
                self.end_headers()
                self.wfile.write(hook.answer)
                return None

            def log_message(self, *_words: Any) -> None:
                """It is quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?key=secret"


Receiver = TypeVar("Receiver", "Mailbox", "Hook")


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """It listens until the block ends."""
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()
