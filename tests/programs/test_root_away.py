"""The root key is on no server: the way of a year, and of a theft, from the stick to the station's door, by real programs."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.central.issuer import DAY, MOST_SILENT, Issuer
from kiosk.central.keys.root import LOG
from kiosk.central.store import CentralStore
from kiosk.demo.founding import stick_of
from kiosk.keyfiles import read_private
from kiosk.local import Line
from kiosk.trust.documents import CommandDocument, sign_document
from kiosk.trust.keyset import Use
from kiosk.trust.passes import make_pass
from kiosk.wire import Done, Offer
from tests.keys import claims
from tests.programs.house import House, Station, until
from tests.programs.town import CODE, Town

NEARLY_A_YEAR = 350 * DAY


def does(house: House, *words: str) -> dict[str, Any]:
    """What the verb says that it did."""
    done = house.kiosk(*words, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


class Office:
    """Who sits at the server of a town, and carries files to the root key and back."""

    def __init__(self, town: Town) -> None:
        self.house, self.data, self.stick = town.house, ("--data", str(town.central)), stick_of(town.central)

    def new_keyset(self, *compromised: str) -> dict[str, Any]:
        request, signed = str(self.house.folder / "keys.request"), str(self.house.folder / "keyset.signed")
        for use in compromised or ("",):
            asked = ("--compromised", use) if use else ()
            said = does(self.house, "central", "keys", "request", "--out", request, *asked, *self.data)
        shown = self.house.kiosk("root", "sign", request, "--root", str(self.stick), "--out", signed, stdin="y\n")
        assert (shown.returncode, said["words"] in shown.stdout) == (0, True), shown.stderr
        assert ("STILL HOLDS" in shown.stdout) == bool(compromised)
        return does(self.house, "central", "keys", "install", signed, *self.data)

    def alarms(self) -> set[str]:
        found = self.house.kiosk("central", "alarms", *self.data, "--json").stdout
        return {alarm["what"] for alarm in json.loads(found)}


class Thief:
    """Somebody who has copied the private halves that the server signs with now."""

    def __init__(self, town: Town) -> None:
        with closing(CentralStore(town.central)) as store:
            issuer = Issuer(town.central, store)
            self.keys = {use: self._copy(town.central, issuer, use) for use in ("issuer", "document")}
        self.number = int(time()) + 100

    @staticmethod
    def _copy(folder: Path, issuer: Issuer, use: Use) -> tuple[bytes, Ed25519PrivateKey]:
        stored = issuer._current(use)
        return stored.kid, read_private(folder / stored.file)

    def holds_the_door(self, house: House) -> None:
        kid, key = self.keys["document"]
        self.number, now = self.number + 1, int(time())
        command = CommandDocument(self.number, f"thief-{self.number}", CODE, "hold_open", now, now + 600, seconds=600)
        with closing(Line(house.run / "control.sock")) as line:
            assert line.ask(Offer(sign_document(command, key, kid)), Done)

    def makes_a_pass(self) -> str:
        kid, key = self.keys["issuer"]
        self.number, now = self.number + 1, int(time())
        return make_pass(claims(self.number % 1000 + 1000, issued_at=now, expires=now + DAY), key, kid)


def a_year_passes(folder: Path) -> None:
    """The server is there all the time, and publishes its list."""
    end = time()
    with closing(CentralStore(folder)) as store:
        for back in range(NEARLY_A_YEAR, 0, -(MOST_SILENT - DAY)):
            Issuer(folder, store, lambda: end - back)  # noqa: B023  it is asked within the turn


def reaches(town: Town, keyset: dict[str, Any]) -> None:
    until(lambda: town.house.view().documents["keyset"] == keyset["version"], "the keyset at the station")


def held(station: Station) -> bool:
    return station.house.view().doors["main"].mode == "held_open"


@pytest.mark.slow
def test_keys_go_their_way_each_year_and_when_they_were_stolen(tmp_path: Path) -> None:
    town = Town(tmp_path, lambda: time() - NEARLY_A_YEAR)
    a_year_passes(town.central)
    office = Office(town)
    with town.server():
        town.enrol(town.port)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.house.view().quality == "synced", "the time")
            before = town.make_pass()
            assert office.alarms() == {"keys_end"}
            yearly = office.new_keyset()
            assert (len(yearly["keys"]) > 2, yearly["dropped"]) == (True, [])
            assert office.alarms() == set(), "it has seen the new keys by itself"
            reaches(town, yearly)
            assert station.verdict(before) == "granted"

            thief = Thief(town)
            thief.holds_the_door(town.house)
            until(lambda: held(station), "what a thief can do until there is a new keyset")
            assert station.verdict(thief.makes_a_pass()) == "granted"
            rescue = office.new_keyset("document", "issuer")
            assert rescue["version"] > yearly["version"]
            reaches(town, rescue)
            until(lambda: not held(station), "the end of what the thief holds")
            thief.holds_the_door(town.house)
            assert station.next("document_refused")["refusal"] == "unknown_key"
            assert station.verdict(thief.makes_a_pass()) == "unknown_key"
            assert station.verdict(before) == "unknown_key", "its issuer's key is void"
            assert station.verdict(town.make_pass()) == "granted"
            assert does(town.house, "central", "command", CODE, "hold", *office.data)["verb"] == "hold"
            until(lambda: held(station), "a right command")
    numbers = [json.loads(line).get("number", 0) for line in (office.stick / LOG).read_bytes().splitlines()]
    assert numbers == sorted(set(numbers))
    assert not list(town.central.glob("root*")), "the server never had it"
