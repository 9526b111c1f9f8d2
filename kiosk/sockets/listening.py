"""The listening end of a program's Unix sockets: a line a message, and bounds on the time that a peer may take.

One line of each peer in turn, TURN seconds at the most before the caller goes on, what must not wait (the exit button) after
each line, and a budget for each account. Who gets a place: places. What memory a peer may take: peer.
"""

from __future__ import annotations

import logging
import selectors
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic, thread_time
from typing import Final

from msgspec import Struct

from kiosk.loops import attempt
from kiosk.sockets.peer import OnPeer, Peer
from kiosk.sockets.places import Budget, gives_way
from kiosk.wire import Refused
from kiosk.wire.base import MAX_LINE, MAX_SHORT

log = logging.getLogger(__name__)

TURN: Final = 0.01
"""Seconds for lines before pins, rules and other sockets get their turn again."""

ACCEPTS: Final = 8
"""Connections taken from one socket in a turn."""

NO_ROOM: Final = 1.0
"""Seconds without new connections when the system gives no more descriptors."""


OnLine = Callable[[Peer, bytes], None]
Guard = Callable[[Callable[[], None]], bool]
"""Does a piece of work; False when it raised what nobody lists, which it has told."""


class Entrance(Struct, frozen=True, eq=False):
    """A socket: who takes its lines, who of its peers always gets in, and who may say long lines, others of `most` bytes."""

    name: str
    on_line: OnLine
    reserved: Callable[[Peer], bool]
    long_lines: Callable[[Peer], bool]
    most: int


def _guard(work: Callable[[], None]) -> bool:
    return attempt("a socket", work) is None


