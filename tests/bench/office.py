"""python -m tests.bench.office: its pages with a province of 4,540 stations, beside a file of its own, on both engines; and
what a province's stations wait for while people work in it.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, time
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from kiosk.central.answering import Answering
from kiosk.central.cases import Cases, Said
from kiosk.central.numbers.period import newest
from kiosk.central.office.assets import asset
from kiosk.central.store import CentralStore
from kiosk.central.store.registers import Registered
from kiosk.central.store.rounds import SaidService
from kiosk.central.store.sightings import Sighting
from kiosk.central.voices.rounds import Round
from kiosk.demo.founding import founded
from kiosk.trust.service import Checklist, Item
from tests.bench.office_load import batches_beside, logged_in, serving
from tests.bench.province.bounds import POSTGRESQL, SQLITE
from tests.conftest import ABSENT
from tests.databases import Cluster, cluster, programs
from tests.keys import private, public
from tests.office.clerks import Clerk
from tests.programs.province_of_days import codes, fill

STATIONS: Final = 4540
TIMES: Final = 60
PAGES: Final = (
    "/", "/stations", "/stations?words=37081&page=2", "/stations/{code}", "/map", "/numbers", "/numbers?prefix=370811",
    "/inspections", "/inspections?which=overdue&prefix=3708", "/voices", "/people", "/updates", "/policies", "/audit",
    "/accounts",
)  # fmt: skip


def province(store: CentralStore) -> str:
    """Stations with places, a month of figures, one in forty silent; the code of one of them."""
    chance, now = random.Random(4), time()  # noqa: S311  no secret
    names = codes(STATIONS)
    store.add_stations(
        [
            Registered(
                code, f"站{code}", "", f"{36.3 + chance.gauss(0, 0.8):.5f}", f"{118.5 + chance.gauss(0, 1.7):.5f}"
            )
            for code in names
        ],
        now,
    )
    key = public(private(4))
    for code in names:
        store.enrol(code, store.make_claim(code, now), key, now)
    heard = [now - 7200 * (number % 40 == 0) for number in range(len(names))]
    store.saw([Sighting(code, at, "yizhan-kiosk/0.6.0", "") for code, at in zip(names, heard, strict=True)])
    fill(store, names, newest(now, 30).days)
    inside(store, names, now)
    return names[0]


def inside(store: CentralStore, names: Sequence[str], now: float) -> None:
    """A round of each station, and two cases, of which its display is told; prints how long that takes."""
    body = msgspec.json.encode(Checklist({"zh": "每周"}, (Item("water", {"zh": "饮水"}),))).decode()
    times = {"begins": int(now) - 86_400, "ends": int(now) + 86_400}
    store.remember_service(SaidService("weekly", 1, "checklist", "", body=body, **times))
    cases = Cases(store)
    with store.transaction():
        for code in names:
            store.keep_round(Round(code, "weekly", now, 1, {"water": "yes"}), 7, now)
            for what in ("not_hot", "no_water"):
                cases.say_inside(Said(code, "water", what, source="desk"), 0, now)
    issuer = founded(store.folder, store)
    for what in ("told for the first time", "looked at again"):
        began = monotonic()
        published = sum(Answering(store, issuer).look(now))
        print(f"displays of {len(names)} stations {what}: {published} documents in {monotonic() - began:.1f} s")
    began = monotonic()
    store.published()
    print(f"a server reads all that is published, at each publication, in {(monotonic() - began) * 1000:.0f} ms")


def timed(clerk: Clerk, path: str) -> tuple[float, float, int]:
    """Milliseconds in the median and at 95 %, and the bytes of an answer."""
    found, size = [], 0
    for _ in range(TIMES):
        began = monotonic()
        answer = clerk.get(path)
        found.append((monotonic() - began) * 1000)
        answer.raise_for_status()
        size = len(answer.content)
    return sorted(found)[TIMES // 2], sorted(found)[TIMES * 95 // 100], size


def pages(server: Cluster | None) -> dict[str, tuple[float, float, int]]:
    """Each page as an administrator sees it, who sees all; the store is a file where no server is given."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if server:
            server.give(folder)
        with closing(CentralStore(folder)) as store:
            code = province(store)
        with serving(folder) as url:
            clerk = logged_in(url)
            return {path: timed(clerk, path.format(code=code)) for path in (OF_A_FILE, *PAGES)}


def shown(found: dict[str, dict[str, tuple[float, float, int]]]) -> Table:
    """The pages, each engine beside the other."""
    table = Table("page", "bytes", title=f"{STATIONS} stations, a month; bound: 150 ms at 95 %", title_justify="left")
    for engine in found:
        table.add_column(f"{engine}, median ms", justify="right")
        table.add_column("95 % ms", justify="right")
    for path, (_, _, size) in next(iter(found.values())).items():
        times = [f"{each:.1f}" for engine in found.values() for each in engine[path][:2]]
        table.add_row(path, f"{size:,}", *times)
    return table


@contextmanager
def engines(fsync: str) -> Iterator[dict[str, Cluster | None]]:
    """Both, or one where PostgreSQL is not here, which is said."""
    if binaries := programs():
        with cluster(binaries, fsync) as server:
            yield {SQLITE: None, POSTGRESQL: server}
    else:
        print(ABSENT, file=sys.stderr)
        yield {SQLITE: None}


def main() -> None:
    """Print the pages' table, and that of the stations whose batches come beside the office's load."""
    console = Console(width=140)
    with engines(fsync="off") as readers:
        console.print(shown({engine: pages(server) for engine, server in readers.items()}))
    with engines(fsync="on") as writers:
        console.print(batches_beside(writers))


OF_A_FILE: Final = asset("office.css")[0]

if __name__ == "__main__":
    main()
