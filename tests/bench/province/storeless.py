"""The central server without its store: what a batch costs that is only read, judged to be whole and answered."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk.central.serve import serve
from kiosk.central.store import CentralStore
from kiosk.central.store.logs import Became, Sent


def acknowledged(_store: CentralStore, sent: Sequence[Sent], _now: float) -> list[Became]:
    return [(each.batch.first + len(each.batch.entries) - 1, []) for each in sent]


if __name__ == "__main__":
    CentralStore.take_all = acknowledged  # type: ignore[assignment, method-assign]
    serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]))
