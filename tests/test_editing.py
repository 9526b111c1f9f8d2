"""Settings are changed in their file, and nothing else in it is."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.settings.editing import CannotEdit, dumped, edited, merged, without
from kiosk.settings.places import places
from tests.conftest import ROOT

EXAMPLE = (ROOT / "config" / "station.toml").read_text(encoding="utf-8")
FILES = [EXAMPLE, *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "config" / "modbus").glob("*.toml")))]


def leaves(value: Any, at: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(value, dict):
        return {path: leaf for key, below in value.items() for path, leaf in leaves(below, (*at, key)).items()}
    return {at: value}


@pytest.mark.parametrize("text", FILES, ids=range(len(FILES)))
def test_every_value_is_found_where_it_stands(text: str) -> None:
    found = places(text)
    for path, value in leaves(tomllib.loads(text)).items():
        begins, ends = found.values[path]
        assert tomllib.loads(f"x = {text[begins:ends]}")["x"] == value, path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_one_answer_changes_one_line_and_no_other_byte(end: str, mark: str) -> None:
    text = mark + EXAMPLE.replace("\n", end)
    after = edited(text, {"station": {"code": "37081199"}, "doors": {"main": {"lock": {"pin": 5}}}})
    assert after == text.replace('code = "37081101"', 'code = "37081199"').replace(
        "lock = { pin = 17", "lock = { pin = 5"
    )


def test_a_first_key_stands_below_the_comment_of_the_file() -> None:
    assert edited("# of the file\n\n# of a\n[a]\n", {"x": 1}) == "# of the file\nx = 1\n\n# of a\n[a]\n"
    assert edited("# of a\n[a]\n", {"x": 1}) == "x = 1\n# of a\n[a]\n"


def test_what_is_told_as_it_is_changes_nothing() -> None:
    assert edited(EXAMPLE, tomllib.loads(EXAMPLE)) == EXAMPLE


def test_a_new_key_stands_with_its_table_and_keeps_the_line_ends() -> None:
    text = "[a]\r\nx = 1 # one\r\n# of b\r\n[b]\r\ny = 2\r\n"
    assert edited(text, {"a": {"z": "驿"}}) == '[a]\r\nx = 1 # one\r\nz = "驿"\r\n# of b\r\n[b]\r\ny = 2\r\n'


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("", {"pins": "gpio"}),
        ("# only words", {"pins": "gpio", "fire": {"pin": 3}}),
        ("[a]\nx = 1", {"pins": "gpio", "a": {"y": 2}, "doors": {"main": {"lock": {"pin": 4}}}}),
        ("lock = {}\n", {"lock": {"pin": 1}}),
        ("lock = { pin = 1 }\n", {"lock": {"bolt": {"pin": 2}}}),
        ("doors.main.lock.pin = 1\n", {"doors": {"main": {"lock": {"pin": 2, "active_high": False}}}}),
        ("doors.main.lock.pin = 1\n", {"doors": {"main": {"pulse": 2.5}}}),
        ('[doors."main"]\nhours = [ # ]\n  "a", # b = 1\n  ]\n', {"doors": {"main": {"pulse": 1.0}}}),
        ("s = '''\n[no]\nx = 1\n'''\n[x]\n", {"s": "t", "x": {"y": [1, {"z": "}"}]}}),
        ("[doors.main]\nx = 1\n[station]\n[doors.main.lock]\npin = 3\n", {"doors": {"main": {"lock": {"pin": 4}}}}),
        ("d = 2026-07-20 11:00:00 # noon\n", {"d": 1}),
    ],
)
def test_forms_that_people_write(text: str, new: dict[str, Any]) -> None:
    after = edited(text, new)
    assert tomllib.loads(after) == merged(tomllib.loads(text), new)
    for line in text.splitlines():
        assert "#" not in line or line[line.rindex("#") :] in after, "comments stay"


def test_a_table_that_goes_is_a_comment_and_its_neighbours_stay() -> None:
    after = without(EXAMPLE, ("sensors", "water"))
    assert "# [sensors.water]\n# bus = " in after
    assert "water" not in tomllib.loads(after)["sensors"]
    assert [line for line in after.splitlines() if line.removeprefix("# ") not in EXAMPLE] == []
    assert without("sensors = { a = { x = 1 } }\n", ("sensors", "a")) == "sensors = {}\n"


@pytest.mark.parametrize(
    ("text", "path", "after"),
    [
        (
            "[d.m]\nexit = { pin = 1 } # one\npulse = 2.0\n",
            ("d", "m", "exit"),
            "[d.m]\n# exit = { pin = 1 } # one\npulse = 2.0\n",
        ),
        ("[d.m]\nlamps = { red = 1, green = 2 }\n", ("d", "m", "lamps", "red"), "[d.m]\nlamps = { green = 2 }\n"),
        ("[fire]\npin = 3\n\n# next\n[a]\n", ("fire",), "# [fire]\n# pin = 3\n\n# next\n[a]\n"),
        ("x = [ # a\n 1,\n]\n", ("x",), "# x = [ # a\n#  1,\n# ]\n"),
    ],
)
def test_a_part_that_is_not_there_is_taken_out(text: str, path: tuple[str, ...], after: str) -> None:
    assert without(text, path) == after


def test_a_form_that_cannot_be_changed_without_risk_is_left_as_it_is() -> None:
    with pytest.raises(CannotEdit):
        edited("sensors = { a = { x = 1 } }\n[b]\n", {"sensors": {"c": {"y": 2}}})


def test_notes_stand_above_new_tables_and_behind_new_keys() -> None:
    notes = {("doors", "*"): "A door.", ("doors", "*", "pulse"): "seconds"}
    told = edited("", {"doors": {"main": {"pulse": 5.0}}}, notes)
    assert told == "# A door.\n[doors.main]\npulse = 5.0                    # seconds\n"


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200)
@given(VALUES)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert tomllib.loads(f"x = {dumped(value)}")["x"] == value


PATHS = sorted(leaves(tomllib.loads(EXAMPLE)))


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(PATHS), st.integers(0, 99), min_size=1, max_size=5))
def test_any_answers_to_the_example_change_these_values_alone(answers: dict[tuple[str, ...], int]) -> None:
    new: dict[str, Any] = {}
    for path, value in answers.items():
        table = new
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
    after = edited(EXAMPLE, new)
    assert tomllib.loads(after) == merged(tomllib.loads(EXAMPLE), new)
    assert len(after.splitlines()) == len(EXAMPLE.splitlines())
