"""Devices that say or do what no manual tells: each driver ends with a value or one of its few reasons, and is asked again."""

from __future__ import annotations

import math
import os
import random
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import get_args

import pytest
import serial
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware import modbus
from hardware.border import ODD, Reason, as_os_error
from hardware.frames import BinaryFrames, Field, TextFrames, crc16
from hardware.gps import Fix, NoFix, parse, tells_speed
from hardware.keyboard import EVENT, Typing
from hardware.modbus import ModbusBus, ModbusError, Question, Register, framed, value_of
from hardware.onewire import OneWireError, read_temperature
from hardware.qr_engine import EngineInput, EngineTrouble, Gm65, checked
from hardware.serial_line import SerialLine
from kiosk.demo.appliances import open_terminal
from tests.hardware.slaves import Slave, answer, honest

REASONS = set(get_args(Reason))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slaves here are never late."""
    monkeypatch.setattr(modbus, "LATE", 0.1)


VOLTAGE = Register(1, 0)


@contextmanager
def on_a_line(behave: Callable[[bytes], bytes], **how: object) -> Iterator[tuple[ModbusBus, Slave]]:
    slave = Slave(behave)
    bus = ModbusBus(slave.port, 9600, timeout=0.1, **how)  # type: ignore[arg-type]
    try:
        yield bus, slave
    finally:
        bus.close()
        slave.close()


def right(*body: int) -> bytes:
    """These bytes with a right check."""
    return framed(bytes(body))


ODD_ANSWERS = {
    "no bits": right(1, 1, 0),
    "no registers": right(1, 4, 0),
    "a word too few": right(1, 4, 2, 0, 230),
    "a word too many": right(1, 4, 6, 0, 230, 0, 1, 0, 2),
    "an odd count": right(1, 4, 3, 0, 230, 1),
    "only device and function": right(1, 4),
    "only a device": right(1),
    "nothing but a check": right(),
    "a function that there is not": right(1, 0x7F, 2, 0, 1),
    "a refusal without a reason": right(1, 0x84),
    "from everybody": right(0, 4, 4, 0, 0, 0, 1),
    "an identification": right(1, 0x2B, 0x0E, 1, 1, 0, 0, 0),
    "two that contradict": answer(1, 0, 230) + answer(1, 0, 231),
    "text": b"ERROR 42\r\n",
    "a kilobyte": b"\x01\x04" * 512,
}


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS.keys())
def test_an_odd_answer_is_none_and_the_next_one_is_right(odd: bytes) -> None:
    says = [odd]
    register = Register(1, 0, words=2)
    with on_a_line(lambda request: says[0] if says else honest(230)(request)) as (bus, _):
        with pytest.raises(ModbusError) as error:
            bus.read(register)
        assert str(error.value) in REASONS
        with pytest.raises(ModbusError) as error:
            bus.set_coil(1, 0, on=True)
        assert str(error.value) in REASONS
        says.clear()
        assert bus.read(register) == 230 * 65537


@given(st.binary(max_size=64), st.binary(max_size=12))
def test_whatever_is_heard_is_an_answer_that_fits_or_none(noise: bytes, body: bytes) -> None:
    question = Question(1, bytes.fromhex("0400000002"), 5, lambda data: data[0] == len(data) - 1)
    for found in question.answers(noise + framed(b"\x01\x04" + body)):
        assert found == b"" or (len(found) == 5 and found[0] == 4)
    assert question.answers(noise[:3] + answer(1, 7, 8)) == [bytes.fromhex("0400070008")]


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=2), st.sampled_from(["unsigned", "signed", "float"]))
def test_any_words_are_a_number(words: list[int], kind: str) -> None:
    size = len(words) if kind != "float" else 2
    value = value_of((words * 2)[:size], Register(1, 0, words=size, type=kind, scale=0.1))  # type: ignore[arg-type]
    assert isinstance(value, float)


@pytest.mark.parametrize("words", [(0x7FC0, 0), (0xFFC0, 1), (0x7F80, 0), (0xFF80, 0)])
def test_what_is_no_number_is_out_of_range(words: tuple[int, int]) -> None:
    with on_a_line(lambda _: answer(1, *words)) as (bus, _), pytest.raises(ModbusError, match=r"^out_of_range$"):
        bus.read(Register(1, 0, words=2, type="float"))


def test_random_bytes_for_answers_end_with_a_reason() -> None:
    chance = random.Random(5)  # noqa: S311  the same every time
    with on_a_line(lambda request: framed(request[:2] + chance.randbytes(chance.randrange(9)))) as (bus, _):
        for _ in range(8):
            with suppress(ModbusError):
                assert math.isfinite(bus.read(VOLTAGE))
            with suppress(ModbusError):
                bus.set_coil(1, 0, on=True)


def pulled() -> tuple[SerialLine, int]:
    """A line whose adapter was pulled, and the end that went."""
    ours, port = open_terminal()
    line = SerialLine(port, 9600)
    os.close(ours)
    return line, ours


@pytest.mark.parametrize(
    "use",
    [
        SerialLine.forget,
        SerialLine.read_some,
        lambda line: line.ask(b"?"),
        lambda line: line.read_line(0.3),
        lambda line: line.gather(lambda _: None, 0.3),
        lambda line: line.throw_away(float("inf")),
    ],
)
def test_an_adapter_that_is_pulled_is_an_os_error_whatever_is_done(use: Callable[[SerialLine], object]) -> None:
    line, _ = pulled()
    with pytest.raises(OSError):  # noqa: PT011  its text is the kernel's
        use(line)
    line.close()
    with pytest.raises(OSError):  # noqa: PT011
        use(line)


@pytest.mark.parametrize(
    "error",
    [
        termios.error(5, "gone"),
        serial.SerialException("x"),
        TypeError("x"),
        OSError(5, "gone"),
        UnicodeError("x"),
        IndexError(1),
    ],
)
def test_whatever_a_library_raises_is_an_os_error(error: Exception) -> None:
    assert isinstance(error, ODD)
    with pytest.raises(OSError), as_os_error():  # noqa: PT011
        raise error


def test_a_modbus_adapter_that_is_pulled_gives_a_reason_and_is_opened_anew(tmp_path: Path) -> None:
    link = tmp_path / "by-path"
    ours, port = open_terminal()
    link.symlink_to(port)
    bus = ModbusBus(str(link), 9600, timeout=0.1)
    with pytest.raises(ModbusError, match="no_answer"):
        bus.read(VOLTAGE)
    os.close(ours)
    link.unlink()
    for _ in range(2):
        with pytest.raises(ModbusError, match=r"no_answer|port_not_open"):
            bus.read(VOLTAGE)
    slave = Slave(honest(7))
    link.symlink_to(slave.port)
    assert bus.read(VOLTAGE) == 7
    bus.close()
    slave.close()


RUBBISH = [b"", b"\xff\xfe", b"nan", b"1_000", "١٢٣".encode(), b"9" * 5000, b"-", b"1 2", b"0x10", b"1.5", b"\x00" * 9]


@pytest.mark.parametrize("content", RUBBISH)
def test_rubbish_in_the_kernels_tree_is_a_disturbed_bus(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "28-1").mkdir()
    (tmp_path / "28-1" / "temperature").write_bytes(content)
    with pytest.raises(OneWireError, match=r"^bus_error$"):
        read_temperature("28-1", tmp_path)


def test_odd_files_in_the_kernels_tree(tmp_path: Path) -> None:
    (tmp_path / "28-1" / "temperature").mkdir(parents=True)
    (tmp_path / "28-2").write_text("a file")
    (tmp_path / "28-3").symlink_to(tmp_path / "28-3")
    for device in ("28-1", "28-2", "28-3", "28-\0", "x" * 300):
        with pytest.raises(OneWireError, match=r"^bus_error$"):
            read_temperature(device, tmp_path)


def test_a_bus_shorted_to_ground_is_no_zero_degrees(tmp_path: Path) -> None:
    chip = tmp_path / "28-1"
    chip.mkdir()
    (chip / "temperature").write_text("0\n")
    assert read_temperature("28-1", tmp_path) == 0.0
    (chip / "w1_slave").write_text("00 00 4b 46 7f ff 0c 10 1c : crc=1c YES\n00 00 4b 46 7f ff 0c 10 1c t=0\n")
    assert read_temperature("28-1", tmp_path) == 0.0


COLD, HOT, FAR = "50 05 4b 46 7f ff 0c 10 1c", "50 05 4b 46 7f ff 10 10 43", "ff 07 4b 46 7f ff 0c 10 68"
SHORTED = "00 00 00 00 00 00 00 00 00"


def slave(raw: str, thousandths: str, right: str = "YES") -> str:
    """What the kernel's `w1_slave` says."""
    return f"{raw} : crc={raw[-2:]} {right}\n{raw} t={thousandths}\n"


