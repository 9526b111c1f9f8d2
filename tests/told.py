"""Test support: the commands that documents and the program's words tell people to type, and whether the program takes them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from kiosk.cli.main import main
from tests.conftest import ROOT

PAGES: Final = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    if path.name not in {"CHANGELOG.md", "commands.md"}  # what was, and what is made from the verbs themselves
)
STANDS_FOR: Final = {
    "URL": "http://127.0.0.1:1",
    "CODE": "37081101",
    "STATION": "37081101",
    "CLAIM": "ABCD-EFGH",
    "FILE": "file",
    "FILE...": "file",
    "NAME": "main",
    "DOOR": "main",
    "INDEX": "7",
    "SHELL": "bash",
    "KEY": "pins",
    "VERB": "open",
    "PART": "lock",
    "STEP": "door",
    "PACKAGE": "file",
    "...": "",
}
"""What somebody puts in the place of a word in capitals."""

COMES: Final = {
    "{use}": "document",
    "{station}": "37081101",
    "claim {x}": "claim 37081101",
    "station {verb}": "station retire",
}
"""What stands in a message's place, where a 7 would be none."""

MENTIONED: Final = re.compile(r"(?<![\w/.-])kiosk (?:[a-z]+)(?:(?!&&|[.:] |[.:]$|[;,`\n)]).)*")
COMMANDS: Final = ("kiosk", "make", "systemctl", "journalctl")


def in_page(path: Path) -> Iterator[str]:
    """The commands in a page: in backticks, in fenced blocks, and in indented ones."""
    text = path.read_text(encoding="utf-8")
    fenced = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    prose = fenced.sub("", text)
    indented = re.findall(r"^ {4,}(\S.*)$", prose, re.MULTILINE)
    spans = [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose)]
    for line in [*"\n".join(fenced.findall(text)).split("\n"), *indented, *spans]:
        yield from simple(line)


def simple(line: str) -> Iterator[str]:
    """The simple commands of a line as a shell would take it, without sudo, where the output goes, and what stands behind #."""
    for part in re.split(r"&&|\|\||[|;]", line.partition(" #")[0]):
        words = re.sub(r"^\s*(sudo )?(\S*/)?(?=(kiosk|make|systemctl|journalctl)\b)", "", part).strip()
        if words.split(" ")[0] in COMMANDS:
            yield re.sub(r"\s*(> \S+|&)$", "", words)


def in_words() -> Iterator[tuple[str, str]]:
    """Each command in a text of the program that is no docstring, with where it stands; what comes is x."""
    for path in sorted((ROOT / "kiosk").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        nodes = list(ast.walk(ast.parse(text))) if "kiosk " in text else []
        left_out = {id(each.value) for each in nodes if isinstance(each, ast.Expr)}  # docstrings
        left_out |= {id(part) for each in nodes if isinstance(each, ast.JoinedStr) for part in each.values}
        for node in nodes:
            for found in re.findall(MENTIONED, _text(node) if id(node) not in left_out else ""):
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", found.strip()


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(_text(part) if isinstance(part, ast.Constant) else "{x}" for part in parts)
        case _:
            return ""


def filled(command: str) -> list[str]:
    """Its words, with something in the place of what stands for something."""
    for name, value in COMES.items():
        command = command.replace(name, value)
    words = shlex.split(re.sub(r"\{\w+\}", "7", command))
    return [each for word in words if (each := STANDS_FOR.get(word.strip("[]"), word))]


def taken_with_prose(command: str) -> bool:
    """As :func:`taken`, where words may follow that are no part of it; an option always is."""
    words = filled(command)
    while True:
        try:
            return taken(words)
        except click.UsageError as error:
            more = "unexpected extra argument" in error.format_message() or type(error) is click.BadParameter
            if not more or len(words) < 3 or words[-1].startswith("-") or words[-2].startswith("-"):
                raise
            words = words[:-1]


def taken(words: list[str]) -> bool:
    """Whether the program understands these words; a verb that is only named is understood.

    Raises click.UsageError with what is wrong.
    """
    try:
        context = main.make_context("kiosk", words[1:])
        while isinstance(context.command, click.Group):
            rest = [*context._protected_args, *context.args]
            name, command, rest = context.command.resolve_command(context, rest) if rest else (None, None, [])
            if command is None or not rest:
                return True
            context = command.make_context(name, rest, parent=context)
    except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
        return True
    return True
