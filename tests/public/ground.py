"""The public pages over real HTTP in this process, for visitors whose browsers have no JavaScript."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from time import time
from typing import Any

import requests
import uvicorn
from msgspec import Struct
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from kiosk.central import publicly
from kiosk.central.public.app import alone
from kiosk.central.sheets import Sheet
from kiosk.central.store import CentralStore
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import Sighting
from kiosk.contract.bodies import Batch
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from tests.keys import private, public
from tests.office.clerks import words
from tests.programs.house import until

FULL = Sheet(
    name_en="Zhongshan Road",
    area=20.0,
    facilities=("air_conditioner", "drinking_water", "fridge", "microwave"),
    medicine_box=True,
    notice_board=False,
    hours=("daily 00:00-24:00",),
)


class Ground(Struct, frozen=True):
    """A running one, and its store."""

    url: str
    store: CentralStore

    def get(
        self,
        path: str,
        language: str = "en",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> requests.Response:
        wanted = {"Accept-Language": language, **(headers or {})}
        return requests.get(f"{self.url}{path}", params=params, headers=wanted, allow_redirects=False, timeout=30)

    def reads(self, path: str, language: str = "en") -> str:
        """A page's text, without its tags."""
        answer = self.get(path, language)
        assert answer.status_code == 200, answer.text
        return words(answer)

    def build(
        self, code: str, sheet: Sheet = FULL, name: str = "中山路驿站", at: tuple[str, str] = ("35.4", "116.6")
    ) -> None:
        """A station that is enrolled, and has never been heard."""
        self.store.add_stations([Registered(code, name, "济宁市任城区中山路 1 号", *at)], time())
        self.store.enrol(code, self.store.make_claim(code, time()), public(private(int(code[-2:]))), time())
        self.store.put_sheets({code: sheet}, "@test", time())

    def hear(self, code: str, ago: float = 0.0) -> None:
        """It is heard, so long ago."""
        self.store.saw([Sighting(code, time() - ago, "yizhan-kiosk/1", "192.0.2.7")])

    def tell(self, code: str, entry: Mapping[str, Any], seq: int) -> None:
        """It tells something, under the next number."""
        told = {"seq": seq, "boot_id": "b", "boot": 1.0 * seq, "wall": time(), "quality": "synced", **entry}
        self.store.take(code, "access", Batch("e", seq, "b", 1.0, time(), [told]), time())


@contextmanager
def open_ground(
    folder: Path, *, keeps: bool = False, routes: Callable[[CentralStore], list[BaseRoute]] = alone
) -> Iterator[Ground]:
    """The public pages of a central server's folder, until the block ends; each look is a new one, unless it `keeps` them."""
    port = free_port()
    with closing(CentralStore(folder)) as store, nullcontext() if keeps else _looking_always():
        founded(folder, store)
        server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes(store)), port=port, log_level="warning", lifespan="off")
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started)
            yield Ground(f"http://127.0.0.1:{port}", store)
        finally:
            server.should_exit = True
            thread.join(30)


@contextmanager
def _looking_always() -> Iterator[None]:
    kept = publicly.KEPT_FOR
    publicly.KEPT_FOR = 0.0  # type: ignore[misc]
    try:
        yield
    finally:
        publicly.KEPT_FOR = kept  # type: ignore[misc]
