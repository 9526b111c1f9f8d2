"""What a technician may see of the last code that a reader sent: what stands around it, and no pass."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.keyboard import Typing, spelt
from hardware.layouts import LAYOUTS
from kiosk.demo.appliances import open_terminal
from kiosk.index.slips import slip_text
from kiosk.scanner.reading import seen
from kiosk.trust.codes import unwrapped
from kiosk.trust.passes import show_bound
from tests.hardware.test_keyboard import typed
from tests.keys import NOW, PHONE, bound, claims, signed
from tests.programs.house import House, until

PASS = signed(claims())
ODD = PASS[:40] + PASS[41:]
if len(ODD[4:]) % 3 != 1:  # one or two lost characters leave a length that no Base45 has
    ODD = ODD[:50] + ODD[51:] if len(ODD[4:]) % 3 == 2 else ODD[:50] + ODD[52:]


@pytest.mark.parametrize(
    ("raw", "wrong", "hint"),
    [
        (PASS.encode(), "", ""),
        (show_bound(bound(), PHONE, NOW).encode() + b"\r\n", "", ""),
        (b"\x02" + PASS.encode() + b"\x03", "", ""),
        (b"YZE1:37081101:ABCD-EFGH\r", "", ""),
        (b"]Q1" + PASS.encode() + b"\r", "prefix", "]Q1"),
        (b"\x02SHOP-12 " + PASS.encode(), "prefix", "SHOP-12 "),
        (PASS.encode() + b"#end\r", "suffix", "#end"),
        (2 * PASS.encode(), "glued", ""),
        (ODD.encode() + b"\r", "damaged", ""),
        (b"YZ1:\r", "damaged", ""),
        (bytes(byte | 0x80 for byte in PASS.encode()), "speed", ""),
        (bytes(range(128, 200)), "speed", ""),
        (b"https://example.org/\r", "no_pass", ""),
        (b"https://example.org/s/370811015\r\n", "no_pass", "/s/370811015"),
        (b"https://example.org/s/370811015?x=1\r\n", "no_pass", ""),
        (b"6901234567892\r", "no_pass", ""),
        ("工会驿站欢迎您".encode() + b"\r", "no_pass", ""),
    ],
)
def test_what_is_wrong_is_told_by_what_came(raw: bytes, wrong: str, hint: str) -> None:
    found = seen(raw, unwrapped(raw.decode("ascii", "replace"), "", ""), {})
    assert (found.wrong, found.hint, found.size) == (wrong, hint, len(raw))


@pytest.mark.parametrize("layout", ["de", "fr"])
def test_another_layout_is_named(layout: str) -> None:
    typing = Typing()
    text = next(text for event in typed(PASS, layout) if (text := typing.key(*event)))  # type: ignore[arg-type]
    found = seen(text.encode(), text, {each: spelt(typing.strokes, each) for each in LAYOUTS if each != "us"})
    assert (found.wrong, found.hint) == ("layout", layout)


@given(st.binary(max_size=40), st.binary(max_size=40), st.booleans())
def test_too_little_of_a_pass_is_told_to_be_used(before: bytes, behind: bytes, lower: bool) -> None:
    code = PASS.lower().encode() if lower else PASS.encode()
    found = seen(before + code + behind, "", {})
    told = found.begin + found.end
    assert len(told) <= 24 + 4 + 8
    assert not any(code[at : at + 12] in told for at in range(len(code) - 12)), (
        "what all passes begin with, and a few more"
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_told_in_part(raw: bytes) -> None:
    found = seen(raw, unwrapped(raw.decode("ascii", "replace"), "", ""), {"de": "x", "fr": ""})
    assert len(found.begin) <= 24
    assert len(found.end) <= 12


def told(house: House) -> dict[str, str]:
    """What the doctor says of the reader."""
    checks = json.loads(house.kiosk("doctor", "--json").stdout)["checks"]
    return next((check for check in checks if check["id"] == "reader.main"), {})


@pytest.mark.slow
def test_the_doctor_shows_what_stands_around_the_last_code_and_not_the_code(tmp_path: Path) -> None:
    ours, port = open_terminal()
    house = House(tmp_path, f'[scanners.main]\ndoor = "main"\nengine = "{port}"\n')
    house.trust()
    assert told(house) == {}, "it does not run"
    with house.station() as station, house.program("scanner"):
        until(lambda: told(house).get("evidence") == "nothing has been read yet", "the scanner")
        os.write(ours, b"\x02]Q1" + PASS.encode() + b"\x03")
        assert station.next("denied")["reason"] == "not_a_pass"
        found = told(house)
        assert (found["severity"], found["advice"]) == ("wrong", 'prefix = "]Q1"')
        assert "02 5D 51 31 59 5A 31 3A … " in found["evidence"]
        assert f"<STX>]Q1YZ1:…{PASS[-4:]}<ETX>" in found["evidence"]
        assert PASS[8:-8] not in json.dumps(found)
        os.write(ours, PASS.encode() + b"\t")
        assert station.next("granted")["index"] == 7
        assert told(house)["severity"] == "fine"
        done = house.kiosk("scanner", "main", "--snapshot")
        assert "no camera" in done.stderr
    os.close(ours)


def test_of_a_ballots_slip_nothing_is_told_but_that_it_is_one() -> None:
    told = []
    for serial in (b"a" * 16, b"b" * 16):
        raw = f"]Q1{slip_text(serial)}\r\n".encode()
        found = seen(raw, unwrapped(raw.decode(), "", ""), {})
        told.append((found.begin, found.end))
    assert told == [(b"]Q1YZ3:", b"\r\n")] * 2
