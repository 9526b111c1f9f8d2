"""The technician's language: nothing is left untranslated, and nothing else changes with it."""

from __future__ import annotations

import ast
import json
import re
import string
import subprocess
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from kiosk import language
from kiosk.wording.words import word
from tests.conftest import ROOT
from tests.programs.house import House, environment
from tools.messages import MO, compiled, messages, one_of, read

CATALOGUE = {one_of(each.id): each for each in read() if each.id}
SAYS = {"click.echo", "click.secho", "fail", "click.confirm", "click.prompt"}


def test_the_catalogue_has_every_message_and_no_other() -> None:
    assert CATALOGUE.keys() == messages(), "type: make messages"


def test_every_message_is_translated_with_the_same_names_in_it() -> None:
    assert {message: wrong for message in CATALOGUE if (wrong := wrong_with(message))} == {}


def wrong_with(message: str) -> str:
    """What is wrong with its translation, or nothing."""
    found = CATALOGUE[message]
    translation = one_of(found.string)
    if not translation or found.fuzzy:
        return "untranslated"
    if names(translation) != names(message):
        return f"has {names(translation)}"
    return "" if message.startswith("\n") == translation.startswith("\n") else "begins otherwise"


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_compiled_catalogue_is_fresh() -> None:
    assert said(MO.read_bytes()) == said(compiled(read())), "type: make messages"


def said(catalogue: bytes) -> dict[object, str]:
    """Its messages, without the head, in which Babel names its own version."""
    messages: dict[object, str] = dict(GNUTranslations(BytesIO(catalogue))._catalog)  # type: ignore[attr-defined]
    del messages[""]
    return messages


SENTENCE = re.compile(r"[A-Za-z]{2,}[^A-Za-z]+[A-Za-z]{2,}|[A-Za-z]{3} [a-z{]")


def bare(path: Path) -> Iterator[str]:
    """What a module says in words of its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SAYS and node.args:
            yield from filter(SENTENCE.search, literals(node.args[0]))


def literals(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(ast.Name("_")):
            return
        case ast.Constant(str(text)):
            yield text
        case _:
            for child in ast.iter_child_nodes(node):
                yield from literals(child)


def alarms() -> set[str]:
    """What the central server calls whatever it finds wrong itself, and names in its code."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "kiosk" / "central").rglob("*.py")]
    constants = dict(chain.from_iterable(constant(node) for tree in trees for node in tree.body))
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) > 2]
    first = [call.args[0] for call in calls if getattr(call.func, "attr", "") in {"alarm", "_tell"}]
    named = {constants.get(each.id) if isinstance(each, ast.Name) else getattr(each, "value", None) for each in first}
    return {each for each in named if isinstance(each, str)}


def constant(node: ast.stmt) -> Iterator[tuple[str, object]]:
    """Its name and value, if it is one."""
    match node:
        case ast.AnnAssign(ast.Name(name), _, ast.Constant(value)):
            yield name, value


def test_every_alarm_has_a_name_in_chinese() -> None:
    assert "two_stations" in (found := alarms())
    with language.speaking(chinese=True):
        assert [alarm for alarm in found if word(alarm) == alarm.replace("_", " ")] == []


@pytest.mark.parametrize(
    "said",
    [
        "the clock says 8:00, and most stations say 7:00: no time is signed. Set the clock, or if it is right: kiosk x",
        "union-app: brings more than 200 passes to an end in an hour",
        "sends more than any station has to tell; it is asked to wait",
        "30 wrong codes for phones in a quarter of an hour",
        "a ledger of 300000 bytes: stations take 262144",
        "rain-3708 is a service of another kind. Next: kiosk central service withdraw rain-3708",
        "campaign rain: more is said to be handed out than a station can; whose it is the rest does not say",
        "ballots are lost: /data/ballots-0a.urn: nothing in it is whole",
        "the ballots' urn takes no write: No space left on device",
        "who has had something is not as it was written",
    ],
)
def test_what_goes_wrong_is_told_in_chinese(said: str) -> None:
    with language.speaking(chinese=True):
        assert not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,} ", language.told(said).replace("kiosk central", ""))


