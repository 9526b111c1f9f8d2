"""Readers with a decoder of their own: serial engines on pseudo-terminals, and the keys that a wedge types."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.keyboard import KEY_ENTER, MAX_TEXT, PLAIN, PRESSED, RELEASED, SHIFTED, Keyboard, Typing
from hardware.qr_engine import (
    MODE_BITS,
    MODES,
    SETTING_CODES,
    WORKING_MODE,
    Engine,
    EngineInput,
    EngineTrouble,
    Gm65,
    Mode,
)
from hardware.serial_line import SerialLine
from kiosk.demo.appliances import open_terminal
from kiosk.demo.engine import SimulatedEngine
from kiosk.trust.codes import bare
from tests.keys import claims, signed

PASS = signed(claims())
SHIFT = 42


@pytest.fixture
def engine() -> Iterator[SimulatedEngine]:
    engine = SimulatedEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize("mode", ["continuous", "trigger"])
def test_a_gm65_is_set_up_and_read(engine: SimulatedEngine, mode: Mode) -> None:
    with SerialLine(engine.port, 9600) as line:
        gm65 = Gm65(line, mode)
        gm65.set_up()
        assert engine.zones[WORKING_MODE] & MODE_BITS == MODES[mode]
        assert engine.zones[WORKING_MODE] & ~MODE_BITS == 0b1101_0100, "the light and the sound stay as they were"
        for text in (PASS, "a text with a blank at its end "):
            engine.show(text)
            assert gm65.read(timeout=30) == text


def test_a_printed_setting_code_changes_nothing(engine: SimulatedEngine) -> None:
    with SerialLine(engine.port, 9600) as line:
        gm65 = Gm65(line)
        gm65.set_up()
        engine.show(f"SET {WORKING_MODE} 0")
        engine.show(PASS)
        assert [gm65.read(timeout=30) for _ in range(2)] == [f"SET {WORKING_MODE} 0", PASS]
        assert engine.zones[WORKING_MODE] & MODE_BITS == MODES["continuous"]


def test_an_engine_that_keeps_its_setting_codes_on_is_named(engine: SimulatedEngine) -> None:
    engine.stuck.add(SETTING_CODES)
    with SerialLine(engine.port, 9600) as line, pytest.raises(EngineTrouble, match="reconfigure"):
        Gm65(line).set_up()


def test_an_engine_that_is_no_gm65_is_named() -> None:
    ours, port = open_terminal()
    with SerialLine(port, 9600) as line, pytest.raises(EngineTrouble, match="does not answer"):
        Gm65(line).set_up()
    os.close(ours)


PARTS = st.one_of(
    st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", min_size=1, max_size=40),
    st.binary(min_size=1, max_size=4).map(lambda data: data + b"\r"),
    st.just(bytes.fromhex("02000001003331")),
)


@given(st.lists(PARTS, max_size=12), st.integers(1, 9))
def test_texts_and_answers_are_told_apart_however_they_arrive(parts: list[str | bytes], chunk: int) -> None:
    """Texts come whole and in order, also between answers. Garbage may cost the line that it is in, and no later one."""
    stream = b"".join(part if isinstance(part, bytes) else part.encode() + b"\r" for part in parts)
    wanted = [part for part in parts if isinstance(part, str)]
    clean = all(isinstance(part, str) or part == bytes.fromhex("02000001003331") for part in parts)
    found = EngineInput()
    for start in range(0, len(stream), chunk):
        found.feed(stream[start : start + chunk])
    if clean:
        assert list(found.texts) == wanted
        assert len(found.answers) == len(parts) - len(wanted)


def test_a_line_that_is_broken_takes_no_memory_however_long_it_says_nothing() -> None:
    """UART hardware takes a line that lies at low for NULs without end."""
    found = EngineInput()
    tracemalloc.start()
    for _ in range(4000):
        found.feed(bytes(256))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    found.feed(b"HELLO\r")
    assert (taken < 10_000, found.texts.pop(), found.raw.pop()) == (True, "HELLO", bytes(8) + b"HELLO\r")


def test_a_line_without_an_end_is_dropped_whole_and_the_next_is_read() -> None:
    found = EngineInput()
    for _ in range(100):
        found.feed(b"A" * 100)
    found.feed(b"tail\r" + PASS.encode() + b"\r")
    assert list(found.texts) == [PASS]


def keys(text: str) -> Iterator[tuple[int, int]]:
    """The key events of somebody, or something, that types it and then Enter."""
    for letter in text:
        plain = next((code for code, key in PLAIN.items() if key == letter), None)
        code = plain if plain is not None else next(code for code, key in SHIFTED.items() if key == letter)
        if plain is None:
            yield SHIFT, PRESSED
        yield code, PRESSED
        yield code, RELEASED
        if plain is None:
            yield SHIFT, RELEASED
    yield KEY_ENTER, PRESSED


@given(st.text([*PLAIN.values(), *SHIFTED.values()], min_size=1, max_size=60))
def test_what_a_wedge_types_is_the_text(text: str) -> None:
    typing = Typing()
    *none, found = [typing.key(code, value) for code, value in keys(text)]
    assert none == [None] * len(none)
    assert found == text


def test_a_pass_is_typed_exactly_and_endless_typing_is_dropped() -> None:
    typing = Typing()
    assert [typing.key(code, value) for code, value in keys(PASS + " ")][-1] == PASS + " "
    assert [typing.key(code, value) for code, value in keys("x" * (MAX_TEXT + 1))][-1] is None
    assert [typing.key(code, value) for code, value in keys(PASS)][-1] == PASS


def test_a_device_that_cannot_be_grabbed_is_no_reader() -> None:
    with pytest.raises(OSError, match=r"ioctl|Inappropriate|handle"):
        Keyboard("/dev/null")


@contextmanager
def wired() -> Iterator[tuple[int, Engine]]:
    """The engine's end of the line, and ours."""
    ours, port = open_terminal()
    with SerialLine(port, 9600) as line:
        yield ours, Engine(line)
    os.close(ours)


