"""How the setup talks: one thing at a time, few keys, and at every question the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kiosk.cli.common import asked, echo, style
from kiosk.cli.setup.steps import Step, title
from kiosk.foreign import visible
from kiosk.language import _

LEAVE: Final = "q"
SKIP: Final = "s"
NONE: Final = "-"
YES: Final = ("y", "yes", "是")
NO: Final = ("n", "no", "否")


class Left(Exception):
    """Whoever sits there goes on another time."""


class Skipped(Exception):
    """They do not want this step, or what is left of it."""


def begins(step: Step, words: str) -> None:
    """Say what a step will do, and wait for a sign. Raises Skipped, Left."""
    steps = list(Step)
    head = f"{steps.index(step) + 1}/{len(steps)}  {title(step)}"
    echo("\n" + style(head, bold=True))
    echo(words)
    answer(_("Enter: begin, s: skip, q: leave"), "")


def answer(question: str, default: str | None = None) -> str:
    """A line. Raises Left for q, Skipped for s."""
    found = asked(question, default)
    if found.strip().lower() == LEAVE:
        raise Left
    if found.strip().lower() == SKIP:
        raise Skipped
    return found.strip()


def agreed(question: str, *, default: bool | None = True) -> bool:
    """Yes or no; where it is a proof (default None), nobody gets by with the Enter key or s. Raises Left, Skipped."""
    keys = {None: "y/n", True: "Y/n", False: "y/N"}[default]
    while True:
        try:
            found = answer(f"{question} [{keys}]", None if default is None else "").lower()
        except Skipped:
            if default is not None:
                raise
            found = ""
        if not found and default is not None:
            return default
        if found in {*YES, *NO}:
            return found in YES
        echo(_("y for yes, n for no; q leaves."))


def choice(question: str, offers: Sequence[str], default: int | None = None) -> int:
    """Which of the offers, counted from 0. Raises Left, Skipped."""
    for number, offer in enumerate(offers, 1):
        echo(f"  {number}  {visible(offer)}")
    while True:
        found = answer(question, None if default is None else str(default + 1))
        if found.isascii() and found.isdigit() and 1 <= int(found) <= len(offers):
            return int(found) - 1
        echo(_("A number from 1 to {most}, s or q.", most=len(offers)))


def found(words: str) -> None:
    """What was found."""
    echo("  " + style("✔", fg="green") + " " + words)


def missed(words: str, *remedies: str) -> None:
    """What was not found, and how to mend it."""
    echo("  " + style("✘", fg="red") + " " + words)
    for each in remedies:
        echo("    → " + each)
