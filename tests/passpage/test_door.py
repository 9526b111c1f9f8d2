"""The door that a phone asks for: whose key, whose code, how often; and what the phone is told of it."""

from __future__ import annotations

import base64
import secrets
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from time import time
from typing import Any

import msgspec
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.central.by_phone import MOST_A_DAY
from kiosk.central.passpage.bodies import proof_of
from kiosk.central.store.people import Credential
from kiosk.contract.bodies import Batch
from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.door_code import DoorCode, half_minute, sign_door_code
from kiosk.trust.reasons import WORDS, Reason
from kiosk.trust.status import Status
from tests.keys import private, public
from tests.passpage.phones import CLERK, Counter, Phone, kind
from tests.programs.house import until

KEY = private(40)
holders = count(1)


class Display(msgspec.Struct):
    """A station that is there, and what its display shows; what it tells of a command is told here."""

    counter: Counter
    station: str
    told: int = 0

    def code(self, later: float = 0.0) -> str:
        return sign_door_code(DoorCode(self.station, "main", half_minute(time() + later)), KEY)

    def sent(self) -> list[dict[str, Any]]:
        """The commands, as the station would get them."""
        return [read_cbor(read_sign1(each.body).payload) for each in self.counter.store.commands(self.station, 100)]

    def tell(self, outcome: str) -> None:
        """The entry that ends the newest command."""
        command = until(lambda: self.sent()[self.told :], "a command")[0]["id"]
        self.told += 1
        entry = {"seq": self.told, "boot_id": "b", "boot": 1.0, "wall": time(), "quality": "synced"}
        entry |= {"kind": "command_ended", "command": command, "outcome": outcome}
        self.counter.store.take(self.station, "access", Batch("e" * 16, self.told, "b", 1.0, time(), [entry]), time())


@pytest.fixture
def display(counter: Counter) -> Display:
    station = f"3708{secrets.randbelow(10_000):04d}"
    store = counter.store
    store.enrol(station, store.make_claim(station, time()), public(KEY), time())
    store.has_phone_door([station], time())
    return Display(counter, station)


@pytest.fixture
def held(counter: Counter) -> Credential:
    return counter.holder(f"d-{next(holders)}")


@pytest.fixture
def phone(counter: Counter, held: Credential) -> Phone:
    phone = counter.phone()
    assert phone.enrol(counter.code(held)).ok
    return phone


def body(phone: Phone, text: str, key: Ed25519PrivateKey | None = None, challenge: str = "") -> dict[str, str]:
    challenge = challenge or secrets.token_urlsafe(24)
    signature = (key or phone.key).sign(proof_of("open", f"{challenge}\n{text}"))
    known = {"public_key": public(phone.key), "signature": signature}
    return {
        "text": text,
        "challenge": challenge,
        **{name: base64.b64encode(raw).decode() for name, raw in known.items()},
    }


def ask(phone: Phone, text: str, **more: Any) -> requests.Response:
    return phone.ask("open", body(phone, text, **more))


def answered(phone: Phone, display: Display, outcome: str) -> dict[str, Any]:
    """What the phone is told, once the station has told that."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, phone, display.code())
        display.tell(outcome)
        answer = asked.result(timeout=30)
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_phone_hears_what_the_station_has_told(phone: Phone, display: Display, held: Credential) -> None:
    assert answered(phone, display, "done") == {"outcome": "done", "words": {}}
    [sent] = display.sent()
    assert (sent["verb"], sent["index"], sent["door"]) == ("admit", held.index, "main")
    refused = answered(phone, display, "interlocked")
    assert refused == {
        "outcome": "interlocked",
        "words": dict(zip(("zh", "en"), WORDS[Reason.INTERLOCKED], strict=True)),
    }


def test_the_fourth_time_on_a_day_no_station_is_asked(phone: Phone, display: Display) -> None:
    for _ in range(MOST_A_DAY):
        assert answered(phone, display, "done")["outcome"] == "done"
    refused = ask(phone, display.code())
    assert (refused.status_code, kind(refused)) == (429, "enough")
    assert len(display.sent()) == MOST_A_DAY


def test_a_proof_counts_once(phone: Phone, display: Display) -> None:
    said = body(phone, display.code())
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(phone.ask, "open", said)
        display.tell("closed")
        assert asked.result(timeout=30).json()["outcome"] == "closed"
    assert kind(phone.ask("open", said)) == "used"
    assert len(display.sent()) == 1


def test_no_code_that_is_old_forged_or_another_stations_opens(phone: Phone, display: Display) -> None:
    text = display.code()
    other = text.replace(display.station, "37089998")
    assert kind(ask(phone, display.code(later=-61))) == "stale"
    assert kind(ask(phone, other)) == "no_code"
    assert kind(ask(phone, text[:-2] + "AA" if not text.endswith("AA") else text[:-2] + "BB")) == "no_code"
    assert kind(ask(phone, "rubbish")) == "no_code"
    assert display.sent() == []


def test_only_the_key_that_a_pass_is_bound_to_asks(counter: Counter, phone: Phone, display: Display) -> None:
    assert kind(ask(phone, display.code(), key=private(41))) == "proof"
    said = body(phone, display.code())
    assert kind(phone.ask("open", said | {"text": display.code(later=-30)})) == "proof", "the code is signed, too"
    assert kind(ask(counter.phone(), display.code())) == "unknown"
    stranger = counter.phone(Origin="https://evil.example")
    assert stranger.ask("open", said).status_code == 403
    assert display.sent() == []


@pytest.mark.parametrize(("status", "told"), [(Status.SUSPENDED, "suspended"), (Status.REVOKED, "revoked")])
def test_whoever_is_suspended_or_revoked_is_told(
    counter: Counter, phone: Phone, held: Credential, display: Display, status: Status, told: str
) -> None:
    counter.passes.set_status([held], status, CLERK)
    assert kind(ask(phone, display.code())) == told
    assert display.sent() == []


def test_a_phone_that_another_has_followed_opens_nothing(
    counter: Counter, phone: Phone, held: Credential, display: Display
) -> None:
    assert counter.phone().enrol(counter.code(held)).ok
    assert kind(ask(phone, display.code())) == "elsewhere"
    assert display.sent() == []


def test_a_station_without_the_code_for_phones_is_not_asked(counter: Counter, phone: Phone) -> None:
    station = f"3709{secrets.randbelow(10_000):04d}"
    counter.store.enrol(station, counter.store.make_claim(station, time()), public(KEY), time())
    assert kind(ask(phone, Display(counter, station).code())) == "absent"


def test_the_code_leads_to_the_page_itself(counter: Counter, display: Display) -> None:
    found = requests.get(f"{counter.origin}/o/{display.code()}", timeout=30)
    assert found.text == requests.get(f"{counter.origin}/pass", timeout=30).text
    assert requests.get(f"{counter.office}/o/{display.code()}", timeout=30).status_code == 404
