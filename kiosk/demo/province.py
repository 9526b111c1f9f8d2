"""The demo's other stations: forty of ten counties, so that the office has something to show.

`python -m kiosk.demo.province URL` tells the central server their last days over its own wire, and then goes on, a minute of
theirs in a second. None of them has a program or hardware: they only say what stations say.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import __version__
from kiosk.central.passwords import hashed
from kiosk.central.sheets import FACILITIES, Sheet
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import Act
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import Sighting
from kiosk.contract.peer import Peer
from kiosk.core.entries import (
    ApplianceAlarm,
    Denied,
    DoorAlarm,
    Entry,
    Fault,
    Granted,
    Locked,
    Started,
    Unlocked,
    Used,
    stream_of,
)
from kiosk.demo.model import DAY, HOUR
from kiosk.trust.passes import Kind, PassClass

COUNTIES: Final = {
    "370811": ("任城区", 35.41, 116.60),
    "370812": ("兖州区", 35.55, 116.78),
    "370826": ("微山县", 34.81, 117.13),
    "370828": ("金乡县", 35.07, 116.31),
    "370829": ("嘉祥县", 35.41, 116.34),
    "370830": ("汶上县", 35.71, 116.50),
    "370831": ("泗水县", 35.66, 117.28),
    "370832": ("梁山县", 35.80, 116.10),
    "370881": ("曲阜市", 35.58, 116.99),
    "370883": ("邹城市", 35.40, 117.00),
}
"""Code (GB/T 2260), name, and about where the county's seat is (WGS 84)."""

PLACES: Final = ("人民路", "火车站", "环卫所", "快递园")
CUT_OFF: Final = "370826"
"""The county whose line was cut an hour before the demo began."""

TROUBLES: Final[dict[str, tuple[Entry, ...]]] = {
    "37081203": (ApplianceAlarm("fridge.too_warm", "fridge_temperature", 13.5, raised=True),),
    "37083004": (Fault("scanner.main", "no frames"),),
    "37088102": (DoorAlarm("main", "forced_open"),),
}
OPERATOR: Final = "demo"

DAYS: Final = 3
VISITS: Final = 24
"""A day, at a station that is used as most are."""

BUSY: Final = (1, 1, 1, 1, 1, 3, 6, 8, 6, 5, 6, 9, 10, 8, 5, 5, 6, 7, 6, 5, 4, 3, 2, 1)
"""How much more often they come in each hour."""

TURN: Final = 2.0
"""Seconds between two who come in somewhere."""

TOGETHER: Final = 250
"""Entries in a batch."""


def codes() -> list[str]:
    """Of all of them; the first of each county is left to stations of flesh and blood."""
    return [f"{county}{number:02}" for county in COUNTIES for number in range(2, 2 + len(PLACES))]


def key_of(code: str) -> Ed25519PrivateKey:
    """A key that nobody needs to keep secret."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"demo {code}".encode()).digest())


def settle(store: CentralStore, now: float) -> None:
    """Add and enrol them; all were heard just now, but those of the county that is cut off."""
    chance = random.Random(3708)  # noqa: S311  the same places each time
    with store.transaction():
        store.add_stations([_registered(code, chance) for code in codes()], now)
        for code in codes():
            store.enrol_for_trial(code, key_of(code).public_key().public_bytes_raw(), now - DAYS * DAY)
        heard = {code: now - HOUR if code[:6] == CUT_OFF else now for code in codes()}
        store.put_sheets({code: _sheet(number) for number, code in enumerate(codes())}, "@demo", now)
        store.saw([Sighting(code, at, __version__, "127.0.0.1") for code, at in heard.items()])


def _registered(code: str, chance: random.Random) -> Registered:
    county, north, east = COUNTIES[code[:6]]
    name = county + PLACES[int(code[6:]) - 2]
    where = (f"{chance.gauss(north, 0.05):.5f}", f"{chance.gauss(east, 0.05):.5f}")
    return Registered(code, f"{name}驿站", f"济宁市{name}", *where)


def _sheet(number: int) -> Sheet:
    """Most have what the standard asks for; some are open by day alone, and some lack something."""
    lacks = {5: "microwave", 7: "lockers"}.get(number % 9, "")
    facilities = tuple(each for each in FACILITIES if each != lacks)
    hours = ("daily 06:00-22:00",) if number % 4 == 3 else ("daily 00:00-24:00",)
    area = 10.0 if number % 13 == 12 else 12.0 + number
    return Sheet(area=area, facilities=facilities, medicine_box=number % 6 != 4, notice_board=True, hours=hours)


def introduce(store: CentralStore, code: str, now: float) -> None:
    """Add the demo's own station, which enrols by itself, with its sheet."""
    _name, north, east = COUNTIES[code[:6]]
    whole = Sheet("Demonstration Station", 24.0, FACILITIES, True, True, ("daily 00:00-24:00",))
    with store.transaction():
        store.add_stations([Registered(code, "示范驿站", "济宁市任城区示范路 1 号", f"{north}", f"{east}")], now)
        store.put_sheets({code: whole}, "@demo", now)


