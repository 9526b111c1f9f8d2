"""python -m tests.ha.load FOLDER PORT DSN: stations, an operator and technicians at a central server whose database fails over.

A process of its own, since it lives in the central server's namespace. Its journal is lines of JSON, each with the time
(CLOCK_MONOTONIC, which all processes share). A line on its standard input ends the work; then it looks whether everything
that was acknowledged is there, and says so in its last line.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from kiosk.central.api.app import LEAVE_EVERY
from kiosk.central.issuer import GATHERS
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.demo.founding import founded
from kiosk.trust.documents import payload
from kiosk.trust.status import Status, StatusList, unpack
from tests.bench.province.fleet import Fleet, Gone, Wire, code, key
from tests.keys import private, public
from tests.programs.house import until

STATIONS = 12
HEARD_WITHIN = 20.0
"""Seconds for an answer: a station's own time-out."""

CREDENTIALS = 1000
PAUSE = 0.1
ENROL_EVERY, PUBLISH_EVERY = 2.0, 2.0


class Load:
    """What was acknowledged: entries by station, revocations, enrolments."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.store = CentralStore(folder)
        self.issuer = founded(folder, self.store)
        self.fleet = Fleet(port, STATIONS, self.store.versions())
        self.acked = dict.fromkeys(range(STATIONS), 0)
        self.revoked: set[int] = set()
        self.enrolled: dict[str, bytes] = {}
        self.ended = asyncio.Event()

    def prepare(self) -> None:
        for number in range(STATIONS):
            self._enrol(code(number), public(key(number)))
        for number in range(CREDENTIALS):
            self.store.add_credential(f"h{number}")
        tell("ready")

    def _enrol(self, station: str, key: bytes) -> None:
        self.store.enrol(station, self.store.make_claim(station, time.time()), key, time.time())

    async def run(self) -> None:
        """Until it is told to end."""
        asyncio.get_running_loop().add_reader(sys.stdin, self.ended.set)
        work = [self._station(number) for number in range(STATIONS)]
        work += [self._operator(), self._technician(), self._leave_hung()]
        await asyncio.gather(*work)

    async def _station(self, number: int) -> None:
        wire, request, first = Wire(), b"", 0
        while not self.ended.is_set():
            if not request:
                first = self.fleet._sent[number] + 1
                request = self.fleet.batch(number, 4)
            try:
                if wire.transport is None:
                    wire = await self.fleet.connect()
                asked = time.monotonic()
                status, _, body = await asyncio.wait_for(wire.ask(request), HEARD_WITHIN)
            except (Gone, OSError, TimeoutError) as error:
                wire.close()
                wire = Wire()
                tell("unanswered", why=type(error).__name__)
                await asyncio.sleep(0.5)
                continue
            if status == 200:
                self.acked[number], request = json.loads(body)["acked"], b""
                tell("acked", station=number, first=first)
                await asyncio.sleep(PAUSE)
            else:
                tell("refused", status=status, took=time.monotonic() - asked)
                await asyncio.sleep(0.5)

    async def _operator(self) -> None:
        """Revokes one after the other; what the database did not take is done again."""
        index = 1
        while not self.ended.is_set():
            try:
                await asyncio.to_thread(self.issuer.set_status, index, Status.REVOKED)
            except (StoreFailed, CannotSign) as error:
                tell("unpublished", why=str(error)[:200])
                await asyncio.sleep(0.5)
                continue
            self.revoked.add(index)
            tell("published", index=index)
            index += 1
            await asyncio.sleep(PUBLISH_EVERY)

    async def _leave_hung(self) -> None:
        """As every program does that has a store."""
        while not self.ended.is_set():
            with suppress(StoreFailed):
                await asyncio.to_thread(self.store.leave_hung)
            await asyncio.sleep(LEAVE_EVERY)

    async def _technician(self) -> None:
        """Enrols one station after the other; after an answer that did not come with a claim of its own, as people do."""
        number = 0
        while not self.ended.is_set():
            number += 1
            with suppress(StoreFailed, OSError):
                await self._enrols(f"41{number:06d}", public(private(100 + number % 100)))
            await asyncio.sleep(ENROL_EVERY)

    async def _enrols(self, station: str, raw: bytes) -> None:
        claim = await asyncio.to_thread(self.store.make_claim, station, time.time())
        body = {"station": station, "claim": claim, "public_key": base64.b64encode(raw).decode()}
        answer = await asyncio.to_thread(requests.post, f"{self.url}/v1/enrol", json=body, timeout=HEARD_WITHIN)
        if answer.status_code == 200:
            self.enrolled[station] = raw
            tell("enrolled", station=station)
        else:
            tell("refused", status=answer.status_code, took=answer.elapsed.total_seconds())

    def judge(self) -> None:
        """What was acknowledged and is not there."""
        held = {number: {seq for *_, seq in self.store.numbers(code(number))} for number in self.acked}
        lost = [
            (number, seq) for number, top in self.acked.items() for seq in range(1, top + 1) if seq not in held[number]
        ]
        keys = {station: key for station, key, _ in self.store.stations()}
        unsaid = self._unsaid()
        tell(
            "verdict",
            entries=sum(self.acked.values()),
            lost_entries=len(lost),
            duplicates=self.store.duplicates(),
            documents=len(self.revoked),
            lost_documents=len(unsaid),
            enrolments=len(self.enrolled),
            lost_enrolments=sum(keys.get(station) != raw for station, raw in self.enrolled.items()),
        )

    def _unsaid(self) -> set[int]:
        """Revocations that the list does not say, once those that gather have had their time."""

        def unsaid() -> set[int]:
            found = self._list()
            return {each for each in self.revoked if found[each] != Status.REVOKED}

        with suppress(AssertionError):
            until(lambda: not unsaid(), patience=GATHERS + HEARD_WITHIN)
        return unsaid()

    def _list(self) -> StatusList:
        """The status list as the server gives it to a station that has nothing."""
        headers = {"Authorization": self.fleet._head(0).partition("Authorization: ")[2].strip()}
        answer = requests.get(f"{self.url}/v1/stations/{code(0)}/documents", headers=headers, timeout=HEARD_WITHIN)
        told = [payload(base64.b64decode(each)) for each in answer.json()["documents"]]
        (found,) = [each for each in told if each["type"] == "status"]
        return StatusList(found["version"], found["issued_at"], unpack(found["lst"]) or b"")


def tell(what: str, **facts: Any) -> None:
    """A line of the journal; the event loop's alone, since two threads would write into each other's."""
    print(json.dumps({"at": time.monotonic(), "what": what, **facts}), flush=True)


def main() -> None:
    load = Load(Path(sys.argv[1]), int(sys.argv[2]))
    load.prepare()
    asyncio.run(load.run())
    load.judge()


if __name__ == "__main__":
    main()
