"""Every pattern of a message, a document and a setting holds for the whole text: msgspec searches it.

With `$` a text with a line's end behind it holds, too, and with `\\d` a digit of any script.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.contract.bodies import Code, ReleaseNumber
from kiosk.contract.schemas import schema_of
from kiosk.trust.service import Day, StationCode

TREE = Path(__file__).parent.parent
ANYWHERE = {r"\S"}
"""What is searched on purpose: a name that is not only spaces."""


def patterns() -> Iterator[tuple[str, str]]:
    """Each with its place."""
    for path in sorted((TREE / "kiosk").rglob("*.py")):
        text = path.read_text()
        if "pattern=" not in text:
            continue
        name = ".".join(path.relative_to(TREE).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Meta":
                for word in node.keywords:
                    if word.arg == "pattern":
                        yield f"{name}:{node.lineno}", _value(word.value, name)


def _value(node: ast.expr, module: str) -> str:
    return str(eval(compile(ast.Expression(node), module, "eval"), vars(import_module(module))))  # noqa: S307  our own code


FOUND = dict(patterns())


def test_that_there_are_some() -> None:
    assert len(FOUND) > 40


@pytest.mark.parametrize("where", FOUND)
def test_a_pattern_is_of_the_whole_text(where: str) -> None:
    pattern = FOUND[where]
    assert pattern in ANYWHERE or (pattern.startswith("^") and pattern.endswith(r"\Z") and "$" not in pattern)


@pytest.mark.parametrize("where", FOUND)
def test_a_pattern_takes_no_digits_of_another_script(where: str) -> None:
    assert not {r"\d", r"\w"} & {FOUND[where][at : at + 2] for at in range(len(FOUND[where]))}


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Code, "37010001\n"), (StationCode, "37010001\n"), (ReleaseNumber, "１.2.3"), (Day, "2026-01-01\n")],
)
def test_what_is_not_the_whole_text_is_refused(kind: Any, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, kind)


def test_a_schema_says_it_as_others_read_it() -> None:
    assert schema_of(Code)["pattern"] == "^[0-9A-Za-z]{4,12}$"
