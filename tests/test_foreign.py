"""Text of strangers: what a terminal would obey is shown as what it is, and every verb prints by the one place that does it."""

from __future__ import annotations

import ast
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.cli.common import json_line, shown, style
from kiosk.foreign import CONTROLS, visible, visible_json, visible_lines
from kiosk.language import LONGEST_TOLD, _, speaking, told
from kiosk.wording.words import when
from tests.conftest import ROOT

ONE_PLACE = ROOT / "kiosk" / "cli" / "common.py"
PRINTERS = {"echo", "secho", "style", "echo_via_pager", "confirm", "prompt", "progressbar", "pause", "clear"}


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("驿站 é plain", "驿站 é plain"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("a\u200b\u2060\ufeffb", "a\\u200b\\u2060\\ufeffb"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d"),
        ("\U000e0041\u3164\ufe0f", "\\U000e0041\\u3164\\ufe0f"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_cannot_be_seen_is_made_visible(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(st.text(st.characters()) | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_any_text_is_one_line_without_controls_and_json_says_the_same(text: str) -> None:
    assert not any(unicodedata.category(each) in CONTROLS for each in visible(text))
    assert not any(unicodedata.category(each) in CONTROLS for each in visible_lines(text) if each not in "\n\t")
    line = visible_json(json.dumps({"x": text}, ensure_ascii=False))
    assert json.loads(line) == json.loads(json.dumps({"x": text}))
    assert not any(unicodedata.category(each) in CONTROLS for each in line)


def test_our_colours_are_kept_and_a_strangers_are_not() -> None:
    assert shown(f"{style('a', fg='red')} \x1b[31mb") == "\x1b[31ma\x1b[0m \\x1b[31mb"
    assert shown(style("\x1b[8m", fg="red")) == "\x1b[31m\\x1b[8m\x1b[0m"
    assert shown("\ue1b0[31m") == "\ue1b0[31m"


def test_what_is_filled_into_a_message_cannot_add_a_line() -> None:
    assert _("Refused: {why}", why="no\nNothing is wrong") == "Refused: no\\nNothing is wrong"


def test_of_a_text_without_an_end_no_form_is_looked_for() -> None:
    """It takes a time that grows with the third power of its length, and a station that was taken over sends 8 kB."""
    with speaking(True):
        assert told("/dev/video0 gives no frames") != "/dev/video0 gives no frames"
        endless = "/dev/video0" + "0" * LONGEST_TOLD + " gives no frames"
        assert told(endless) == endless
        assert told("slow: " + endless) == "slow: " + endless


def test_json_of_a_verb_steers_no_terminal_and_tells_no_password() -> None:
    line = json_line({"a": "\x9b\u202e", "url": "rtsp://a:b@c"})
    assert line == '{"a":"\\u009b\\u202e","url":"rtsp://***@c"}'


def prints(path: Path) -> Iterator[str]:
    """Every place that prints by itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="print" | "input")):
                yield f"{path.name}:{node.lineno}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="click"), attr=name)) if name in PRINTERS:
                yield f"{path.name}:{node.lineno}"
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="sys")), attr="write" | "writelines")
            ):
                yield f"{path.name}:{node.lineno}"
            case ast.ImportFrom(module="click", names=names) if any(each.name in PRINTERS for each in names):
                yield f"{path.name}:{node.lineno}"
            case _:
                pass


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "kiosk" / "cli").rglob("*.py")),
    ids=lambda path: str(path.relative_to(ROOT / "kiosk" / "cli")),
)
def test_no_verb_prints_by_itself(path: Path) -> None:
    assert list(prints(path)) == [] or path == ONE_PLACE


@pytest.mark.parametrize("wall", [1e300, -1e300, float("inf"), float("nan"), 2.0**53, -1.0, 0.0])
def test_a_time_that_no_calendar_has_is_shown_as_a_number(wall: float) -> None:
    assert when(wall)
