"""docs/vectors is current, and the door decides as it says; no reason that a pass can have is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.core.clock import Clock
from kiosk.core.door.access import Memory, Trust, judge, mark
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.hours import Hours, Schedule, Window
from kiosk.core.door.tables import Claim
from kiosk.core.step import OF_THE_DESK
from kiosk.opening import parse_hours
from kiosk.trust.codes import bare
from kiosk.trust.keyset import Key, Keyset
from kiosk.trust.passes import Pass, read_pass
from kiosk.trust.reasons import Reason
from kiosk.trust.status import Status, StatusList, pack, unpack
from tools.vectors import FILES, FOLDER, written

Json = dict[str, Any]

PASSES, VERDICTS = (json.loads((FOLDER / name).read_text()) for name in ("passes.json", "verdicts.json"))
BOOT = 10_000.0


def keyset(keys: Json) -> Keyset:
    issuer = keys["issuer"]
    raw = bytes.fromhex(issuer["public"])
    key = Key(bytes.fromhex(issuer["kid"]), "issuer", raw, issuer["not_before"], issuer["not_after"])
    return Keyset(1, issuer["not_before"], (key,))


def door(station: Json) -> Door:
    holders = frozenset(station["holders"]) if station["holders"] else None
    hours = (
        Hours(tuple(Window(*parse_hours(each)) for each in station["hours"]), 8 * 3600) if station["hours"] else None
    )
    rules = DoorRules(classes=frozenset(station["classes"]), holders=holders, schedule=Schedule(hours))
    return Door("main", rules, claims={Claim.LOCKDOWN: float("inf")} if station["locked_down"] else {})


def decided(verdict: Json) -> Reason | None:
    """By the station's own rules, in the state that a vector tells."""
    station = VERDICTS["usual"] | verdict["station"]
    statuses = {int(index): Status(status) for index, status in station["statuses"].items()}
    listed = StatusList(1, 0, unpack(pack(statuses, 64)) or b"")
    trust, at, memory = Trust(station["code"], keyset(VERDICTS["keys"]), listed), door(station), Memory()
    clock = Clock(station["earliest"], BOOT, station["latest"], BOOT)
    if before := station["opened"]:
        claims = read_pass(before["text"], trust.keyset)
        assert isinstance(claims, Pass)
        memory = mark(memory, claims, at, clock, BOOT - before["seconds_ago"])
    blocked, drives, old = station["interlocked"], station["moving"], station["old_list"]
    shown = read_pass(bare(verdict["text"]), trust.keyset)
    return judge(shown, at, trust, memory, clock, BOOT, blocked=blocked, drives=drives, old_list=old).reason


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_current(name: str) -> None:
    assert (FOLDER / name).read_text() == written(FILES[name]()), "run: python -m tools.vectors"


@pytest.mark.parametrize("verdict", VERDICTS["verdicts"], ids=lambda each: each["name"])
def test_the_door_decides_as_they_say(verdict: Json) -> None:
    assert decided(verdict) == verdict["reason"]


def test_every_reason_that_a_pass_can_have_is_there() -> None:
    of_others = {Reason.ALREADY_ENROLLED, Reason.NOT_ARMED, Reason.NOT_BY_PHONE, *OF_THE_DESK.values()}
    assert {each["reason"] for each in VERDICTS["verdicts"]} == {*Reason} - of_others | {None}


@pytest.mark.parametrize("made", [*PASSES["passes"], *PASSES["shown"]], ids=lambda each: each["name"])
def test_the_steps_are_those_of_the_standards(made: Json) -> None:
    """Put together here by hand: the heads of CBOR (RFC 8949, 3), and Base45 (RFC 9285, 4)."""
    payload, protected, signature = (
        bytes.fromhex(made[each]) for each in ("payload_cbor", "protected_cbor", "signature")
    )
    structure = b"\x84\x6aSignature1" + item(protected) + b"\x40" + item(payload)
    assert bytes.fromhex(made["sig_structure_cbor"]) == structure
    signer = Ed25519PublicKey.from_public_bytes(
        bytes.fromhex(PASSES["keys"][made.get("signed_by", "issuer")]["public"])
    )
    signer.verify(signature, structure)
    message = b"\x84" + item(protected) + b"\xa0" + item(payload) + item(signature)
    assert bytes.fromhex(made["cose_sign1_cbor"]) == message
    assert made["base45"] == base45(message)
    assert made["text"] == ("YZ2:" if "shown_at" in made else "YZ1:") + made["base45"]


def item(raw: bytes) -> bytes:
    """A byte string in CBOR."""
    size = len(raw)
    head = (
        bytes([0x40 | size])
        if size < 24
        else bytes([0x58, size])
        if size < 256
        else bytes([0x59, size >> 8, size & 255])
    )
    return head + raw


def base45(raw: bytes) -> str:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    text = ""
    for place in range(0, len(raw), 2):
        pair = raw[place : place + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, digit = divmod(value, 45)
            text += alphabet[digit]
    return text


@pytest.mark.parametrize("made", PASSES["passes"], ids=lambda each: each["name"])
def test_what_a_pass_says_is_what_is_read_of_it(made: Json) -> None:
    claims = read_pass(made["text"], keyset(PASSES["keys"]))
    if claims is Reason.NEEDS_PHONE:
        claims = read_pass(PASSES["shown"][0]["text"], keyset(PASSES["keys"]))
    assert isinstance(claims, Pass)
    said = made["claims"]
    assert (claims.index, claims.kind, claims.pass_class) == (said["index"], said["kind"], said["class"])
    assert (claims.issued_at, claims.expires, claims.not_before) == (
        said["issued_at"], said["expires"], said.get("not_before"),
    )  # fmt: skip
    assert (claims.scope, claims.extended, claims.holder_key.hex()) == (
        said.get("scope", ""), said.get("extended", False), said.get("holder_key", ""),
    )  # fmt: skip