@pytest.mark.parametrize("path", sorted((ROOT / "kiosk" / "cli").rglob("*.py")), ids=lambda path: path.stem)
def test_no_verb_says_anything_that_cannot_be_translated(path: Path) -> None:
    assert list(bare(path)) == []


@pytest.mark.parametrize("path", sorted((ROOT / "kiosk" / "settings").glob("*.py")), ids=lambda path: path.stem)
def test_no_error_of_the_settings_is_in_words_that_cannot_be_translated(path: Path) -> None:
    """They are yielded as pairs of a key and what is wrong with it."""
    wrong = [node.value.elts[1] for node in ast.walk(ast.parse(path.read_text())) if is_pair(node)]
    assert [text for each in wrong for text in literals(each) if SENTENCE.search(text)] == []


def is_pair(node: ast.AST) -> TypeGuard[Any]:
    return isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2


def test_errors_in_the_settings_in_chinese(tmp_path: Path) -> None:
    house = House(tmp_path, "[doors.side]\nlock = { pin = 99 }\nplse = 3\n")
    done = kiosk(house, "config", "check", LC_ALL="zh_CN.UTF-8")
    assert done.returncode == 2
    assert "没有这个设置，是不是 pulse？" in done.stderr
    assert "应为：整数，至少 0，至多 27" in done.stderr


def test_the_check_itself_sees_a_bare_message(tmp_path: Path) -> None:
    module = tmp_path / "m.py"
    module.write_text('click.echo(f"the door is {state}")\nclick.echo(_("fine with me"))\nclick.echo(f"{name:<10}")\n')
    assert list(bare(module)) == ["the door is "], "names of things alone are none"


def kiosk(house: House, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(), **variables}
    return subprocess.run(house._command(*words), capture_output=True, text=True, check=False, timeout=60, env=env)


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"LC_ALL": "zh_CN.UTF-8"}, "问题"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "问题"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "de_DE.UTF-8"}, "问题"),
        ({"LC_ALL": "zh_CN.UTF-8", "TERM": "linux"}, "wrong"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "wrong"),
        ({"LC_ALL": "de_DE.UTF-8"}, "wrong"),
    ],
)
def test_the_locale_chooses_but_for_the_console_that_has_no_chinese(
    tmp_path: Path, variables: dict[str, str], word: str
) -> None:
    verdict = kiosk(House(tmp_path), "doctor", **variables).stdout.strip().splitlines()[-1]
    assert word in verdict


def test_help_status_and_errors_in_chinese_and_the_same_ids_and_exit_codes(tmp_path: Path) -> None:
    house = House(tmp_path)
    for words, told in (
        (("--help",), "开门、常开、疏散"),
        (("door", "hold", "--help"), "保持开锁"),
        (("status",), "没有应答"),
        (("door", "open"), "驿站程序没有应答"),
        (("door", "hold", "--for", "soon"), "不是时长"),
        (("maintenance", "nope"), "帮助请用"),
    ):
        chinese, english = (kiosk(house, *words, LC_ALL=locale) for locale in ("zh_CN.UTF-8", "C.UTF-8"))
        assert told in chinese.stdout + chinese.stderr, words
        assert chinese.returncode == english.returncode
        assert "Traceback" not in chinese.stderr
    ids = [
        [check["id"] for check in json.loads(kiosk(house, "doctor", "--json", LC_ALL=locale).stdout)["checks"]]
        for locale in ("zh_CN.UTF-8", "C.UTF-8")
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("typed", ["policy", "central", "no_answer"])
def test_what_was_typed_is_told_as_it_was_typed(tmp_path: Path, typed: str) -> None:
    done = kiosk(House(tmp_path), "config", "explain", typed, LC_ALL="zh_CN.UTF-8")
    assert done.stdout.startswith(typed) or done.stderr.startswith(f"{typed}：没有这项设置")


def test_a_text_of_many_parts_is_not_taken_apart_for_ever() -> None:
    text = "a; b: " * 33
    with language.speaking(chinese=True):
        assert language.told(text) == text