def employ(store: CentralStore, now: float) -> str:
    """Make the account OPERATOR, which may do everything in the office; its password."""
    password = secrets.token_urlsafe(9)
    with store.transaction():
        store.add_account(OPERATOR, "administrator", "", hashed(password), now)
        store.acted(Act("@demo", "account added", OPERATOR), now)
    return password


class Neighbour:
    """One of them: what it says is numbered, and waits until the server has it."""

    def __init__(self, url: str, code: str, chance: random.Random) -> None:
        self.code = code
        self._peer = Peer(url, code, "")
        self._peer.key = key_of(code)
        self._chance = chance
        self._epoch = f"{time.time_ns():x}"
        self._acked = {"access": 0, "telemetry": 0}
        self._waiting: dict[str, list[tuple[float, Entry]]] = {stream: [] for stream in self._acked}

    def say(self, facts: Iterable[tuple[float, Entry]]) -> None:
        """This happened, at those times."""
        for wall, fact in facts:
            self._waiting[stream_of(fact)].append((wall, fact))

    def send(self) -> None:
        """What waits. Raises requests.RequestException."""
        for stream, waiting in self._waiting.items():
            while waiting:
                self._send(stream, waiting[:TOGETHER])
                self._acked[stream] += len(waiting[:TOGETHER])
                del waiting[:TOGETHER]

    def _send(self, stream: str, facts: list[tuple[float, Entry]]) -> None:
        first, now = self._acked[stream] + 1, time.time()
        entries = [
            {
                "seq": seq,
                "boot_id": "demo",
                "boot": wall,
                "wall": wall,
                "quality": "synced",
                **msgspec.to_builtins(fact),
            }
            for seq, (wall, fact) in enumerate(facts, first)
        ]
        body = {"epoch": self._epoch, "first": first, "boot_id": "demo", "sent_boot": now, "sent_wall": now}
        path = f"/v1/stations/{self.code}/streams/{stream}/batches"
        version = f"yizhan-kiosk/{__version__}"
        self._peer.post(path, {**body, "entries": entries}, User_Agent=version).raise_for_status()

    def past(self, now: float) -> Iterator[tuple[float, Entry]]:
        """Its last days."""
        began = now - DAYS * DAY
        yield began, Started(__version__)
        for hour in range(DAYS * 24):
            at = began + hour * HOUR
            share = BUSY[time.gmtime(at + 8 * HOUR).tm_hour] / sum(BUSY)
            for wall in sorted(self._chance.uniform(at, at + HOUR) for _ in range(self._some(VISITS * share))):
                yield from self.visit(wall)
            yield at + HOUR, Used("air_conditioner", HOUR, HOUR, self._chance.uniform(0, HOUR), share * 9000, 3)

    def _some(self, many: float) -> int:
        return int(self._chance.uniform(0, 2 * many) + self._chance.random())

    def visit(self, wall: float) -> Iterator[tuple[float, Entry]]:
        """Somebody comes in, or is refused."""
        if self._chance.random() < 0.04:
            yield wall, Denied("main", self._chance.choice(("expired", "expired", "revoked", "not_a_pass")))
            return
        index, token = self._chance.randrange(5000), f"{self._chance.getrandbits(64):016x}"
        yield wall, Granted("main", index, PassClass.WORKER, Kind.CARD, token, int(wall + 30 * DAY))
        yield wall, Unlocked("main", "access")
        yield wall + 5, Locked("main")


def main() -> None:
    """Tell the past of each that has a line, one after another, and then what happens, until it is told to end."""
    os.nice(10)
    chance = random.Random(20)  # noqa: S311  the same days each time
    heard = [Neighbour(sys.argv[1], code, chance) for code in codes() if code[:6] != CUT_OFF]
    began = time.time()
    for each in heard:
        each.say(each.past(began))
        each.say((began, fact) for fact in TROUBLES.get(each.code, ()))
        _send(each)
        time.sleep(TURN / 10)
    while True:
        time.sleep(TURN)
        somebody = chance.choice(heard)
        somebody.say(somebody.visit(time.time()))
        _send(somebody)


def _send(station: Neighbour) -> None:
    with suppress(requests.RequestException):  # what it could not send waits
        station.send()


if __name__ == "__main__":
    main()
