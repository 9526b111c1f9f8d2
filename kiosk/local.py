"""This machine: Unix sockets with a line a message, the boot clock, and systemd's notifications."""

from __future__ import annotations

import grp
import os
import pwd
import select
import selectors
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime, monotonic
from typing import Final, TypeVar

import msgspec

from kiosk.wire import MAX_LINE, Answer, Message, Refused, Restart, encode

T = TypeVar("T")

MAX_PEERS: Final = 32
MAX_UNSENT: Final = 8 * 1024 * 1024
"""Bytes waiting for a peer that does not read; beyond that it is dropped. A recording, the longest message, is shorter."""

LINES_A_TURN: Final = 16
"""Lines taken from one peer before the others and the pins get their turn."""


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
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto(state.encode(), address)


class Peer:
    """A connection to a line server."""

    def __init__(self, sock: socket.socket, loop: Loop) -> None:
        self.sock = sock
        self._loop = loop
        self._in = b""
        self._out = b""
        self.lines: deque[bytes] = deque()

    def send(self, message: Message) -> None:
        """Queue a message; a peer that does not read is dropped."""
        self._out += encode(message)
        if len(self._out) > MAX_UNSENT:
            self._out = b""
            self._loop.drop(self)
            return
        self.flush()

    def flush(self) -> None:
        """Write what the socket takes."""
        try:
            while self._out:
                self._out = self._out[self.sock.send(self._out) :]
        except BlockingIOError:
            pass
        except OSError:
            self._out = b""
        self._loop.want_write(self, wanted=bool(self._out))

    def receive(self) -> bool:
        """Read what there is and cut it into lines; False when the peer has gone."""
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        *lines, self._in = (self._in + data).split(b"\n")
        self.lines.extend(line[: MAX_LINE + 1] for line in lines)
        if len(self._in) > MAX_LINE:
            self._in = self._in[: MAX_LINE + 1]  # keep it too long: its end will come, and be refused as one line
        return True

    @property
    def user(self) -> str:
        """The account at the other end."""
        return _account(self._credentials()[1])

    def is_one_of(self, group: str) -> bool:
        """Whether that is root, the account that this program runs as, or a member of the group."""
        _, uid, gid = self._credentials()
        if uid in {0, os.geteuid()}:
            return True
        try:
            found = grp.getgrnam(group)
        except KeyError:
            return False
        return gid == found.gr_gid or _account(uid) in found.gr_mem

    def _credentials(self) -> tuple[int, int, int]:
        """Process, user and group at the other end, by the kernel's word (SO_PEERCRED, unix(7))."""
        raw = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, gid = struct.unpack("3i", raw)
        return pid, uid, gid


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


OnLine = Callable[[Peer, bytes], None]


class Loop:
    """One thread's wait for sockets, for a call from other threads, and for a time."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._on_line: dict[Peer, OnLine] = {}
        self._on_gone: Callable[[Peer], None] = lambda _: None
        self._servers: dict[socket.socket, OnLine] = {}

    def serve(self, path: Path, on_line: OnLine, mode: int = 0o660) -> None:
        """Listen on `path`; whoever may open it may use it."""
        path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(str(path))
        path.chmod(mode)
        server.listen(MAX_PEERS)
        server.setblocking(False)
        self._servers[server] = on_line
        self._selector.register(server, selectors.EVENT_READ, server)

    def when_gone(self, call: Callable[[Peer], None]) -> None:
        """Call this for each peer that has gone."""
        self._on_gone = call

    def wake(self) -> None:
        """End the current wait; safe from any thread and from a signal handler, also after the loop was closed."""
        with suppress(OSError):
            self._waker.send(b"\0")

    def wait(self, timeout: float | None) -> None:
        """Wait until something comes, for `timeout` seconds at the most, and take a bounded part of it."""
        if any(peer.lines for peer in self._on_line):
            timeout = 0.0
        for key, events in self._selector.select(timeout):
            if key.data is None:
                self._drain()
            elif isinstance(key.data, Peer):
                self._ready(key.data, events)
            else:
                self._accept(key.data)
        for peer, on_line in list(self._on_line.items()):
            for _ in range(min(LINES_A_TURN, len(peer.lines))):
                on_line(peer, peer.lines.popleft())

    def want_write(self, peer: Peer, *, wanted: bool) -> None:
        """Ask to be told when the peer's socket takes more."""
        if peer in self._on_line:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
            self._selector.modify(peer.sock, events, peer)

    def drop(self, peer: Peer) -> None:
        """Close a connection."""
        if self._on_line.pop(peer, None) is None:
            return
        self._selector.unregister(peer.sock)
        peer.sock.close()
        self._on_gone(peer)

    def close(self) -> None:
        """Close everything."""
        for peer in list(self._on_line):
            self.drop(peer)
        for sock in (*self._servers, self._woken, self._waker):
            sock.close()
        self._selector.close()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass

    def _accept(self, server: socket.socket) -> None:
        sock, _ = server.accept()
        if len(self._on_line) >= MAX_PEERS:
            sock.close()
            return
        sock.setblocking(False)
        peer = Peer(sock, self)
        self._on_line[peer] = self._servers[server]
        self._selector.register(sock, selectors.EVENT_READ, peer)

    def _ready(self, peer: Peer, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            peer.flush()
        if events & selectors.EVENT_READ and len(peer.lines) < LINES_A_TURN and not peer.receive():
            self.drop(peer)


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
        self._sock.settimeout(timeout)
        self._buffer = b""
        try:
            self._sock.connect(str(path))
        except OSError as error:
            self._sock.close()
            raise NotReachable(f"{path}: {error.strerror or error}") from error

    def send(self, message: Message) -> None:
        """Send a message. Raises NotReachable."""
        try:
            self._sock.sendall(encode(message))
        except OSError as error:
            raise NotReachable(str(error)) from error

    def receive(self, timeout: float | None = None) -> Answer | None:
        """The next message; None when none comes within `timeout` seconds. Raises NotReachable when the other end closed."""
        deadline = None if timeout is None else monotonic() + timeout
        while b"\n" not in self._buffer:
            if deadline is not None:
                self._sock.settimeout(max(0.001, deadline - monotonic()))
            try:
                data = self._sock.recv(65536)
            except TimeoutError:
                return None
            except OSError as error:
                raise NotReachable(str(error)) from error
            if not data:
                raise NotReachable("the other end closed the connection")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: Answer = msgspec.json.decode(line, type=Answer)
        return message

    def ask(self, message: Message, answer: type[T]) -> T:
        """Send a request and wait for its answer. Raises NotGranted, NotReachable, RestartAsked."""
        self.send(message)
        match self.receive(timeout=5.0):
            case answer() as found:
                return found
            case Refused(why):
                raise NotGranted(why)
            case Restart():
                raise RestartAsked
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
        """What has come, found without waiting. Raises RestartAsked, and NotReachable when the other end has gone."""
        found: list[Answer] = []
        try:
            while select.select([self._sock], [], [], 0.0)[0]:
                data = self._sock.recv(65536)
                if not data:
                    raise NotReachable("the other end closed the connection")
                *lines, self._buffer = (self._buffer + data).split(b"\n")
                if RESTART in lines:
                    raise RestartAsked
                found += [msgspec.json.decode(line, type=Answer) for line in lines]
        except OSError as error:
            raise NotReachable(str(error)) from error
        return found

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def fileno(self) -> int:
        """For a select by the caller."""
        return self._sock.fileno()
