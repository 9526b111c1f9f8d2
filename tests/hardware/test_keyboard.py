"""Readers that type, below the kernel's grab: key events in a pipe, in every layout, with whatever a keyboard has besides."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import get_args

import pytest

from hardware.keyboard import (
    CAPS_LOCK,
    EV_KEY,
    EVENT,
    KEY_ENTER,
    LEAST,
    PRESSED,
    RELEASED,
    Stroke,
    Typing,
    Wedge,
    spelt,
)
from hardware.layouts import KEYPAD, LAYOUTS, Layout
from kiosk.trust.codes import OURS, unwrapped
from kiosk.trust.passes import show_bound
from tests.keys import NOW, PHONE, bound, claims, signed

PASS = signed(claims())
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
SHIFT, ALT, CONTROL = 42, 56, 29
Key = tuple[int, int]


def press(*codes: int) -> list[Key]:
    """These keys, one held while the next is pressed."""
    return [*((code, PRESSED) for code in codes), *((code, RELEASED) for code in reversed(codes))]


def typed(text: str, layout: Layout = "us", *, caps: bool = False, enter: bool = True) -> list[Key]:
    """What a reader that is set to this layout sends, on the keys of the main block."""
    plain, shifted = ({key: code for code, key in each.items() if code not in KEYPAD} for each in LAYOUTS[layout])
    events: list[Key] = []
    for letter in text:
        if letter in plain or (caps and letter.lower() in plain):
            events += press(plain.get(letter) or plain[letter.lower()])
        else:
            events += press(SHIFT, shifted[letter])
    return events + (press(KEY_ENTER) if enter else [])


@contextmanager
def wedge(layout: Layout = "us") -> Iterator[tuple[int, Wedge]]:
    ours, theirs = os.pipe()
    with Wedge(ours, layout) as found, closing(os.fdopen(theirs, "wb", 0)):
        yield theirs, found


def send(file: int, events: Iterable[Key]) -> None:
    os.write(file, b"".join(EVENT.pack(0, 0, EV_KEY, *event) for event in events))


def read(events: Iterable[Key], layout: Layout = "us") -> str | None:
    """What is made of them, at once or after a silence."""
    typing = Typing(layout)
    texts = [text for event in events if (text := typing.key(*event))]
    return texts[0] if texts else typing.silence()


@pytest.mark.parametrize("layout", get_args(Layout))
def test_each_layout_is_read_as_it_is_typed_and_named_where_another_is_set(layout: Layout) -> None:
    shown = show_bound(bound(), PHONE, NOW)
    assert read(typed(BASE45, layout), layout) == BASE45
    for text in (PASS, shown, "YZE1:37081101:ABCD-EFGH"):
        for other in get_args(Layout):
            typing = Typing(other)
            *_, found, _ = [typing.key(*event) for event in typed(text, layout)]
            fitting = [each for each in get_args(Layout) if OURS.fullmatch(spelt(typing.strokes, each))]
            assert fitting == [layout]
            assert (found == text) == (other == layout)


KP = {digit: code for code, digit in KEYPAD.items()}


def with_keypad(text: str) -> list[Key]:
    others = {"*": 55, "-": 74, "+": 78, ".": 83, "/": 98}
    return [
        event
        for letter in text
        for event in (press((KP | others)[letter]) if letter in KP | others else typed(letter)[:-2])
    ]


def as_numbers(text: str, form: str) -> list[Key]:
    """Alt held, the character's number on the keypad: how readers type whatever the layout is."""
    return [
        event
        for letter in text
        for event in [
            (ALT, PRESSED),
            *(each for digit in form.format(ord(letter)) for each in press(KP[digit])),
            (ALT, RELEASED),
        ]
    ]


@pytest.mark.parametrize(
    "events",
    [
        with_keypad(PASS) + press(96),
        with_keypad(PASS) + press(15),
        press(CAPS_LOCK) + typed(PASS, caps=True) + press(CAPS_LOCK),
        press(CAPS_LOCK) + typed(PASS),
        typed(PASS, caps=True),
        as_numbers(PASS, "{}") + press(KEY_ENTER),
        as_numbers(PASS, "{:04}") + as_numbers("\r", "{}"),
        press(CONTROL, 48) + typed(PASS, enter=False) + press(CONTROL, 50),
        press(97, 36) + typed(PASS, enter=False) + press(97, 36),
        typed(PASS, enter=False),
        typed(f" {PASS} "),
        [event for each in typed(PASS) for event in (each, (30, 2))],
    ],
    ids=[
        "keypad", "keypad and Tab", "Caps Lock for letters", "Caps Lock left on", "Caps Lock seen by the reader alone",
        "Alt and a number", "Alt and 0 and a number", "Control B and M", "Control J", "no Enter", "blanks", "keys that repeat",
    ],
)  # fmt: skip
def test_a_pass_is_read_however_it_is_typed(events: list[Key]) -> None:
    assert unwrapped(read(events) or "", "", "") == PASS


def test_a_reader_without_enter_is_read_after_a_silence_and_codes_are_not_glued() -> None:
    with wedge() as (keys, reader):
        for text in (PASS, "ANOTHER CODE"):
            for begin in range(0, len(sent := typed(text, enter=False)), 40):
                send(keys, sent[begin : begin + 40])
                assert reader.read(timeout=0.0) is None
            assert reader.read(timeout=30) == text
            assert spelt(reader.strokes, "us") == text
        send(keys, [(SHIFT, PRESSED), *press(30)])
        assert reader.read(timeout=0.7) is None, "somebody leans on a key"
        send(keys, typed("abc " + PASS))
        assert reader.read(timeout=30) == "abc " + PASS, "Shift was not held for ever"


def test_two_codes_that_arrive_together_are_two() -> None:
    with wedge("de") as (keys, reader):
        send(keys, typed(PASS, "de")[:120])
        send(keys, typed(PASS, "de")[120:] + typed("SECOND", "de"))
        assert [reader.read(timeout=30) for _ in range(2)] == [PASS, "SECOND"]
        assert reader.strokes[0] == Stroke(31, shift=True)


def test_a_reader_that_is_pulled_is_an_os_error() -> None:
    ours, theirs = os.pipe()
    os.close(theirs)
    with Wedge(ours) as reader, pytest.raises(OSError, match="gone"):
        reader.read(timeout=1.0)


def test_digits_behind_alt_that_a_silence_cut_off_are_none_of_the_next_character() -> None:
    typing = Typing()
    typing.key(ALT, PRESSED)
    for code in [next(iter(KEYPAD))] * 50_000:
        typing.key(code, PRESSED)
    assert len(typing._number) < 10, "however long somebody leans on them"
    assert typing.silence() is None
    letters = [typing.key(*event) for event in [*as_numbers("PASS1", "{}"), *press(KEY_ENTER)]]
    assert "PASS1" in letters


def test_a_long_number_behind_alt_is_no_character() -> None:
    assert read([*as_numbers("A", "99999{}"), *press(KEY_ENTER)]) is None
    assert read(typed("A" * (LEAST - 1), enter=False)) is None
