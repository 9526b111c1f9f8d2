"""A door that opens by a phone and the central server: from the code at the display to the lock's pin, as real programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any

import pytest

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from kiosk.trust.cose import public_key
from kiosk.trust.documents import CommandDocument
from kiosk.trust.door_code import SignedDoorCode, is_good, read_door_code, vouches
from kiosk.trust.policy import PolicyDocument
from tests.programs.house import LOCK, Station, until
from tests.programs.town import CODE, Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    screen = f'[screen]\nport = {free_port()}\npass_page = "http://127.0.0.1:9"\n'
    town = Town(tmp_path, more=screen)
    with town.server():
        town.enrol(town.port)
        yield town


def code_of(town: Town) -> SignedDoorCode:
    """What the display shows to phones."""
    found = read_door_code(until(lambda: town.house.view().phone_code, "a code at the display"))
    assert found is not None
    return found


def admit(issuer: Issuer, index: int) -> str:
    """Send the command; its id."""
    return issuer.command(CommandDocument(1, "x", CODE, "admit", 0, 0, index=index, pass_class=0), 15).id


def granted_at(town: Town) -> list[dict[str, Any]]:
    return [each for each in town.entries() if each["kind"] == "granted"]


def ended(station: Station) -> tuple[str, str]:
    told = station.next("command_ended")
    return told["command"], told["outcome"]


@pytest.mark.slow
def test_the_code_that_the_station_signs_and_the_command_that_opens_its_door(town: Town) -> None:
    with (
        closing(CentralStore(town.central)) as store,
        town.house.station() as station,
        town.house.program("sync"),
    ):
        issuer = founded(town.central, store)
        index = store.add_credential("holder")
        shown, key = code_of(town), public_key(store.station_key(CODE) or b"")
        assert (shown.code.station, shown.code.door) == (CODE, "main")
        assert key is not None
        assert vouches(key, shown)
        assert is_good(shown.code, time())

        sent = admit(issuer, index)
        assert ended(station) == (sent, "done")
        assert station.bench.wait_for(LOCK, level=True) is not None
        [granted] = until(lambda: granted_at(town), "the entry at the centre")
        assert (granted["index"], granted["way"], granted["token"]) == (index, "phone", sent)

        issuer.publish_policy(PolicyDocument(1, 0, by_phone=False))
        until(lambda: not town.house.view().phone_code, "the end of the code")
        assert ended_by(station, admit(issuer, index)) == "not_by_phone"


def ended_by(station: Station, sent: str) -> str:
    command, outcome = ended(station)
    assert command == sent
    return outcome