@pytest.mark.parametrize(
    ("device", "content", "reason"),
    [
        ("28-1", slave(SHORTED, "0"), "bus_error"),
        ("10-1", slave(SHORTED, "0"), "bus_error"),
        ("28-1", slave("ff ff ff ff ff ff ff ff ff", "-62", "NO"), "bus_error"),
        ("28-1", slave(HOT, "85000", "NO"), "bus_error"),
        ("28-1", slave(COLD, "85000"), "power_on_value"),
        ("28-1", slave(FAR, "127937"), "power_on_value"),
        ("28-1", slave(FAR.replace("0c", "10"), "127937"), "out_of_range"),
        ("28-1", slave("80 fc 4b 46 7f ff 10 10 31", "-56000"), "out_of_range"),
        ("28-1", slave(COLD, "nan"), "bus_error"),
        ("28-1", COLD, "bus_error"),
        ("28-1", "", "bus_error"),
        ("28-1", "\xff" * 600, "bus_error"),
    ],
)
def test_the_raw_bytes_say_what_the_number_does_not(tmp_path: Path, device: str, content: str, reason: str) -> None:
    (tmp_path / device).mkdir()
    (tmp_path / device / "temperature").write_text("21000\n")
    (tmp_path / device / "w1_slave").write_text(content)
    with pytest.raises(OneWireError, match=f"^{reason}$"):
        read_temperature(device, tmp_path)


