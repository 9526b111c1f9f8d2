"""A sync that has no key yet: it waits for `kiosk enrol`, or for an enrolment code that is shown at the door."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk.contract.bodies import Enrolled, Enrolment
from kiosk.keyfiles import STATION_KEY, is_there, read_private, station_key
from kiosk.local import Line, NotGranted, NotReachable, RestartAsked
from kiosk.sync.answers import NoAnswer
from kiosk.sync.client import Client
from kiosk.sync.link import Link
from kiosk.wire import AwaitEnrolment, Done, EnrolmentAnswered, EnrolmentWanted

log = logging.getLogger(__name__)

NAME: Final = "enrolment"
LOOK_EVERY: Final = 1.0
OK: Final = 200


class EnrolmentRefused(Exception):
    """The central server does not take the claim code; the text says why. `status`: of HTTP."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.status = status


class NewStation(Struct, frozen=True):
    """What an enrolment brings: the station's own new key, and what the central server gave for its public half."""

    key: Ed25519PrivateKey
    answer: Enrolled


def enrol(
    url: str,
    station: str,
    claim: str,
    ca_file: str | None,
    timeout: float,
    progress: Callable[[], None] = lambda: None,
) -> NewStation:
    """Make a key and register its public half with a claim code. Raises NoAnswer or EnrolmentRefused."""
    key = Ed25519PrivateKey.generate()
    client = Client(url, station, key, ca_file, timeout, progress=progress)
    answer = client.post("/v1/enrol", Enrolment(station, claim, key.public_key().public_bytes_raw()))
    if answer.status != OK:
        raise EnrolmentRefused(answer.problem().detail, answer.status)
    from kiosk.trust.cose import public_key  # noqa: PLC0415  once in a station's life

    enrolled = answer.read(Enrolled)
    if public_key(enrolled.root_key) is None:
        raise EnrolmentRefused("the root key that it gave is no key", answer.status)
    return NewStation(key, enrolled)


def await_key(link: Link) -> Ed25519PrivateKey | None:
    """The station's key, once it has one. None when told to stop, or when it takes a fresh start to be handed the new key.

    Raises OSError or ValueError when it cannot be read, LoopFailed when waiting for it fails too often.
    """
    path = station_key(link.settings.data)
    if not is_there(path):
        log.warning(
            "not enrolled: show an enrolment code at the door, or type: sudo kiosk enrol %s CODE", link.central.url
        )
        link.loops.run(NAME, lambda: _await_enrolment(link))
    if not _made(link):
        return None
    if not is_there(path):
        log.info("enrolled: systemd hands the key to a fresh start")
        return None
    return read_private(path)


def _made(link: Link) -> bool:
    """Whether there is a key that this program is handed, or could be."""
    return is_there(station_key(link.settings.data)) or (link.settings.data / STATION_KEY).exists()


def _await_enrolment(link: Link) -> None:
    """A turn of the loop that waits: one line to the station, for as long as it lasts."""
    _turned(link)
    if _made(link):
        link.loops.end()
        return
    try:
        line = link.line()
    except NotReachable:
        link.loops.stop.wait(LOOK_EVERY)
        return
    try:
        with closing(line):
            _await_code(line, link)
    except NotReachable as error:
        log.debug("the station is away: %s", error)
    except RestartAsked:
        link.loops.end()


def _await_code(line: Line, link: Link) -> None:
    line.send(AwaitEnrolment())
    while not link.loops.stop.is_set() and not _made(link):
        _turned(link)
        wanted = line.receive(timeout=LOOK_EVERY)
        if isinstance(wanted, EnrolmentWanted):
            _answer(line, link, wanted.claim)


def _answer(line: Line, link: Link, claim: str) -> None:
    """Enrol with a code that was shown. Raises NotReachable, RestartAsked."""
    central = link.central
    try:
        new = enrol(
            central.url, link.settings.station.code, claim, central.ca_file, central.timeout, lambda: _turned(link)
        )
        given = EnrolmentAnswered(new.key.private_bytes_raw(), new.answer.root_key, tuple(new.answer.documents))
        line.ask(given, Done)
    except (NoAnswer, EnrolmentRefused, NotGranted) as error:
        log.error("the enrolment failed: %s", error)  # noqa: TRY400  the text says all


def _turned(link: Link) -> None:
    link.loops.turned(NAME)
    link.loops.feed()
