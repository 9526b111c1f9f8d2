"""`make bench`: the whole road against the loop that everybody writes, and what each part costs.

python -m tests.bench [NAME ...] measures those alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.bench import (
    backlog,
    by_phone,
    cards,
    commands,
    curious,
    cuts,
    decision,
    exits,
    films,
    frames,
    hour,
    inside,
    ledger,
    ledger_day,
    lists,
    phone,
    road,
    rows,
    slots,
    start,
)
from tests.bench.road import Report

MEASURES: Final[dict[str, Callable[[], Report]]] = {
    "road": lambda: road.measure(Path(tempfile.mkdtemp(prefix="bench-"))),
    "films": films.time_to_read,
    "smallest": films.smallest,
    "exits": exits.measure,
    "frames": frames.measure,
    "decision": decision.measure,
    "lists": lists.measure,
    "ledger": ledger.measure,
    "ledger_day": ledger_day.measure,
    "commands": commands.measure,
    "curious": curious.measure,
    "curious_voices": curious.voices,
    "cuts": cuts.measure,
    "other_way": by_phone.measure,
    "backlog": backlog.measure,
    "slots": slots.measure,
    "start": start.measure,
    "rows": rows.measure,
    "cards": cards.measure,
    "hour": hour.measure,
    "inside": inside.measure,
    "phone": phone.measure,
}


def main(names: list[str]) -> None:
    """Run them, and print a table for each as soon as it is measured."""
    console = Console(width=120)
    for name in names or MEASURES:
        title, columns, rows = MEASURES[name]()
        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
