"""The appliances' buses at the wire: a 1-Wire tree, Modbus RTU and serial lines on pseudo-terminals."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.dispenser import frame, parse, read_dispenser
from hardware.modbus import ModbusBus, ModbusError, Register, value_of
from hardware.onewire import OneWireError, read_temperature
from hardware.qr_engine import Engine
from hardware.serial_line import MAX_LINE, SerialLine
from kiosk.demo.appliances import FRIDGE, METER_DEVICE, Appliances, open_terminal

POWER = Register(METER_DEVICE, 3, words=2, order="low_first", scale=0.1)


@pytest.fixture
def appliances(tmp_path: Path) -> Iterator[Appliances]:
    appliances = Appliances(tmp_path)
    yield appliances
    appliances.close()


def test_the_fridge_by_1_wire(appliances: Appliances) -> None:
    assert 2.9 < read_temperature(FRIDGE, appliances.tree) < 6.1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "not_connected"), ("", "bus_error"), ("x\n", "bus_error"), ("85000\n", "power_on_value")],
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
    bus = ModbusBus(appliances.meter_port, 9600)
    assert bus.read(POWER) in {1180.0, 35.0}
    assert bus.read(Register(METER_DEVICE, 0, scale=0.1)) == 230.1
    with pytest.raises(ModbusError, match="device_refused"):
        bus.read(Register(METER_DEVICE, 500))
    assert bus.read(POWER) in {1180.0, 35.0}, "after an error the next reading is right"
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
        ([0xFFFF], Register(1, 0, signed=True, scale=0.1), -0.1),
        ([0xFFFF, 0xFFFE], Register(1, 0, words=2, signed=True), -2),
        ([0xFFFF], Register(1, 0), 65535),
    ],
)
def test_words_become_numbers(words: list[int], register: Register, value: float) -> None:
    assert value_of(words, register) == pytest.approx(value)


def test_the_dispenser_by_its_line(appliances: Appliances) -> None:
    with SerialLine(appliances.dispenser_port, 9600) as line:
        values = read_dispenser(line)
    assert values is not None
    assert values.keys() == {"T", "TDS", "L"}


@given(st.dictionaries(st.text("ABCDEFG", min_size=1, max_size=4), st.integers(-999, 999).map(float), min_size=1))
def test_a_frame_is_read_as_it_was_made(values: dict[str, float]) -> None:
    assert parse(frame(values).rstrip()) == values


@given(st.integers(0, 24), st.integers(1, 255))
def test_a_frame_with_a_changed_byte_is_never_read_as_other_values(place: int, flip: int) -> None:
    good = frame({"T": 92.5, "TDS": 41.0, "L": 12.0}).rstrip()
    changed = bytearray(good)
    changed[place % len(good)] ^= flip
    assert parse(bytes(changed)) in (None, parse(good))


@given(st.binary(max_size=60))
def test_any_bytes_are_values_or_none(data: bytes) -> None:
    assert parse(data) is None or isinstance(parse(data), dict)


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
