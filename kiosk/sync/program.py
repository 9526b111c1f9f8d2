"""Four loops, each blocking in a thread of its own: entries go out, survivors go out, documents and releases come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.contract.bodies import UNDERSTANDS_ADMIT, UNDERSTANDS_CONFLICT
from kiosk.local import RestartAsked, notify
from kiosk.loops import end_by_signals
from kiosk.settings import Settings
from kiosk.sync import documents, pictures, releases, uploads
from kiosk.sync.client import Client
from kiosk.sync.enrolment import await_key
from kiosk.sync.link import Link
from kiosk.sync.polls import LONGEST
from kiosk.sync.server_clock import ServerClock

LOOK: Final = 1.0
SLACK: Final = 60.0
"""Seconds that a turn may take beyond what the network is given: a name that is looked up in vain takes thirty."""


def run(settings: Settings) -> None:
    """Run the program until it is told to stop.

    Raises OSError or ValueError when the station's key cannot be read, LoopFailed when a loop fails too often.
    """
    central = settings.central
    if central is None:
        raise ValueError("the settings have no [central]")
    waiting, link = Link(settings, central), Link(settings, central)
    end_by_signals(waiting.loops, link.loops)
    notify("READY=1")
    key = await_key(waiting)
    if key is not None:
        work(link, key)


def work(link: Link, key: Ed25519PrivateKey) -> None:
    """All loops, until they are ended. Raises LoopFailed when one fails too often."""
    clock = ServerClock()
    understands = (UNDERSTANDS_CONFLICT, *((UNDERSTANDS_ADMIT,) if link.settings.phone_door else ()))

    def start(name: str, turned: Callable[[Client], Callable[[], None]]) -> None:
        client = Client(
            link.central.url,
            link.settings.station.code,
            key,
            link.central.ca_file,
            link.central.timeout,
            clock=clock,
            progress=lambda: link.loops.turned(name),
            understands=understands,
        )
        link.loops.start(name, ending(link, turned(client)), LONGEST + link.central.timeout + SLACK)

    start(uploads.NAME, lambda client: uploads.Books(link, client).turn)
    start(uploads.SURVIVORS, lambda client: uploads.Survivors(link, client).turn)
    start(releases.NAME, lambda client: releases.Releases(link, client).turn)
    if link.settings.has_display_inside:
        start(pictures.NAME, lambda client: pictures.Pictures(link, client).turn)
    start(documents.NAME, lambda client: documents.Downloads(link, client).turn)

    def watch() -> None:
        link.loops.feed()
        link.loops.stop.wait(LOOK)

    link.loops.run("watch", watch)


def ending(link: Link, turn: Callable[[], None]) -> Callable[[], None]:
    """That turn; when the station asks for a restart, the program ends in order, and systemd starts it again."""

    def until_asked() -> None:
        try:
            turn()
        except RestartAsked:
            link.loops.end()

    return until_asked
