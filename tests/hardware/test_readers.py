"""Readers with a decoder of their own: serial engines on pseudo-terminals, and the keys that a wedge types."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.keyboard import KEY_ENTER, MAX_TEXT, PLAIN, PRESSED, RELEASED, SHIFTED, Keyboard, Typing
from hardware.qr_engine import (
    MODE_BITS,
    MODES,
    SETTING_CODES,
    WORKING_MODE,
    EngineInput,
    EngineTrouble,
    Gm65,
    Mode,
)
from hardware.serial_line import SerialLine
from kiosk.demo.appliances import open_terminal
from kiosk.demo.engine import SimulatedEngine
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