ENDS = {
    "CR": b"\r",
    "LF": b"\n",
    "CR LF": b"\r\n",
    "LF CR": b"\n\r",
    "Tab": b"\t",
    "Tab CR": b"\t\r",
    "ETX": b"\x03",
    "NUL": b"\0",
    "ETX CR LF": b"\x03\r\n",
    "EOT": b"\x04",
    "GS": b"\x1d",
    "nothing": b"",
}


@pytest.mark.parametrize("begin", [b"", b"\x02", b"\x01", b"\x02\x02"], ids=["", "STX", "SOH", "STX STX"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_codes_are_neither_glued_together_nor_swallowed_whatever_stands_around_them(begin: bytes, end: bytes) -> None:
    with wired() as (theirs, engine):
        for text in (PASS, "another", PASS + " "):
            os.write(theirs, begin + text.encode() + end)
            assert engine.read(timeout=30) == text
            assert engine.raw == begin + text.encode() + end
        assert engine.read(timeout=0.0) is None


@pytest.mark.parametrize("noise", [b"\xff", b"\0", b"x", b"\x02", b"\x02\0\0", b"\x02\0\0\xff", b"\xff" * 3])
def test_noise_long_before_a_code_does_not_spoil_it(noise: bytes) -> None:
    with wired() as (theirs, engine):
        os.write(theirs, noise)
        assert engine.read(timeout=0.4) is None
        os.write(theirs, PASS.encode() + b"\r")
        assert engine.read(timeout=30) == PASS


@pytest.mark.parametrize("noise", [b"\x02\0\0", b"\x02\0\0\xff", b"\x02\0\0\x01", b"\0\0"])
def test_noise_right_before_a_code_swallows_nothing(noise: bytes) -> None:
    with wired() as (theirs, engine):
        os.write(theirs, noise + PASS.encode() + b"\r")
        found = engine.read(timeout=30)
        assert found is not None
        assert bare(found) == PASS


def test_an_engine_that_is_slow_within_a_code_is_not_cut_while_bytes_wait_in_the_port() -> None:
    """Whoever is held up between two reads must not take that for the line's silence."""
    with wired() as (theirs, engine):
        os.write(theirs, PASS[:50].encode())
        assert engine.read(timeout=0.0) is None
        engine._hear()
        os.write(theirs, PASS[50:].encode() + b"\t")
        engine._heard_at -= 10.0
        assert engine.read(timeout=30) == PASS


@given(st.lists(st.binary(max_size=30), max_size=12))
def test_after_any_rubbish_and_a_silence_a_code_is_read(chunks: list[bytes]) -> None:
    found = EngineInput()
    for chunk in chunks:
        found.feed(chunk)
    found.silence()
    assert len(found.raw) == len(found.texts)
    found.feed(PASS.encode())
    found.silence()
    assert found.texts[-1] == PASS
