"""The office's own threads: who comes when they are taken is told so at once, and stations never wait for it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from starlette.requests import Request

from kiosk.central.issuer import Issuer
from kiosk.central.office.gate import Gate
from kiosk.central.office.pages import PAGES
from kiosk.central.web.turns import Busy, Turns
from tests.office.clerks import Office


def test_so_many_work_so_many_wait_and_the_next_is_told_at_once() -> None:
    go, done = threading.Event(), list[int]()

    def work(number: int) -> None:
        assert go.wait(30)
        done.append(number)

    async def all_at_once() -> int:
        turns = Turns(2, 3)
        tasks = [asyncio.ensure_future(turns.run(work, number)) for number in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await turns.run(work, 5)
        assert await asyncio.to_thread(lambda: 7) == 7, "others' threads are others'"
        go.set()
        await asyncio.gather(*tasks)
        await turns.run(work, 6)
        return len(done)

    assert asyncio.run(all_at_once()) == 6
    assert 5 not in done


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_comes_to_a_busy_office_may_come_again_in_seconds(office: Office, method: str) -> None:
    wanted = next(each for each in PAGES if each.method == method and each.roles)
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": "/office/", "query_string": b"", "scheme": "http", "server": ("x", 80),
        "headers": [(b"accept-language", b"en")], "client": ("127.0.0.1", 1), "path_params": {},
    }  # fmt: skip
    gate = Gate(office.store, Issuer(office.store.folder, office.store), Turns(0, 0))
    answer = asyncio.run(gate.answer(wanted, Request(scope)))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"Too many pages are being made." in answer.body
