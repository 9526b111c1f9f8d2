"""Whatever the network and the server do to sync, the central server has every entry once in the end, and nobody hurried."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest
from msgspec import Struct

from kiosk.demo.place import free_port
from tests.programs import middle
from tests.programs.house import until
from tests.programs.middle import Fault, Middle
from tests.programs.town import Town, World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

MOST_GROWTH = 8_000
"""KiB by which sync may have grown at its largest, over all faults together."""


class Case(Struct, frozen=True):
    """A fault, and how many exchanges it must meet before it ends; without a number, entries arrive all the same meanwhile."""

    fault: Fault
    meets: int | None = 4


PROBLEM = "application/problem+json"
FAULTS = {
    "a delay of two seconds": Case(middle.delayed, None),
    "a black hole": Case(middle.blackholed, 2),
    "a reset in mid-body": Case(middle.reset_in_mid_body),
    "answers that are swallowed": Case(middle.swallowed),
    "a link that flaps": Case(middle.flapping, None),
    "answers that drip in": Case(middle.dripping, 2),
    "every batch twice": Case(middle.sent_twice, None),
    "500 to everything": Case(middle.says("500 Oops", PROBLEM, '{"title": "Oops", "status": 500}')),
    "503 with Retry-After": Case(middle.says("503 Busy", PROBLEM, '{"title": "x", "status": 503}', "Retry-After: 1")),
    "a captive portal": Case(middle.says("200 OK", "text/html", "<h1>Log in</h1>")),
    "200 with somebody else's JSON": Case(middle.says("200 OK", "application/json", '{"ok": true}')),
    "a redirect": Case(middle.says("302 Found", "text/html", "", "Location: http://127.0.0.1:1/")),
    "401 to everything": Case(middle.says("401 No", PROBLEM, '{"title": "No", "status": 401}')),
    "a mark that is too high": Case(middle.acknowledges(lambda _: 10**9, stored=False), 1),
    "a mark that stands still": Case(middle.acknowledges(lambda _: 0, stored=False)),
    "a mark that goes backwards": Case(middle.acknowledges(lambda mark: max(0, mark - 3), stored=True)),
    "a gap that is none": Case(middle.says("409 Gap", PROBLEM, '{"title": "Gap", "status": 409, "expected": 1}')),
}


class Meddled(World):
    """And that has a man in the middle."""

    def __init__(self, town: Town, sync: subprocess.Popen[bytes], man: Middle) -> None:
        super().__init__(town, sync)
        self.man = man


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meddled]:
    town = Town(tmp_path_factory.mktemp("network"))
    with town.server(), closing(Middle(town.port)) as man:
        town.enrol(man.port)
        with town.house.station(), town.house.program("sync") as sync:
            yield Meddled(town, sync, man)


@pytest.mark.parametrize("name", FAULTS)
def test_every_entry_arrives_once_after(name: str, world: Meddled) -> None:
    case = FAULTS[name]
    until(world.arrived, "what went before")
    began, ticks = monotonic(), world.ticks()
    with world.man.doing(case.fault):
        world.busy()
        if case.meets is None:
            until(world.arrived, "the arrival of everything meanwhile", patience=60)
        else:
            until(lambda: world.man.hits >= (case.meets or 0), "the fault", patience=60)
            world.busy()
        hits, took, used = world.man.hits, monotonic() - began, world.ticks() - ticks
    world.busy(1)
    until(world.arrived, "the arrival of everything", patience=60)
    assert hits <= 25 + 8 * took, f"{hits} requests in {took:.0f} s"
    assert used <= 100 + 60 * took, f"{used / 100} s of the processor in {took:.0f} s"
    assert world.memory() < world.memory_before + MOST_GROWTH


def test_two_servers_behind_a_balancer_that_sends_each_request_to_the_other_one(tmp_path: Path) -> None:
    town, second = Town(tmp_path), free_port()
    serve = ("central", "serve", "--data", str(town.central), "--port", str(second))
    with town.server(), town.house.program(*serve), closing(Middle(town.port, second)) as man:
        town.enrol(man.port)
        with town.house.station(), town.house.program("sync") as sync:
            world = World(town, sync)
            with man.doing(middle.sent_twice):
                for _ in range(10):
                    met = man.hits
                    world.busy(3)
                    until(lambda: man.hits > met, "a request")  # noqa: B023  it is over before the next round
                    until(world.arrived, "the arrival of everything")


def test_a_server_that_is_restored_from_last_weeks_backup_gets_what_it_lacks(tmp_path: Path) -> None:
    town, backup = Town(tmp_path), tmp_path / "backup"
    with closing(Middle(town.port)) as man:
        with town.server():
            town.enrol(man.port)
        with town.house.station(), town.house.program("sync") as sync:
            with town.server():
                world = World(town, sync)
                world.busy()
                until(world.arrived, "the first week")
            shutil.copytree(town.central, backup)
            with town.server():
                world.busy(10)
                until(world.arrived, "the second week")
            shutil.rmtree(town.central)
            backup.rename(town.central)
            assert not world.arrived()
            with town.server():
                world.busy(1)
                until(world.arrived, "what the backup lacks")


def test_an_entry_that_the_server_takes_in_no_batch_holds_nothing_up(world: Meddled) -> None:
    """A server, or a filter before it, that answers 400 to whatever contains one certain entry."""
    import gzip

    until(world.arrived, "what went before")
    poison = world.town.everything()[-1][1] + 7
    refusal = middle.says("400 Bad", PROBLEM, '{"title": "Bad", "status": 400, "detail": "I do not like it"}')

    def picky(exchange: middle.Exchange) -> None:
        body = exchange.request.partition(b"\r\n\r\n")[2]
        bad = exchange.is_batch and f'{{"seq":{poison},' in gzip.decompress(body).decode()
        (refusal if bad else middle.honest)(exchange)

    def all_but_one() -> bool:
        missing = set(world.town.everything()) - set(world.town.numbers())
        return missing == {("access", poison)} and world.town.house.view().streams["access"].acked > poison

    with world.man.doing(picky):
        world.busy(12)
        until(all_but_one, "the arrival of all but one", patience=60)
    told = world.town.house.kiosk("logbook", "refused")
    assert f"access {poison}," in told.stdout
    assert "HTTP 400: Bad I do not like it" in told.stdout
