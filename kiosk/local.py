"""This machine: the calling end of a Unix socket with a line a message, the boot clock, and systemd's notifications."""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime, monotonic
from typing import Final, TypeVar

from kiosk.decoding import NotUnderstood, read_json
from kiosk.wire import Answer, Refused, Restart, encode
from kiosk.wire.base import Message

T = TypeVar("T")

MAX_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of one answer; a recording, the longest, is shorter."""


def boot_time() -> float:
    """Seconds since the machine booted, also while suspended; never set by anybody."""
    return clock_gettime(CLOCK_BOOTTIME)


def boot_id() -> str:
    """The kernel's random id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def notify(state: str) -> None:
    """Tell systemd, when it asked to be told: `READY=1`, `WATCHDOG=1`, `STATUS=...` (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto(state.encode(), address)


class NotReachable(Exception):
    """The program at the other end of a socket does not answer."""


class NotGranted(NotReachable):
    """The program at the other end answers, and refuses; the text says why."""


class RestartAsked(Exception):
    """The station asks this program to end, so that systemd starts it again."""


RESTART: Final = encode(Restart()).rstrip(b"\n")


class Line:
    """The client's end of a socket, blocking with a deadline."""

    def __init__(self, path: Path, timeout: float = 5.0) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._timeout = timeout
        self._sock.settimeout(timeout)
        self._buffer = b""
        try:
            self._sock.connect(str(path))
        except OSError as error:
            self._sock.close()
            raise NotReachable(f"{path}: {error.strerror or error}") from error

    def send(self, message: Message) -> None:
        """Send a message. Raises NotReachable."""
        self._sock.settimeout(self._timeout)
        try:
            self._sock.sendall(encode(message))
        except OSError as error:
            raise NotReachable(error.strerror or str(error)) from error

    def receive(self, timeout: float | None = None) -> Answer | None:
        """The next message; None when none comes within `timeout` seconds.

        Raises NotReachable when the other end closed, or says what nobody understands.
        """
        deadline = None if timeout is None else monotonic() + timeout
        while b"\n" not in self._buffer:
            if deadline is not None:
                self._sock.settimeout(max(0.001, deadline - monotonic()))
            try:
                data = self._sock.recv(65536)
            except TimeoutError:
                return None
            except OSError as error:
                raise NotReachable(error.strerror or str(error)) from error
            if not data:
                raise NotReachable("the other end closed the connection")
            self._keep(self._buffer + data)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return _answer(line)

    def ask(self, message: Message, answer: type[T]) -> T:
        """Send a request and wait for its answer. Raises NotGranted, NotReachable, RestartAsked."""
        self.send(message)
        match self.receive(self._timeout):
            case answer() as found:
                return found
            case Refused(why):
                raise NotGranted(why)
            case Restart():
                raise RestartAsked
            case None:
                raise NotReachable("no answer in time")
            case other:
                raise NotReachable(f"no {answer.__name__} but {type(other).__name__}")

    def hung_up(self) -> bool:
        """Whether the other end has gone, found without waiting; what it had to say is dropped, but for a Restart.

        Raises RestartAsked.
        """
        try:
            self.arrived()
        except NotReachable:
            return True
        return False

    def arrived(self) -> list[Answer]:
        """What has come, found without waiting.

        Raises RestartAsked, and NotReachable when the other end has gone or says what nobody understands.
        """
        found: list[Answer] = []
        try:
            while select.select([self._sock], [], [], 0.0)[0]:
                data = self._sock.recv(65536)
                if not data:
                    raise NotReachable("the other end closed the connection")
                *lines, rest = (self._buffer + data).split(b"\n")
                self._keep(rest)
                if RESTART in lines:
                    raise RestartAsked
                found += [_answer(line) for line in lines]
        except OSError as error:
            raise NotReachable(error.strerror or str(error)) from error
        return found

    def _keep(self, data: bytes) -> None:
        if len(data) > MAX_ANSWER and b"\n" not in data[-65536:]:
            raise NotReachable(f"an answer of more than {MAX_ANSWER} bytes")
        self._buffer = data

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def fileno(self) -> int:
        """For a select by the caller."""
        return self._sock.fileno()


def _answer(line: bytes) -> Answer:
    """Raises NotReachable for a line that is none: whoever says it is no station, or another version's."""
    try:
        message: Answer = read_json(line, Answer, MAX_ANSWER)
    except NotUnderstood as error:
        raise NotReachable(f"no answer: {error}") from error
    return message