class Loop:
    """One thread's wait for sockets, for a call from other threads, and for a time."""

    def __init__(self, guard: Guard = _guard) -> None:
        """`guard` does what is called for a peer: a peer for which it fails is told so, and goes on."""
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._guard = guard
        self._peers: dict[Peer, Entrance] = {}
        self._said: deque[Peer] = deque()
        self._budgets: dict[tuple[int, str], Budget] = {}
        self._on_gone: OnPeer = lambda _: None
        self._servers: dict[socket.socket, Entrance] = {}
        self._shut: dict[socket.socket, float] = {}
        self._swept_at = monotonic()

    def serve(
        self,
        path: Path,
        on_line: OnLine,
        mode: int = 0o660,
        *,
        reserved: Callable[[Peer], bool] = lambda peer: peer.ours,
        long_lines: Callable[[Peer], bool] = lambda _: False,
        most: int = MAX_SHORT,
    ) -> None:
        """Listen on `path`; whoever may open it may use it. Lines are `most` bytes long, or MAX_LINE for `long_lines`."""
        path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(str(path))
        path.chmod(mode)
        server.listen(socket.SOMAXCONN)
        server.setblocking(False)
        self._servers[server] = Entrance(path.name, on_line, reserved, long_lines, most)
        self._selector.register(server, selectors.EVENT_READ, server)

    def when_gone(self, call: OnPeer) -> None:
        """Call this for each peer that has gone."""
        self._on_gone = call

    def wake(self) -> None:
        """End the current wait; safe from any thread and from a signal handler, also after the loop was closed."""
        with suppress(OSError):
            self._waker.send(b"\0")

    def wait(self, timeout: float, between: Callable[[], None] = lambda: None) -> None:
        """Wait until something comes, for `timeout` seconds at the most, and take a bounded part of it.

        `between` is called after each line, for what must not wait for the next.
        """
        for key, events in self._selector.select(self._patience(timeout)):
            if key.data is None:
                self._drain()
            elif isinstance(key.data, Peer):
                self._ready(key.data, events)
            else:
                self._accept(key.data)
        self._take_lines(between)
        self._sweep(monotonic())

    def watch(self, peer: Peer) -> None:
        """Ask the system for what the peer's state needs: more from it once its line is taken, room for what is unsent."""
        if peer not in self._peers:
            return
        events = (0 if peer.has_line else selectors.EVENT_READ) | (selectors.EVENT_WRITE if peer.unsent else 0)
        if events == peer.watched:
            return
        if not events:
            self._selector.unregister(peer.sock)
        elif peer.watched:
            self._selector.modify(peer.sock, events, peer)
        else:
            self._selector.register(peer.sock, events, peer)
        peer.watched = events

    def drop(self, peer: Peer) -> None:
        """Close a connection."""
        if peer not in self._peers:
            return
        del self._peers[peer]
        with suppress(ValueError):
            self._said.remove(peer)
        if peer.watched:
            self._selector.unregister(peer.sock)
        peer.sock.close()
        self._guard(partial(self._on_gone, peer))

    def close(self) -> None:
        """Close everything."""
        for peer in list(self._peers):
            self.drop(peer)
        for sock in (*self._servers, self._woken, self._waker):
            sock.close()
        self._selector.close()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass

    # Who comes, and who has to go.

    def _accept(self, server: socket.socket) -> None:
        for _ in range(ACCEPTS):
            try:
                sock, _ = server.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors, no memory: asking again at once would only burn time
                log.error("nobody new is let in for a moment: %s", error)  # noqa: TRY400  the text says all
                self._selector.unregister(server)
                self._shut[server] = monotonic() + NO_ROOM
                return
            self._admit(sock, self._servers[server])

    def _admit(self, sock: socket.socket, entrance: Entrance) -> None:
        sock.setblocking(False)
        try:
            peer = Peer(sock, entrance.name, self.drop, self.watch)
        except OSError:
            sock.close()
            return
        peer.seat.reserved = entrance.reserved(peer)
        peer.bound(MAX_LINE if entrance.long_lines(peer) else entrance.most)
        gone = gives_way([each.seat for each in self._peers], peer.seat)
        if gone is peer.seat:
            sock.close()
            return
        for each in [each for each in self._peers if each.seat is gone]:
            log.debug("%s has too many connections: the idlest one is closed", each.user)
            self.drop(each)
        self._peers[peer] = entrance
        self.watch(peer)

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < 1.0:
            return
        self._swept_at = now
        for peer in [each for each in self._peers if each.late(now)]:
            log.warning("%s keeps us waiting: dropped", peer.user)
            self.drop(peer)
        for server in [each for each, until in self._shut.items() if now >= until]:
            del self._shut[server]
            self._selector.register(server, selectors.EVENT_READ, server)

    # What they say.

    def _ready(self, peer: Peer, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            peer.flush()
        if events & selectors.EVENT_READ and peer in self._peers and not peer.has_line:
            self._receive(peer)

    def _receive(self, peer: Peer) -> None:
        began = thread_time()
        here = peer.receive(monotonic())
        self._budget(peer).spend(thread_time() - began)
        if not here:
            self.drop(peer)
        elif peer.has_line:
            self._said.append(peer)

    def _take_lines(self, between: Callable[[], None]) -> None:
        """A line of each peer in turn, until none is left that may speak now, or the time is over."""
        until, skipped = monotonic() + TURN, 0
        while skipped < len(self._said) and (now := monotonic()) < until:
            peer = self._said.popleft()
            if self._held_up(peer, now):
                self._said.append(peer)
                skipped += 1
                continue
            skipped = 0
            self._take_line(peer, now)
            between()
        for peer in self._said:
            self.watch(peer)

    def _take_line(self, peer: Peer, now: float) -> None:
        began = thread_time()
        if not self._guard(partial(self._peers[peer].on_line, peer, peer.take(now))):
            peer.refuse(Refused("this went wrong here, which is told as a fault"))
        self._budget(peer).spend(thread_time() - began)
        if peer in self._peers and peer.has_line:
            self._said.append(peer)
        self.watch(peer)

    def _held_up(self, peer: Peer, now: float) -> float:
        """Seconds that the peer has to wait before its next line is taken; infinite while it does not read."""
        return float("inf") if peer.stalled else self._budget(peer).due(now)

    def _budget(self, peer: Peer) -> Budget:
        key = peer.uid, peer.seat.socket
        if key not in self._budgets:
            self._budgets[key] = Budget(monotonic())
        return self._budgets[key]

    def _patience(self, timeout: float) -> float:
        now = monotonic()
        return min([timeout, *(self._held_up(peer, now) for peer in self._said)])
