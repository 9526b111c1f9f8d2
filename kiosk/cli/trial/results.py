"""What comes of trials, one after the other: passed, skipped, or another of these words, a colon and why.

Somebody stands at the station for them, perhaps far from anywhere: whatever ends them early, what they have found is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice, repeat
from typing import Final, NamedTuple

import click

from kiosk.language import _
from kiosk.local import NotGranted, NotReachable

PASSED: Final = "passed"
SKIPPED: Final = "skipped"
FAILED: Final = "failed"
INTERRUPTED: Final = "interrupted"
"""Of the part in which the trials ended early."""

NOT_TRIED: Final = "not tried"
"""Of the parts behind it."""


class Tried(NamedTuple):
    """What came of each part; nothing where not one came to its end. `early`: what ended them before the last one did."""

    results: dict[str, str]
    early: BaseException | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing failed, and all were tried."""
        return self.early is None and set(self.results.values()) <= {PASSED, SKIPPED}


def go_through(parts: Mapping[str, Callable[[], str]]) -> Tried:
    """Try the parts until the station falls silent, or somebody ends it at the terminal; one that is refused has failed."""
    results: dict[str, str] = {}
    try:
        for name, part in parts.items():
            results[name] = _came_of(part)
    except (click.Abort, KeyboardInterrupt, NotReachable, OSError) as error:  # OSError: a terminal that has gone
        return Tried(results and results | _left(parts, len(results), error), error)
    return Tried(results)


def _left(parts: Iterable[str], tried: int, error: BaseException) -> dict[str, str]:
    """What is said of the parts that did not come to their end."""
    left, verdicts = islice(parts, tried, None), chain([INTERRUPTED], repeat(NOT_TRIED))
    return {part: f"{verdict}: {why_early(error)}" for part, verdict in zip(left, verdicts, strict=False)}


def _came_of(part: Callable[[], str]) -> str:
    try:
        return part()
    except NotGranted as error:
        return failed(error)


def failed(why: object) -> str:
    """The result of a part in which that went wrong."""
    return f"{FAILED}: {why}"


def why_early(error: BaseException) -> str:
    """Why trials ended before the last of them."""
    return _("the station does not answer") if isinstance(error, NotReachable) else _("it was ended at the terminal")
