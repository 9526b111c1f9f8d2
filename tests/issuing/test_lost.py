"""What is lost: a card, which one call ends at every station that is online; and a database, which brings no index back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import time

import pytest
import requests

from kiosk.central.store import CentralStore
from kiosk.central.store.clients import Client
from tests.issuing.shop import DAY, KEPT, App, Shop, open_shop, said
from tests.programs.house import House, Station, until
from tests.programs.town import CODE, Town

OTHER = "37081102"
WITHIN = 30.0
"""Seconds of patience: 15 are promised, of which revocations gather for 9, and this machine does other things too."""


@pytest.fixture
def stations(tmp_path: Path) -> Iterator[tuple[App, list[Station]]]:
    """A server that serves the API alone, and two stations that sync with it."""
    town = Town(tmp_path)
    words = ("central", "serve", "--only", "api", "--data", str(town.central), "--port", str(town.port))
    with ExitStack() as stack:
        stack.enter_context(town.house.program(*words))
        until(lambda: requests.get(town_url(town), timeout=5).status_code == 404)
        town.enrol(town.port)
        houses = [town.house, second(town, tmp_path / "second")]
        found = [stack.enter_context(each.station()) for each in houses]
        for each in houses:
            stack.enter_context(each.program("sync"))
        with closing(CentralStore(town.central)) as store:
            store.add_client(Client("app", "3708", KEPT, time(), time()))
        yield App(town_url(town), "app"), found


def town_url(town: Town) -> str:
    return f"http://127.0.0.1:{town.port}"


def second(town: Town, folder: Path) -> House:
    house = House(folder, f'[central]\nurl = "{town_url(town)}"\nback_off_cap = 2\ntelemetry_within = 0\ntimeout = 5\n')
    house.config.write_text(house.config.read_text().replace(CODE, OTHER))
    claim = town.house.kiosk("central", "claim", OTHER, "--data", str(town.central)).stdout.strip()
    done = house.kiosk("enrol", town_url(town), claim)
    assert done.returncode == 0, done.stderr
    return house


@pytest.mark.slow
def test_a_lost_card_is_one_call_and_every_station_that_is_online_knows(stations: tuple[App, list[Station]]) -> None:
    app, doors = stations
    name = app.new()
    card, phone = (app.have(f"/holders/{name}/{kind}")["code"] for kind in ("card", "live"))
    for door in doors:
        knows(door, phone, {"granted", "replayed"})
        assert door.verdict(card) == "granted"
    app.have(f"/holders/{name}/revoke", reason="lost on the bus")
    for door in doors:
        knows(door, card, {"revoked"})
        assert door.verdict(phone) == "revoked", "and so are all passes of that holder"


def knows(door: Station, text: str, verdicts: set[str]) -> None:
    until(lambda: door.verdict(text) in verdicts, "what the station says of a code", WITHIN)


def test_no_index_is_given_twice_by_the_api_whatever_backup_is_restored(tmp_path: Path) -> None:
    folder = tmp_path / "central-data"
    with open_shop(folder) as shop:
        shop.store.add_client(Client("app", "", KEPT, time(), time()))
    shutil.copytree(folder, tmp_path / "backup")
    given = []
    for _ in range(2):
        with open_shop(folder) as shop:
            given += indices_of(shop)
        shutil.copy(tmp_path / "backup/central.db", folder)
        for more in folder.glob("central.db-*"):
            more.unlink()
    assert len({*given}) == len(given), "the database has forgotten them, and the file beside it has not"


def indices_of(shop: Shop) -> list[int]:
    """Of new holders' passes, by each way in which one is given."""
    app = App(shop.url, "app")
    name, other = app.new(), app.new()
    app.have("/bulk/issue", holders=[{"holder": f"{name}-2", "until": time() + DAY}])
    app.have(f"/holders/{name}/replace", 201, reason="lost")
    return [said(app.have(f"/holders/{each}/live")).index for each in (name, f"{name}-2", other)]
