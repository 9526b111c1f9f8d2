"""What the ledgers of a province's campaign cost: a station on the road, and the centre's job, with and without news."""

from __future__ import annotations

import base64
import random
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

from msgspec import Struct

from kiosk.central.ledgers import Ledgers
from kiosk.central.service_kinds import as_said
from kiosk.central.store import CentralStore
from kiosk.central.store.campaigns import Handed
from kiosk.demo.founding import founded
from kiosk.trust.ledger import packed, packed_new
from kiosk.trust.service import Campaign, ServiceDocument
from kiosk.trust.tokens import BYTES, token
from tests.bench.decision import HOLDERS
from tests.bench.road import Report
from tests.keys import NOW

BEFORE: Final = 63_000
AN_HOUR: Final = 700
BUSY, QUIET = 10, 14
"""Hours of a day in which 7,000 have one, and without anybody."""

KEY: Final = bytes(range(32))
CODE: Final = "37081101"


class Hour(Struct):
    """What a station was sent (bytes of documents), in how many, and the seconds that each look took."""

    sent: int
    documents: int
    looks: list[float]


class _Centre:
    """With 1.5 million credentials, of whom 63,000 have had one."""

    def __init__(self, folder: Path, store: CentralStore) -> None:
        self.now, self.store = float(NOW), store
        issuer = founded(folder, store, lambda: self.now)
        store._engine.put("credentials", ("idx", "holder"), [(HOLDERS - 1, "last")])
        head = ServiceDocument(1, "raincoats", "campaign", 0, NOW - 60, NOW + 9 * 86_400, "37")
        issuer.publish_service(head, as_said(Campaign({"zh": "雨衣"}, "raincoat", KEY)))
        self.ledgers, self._seq = Ledgers(store, issuer), count(1)

    def hand(self, some: list[int]) -> None:
        with self.store.transaction():
            for index in some:
                row = ("raincoats", 1, next(self._seq), CODE, "", token(KEY, index), "", True, 1, "2026-11-27")
                self.store.hand_out(Handed(*row, self.now, True, self.now))

    def hour(self, coming: Iterator[list[int]]) -> Hour:
        """60 looks, and what a station that is online gets of each."""
        number, hour = self.store.newest_service(), Hour(0, 0, [])
        for some in coming:
            self.now += 60
            self.hand(some)
            begun = perf_counter()
            list(self.ledgers.look(self.now))
            hour.looks.append(perf_counter() - begun)
            found = self.store.published(self.now).newer_services(CODE, number, 16, 768 * 1024)
            hour.sent, hour.documents = hour.sent + sum(map(len, found)), hour.documents + len(found)
            number = self.store.newest_service()
        return hour


def measure() -> Report:
    """The table."""
    folder = Path(tempfile.mkdtemp(prefix="bench-")) / "central"
    folder.mkdir()
    choose = random.Random(1)  # noqa: S311
    had = choose.sample(range(1, HOLDERS - 1), BEFORE + AN_HOUR)
    with closing(CentralStore(folder)) as store:
        centre = _Centre(folder, store)
        centre.hand(had[:BEFORE])
        first = centre.hour(iter([[]]))
        news = had[BEFORE:]
        busy = centre.hour(news[at::60] for at in range(60))
        after, quiet = (centre.hour([] for _ in range(60)) for _ in range(2))
    day = BUSY * busy.sent + after.sent + (QUIET - 1) * quiet.sent
    whole = len(packed(had, HOLDERS))
    growing = sum(len(packed_new(news[: AN_HOUR * minute // 60])) + 250 for minute in range(1, 60))
    tokens = (BEFORE + AN_HOUR) * BYTES + BUSY * AN_HOUR * (BYTES + 5)
    rows = [
        [f"an hour in which {AN_HOUR} have one", _kb(busy.sent), _kb(whole + growing), _kb(60 * whole)],
        ["documents of it", f"{busy.documents}", "60", "60"],
        ["the hour after it, without anybody", _kb(after.sent), _kb(whole), _kb(60 * whole)],
        ["another one without anybody", _kb(quiet.sent), _kb(whole), _kb(60 * whole)],
        ["a day, as it is sent (Base64)", _mb(day), _mb(24 * whole + BUSY * growing), _mb(1440 * whole)],
        ["the tokens themselves, once and as they come", _mb(tokens), "", ""],
        ["the first look, with its table of tokens", f"{first.looks[0]:.1f} s", "", ""],
        ["a look with news, median", f"{1e3 * statistics.median(busy.looks):.0f} ms", "", ""],
        ["a look without, median", f"{1e3 * statistics.median(quiet.looks):.1f} ms", "", ""],
    ]
    title = f"Ledgers of {HOLDERS:,} holders, {BEFORE:,} of whom have had one, on the road to a station"
    return title, ["", "ours", "a delta that grows for the hour", "whole each minute"], rows


def _kb(size: int) -> str:
    return f"{size / 1000:.0f} kB"


def _mb(size: int) -> str:
    return f"{len(base64.b64encode(bytes(size))) / 1e6:.2f} MB"
