"""Settings as other editors leave them: read where that is safe, and otherwise told with line, column and what mends it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.settings.loading import load
from kiosk.settings.reading import read_toml, salvage
from kiosk.settings.slips import slips
from kiosk.settings.table import BadSettings

GOOD = """\
pins = "simulated"  # 没有真的引脚

[station]
code = "37081101"
name = "西湖驿站"

[doors.main]
lock = { pin = 17, active_high = true }
contact = { pin = 27 }
hours = [
  "mon-fri 06:00-22:00",
  "sat,sun 08:00-20:00",
]
pulse = 1.5
"""
LINES = GOOD.split("\n")


def errors(tmp_path: Path, data: bytes | str) -> list[str]:
    path = tmp_path / "station.toml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    try:
        load(path)
    except BadSettings as bad:
        return [each.replace(str(path), "F") for each in bad.errors]
    return []


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n").encode("utf-8-sig"),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace("\n", "\r\n", 3).encode(),
        GOOD.replace(" = ", "\t=\t").encode(),
        ("\ufeff\ufeff" + GOOD).encode(),
        GOOD.rstrip("\n").encode(),
    ],
)
def test_what_other_editors_add_changes_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "plain.toml").write_text(GOOD, encoding="utf-8")
    assert errors(tmp_path, data) == []
    assert load(tmp_path / "station.toml") == load(tmp_path / "plain.toml")


CODINGS = {
    "gbk": ("GBK", 1),
    "utf-16": ("UTF-16", 1),
    "utf-16-le": ("UTF-16LE", 1),
    "utf-16-be": ("UTF-16BE", 1),
    "utf-32": ("UTF-32", 1),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_another_coding_is_named_with_the_command_that_mends_it(tmp_path: Path, coding: str, end: str) -> None:
    (tmp_path / "plain.toml").write_text(GOOD, encoding="utf-8")
    path = tmp_path / "station.toml"
    path.write_bytes(GOOD.replace("\n", end).encode(coding))
    path.chmod(0o640)
    with pytest.raises(BadSettings) as bad:
        load(path)
    name, line = CODINGS[coding]
    told = bad.value.errors[0]
    assert told.startswith(f"{path}:{line}:")
    assert f"is {name} and not UTF-8 text" in told
    assert salvage(path)["station"]["name"] == "西湖驿站"
    subprocess.run(["sh", "-c", told.partition("Next: ")[2]], check=True)
    assert load(path) == load(tmp_path / "plain.toml")
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (GOOD.replace("没有真的引脚", "°C").replace("西湖驿站", "Café").encode("cp1252"), "F:1:23: is WINDOWS-1252"),
        (
            GOOD.replace("西湖驿站", "Müllers Bistro").replace("没有真的引脚", "").encode("latin-1"),
            "F:5:10: is WINDOWS-1252",
        ),
        (GOOD.replace("西湖驿站", "𠮷野家").replace("没有真的引脚", "").encode("gb18030"), "F:5:9: is GB18030"),
        (GOOD.replace("西湖驿站", "冷柜 25℃，°C").replace("没有真的引脚", "").encode("gbk"), "F:5:9: is GBK"),
        (GOOD.encode() + b"\xff", "F:15:1: is not UTF-8 text"),
        (GOOD.encode().replace("驿".encode(), "驿".encode()[:2]), "F:5:11: is not UTF-8 text"),
        (b"\0" * 4096, "F: holds nothing but zero bytes, as after a power cut"),
        (GOOD.encode() + b"\0" * 20, "F:15:1: a zero byte stands here"),
        (GOOD.encode() + b"\0" * 4096, "F:15:1: a zero byte stands here"),
    ],
)
def test_a_coding_is_not_taken_for_another(tmp_path: Path, data: bytes, told: str) -> None:
    found = errors(tmp_path, data)
    assert len(found) == 1
    assert found[0].startswith(told)


def test_what_is_salvaged_of_utf_8_is_read_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    for data in (GOOD.encode() + b"x\n", GOOD.encode() + b"\0" * 9, GOOD.encode() + b"\n# \xe9\xa9"):
        path.write_bytes(data)
        assert errors(tmp_path, data)
        assert salvage(path)["station"]["name"] == "西湖驿站"


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        # signs that an editor or an input method put there
        ('"西湖驿站"', "“西湖驿站”", 'F:5:8: “ (U+201C) is no straight quote; write "'),
        (
            '"西湖驿站"',
            '"西湖驿站”',
            'F:5:8: the text that begins here has no " at its end: ” in column 13 is another sign',
        ),
        ('"西湖驿站"', '“西湖驿站"', 'F:5:8: “ (U+201C) is no straight quote; write "'),
        ('"simulated"', "‘simulated’", "F:1:8: ‘ (U+2018) is no straight quote; write '"),
        ('"simulated"', "「simulated」", 'F:1:8: 「 (U+300C) is no straight quote; write "'),
        ('"simulated"', "«simulated»", 'F:1:8: « (U+00AB) is no straight quote; write "'),
        ('"simulated"', "＂simulated＂", 'F:1:8: ＂ (U+FF02) is no straight quote; write "'),
        ('"simulated"', "`simulated`", "F:1:8: ` (U+0060) is no straight quote; write '"),
        ("pulse =", "pulse ＝", "F:14:7: ＝ (U+FF1D) is not =; write ="),
        ("pin = 17,", "pin = 17，", "F:8:18: ， (U+FF0C) is not ,; write ,"),
        ("pin = 17,", "pin = 17、", "F:8:18: 、 (U+3001) is not ,; write ,"),
        ("[doors.main]", "［doors.main］", "F:7:1: ［ (U+FF3B) is not [; write ["),
        ("[doors.main]", "【doors.main】", "F:7:1: 【 (U+3010) is not [; write ["),
        ("[doors.main]", "[doors。main]", "F:7:7: 。 (U+3002) is not .; write ."),
        ("{ pin = 27 }", "｛ pin = 27 ｝", "F:9:11: ｛ (U+FF5B) is not {; write {"),
        ("# 没", "＃ 没", "F:1:21: ＃ (U+FF03) is not #; write #"),
        ("1.5", "１.5", "F:14:9: １ (U+FF11) is not 1; write 1"),
        ("1.5", "−1.5", "F:14:9: − (U+2212) is not -; write -"),
        ("pulse = ", "pulse =\u00a0", "F:14:8: a blank of another kind (U+00A0); write a space"),
        ("pulse = ", "\u3000pulse = ", "F:14:1: a blank of another kind (U+3000); write a space"),
        ("pulse = ", "\u200bpulse = ", "F:14:1: a character that cannot be seen (U+200B); delete it"),
        ("pulse = ", "\ufeffpulse = ", "F:14:1: a character that cannot be seen (U+FEFF); delete it"),
        ("pulse = 1.5\n", "pulse = 1.5\n\x1a", "F:15:1: a character that cannot be seen (U+001A); delete it"),
        ('"mon-fri 06:00-22:00"', "“mon-fri 06:00-22:00”", 'F:11:3: “ (U+201C) is no straight quote; write "'),
        ('"mon-fri 06:00-22:00",', '"mon-fri 06:00-22:00"，', "F:11:24: ， (U+FF0C) is not ,; write ,"),
        # quotes that are missing
        ('"西湖驿站"', '"西湖驿站', 'F:5:8: the text that begins here has no " at its end'),
        ('"西湖驿站"', "'西湖驿站", "F:5:8: the text that begins here has no ' at its end"),
        ('"西湖驿站"', "西湖驿站", 'F:5:8: 西湖驿站 stands here without quotes; write "西湖驿站"'),
        ('"simulated"', "simulated", 'F:1:8: simulated is no value; write "simulated"'),
        ('"simulated"', 'simulated"', 'F:1:8: " is missing in front of simulated'),
        ('"mon-fri 06:00-22:00",', '"mon-fri 06:00-22:00,', 'F:11:3: the text that begins here has no " at its end'),
        ('"sat,sun 08:00-20:00",', 'sat,sun 08:00-20:00",', 'F:12:3: " is missing in front of sat,sun 08:00-20:00'),
        ("[doors.main]", "[doors.大门]", 'F:7:8: 大门 stands here without quotes; write "大门"'),
        # values
        ("= true", "= True", "F:8:34: True is no value; write true"),
        ("= true", "= yes", "F:8:34: yes is no value; write true"),
        ("= true", "= FALSE", "F:8:34: FALSE is no value; write false"),
        ("= true", "= off", "F:8:34: off is no value; write false"),
        ("= true", "= 是", "F:8:34: 是 stands here without quotes; write true"),
        ("= true", "= null", "F:8:34: null is no value; leave the line out"),
        ('"37081101"', "03708", 'F:4:8: 03708 is no value; write "03708"'),
        ("1.5", "1,5", "F:14:7: 1,5 is no number; write 1.5"),
        ("1.5", "1.5s", "F:14:9: 1.5s is no value; write 1.5"),
        ("1.5", ".5", "F:14:9: .5 is no value; write 0.5"),
        ("1.5", "1.", "F:14:9: 1. is no value; write 1.0"),
        ("1.5", "1.5;", "F:14:9: 1.5; is no value; write 1.5"),
        ("1.5", "", "F:14:7: pulse has no value"),
        ("pulse = 1.5", "pulse: 1.5", "F:14:6: write = in place of :"),
        ("pulse = 1.5", "pulse 1.5", "F:14:7: pulse needs = and a value"),
        ("pulse = 1.5", "pulse", "F:14:6: pulse needs = and a value"),
        ('"simulated"', r'"C:\new\data"', r"F:1:8: a \ in a text is written \\; or write 'C:\new\data'"),
        # brackets
        ("{ pin = 27 }", "{ pin = 27", "F:9:21: } is missing"),
        ("[doors.main]", "[doors.main", "F:7:12: ] is missing"),
        ("[doors.main]", "doors.main]", "F:7:1: [ is missing"),
        # twice
        ("pulse = 1.5", "pulse = 1.5\npulse = 2", "F:15:10: doors.main.pulse is there twice: first in line 14"),
        ("pulse = 1.5", "[doors.main]", "F:14:12: doors.main is there twice: first in line 7"),
        ("pulse = 1.5", "[doors.main.lock]", "F:14:17: doors.main.lock is there twice: first in line 8"),
    ],
)
def test_a_slip_is_told_with_its_place_and_what_is_meant(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    text = GOOD.replace(right, wrong, 1)
    assert text != GOOD
    assert errors(tmp_path, text)[0] == told


def test_a_missing_bracket_of_a_list_does_not_hide_what_follows(tmp_path: Path) -> None:
    text = GOOD.replace('00",\n]', '00",\n').replace("pulse = 1.5", "pulse = ”1”")
    assert errors(tmp_path, text) == [
        "F:10:10: ] is missing",
        'F:14:9: ” (U+201D) is no straight quote; write "',
    ]


def test_every_slip_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"simulated"', "“simulated”").replace("= true", "= True").replace("pulse =", "pulse ＝")
    assert [each.split(":")[1] for each in errors(tmp_path, text)] == ["1", "8", "14"]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('"simulated"', '"simulate"', "F:1: pins: must be one of gpio, simulated, did you mean simulated?"),
        ('"simulated"', '"SIMULATED "', "F:1: pins: must be one of gpio, simulated, did you mean simulated?"),
        ('"simulated"', '"maybe"', "F:1: pins: must be one of gpio, simulated"),
        (
            '"37081101"',
            "37081101",
            '4 to 12 letters and digits; here is a whole number, did you mean "37081101"?',
        ),
        ('"37081101"', '"３７０８１１０１"', 'did you mean "37081101"?'),
        (
            "pin = 17",
            'pin = "17"',
            "a whole number, at least 0, at most 27; here is text, did you mean 17?",
        ),
        ("pin = 17", "pin = 17.0", "F:8: doors.main.lock.pin: "),
        (
            "= true",
            '= "true"',
            "F:8: doors.main.lock.active_high: expected true or false; here is text, did you mean true?",
        ),
        (
            "= true",
            '= "Yes"',
            "F:8: doors.main.lock.active_high: expected true or false; here is text, did you mean true?",
        ),
        (
            "= true",
            "= 1",
            "expected true or false; here is a whole number, did you mean true?",
        ),
        (
            "1.5",
            '"1.5"',
            "F:14: doors.main.pulse: expected a number, at least 1, at most 30; here is text, did you mean 1.5?",
        ),
        ("pulse = 1.5", "interlock = 'x'", 'did you mean ["x"]?'),
        ("pulse = 1.5", "Pulse = 1.5", "F:14: doors.main.Pulse: no such setting, did you mean pulse?"),
        ("[station]", "[Station]", "F:3: Station: no such setting, did you mean station?"),
    ],
)
def test_a_value_of_another_kind_is_told_with_what_is_meant(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    found = errors(tmp_path, GOOD.replace(right, wrong, 1))
    assert any(told in each for each in found), found


WIDE = {sign: chr(ord(sign) + 0xFEE0) for sign in "[]{}=,.#\"'"}
OUTSIDE = [
    (line, column)
    for line, text in enumerate(LINES)
    for column, sign in enumerate(
        re.sub(r'"[^"]*"|#.*', lambda quoted: quoted[0][0] + "x" * (len(quoted[0]) - 1), text)
    )
    if sign in WIDE
]


@given(place=st.sampled_from(OUTSIDE))
def test_a_full_width_sign_is_found_where_it_stands(place: tuple[int, int]) -> None:
    line, column = place
    text = LINES[line]
    wide = [*LINES[:line], text[:column] + WIDE[text[column]] + text[column + 1 :], *LINES[line + 1 :]]
    found = list(slips(wide))
    assert [(each.line, each.column) for each in found] == [(line + 1, column + 1)]
    assert found[0].what.endswith(f"write {text[column]}")


def told_of(path: Path) -> list[str]:
    """The errors of :func:`read_toml`, which raises nothing else."""
    try:
        read_toml(path)
    except BadSettings as bad:
        return bad.errors
    return []


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slips") / "any.toml"


SIGNS = "“”＝，\"'[]{}=.,#\n\t\0 1"


@given(
    at=st.integers(0, len(GOOD)),
    more=st.text(st.characters(codec="utf-8"), max_size=6) | st.text(SIGNS, max_size=6),
    gone=st.integers(0, 6),
)
def test_whatever_stands_in_a_file_is_told_in_its_lines(at: int, more: str, gone: int, anywhere: Path) -> None:
    text = GOOD[:at] + more + GOOD[at + gone :]
    anywhere.write_bytes(text.encode())
    for each in told_of(anywhere):
        found = re.fullmatch(rf"{re.escape(str(anywhere))}:(\d+):(\d+): .+", each)
        assert found
        assert int(found[1]) <= len(text.split("\n"))


@given(data=st.binary(max_size=300))
def test_whatever_bytes_a_file_holds_only_bad_settings_are_raised(data: bytes, anywhere: Path) -> None:
    anywhere.write_bytes(data)
    assert all(each.startswith(str(anywhere)) for each in told_of(anywhere))
    salvage(anywhere)