@pytest.mark.parametrize(("device", "degrees"), [("28-1", 85.0), ("10-1", 85.0), ("28-2", -18.062)])
def test_a_temperature_by_its_raw_bytes(tmp_path: Path, device: str, degrees: float) -> None:
    """A kettle of 85 degrees was measured; a DS18S20's seventh byte says something else."""
    (tmp_path / device).mkdir()
    raw = COLD if device.startswith("10") else HOT
    (tmp_path / device / "w1_slave").write_text(slave(raw, str(round(degrees * 1000))))
    assert read_temperature(device, tmp_path) == degrees


def nmea(body: str) -> bytes:
    """A sentence with a right checksum."""
    check = 0
    for letter in body.encode():
        check ^= letter
    return f"${body}*{check:02X}\r\n".encode()


FIELD = st.text("0123456789.-+NSEWAVDna,_²", max_size=12)


@given(st.lists(FIELD, max_size=16), st.sampled_from(["GPRMC", "GNGGA", "GPGLL", "GPGSV", "PUBX", "RMC", ""]))
@settings(max_examples=300)
def test_any_fields_with_a_right_checksum_are_a_place_no_fix_or_nothing(fields: list[str], kind: str) -> None:
    with suppress(NoFix):
        fix = parse(nmea(",".join([kind, *fields])))
        assert fix is None or (abs(fix.latitude) <= 90 and abs(fix.longitude) <= 180 and 0 <= fix.speed < 200)


