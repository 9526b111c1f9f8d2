"""A sync that has no key yet: it waits for `kiosk enrol`, or for an enrolment code that is shown at the door."""

from __future__ import annotations

import logging
import threading
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk.contract.bodies import Enrolled, Enrolment
from kiosk.keyfiles import STATION_KEY, is_there, read_private, station_key
from kiosk.local import Line, NotReachable, notify
from kiosk.settings import CentralTable, Settings
from kiosk.sync.client import Client, NoAnswer
from kiosk.wire import AwaitEnrolment, Done, EnrolmentAnswered, EnrolmentWanted

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 1.0
OK: Final = 200


class EnrolmentRefused(Exception):
    """The central server does not take the claim code; the text says why."""


class NewStation(Struct, frozen=True):
    """What an enrolment brings: the station's own new key, and what the central server gave for its public half."""

    key: Ed25519PrivateKey
    answer: Enrolled


def enrol(url: str, station: str, claim: str, ca_file: str | None, timeout: float) -> NewStation:
    """Make a key and register its public half with a claim code. Raises NoAnswer or EnrolmentRefused."""
    key = Ed25519PrivateKey.generate()
    client = Client(url, station, key, ca_file, timeout)
    answer = client.post("/v1/enrol", Enrolment(station, claim, key.public_key().public_bytes_raw()))
    if answer.status != OK:
        raise EnrolmentRefused(answer.problem().detail)
    return NewStation(key, answer.read(Enrolled))


def await_key(settings: Settings, central: CentralTable, stop: threading.Event) -> Ed25519PrivateKey | None:
    """The station's key, once it has one. None when told to stop, or when it takes a fresh start to be handed the new key.

    Raises OSError or ValueError when it cannot be read.
    """
    path = station_key(settings.data)
    if not is_there(path):
        _await_enrolment(settings, central, stop)
        if stop.is_set():
            return None
    if not is_there(path):
        log.info("enrolled: systemd hands the key to a fresh start")
        return None
    return read_private(path)


def _await_enrolment(settings: Settings, central: CentralTable, stop: threading.Event) -> None:
    log.warning("not enrolled: show an enrolment code at the door, or type: sudo kiosk enrol %s CODE", central.url)
    while not stop.is_set() and not (settings.data / STATION_KEY).exists():
        notify("WATCHDOG=1")
        try:
            line = Line(settings.run / "control.sock")
        except NotReachable:
            stop.wait(LOOK_EVERY)
            continue
        try:
            _await_code(line, settings, central, stop)
        except NotReachable as error:
            log.debug("the station is away: %s", error)
        finally:
            line.close()


def _await_code(line: Line, settings: Settings, central: CentralTable, stop: threading.Event) -> None:
    line.send(AwaitEnrolment())
    while not stop.is_set() and not (settings.data / STATION_KEY).exists():
        notify("WATCHDOG=1")
        wanted = line.receive(timeout=LOOK_EVERY)
        if not isinstance(wanted, EnrolmentWanted):
            continue
        try:
            new = enrol(central.url, settings.station.code, wanted.claim, central.ca_file, central.timeout)
        except (NoAnswer, EnrolmentRefused) as error:
            log.error("the enrolment failed: %s", error)  # noqa: TRY400  the text says all
            continue
        given = EnrolmentAnswered(new.key.private_bytes_raw(), new.answer.root_key, tuple(new.answer.documents))
        line.ask(given, Done)
