"""What the page's program says to the station: an answer is nobody else's, and nothing is said after its asker has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from kiosk.decoding import read_json
from kiosk.desk import station
from kiosk.desk.station import ToStation
from kiosk.wire import Refused, encode
from kiosk.wire.base import Message
from kiosk.wire.inside import MAX_TOUCH, DeskMessage, Give, Kept, Take


class Station:
    """Answers a message when it `may`; `heard`: what was said to it, in order."""

    def __init__(self, answer: Callable[[DeskMessage], Message]) -> None:
        self.heard: list[DeskMessage] = []
        self.may, self.news, self._answer = asyncio.Event(), asyncio.Condition(), answer
        self._serving = set[asyncio.Task[None] | None]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.current_task())
        with suppress(ConnectionError):
            while line := await reader.readline():
                self.heard.append(read_json(line, DeskMessage, MAX_TOUCH))
                async with self.news:
                    self.news.notify_all()
                await self.may.wait()
                writer.write(encode(self._answer(self.heard[-1])))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def ends(self) -> None:
        """Everybody has gone."""
        self.may.set()
        await asyncio.gather(*filter(None, self._serving))

    async def hears(self, count: int) -> None:
        async with self.news:
            await self.news.wait_for(lambda: len(self.heard) >= count)


def answered(message: DeskMessage) -> Message:
    """Each message its own."""
    return Refused(message.campaign) if isinstance(message, Take | Give) else Kept()


@asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[tuple[Station, ToStation]]:
    there = Station(answered)
    async with await asyncio.start_unix_server(there.serve, folder / "desk.sock"), asyncio.timeout(30):
        desk = ToStation(folder / "desk.sock")
        yield there, desk
        desk.close()
        await there.ends()


def test_what_has_waited_too_long_for_others_is_never_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station, "TURN_WITHIN", 0.05)

    async def two_displays() -> None:
        async with talking(tmp_path) as (there, desk):
            first = asyncio.create_task(desk.ask(Take("rain")))
            await there.hears(1)
            assert await desk.ask(Give("soup")) is None
            there.may.set()
            assert await first == Refused("rain")
            assert await desk.ask(Take("sun")) == Refused("sun")
            assert there.heard == [Take("rain"), Take("sun")]

    asyncio.run(two_displays())


def test_an_answer_that_comes_after_its_asker_went_is_nobody_elses(tmp_path: Path) -> None:
    async def goes() -> None:
        async with talking(tmp_path) as (there, desk):
            gone = asyncio.create_task(desk.ask(Take("rain")))
            await there.hears(1)
            gone.cancel()
            await asyncio.wait({gone})
            there.may.set()
            assert await desk.ask(Give("soup")) == Refused("soup")

    asyncio.run(goes())


def test_so_is_one_that_comes_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_late() -> None:
        async with talking(tmp_path) as (there, desk):
            with monkeypatch.context() as patched:
                patched.setattr(station, "ANSWERS_WITHIN", 0.05)
                assert await desk.ask(Take("rain")) is None
            there.may.set()
            assert await desk.ask(Give("soup")) == Refused("soup")

    asyncio.run(is_late())