@pytest.mark.parametrize(
    "body",
    [
        "GPRMC,081836,A,,,,,,,010826,,,A",
        "GPRMC,081836,A,3640.1234,,11701.5678,E,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,3640.1234,N,11701.5678,,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,9140.1234,N,11701.5678,E,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,9000.0001,N,11701.5678,E,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,3675.1234,N,11701.5678,E,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,3640.1234,N,18101.5678,E,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,3640.1234,E,11701.5678,N,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,3640.1234,N,11701.5678,E,1.0,0.0,010826,,,N",
        "GPRMC,081836,A,3640.1234,N,11701.5678,E,1.0,0.0,010826,,,E",
        "GPRMC,081836,V,3640.1234,N,11701.5678,E,1.0,0.0,010826,,,A",
        "GPRMC,081836,A,3640.1234,N,11701.5678,E,nan,0.0,010826,,,A",
        "GPRMC,081836,A,3640.1234,N,11701.5678,E,1e9,0.0,010826,,,A",
        "GPRMC,081836,A,3640.1234,N,11701.5678,E,-1.0,0.0,010826,,,A",
        "GPGGA,081836,3640.1234,N,11701.5678,E,0,08,0.9,5.4,M,6.9,M,,",
        "GPGGA,081836,3640.1234,N,11701.5678,E,6,08,0.9,5.4,M,6.9,M,,",
        "GPGGA,081836,,,,,1,08,0.9,5.4,M,6.9,M,,",
    ],
)
def test_what_is_no_place_is_no_fix(body: str) -> None:
    with pytest.raises(NoFix):
        parse(nmea(body))


def test_the_place_in_a_gga_sentence() -> None:
    sentence = nmea("GNGGA,081836,3630.0000,S,11715.0000,W,1,08,0.9,5.4,M,6.9,M,,")
    assert parse(sentence) == Fix(-36.5, -117.25, 0.0)
    assert not tells_speed(sentence)
    old = nmea("GPRMC,081836,A,3630.0000,N,11715.0000,E,,,010826,,")
    assert parse(old) == Fix(36.5, 117.25, 0.0)
    assert tells_speed(old)


TEXT = TextFrames(begin="$", end="\n", sign="=", between=",")


@pytest.mark.parametrize("value", ["1_5", "²", "٣", "1e", "", "--1", "0x1", "1,2=", "t rue"])
def test_what_is_no_number_is_no_frame(value: str) -> None:
    assert TEXT.find(f"$T={value}\n".encode()) is None


def test_values_that_are_not_finite_are_told_apart_from_the_others_of_their_frame() -> None:
    found = TEXT.find(b"$T=nan,L=-INF,F=1e999,P= 2.5 \n")
    assert found is not None
    assert [math.isfinite(each) for each in found.values()] == [False, False, False, True]


@given(st.binary(max_size=200), st.integers(1, 40), st.sampled_from(["none", "xor", "sum", "crc16_modbus"]))
def test_frames_of_any_length_are_values_or_none(data: bytes, length: int, check: str) -> None:
    frames = BinaryFrames(b"\xaa", length, {"T": Field(30, 4), "L": Field(0, 2, "low_first", signed=True)}, check=check)
    found = frames.find(data)
    assert found is None or found.keys() == {"T", "L"}
    text = TEXT.find(b"$" + data + b"\n")
    assert text is None or all(isinstance(each, float) for each in text.values())


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_whatever_an_engine_sends_is_bounded_texts_and_answers(chunks: list[bytes]) -> None:
    found = EngineInput()
    for chunk in [*chunks, *[bytes.fromhex("02000001003331")] * 50]:
        found.feed(chunk)
    assert len(found.answers) <= 16
    assert all(isinstance(each, str) for each in found.texts)


def test_an_engine_that_answers_with_nothing_is_named() -> None:
    """The length in the answer is 0, and its check is right."""
    empty = b"\x02\x00\x00\x00" + checked(b"\x00\x00")
    slave = Slave(lambda _: empty)
    with SerialLine(slave.port, 9600) as line, pytest.raises(EngineTrouble, match="does not answer"):
        Gm65(line).set_up()
    slave.close()


@given(st.binary(max_size=EVENT.size * 20))
def test_any_events_of_a_keyboard_are_texts(data: bytes) -> None:
    typing = Typing()
    for _, _, _, code, value in EVENT.iter_unpack(data[: len(data) // EVENT.size * EVENT.size]):
        text = typing.key(code, value)
        assert text is None or text


def test_the_check_is_of_the_manual() -> None:
    assert crc16(b"123456789") == 0x4B37
