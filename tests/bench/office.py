"""The office's pages with a province of 4,540 stations, beside a file of its own: what the clerk of a county waits for."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, time
from typing import Final

import msgspec

from kiosk.central.answering import Answering
from kiosk.central.cases import Cases, Said
from kiosk.central.numbers.period import newest
from kiosk.central.office.assets import asset
from kiosk.central.store.registers import Registered
from kiosk.central.store.rounds import SaidService
from kiosk.central.store.sightings import Sighting
from kiosk.central.voices.rounds import Round
from kiosk.demo.founding import founded
from kiosk.trust.service import Checklist, Item
from tests.keys import private, public
from tests.office.clerks import Clerk, Office, open_office
from tests.programs.province_of_days import codes, fill

STATIONS: Final = 4540
TIMES: Final = 30
PAGES: Final = (
    "/", "/stations", "/stations?words=37081&page=2", "/stations/{code}", "/map", "/numbers", "/numbers?prefix=370811",
    "/inspections", "/inspections?which=overdue&prefix=3708", "/voices", "/people", "/updates", "/policies", "/audit",
    "/accounts",
)  # fmt: skip


def province(office: Office) -> str:
    """Stations with places, a month of figures, one in forty silent; the code of one of them."""
    chance, now = random.Random(4), time()  # noqa: S311  no secret
    names = codes(STATIONS)
    office.store.add_stations(
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
        office.store.enrol(code, office.store.make_claim(code, now), key, now)
    heard = [now - 7200 * (number % 40 == 0) for number in range(len(names))]
    office.store.saw([Sighting(code, at, "yizhan-kiosk/0.6.0", "") for code, at in zip(names, heard, strict=True)])
    fill(office.store, names, newest(now, 30).days)
    inside(office, names, now)
    return names[0]


def inside(office: Office, names: Sequence[str], now: float) -> None:
    """A round of each station, and two cases, of which its display is told; prints how long that takes."""
    body = msgspec.json.encode(Checklist({"zh": "每周"}, (Item("water", {"zh": "饮水"}),))).decode()
    times = {"begins": int(now) - 86_400, "ends": int(now) + 86_400}
    office.store.remember_service(SaidService("weekly", 1, "checklist", "", body=body, **times))
    cases = Cases(office.store)
    with office.store.transaction():
        for code in names:
            office.store.keep_round(Round(code, "weekly", now, 1, {"water": "yes"}), 7, now)
            for what in ("not_hot", "no_water"):
                cases.say_inside(Said(code, "water", what, source="desk"), 0, now)
    issuer = founded(office.store.folder, office.store)
    for what in ("told for the first time", "looked at again"):
        began = monotonic()
        published = sum(Answering(office.store, issuer).look(now))
        print(f"displays of {len(names)} stations {what}: {published} documents in {monotonic() - began:.1f} s")
    began = monotonic()
    office.store.published()
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


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name, open_office(Path(name)) as office:
        code = province(office)
        clerk = office.hire("bench", "administrator")
        print(f"{'page':<32} {'p50 ms':>8} {'p95 ms':>8} {'bytes':>9}")
        for path in (OF_A_FILE, *PAGES):
            median, most, size = timed(clerk, path.format(code=code))
            print(f"{path:<32} {median:8.1f} {most:8.1f} {size:9}")


OF_A_FILE: Final = asset("office.css")[0]

if __name__ == "__main__":
    main()
