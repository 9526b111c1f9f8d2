"""A port that a program wants to listen on, and which other program holds it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kiosk.cli.common import fail
from kiosk.language import _

LISTENS: Final = "0A"
"""A socket's state in /proc/net/tcp (include/net/tcp_states.h)."""


@contextmanager
def port_named(host: str, port: int, other: str) -> Iterator[None]:
    """Exit code 1, with who holds the port and how to take another, where it cannot be listened on in this block."""
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                fail(taken(port) + "\n" + _("Next: end it, or {other}", other=other))
            case errno.EADDRNOTAVAIL | socket.EAI_NONAME | socket.EAI_AGAIN | socket.EAI_NODATA:
                fail(_("{host} is no address of this machine. Next: ip -brief address", host=host))
            case errno.EACCES:
                fail(_("Port {port} is only for root; take one above 1023.", port=port))
            case _:
                raise


def taken(port: int, proc: Path = Path("/proc")) -> str:
    """In words: the port is taken, and by whom or, where this account may not know, which command shows it."""
    holders = sorted(_holders(_inodes(port, proc), proc))
    if not holders:
        return _("Port {port} is taken by another program. To see which: sudo ss -ltnp 'sport = :{port}'", port=port)
    told = ", ".join(_("{name} (process {pid})", name=_name(proc / str(pid)), pid=str(pid)) for pid in holders)
    return _("Port {port} is taken by {programs}.", port=port, programs=told)


def _inodes(port: int, proc: Path) -> set[str]:
    """The sockets that listen on the port, of either version of IP (proc(5))."""
    found = set()
    for table in ("net/tcp", "net/tcp6"):
        with suppress(OSError):
            rows = [line.split() for line in (proc / table).read_text().splitlines()[1:]]
            found |= {row[9] for row in rows if row[3] == LISTENS and row[1].endswith(f":{port:04X}")}
    return found


def _holders(inodes: set[str], proc: Path) -> Iterator[int]:
    links = {f"socket:[{inode}]" for inode in inodes}
    for process in proc.glob("[0-9]*"):
        with suppress(OSError):  # another account's, or one that has just ended
            if any(str(each.readlink()) in links for each in (process / "fd").iterdir()):
                yield int(process.name)


def _name(process: Path) -> str:
    """What somebody would know it by: its command line, shortened."""
    with suppress(OSError):
        return process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:80]
    return "?"
