"""A connection to one of a program's Unix sockets, and bounds on the memory that it may take.

One line comes in at a time, of a bounded length, and a small bound of bytes waits to go out. One that does not read is not
listened to either; one that keeps us waiting for PATIENCE seconds is late.
"""

from __future__ import annotations

import grp
import logging
import os
import pwd
import socket
import struct
from collections.abc import Callable
from functools import cached_property
from time import monotonic
from typing import Any, Final

from kiosk.decoding import NotUnderstood, read_json
from kiosk.sockets.places import Seat
from kiosk.wire import Refused, encode, refusal
from kiosk.wire.base import MAX_LINE, Message

log = logging.getLogger(__name__)

CHUNK: Final = 65536
MAX_UNSENT: Final = 256 * 1024
"""Bytes waiting for a peer that does not read; one to which more is told is dropped."""

STALLED: Final = 64 * 1024
"""Bytes waiting for a peer from which on it is not listened to, until it has read them."""

PATIENCE: Final = 30.0
"""Seconds for the end of a line that has begun, and for a peer to read something of what waits for it."""

MOST_BAD: Final = 100
"""Lines that were refused, less those that were not, after which a peer is dropped."""

OnPeer = Callable[["Peer"], None]


class Peer:
    """A connection to a line server."""

    def __init__(self, sock: socket.socket, at: str, drop: OnPeer, changed: OnPeer) -> None:
        """`at`: the socket's name. `changed` is told when `has_line` or `unsent` may have changed.

        Raises OSError when the kernel cannot say who is at the other end.
        """
        now = monotonic()
        self.sock = sock
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, self.uid, self._gid = struct.unpack("3i", raw)  # by the kernel's word: unix(7)
        self.seat = Seat(self.uid, pid, at, now)
        self.watched = 0
        self._drop, self._changed = drop, changed
        self._most = MAX_LINE
        self._in = bytearray()
        self._end = -1
        self._out = bytearray()
        self._begun_at: float | None = None
        self._read_at = now
        self._bad = 0

    @cached_property
    def user(self) -> str:
        """The account at the other end."""
        return _account(self.uid)

    @property
    def ours(self) -> bool:
        """Whether that is root or the account that this program runs as."""
        return self.uid in {0, os.geteuid()}

    def is_one_of(self, group: str) -> bool:
        """Whether that is root, the account that this program runs as, or a member of the group."""
        if self.ours:
            return True
        try:
            found = grp.getgrnam(group)
        except KeyError:
            return False
        return self._gid == found.gr_gid or self.user in found.gr_mem

    @property
    def unsent(self) -> int:
        """Bytes that the peer has not taken yet."""
        return len(self._out)

    @property
    def stalled(self) -> bool:
        """Whether it does not read what it is told, so that nobody should listen to it."""
        return len(self._out) > STALLED

    @property
    def has_line(self) -> bool:
        """Whether a whole line has come that was not taken yet."""
        return self._end >= 0

    def bound(self, most: int) -> None:
        """No line of this peer is longer than `most` bytes."""
        self._most = most

    def send(self, message: Message, most: int = MAX_UNSENT) -> None:
        """Queue a message; a peer for which more than `most` bytes would wait is dropped."""
        line = encode(message)
        if len(self._out) + len(line) > most:
            log.warning("%s does not read what it is told: dropped", self.user)
            self._drop(self)
            return
        if not self._out:
            self._read_at = monotonic()
        self._out += line
        self.flush()

    def flush(self) -> None:
        """Write what the socket takes."""
        try:
            while self._out:
                del self._out[: self.sock.send(self._out[:CHUNK])]
                self.seat.active_at = self._read_at = monotonic()
        except BlockingIOError:
            pass
        except OSError:  # it has gone: what it said before is not worth an answer
            self._out.clear()
            self._drop(self)
        self._changed(self)

    def receive(self, now: float) -> bool:
        """Read what there is; False when the peer has gone."""
        try:
            data = self.sock.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        before = len(self._in)
        self._in += data
        self._end = self._in.find(b"\n", before)
        if self._end < 0:
            del self._in[self._most + 1 :]  # keep it too long: its end will come, and be refused as one line
        self._note_beginning(now)
        return bool(data)

    def take(self, now: float) -> bytes:
        """The line that has come, cut off behind its bound."""
        line = bytes(self._in[: min(self._end, self._most + 1)])
        del self._in[: self._end + 1]
        self._end = self._in.find(b"\n")
        self.seat.spoke, self.seat.active_at = True, now
        self._note_beginning(now)
        return line

    def read(self, line: bytes, kind: Any) -> Any:
        """The message of that kind in the line, or None; then the peer is told why not."""
        try:
            message = read_json(line, kind, self._most)
        except NotUnderstood as error:
            self.refuse(refusal(error))
            return None
        self._bad = max(0, self._bad - 1)
        return message

    def refuse(self, why: Refused) -> None:
        """Say so; a peer that goes on and on is dropped."""
        self._bad += 2
        self.send(why)
        if self._bad > 2 * MOST_BAD:
            log.warning("%s says nothing that can be taken: dropped", self.user)
            self._drop(self)

    def late(self, now: float) -> bool:
        """Whether the peer began a line and does not end it, or does not read what it is told."""
        begun = self._begun_at is not None and now - self._begun_at > PATIENCE
        return begun or (bool(self._out) and now - self._read_at > PATIENCE)

    def _note_beginning(self, now: float) -> None:
        if self._in and self._end < 0:
            self._begun_at = now if self._begun_at is None else self._begun_at
        else:
            self._begun_at = None


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
