"""What the story of services is about: files as an officer of the union writes them, and those who come for what they say."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.issuer import Issuer
from kiosk.demo.model import DAY, HOUR
from kiosk.trust.keyset import key_id
from kiosk.trust.medicine import ID_SIZE, LONGEST, Medicine, make_medicine
from kiosk.trust.passes import Kind, Pass, PassClass

BEIJING: Final = timezone(timedelta(hours=8))
RAINCOAT: Final = "raincoats-2026"
EXAM: Final = "exam-week-2026"
PROBIOTICS: Final = "probiotics"
RAINCOATS, MEDICINE = "raincoats", "medicine"
"""The slots, as demo-services.toml names them."""


CAMPAIGNS: Final = {
    RAINCOAT: """kind = "campaign"
item = "raincoat"
slots = ["raincoats"]
when_stale = "count_only"
texts = { zh = "一人一件雨衣", en = "A raincoat for each" }
""",
    EXAM: """kind = "campaign"
item = "water"
without_pass = true
texts = { zh = "高考加油：一瓶水", en = "Exam week: a bottle of water" }
""",
}
DOCTOR: Final = """kind = "doctor"
texts = {{ zh = "任城区人民医院", en = "Rencheng Hospital" }}
call = "0537-2345 6789"
url = "https://doctor.example/s/{{token}}"
[[keys]]
public = "{public}"
items = ["probiotics"]
"""
STOP: Final = """kind = "stop"
begins = {begins}
latitude = {latitude}
longitude = {longitude}
prefix = "{prefix}"
texts = {{ zh = "{zh}", en = "{en}" }}
"""


class Stay(Struct, frozen=True):
    """A stop of the bus: its place (latitude, longitude), whose passes count there, and from when to when."""

    name: str
    place: tuple[float, float]
    prefix: str
    begins: float
    ends: float
    zh: str
    en: str


class Cast(Struct, frozen=True):
    """The passes of those who come, the number of the worker's, and the hospital's key."""

    steward: str
    worker: str
    other: str
    index: int
    hospital: Ed25519PrivateKey

    def release(self, station: str, now: float) -> str:
        """The hospital's word that this worker may take one, for half an hour."""
        kid = key_id(self.hospital.public_key().public_bytes_raw())
        said = Medicine(
            station, MEDICINE, PROBIOTICS, secrets.token_bytes(ID_SIZE), self.index, int(now), int(now) + LONGEST
        )
        return make_medicine(said, self.hospital, kid)


def cast(issuer: Issuer, now: float) -> Cast:
    """Issue the passes."""
    card = Pass(0, PassClass.WORKER, Kind.CARD, int(now - DAY), int(now + 60 * DAY))
    worker, worker_text = issuer.issue(card, "li")
    _other, other_text = issuer.issue(card, "wang")
    _steward, steward_text = issuer.issue(replace(card, pass_class=PassClass.STEWARD), "steward")
    return Cast(steward_text, worker_text, other_text, worker.index, Ed25519PrivateKey.generate())


def files(folder: Path, station: str, hospital: Ed25519PrivateKey, now: float) -> Iterator[Path]:
    """What is published before the story: two campaigns and a doctor."""
    public = hospital.public_key().public_bytes_raw().hex()
    for name, text in {**CAMPAIGNS, "doctor": DOCTOR.format(public=public)}.items():
        yield _written(folder, name, station[:4], text, now + DAY)


def stays(now: float) -> tuple[Stay, ...]:
    """Where a bus will be tomorrow morning, one after the other."""
    seven = datetime.fromtimestamp(now + DAY, BEIJING).replace(hour=7, minute=0, second=0).timestamp()
    return (
        Stay("yard", (35.4150, 116.6020), "370811", seven, seven + 2 * HOUR, "环卫所", "Sanitation yard"),
        Stay("market", (35.4480, 116.6390), "370812", seven + 2.5 * HOUR, seven + 4 * HOUR, "早市", "Morning market"),
    )


def stop_file(folder: Path, station: str, stay: Stay) -> Path:
    """What is published of it."""
    (latitude, longitude), begins = stay.place, _moment(stay.begins)
    text = STOP.format(
        begins=begins, latitude=latitude, longitude=longitude, prefix=stay.prefix, zh=stay.zh, en=stay.en
    )
    return _written(folder, stay.name, station, text, stay.ends)


def _written(folder: Path, name: str, station: str, text: str, ends: float) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'id = "{name}"\nstation = "{station}"\nends = {_moment(ends)}\n{text}', encoding="utf-8")
    return path


def _moment(at: float) -> str:
    return datetime.fromtimestamp(int(at), BEIJING).isoformat()
