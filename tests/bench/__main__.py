"""`make bench`: the whole road against the loop that everybody writes, and what each part costs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.bench import commands, decision, exits, films, frames, hour, lists, road
from tests.bench.road import Report


def main() -> None:
    """Run all, and print a table for each as soon as it is measured."""
    console = Console(width=120)
    for measure in MEASURES:
        title, columns, rows = measure()
        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


MEASURES: Final[tuple[Callable[[], Report], ...]] = (
    lambda: road.measure(Path(tempfile.mkdtemp(prefix="bench-"))),
    films.time_to_read,
    films.smallest,
    exits.measure,
    frames.measure,
    decision.measure,
    lists.measure,
    commands.measure,
    hour.measure,
)


if __name__ == "__main__":
    main()
