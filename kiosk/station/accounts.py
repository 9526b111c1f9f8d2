"""Who may say what, by the account that the kernel tells: each program has one of its own (systemd/kiosk.sysusers.conf).

Root, and the account that the station runs as, may say everything: so a station on a developer's machine works, where all
programs run as one user.
"""

from __future__ import annotations

from typing import Final, Literal

from kiosk import wire
from kiosk.sockets.peer import Peer

Program = Literal["scanner", "sensors", "sync", "desk"]

ACCOUNTS: Final[dict[Program, str]] = {
    "scanner": "kiosk-scanner",
    "sensors": "kiosk-sensors",
    "sync": "kiosk-sync",
    "desk": "kiosk-desk",
}
"""The account of each program that speaks to the station; the display at the door only listens, as anybody may."""


def speaks_for(peer: Peer, program: Program) -> bool:
    """Whether this peer is that program."""
    return peer.ours or peer.user == ACCOUNTS[program]


def barred(peer: Peer, program: Program, message: wire.base.Message) -> wire.Refused | None:
    """Why this peer may not say this in the program's place; None if it may."""
    if speaks_for(peer, program):
        return None
    kind = str(message.__struct_config__.tag)
    return wire.Refused(f"{peer.user} may not say {kind}: only {ACCOUNTS[program]} may")


def is_known(peer: Peer, operators: str) -> bool:
    """Whether the station works with this account: it always gets a place at control.sock."""
    return speaks_for(peer, "sync") or peer.is_one_of(operators)
