"""The appliances' buses at the wire: a 1-Wire tree, Modbus RTU and serial lines on pseudo-terminals."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.frames import CHECK_SIZES, BinaryFrames, Field, TextFrames, crc16, read_frame
from hardware.gps import KNOT, NoFix
from hardware.gps import parse as parse_sentence
from hardware.modbus import ModbusBus, ModbusError, Register, value_of
from hardware.onewire import OneWireError, read_temperature
from hardware.qr_engine import Engine
from hardware.serial_line import MAX_LINE, SerialLine
from kiosk.demo.appliances import DISPENSER, FRIDGE, METER, RELAYS, TRANSMITTER, Appliances, open_terminal, sentence

POWER = Register(METER, 3, words=2, order="low_first", scale=0.1)


@pytest.fixture
def appliances(tmp_path: Path) -> Iterator[Appliances]:
    appliances = Appliances(tmp_path)
    yield appliances
    appliances.close()


def test_the_fridge_by_1_wire(appliances: Appliances) -> None:
    assert 1.5 < read_temperature(FRIDGE, appliances.tree) < 9.0


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "not_connected"), ("", "bus_error"), ("x\n", "bus_error")],
)
def test_a_thermometer_without_a_value_says_why(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / FRIDGE).mkdir()
        (tmp_path / FRIDGE / "temperature").write_text(content)
    with pytest.raises(OneWireError, match=f"^{reason}$"):
        read_temperature(FRIDGE, tmp_path)


def test_degrees_below_zero(tmp_path: Path) -> None:
    (tmp_path / FRIDGE).mkdir()
    (tmp_path / FRIDGE / "temperature").write_text("-18062\n")
    assert read_temperature(FRIDGE, tmp_path) == -18.062


def test_the_air_conditioner_by_modbus(appliances: Appliances) -> None:
    bus = ModbusBus(appliances.line, 9600)
    assert 0.0 <= bus.read(POWER) < 1250.0
    assert bus.read(Register(METER, 0, scale=0.1)) == 230.1
    assert 20.0 < bus.read(Register(TRANSMITTER, 1, scale=0.1, type="signed")) < 35.0
    with pytest.raises(ModbusError, match="device_refused"):
        bus.read(Register(METER, 500))
    assert 0.0 <= bus.read(POWER) < 1250.0, "after an error the next reading is right"
    bus.close()


def test_a_relay_board_by_modbus(appliances: Appliances) -> None:
    bus = ModbusBus(appliances.line, 9600)
    for on in (True, True, False):
        bus.set_coil(RELAYS, 1, on=on)
        assert appliances.coils == [False, on, *[False] * 6]
    bus.close()


def test_a_silent_modbus_line_ends_at_its_deadline() -> None:
    ours, port = open_terminal()
    bus, began = ModbusBus(port, 9600, timeout=0.2), monotonic()
    with pytest.raises(ModbusError, match="no_answer"):
        bus.read(POWER)
    assert monotonic() - began < 10.0
    bus.close()
    os.close(ours)


def test_a_modbus_port_that_is_not_there() -> None:
    with pytest.raises(ModbusError, match="port_not_open"):
        ModbusBus("/dev/serial/by-path/none", 9600).read(POWER)


@pytest.mark.parametrize(
    ("words", "register", "value"),
    [
        ([0x0001, 0x0002], Register(1, 0, words=2), 0x00010002),
        ([0x0001, 0x0002], Register(1, 0, words=2, order="low_first"), 0x00020001),
        ([0xFFFF], Register(1, 0, type="signed", scale=0.1), -0.1),
        ([0xFFFF, 0xFFFE], Register(1, 0, words=2, type="signed"), -2),
        ([0x4366, 0x3334], Register(1, 0, words=2, type="float"), 230.2),
        ([0x3334, 0x4366], Register(1, 0, words=2, type="float", order="low_first", scale=10), 2302.0),
        ([0xFFFF], Register(1, 0), 65535),
    ],
)
def test_words_become_numbers(words: list[int], register: Register, value: float) -> None:
    assert value_of(words, register) == pytest.approx(value)


def test_the_dispenser_by_its_line(appliances: Appliances) -> None:
    with SerialLine(appliances.dispenser, 9600) as line:
        values = read_frame(line, DISPENSER)
    assert values is not None
    assert values.keys() == {"T", "TDS", "L", "F"}


@given(st.dictionaries(st.text("ABCDEFG", min_size=1, max_size=4), st.integers(-999, 999).map(float), min_size=1))
def test_a_frame_is_read_as_it_was_made(values: dict[str, float]) -> None:
    assert DISPENSER.find(b"noise" + DISPENSER.frame(values)) == values


@given(st.integers(0, 24), st.integers(1, 255))
def test_a_frame_with_a_changed_byte_is_never_read_as_other_values(place: int, flip: int) -> None:
    good = DISPENSER.frame({"T": 92.5, "TDS": 41.0, "L": 12.0})
    changed = bytearray(good)
    changed[place % len(good)] ^= flip
    assert DISPENSER.find(bytes(changed)) in (None, DISPENSER.find(good))


BOILER = BinaryFrames(
    b"\xaa\x55",
    8,
    {"T": Field(2, 2, scale=0.1), "cold": Field(4, signed=True), "low": Field(5, 2, "low_first")},
    check="sum",
)


@pytest.mark.parametrize("check", ["xor", "sum", "crc16_modbus", "none"])
@given(body=st.binary(min_size=5, max_size=5), before=st.binary(max_size=20), after=st.binary(max_size=4))
def test_a_binary_frame_is_found_in_noise(check: str, body: bytes, before: bytes, after: bytes) -> None:
    frames = BinaryFrames(b"\xaa\x55", 7 + CHECK_SIZES[check], {"T": Field(2, 2, scale=0.1)}, check=check)
    found = frames.find(before + frames.frame(body) + after)
    assert found is not None
    if check != "none" and b"\xaa" not in body + after:
        assert found == {"T": round(int.from_bytes(body[:2], "big") * 0.1, 6)}


def test_numbers_in_a_binary_frame() -> None:
    frame = BOILER.frame(bytes.fromhex("03 9D FE 39 30"))
    assert BOILER.find(frame) == {"T": 92.5, "cold": -2, "low": 12345}
    assert BOILER.find(frame[:-1]) is None, "half a frame"
    assert BOILER.find(frame[:-1] + b"\x00") is None, "a wrong check"


def test_the_checks_of_the_manuals() -> None:
    assert crc16(b"123456789") == 0x4B37  # the catalogue's check value of CRC-16/MODBUS
    plain = TextFrames(begin="#", end="\n", between=";", check="sum", check_after="!")
    assert plain.frame({"1": 7.5, "2": 3}) == b"#7.5;3!%02X\n" % (sum(b"7.5;3") & 0xFF)
    assert plain.find(b"#7.5;3!%02x\n" % (sum(b"7.5;3") & 0xFF)) == {"1": 7.5, "2": 3.0}


@given(st.binary(max_size=60))
def test_any_bytes_are_values_or_none(data: bytes) -> None:
    for found in (DISPENSER.find(data + b"\r\n"), BOILER.find(data)):
        assert found is None or isinstance(found, dict)


def test_a_receivers_sentences() -> None:
    fix = parse_sentence(sentence("A", "3640.1234,N,11701.5678,E", 10.0))
    assert fix is not None
    assert [fix.latitude, fix.longitude] == pytest.approx([36.66872, 117.02613], abs=1e-5)
    assert fix.speed == pytest.approx(10 * KNOT)
    south = parse_sentence(sentence("A", "3640.1234,S,11701.5678,W", 0.0))
    assert south is not None
    assert south.latitude == pytest.approx(-36.66872, abs=1e-5)
    assert south.longitude == pytest.approx(-117.02613, abs=1e-5)
    with pytest.raises(NoFix):
        parse_sentence(sentence("V", ",,,", 0.0))
    assert parse_sentence(b"$GPGSV,3,1,11,03,03,111,00*74\r\n") is None
    good = sentence("A", "3640.1234,N,11701.5678,E", 10.0)
    assert parse_sentence(good.replace(b"3640", b"3641")) is None, "the checksum is wrong"


@given(st.binary(max_size=80))
def test_any_bytes_are_a_fix_or_none(data: bytes) -> None:
    for line in (data, b"$GNRMC," + data):
        with suppress(NoFix):
            assert parse_sentence(line) is None or parse_sentence(line)


def test_a_line_that_drips_in_ends_at_its_deadline() -> None:
    ours, port = open_terminal()
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.02):
            os.write(ours, b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    with SerialLine(port, 9600) as line:
        began = monotonic()
        assert line.read_line(timeout=0.3) is None
        assert monotonic() - began < 10.0
    stop.set()
    thread.join()
    os.close(ours)


def test_a_line_without_end_is_bounded() -> None:
    ours, port = open_terminal()
    with SerialLine(port, 9600) as line:
        feeder = threading.Thread(target=lambda: os.write(ours, b"y" * 3000 + b"\nnext\r\n"))
        feeder.start()
        first = line.read_line(timeout=30)
        assert first is not None
        assert len(first) <= MAX_LINE
        assert line.read_line(timeout=30) == b"next"
        feeder.join()
    os.close(ours)


def test_an_engine_keeps_the_space_at_the_end_of_a_code() -> None:
    ours, port = open_terminal()
    with SerialLine(port, 9600) as line:
        os.write(ours, b"YZ1:ABC \r\n")
        engine = Engine(line)
        assert engine.read(timeout=30) == "YZ1:ABC "
        assert engine.read(timeout=0.05) is None
    os.close(ours)
