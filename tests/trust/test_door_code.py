"""The changing code at a display: who signed it, for which door, and for how long it is good."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.trust.cose import public_key, to_be_signed, verify
from kiosk.trust.door_code import (
    DoorCode,
    SignedDoorCode,
    half_minute,
    is_good,
    read_door_code,
    sign_door_code,
    vouches,
)
from tests.conftest import ROOT
from tests.keys import NOW, PHONE, STRANGER, private, public

STATION = private(40)
CODE = DoorCode("37081101", "main", half_minute(NOW))


def read(text: str) -> SignedDoorCode:
    found = read_door_code(text)
    assert found is not None
    return found


def proven(found: SignedDoorCode, seed: int = 40) -> bool:
    key = public_key(public(private(seed)))
    assert key is not None
    return vouches(key, found)


@given(
    station=st.from_regex(r"[0-9A-Za-z]{4,12}", fullmatch=True),
    door=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    number=st.integers(0, 10**11),
)
def test_what_is_signed_is_read_whatever_the_door_is_called(station: str, door: str, number: int) -> None:
    code = DoorCode(station, door, number)
    text = sign_door_code(code, STATION)
    assert text.isascii()
    assert read(text).code == code
    assert proven(read(text))


def test_it_is_the_signature_of_a_cose_sign1_whose_other_parts_follow_from_the_text() -> None:
    found = read(sign_door_code(CODE, STATION))
    payload = cbor2.dumps(["yizhan-door", "37081101", "main", CODE.half_minute])
    key = public_key(public(STATION))
    assert key is not None
    assert verify(key, found.signature, to_be_signed(bytes.fromhex("a10127"), payload))


def test_the_vector_in_the_page_about_the_wire_is_as_it_says() -> None:
    text = sign_door_code(DoorCode("37081101", "main", 59_846_400), STATION)
    assert text in (ROOT / "docs/wire.md").read_text(encoding="utf-8").splitlines()


def test_no_other_key_vouches_for_it_and_nothing_of_it_can_be_changed() -> None:
    text = sign_door_code(CODE, STATION)
    assert not proven(read(text), 30)
    station, door, number, signature = text.split(".")
    for changed in (
        f"37081102.{door}.{number}.{signature}",
        f"{station}.inner.{number}.{signature}",
        f"{station}.{door}.{int(number) + 1}.{signature}",
        f"{station}.{door}.{number}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
    ):
        assert not proven(read(changed)), changed
    for key in (STRANGER, PHONE):
        assert not proven(read(sign_door_code(CODE, key)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "37081101.main.1.",
        "37081101.main.1.AB",
        "37081101..1." + "A" * 103,
        "37081101.main.-1." + "A" * 103,
        "37081101.main.١." + "A" * 103,
        "37081101.ma/in.1." + "A" * 103,
        "37081101.main.1." + "a" * 103,
        "37081101.main.1." + "1" * 103,
        "37081101.main.1." + "A" * 103 + "\n",
        "x" * 100_000,
    ],
)
def test_what_is_none_is_none(text: str) -> None:
    assert read_door_code(text) is None


@pytest.mark.parametrize(
    ("later", "good"), [(-10.0, False), (-2.0, True), (0.0, True), (29.0, True), (59.9, True), (60.0, False)]
)
def test_it_is_good_for_a_minute_from_the_beginning_of_its_half_minute(later: float, good: bool) -> None:
    assert is_good(CODE, CODE.half_minute * 30 + later) is good
