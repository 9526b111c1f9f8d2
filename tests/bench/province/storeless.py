"""The central server without its store: what a batch costs that is read, unpacked, proven to be its station's and answered.

Each entry of it is decoded as JSON; with `judged` it is also looked at as the store does before it writes: its number, its
boot, its size and depth, its head taken apart from the rest, which is encoded anew.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk.central.serve import serve
from kiosk.central.store import CentralStore
from kiosk.central.store.logs import Became, Log, Sent

JUDGED = "judged"


def acknowledged(_store: CentralStore, sent: Sequence[Sent], _now: float) -> list[Became]:
    return [(each.batch.first + len(each.batch.entries) - 1, []) for each in sent]


def judged(store: CentralStore, sent: Sequence[Sent], _now: float) -> list[Became]:
    plans = [store._judged(each, Log(1, each.batch.first - 1, each.batch.boot_id, 1)) for each in sent]
    return [each if isinstance(each, Exception) else each.became for each in plans]


if __name__ == "__main__":
    CentralStore.take_all = judged if JUDGED in sys.argv else acknowledged  # type: ignore[assignment, method-assign]
    serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]))
