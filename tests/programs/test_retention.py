"""What has been kept for its days goes, a little at a time; nothing else does, and no station notices."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from time import monotonic, time
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.central.issuer import MOST_SILENT
from kiosk.central.jobs import PURGE_EVERY, Stepwise
from kiosk.central.refusals import WrongClock
from kiosk.central.retention import DAY, Retention
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.months import AHEAD, OTHER, Month, held_months, make_months, months_from
from kiosk.central.store.place import CentralSettings, settings_of
from kiosk.central.store.purge import STEP
from kiosk.contract.bodies import Batch
from kiosk.demo.founding import founded
from tests.conftest import ROOT
from tests.databases import Cluster
from tests.programs.house import House
from tests.programs.office import NOW, sqlite_of

CODE = "37081101"
EPOCH = "00112233445566aa"
CANARY = "C4N4RY" * 4


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def entry(seq: int, kind: str = "locked", **more: Any) -> dict[str, Any]:
    return {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": 1e9, "kind": kind, "door": "main"} | more


def granted(seq: int, **more: Any) -> dict[str, Any]:
    return entry(seq, "granted", index=7, token=CANARY, **more)


def take(store: CentralStore, entries: list[dict[str, Any]], now: float, stream: str = "access") -> int:
    batch = Batch(EPOCH, entries[0]["seq"], "b", 1.0, 1.0, entries)
    return store.take(CODE, stream, batch, now)[0]


def purge(store: CentralStore, now: float) -> int:
    return sum(store.purge(now))


def kinds(store: CentralStore, stream: str = "access") -> list[str]:
    return [each["kind"] for each in store.entries(CODE, stream, limit=10**6)]


def found_anywhere(folder: Path, text: str) -> list[str]:
    """Every file of a SQLite database, or table of a PostgreSQL one, that holds the text."""
    if not (folder / "central.toml").exists():
        return [path.name for path in sorted(folder.glob("central.db*")) if text.encode() in path.read_bytes()]
    dsn = tomllib.loads((folder / "central.toml").read_text())["dsn"]
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        select = "SELECT 1 FROM {} WHERE strpos({}::text, %s) > 0 LIMIT 1"
        return [name for (name,) in tables if connection.execute(select.format(name, name).encode(), [text]).fetchone()]


def test_nothing_that_points_to_a_person_is_found_in_the_database_after_its_days(
    store: CentralStore, central_folder: Path
) -> None:
    odd = entry(4, "granted", token=CANARY, boot="no number")
    assert take(store, [granted(1), entry(2), entry(3, "denied", token=CANARY, index=8), odd], NOW) == 4
    take(store, [granted(2, reason="of another card")], NOW)
    assert len(store.set_aside(CODE)) == 1
    assert purge(store, NOW + 29 * DAY) == 0
    assert found_anywhere(central_folder, CANARY)
    assert purge(store, NOW + 60 * DAY) == 4, "two entries, the refused one, the batch that was set aside"
    assert found_anywhere(central_folder, CANARY) == []
    assert kinds(store) == ["locked"]


def test_what_went_contradicts_nothing_and_the_marks_stay(store: CentralStore) -> None:
    first = [granted(1), entry(2), entry(3, "granted", index=1, boot="no number")]
    take(store, first, NOW)
    for days in (0, 31, 62):
        purge(store, NOW + days * DAY)
    assert take(store, first, NOW + 63 * DAY) == 3, "a station whose mark fell behind sends it again"
    assert take(store, [granted(4)], NOW + 63 * DAY) == 4
    assert store.alarms() == []
    assert [seq for _epoch, _stream, seq in store.numbers(CODE)] == [2, 4]


def test_no_transaction_looks_at_more_than_a_step_and_what_was_begun_is_gone_on_with(store: CentralStore) -> None:
    count = 5 * STEP + 7
    for first in range(1, count + 1, 400):
        take(store, [granted(seq) for seq in range(first, min(first + 400, count + 1))], NOW)
    begun = store.purge(NOW + 31 * DAY)
    taken = [next(each for each in begun if each) for _ in range(2)]
    assert taken == [STEP, STEP]
    assert len(kinds(store)) == count - 2 * STEP
    assert [each for each in store.purge(NOW + 31 * DAY) if each] == [STEP, STEP, STEP, 7]


def test_the_days_of_a_kind_go_before_those_of_persons_and_of_streams(store: CentralStore) -> None:
    store.retention = Retention(
        persons=10, other=90, streams={"access": 50, "telemetry": 5}, kinds={"granted": 20, "fault": 2}
    )
    take(store, [granted(1), entry(2, "denied", index=1), entry(3, "denied"), entry(4, "fault")], NOW)
    take(store, [entry(1, "measured"), entry(2, "reported", who="pass 7")], NOW, "telemetry")
    went = []
    for day in (1, 2, 4, 5, 9, 10, 19, 20, 49, 50):
        before = {*kinds(store), *kinds(store, "telemetry")}
        purge(store, NOW + day * DAY + 1)
        went += [(day, kind) for kind in sorted(before - {*kinds(store), *kinds(store, "telemetry")})]
    assert went == [(2, "fault"), (5, "measured"), (10, "reported"), (20, "granted"), (50, "denied")]


def test_other_days_hold_for_what_was_gone_through_by_the_old_ones(store: CentralStore) -> None:
    take(store, [entry(1), entry(2, "fault"), granted(3), entry(4)], NOW)
    purge(store, NOW + 40 * DAY)
    store.retention = Retention(kinds={"locked": 35})
    purge(store, NOW + 40 * DAY)
    assert kinds(store) == ["fault"]


def test_what_a_wrong_clock_received_in_the_future_goes_in_its_days_too(store: CentralStore) -> None:
    take(store, [granted(1)], NOW + 5000 * DAY)
    take(store, [granted(2)], NOW)
    for day in (0, 1, 30):
        assert purge(store, NOW + day * DAY) == 0
    purge(store, NOW + 31 * DAY)
    assert kinds(store) == []


class World:
    """A store, its time, and what of a station's entries should be kept."""

    def __init__(self, store: CentralStore) -> None:
        self.store, self.now, self.station = store, float(NOW), 37081100
        self.kept: dict[int, tuple[float, str, bool]] = {}

    def begin(self) -> None:
        self.station += 1
        self.kept = {}

    def tell(self, seq: int, kind: str, person: bool, later: int) -> None:
        self.now += later * DAY
        told = entry(seq, kind, **({"index": 1} if person else {}))
        self.store.take(f"{self.station}", "access", Batch(EPOCH, seq, "b", 1.0, 1.0, [told]), self.now)
        self.kept[seq] = (self.now, kind, person)

    def purge(self, rules: Retention, later: int) -> None:
        self.now += later * DAY
        self.store.retention = rules
        purge(self.store, self.now)
        rest = {False: rules.of_stream("access"), True: rules.persons}
        self.kept = {
            seq: (at, kind, person)
            for seq, (at, kind, person) in self.kept.items()
            if self.now - at <= rules.kinds.get(kind, rest[person]) * DAY
        }

    def numbers(self) -> list[int]:
        return [seq for _epoch, _stream, seq in self.store.numbers(f"{self.station}")]


KINDS = st.sampled_from(["granted", "denied", "locked", "fault", "measured"])
DAYS = st.sampled_from([1.0, 5.0, 30.0, 90.0])
RULES = st.builds(
    Retention,
    persons=DAYS,
    other=DAYS,
    streams=st.dictionaries(st.sampled_from(["access", "telemetry"]), DAYS),
    kinds=st.dictionaries(KINDS, DAYS, max_size=3),
)
TOLD = st.lists(st.tuples(KINDS, st.booleans(), st.sampled_from([0, 0, 0, 3, 40])), min_size=1, max_size=12)


@settings(max_examples=30)
@given(TOLD, st.lists(st.tuples(RULES, st.integers(0, 60)), min_size=1, max_size=4))
def goes_by_the_rules(world: World, told: list[tuple[str, bool, int]], purges: list[tuple[Retention, int]]) -> None:
    world.begin()
    for seq, (kind, person, later) in enumerate(told, 1):
        world.tell(seq, kind, person, later)
    for rules, later in purges:
        world.purge(rules, later)
        assert world.numbers() == sorted(world.kept)
        assert not any(each.due for each in world.store.held(world.now))


def test_what_goes_is_what_the_rules_say_and_nothing_else(tmp_path: Path) -> None:
    """Whatever the rules were before, and however often it was purged."""
    with closing(CentralStore(tmp_path)) as store:
        goes_by_the_rules(World(store))


def test_the_place_of_what_went_is_used_again(tmp_path: Path) -> None:
    with closing(CentralStore(tmp_path)) as store:

        def fill(first: int, now: float) -> int:
            for at in range(first, first + 2000, 400):
                take(store, [granted(seq, more="x" * 100) for seq in range(at, at + 400)], now)
            purge(store, now)
            return (tmp_path / "central.db").stat().st_size

        size = fill(1, NOW)
        for month in range(1, 6):
            grown = fill(1 + 2000 * month, NOW + month * 31 * DAY)
        assert grown < 2.2 * size, "there are two months at the most before the older one goes"
        assert (tmp_path / "central.db-wal").stat().st_size == 0


def test_a_wipe_that_fails_leaves_others_the_time_to_write(tmp_path: Path) -> None:
    """On a full disk it does: from then on whoever wrote beside another process was told at once that the file is busy."""
    with closing(CentralStore(tmp_path)) as store:
        before = sqlite_of(store).execute("PRAGMA busy_timeout").fetchone()
        with store.transaction(), pytest.raises(StoreFailed, match="locked"):
            store.wipe()
        assert sqlite_of(store).execute("PRAGMA busy_timeout").fetchone() == before == (10_000,)


def test_a_clock_that_cannot_be_right_takes_nothing_away(store: CentralStore, central_folder: Path) -> None:
    clock = [float(NOW)]
    issuer = founded(central_folder, store, lambda: clock[0])
    take(store, [granted(1)], NOW - 40 * DAY)
    for wrong in (NOW + MOST_SILENT + DAY, NOW - DAY):
        clock[0] = wrong
        with pytest.raises(WrongClock):
            Stepwise(store.purge, issuer.now, PURGE_EVERY).step()
    assert kinds(store) == ["granted"]
    clock[0] = NOW
    purging = Stepwise(store.purge, issuer.now, PURGE_EVERY)
    for _ in range(50):
        purging.step()
    assert kinds(store) == []


def test_a_purge_begins_each_hour(store: CentralStore, central_folder: Path) -> None:
    clock = [float(NOW)]
    issuer = founded(central_folder, store, lambda: clock[0])
    purging = Stepwise(store.purge, issuer.now, PURGE_EVERY)
    for hour in range(3):
        clock[0] = NOW + hour * PURGE_EVERY
        take(store, [granted(hour + 1)], NOW - 40 * DAY)
        for _ in range(50):
            purging.step()
        assert kinds(store) == []


def test_retention_shows_what_is_kept_and_what_will_go(
    store: CentralStore, central_folder: Path, tmp_path: Path
) -> None:
    take(store, [granted(1), entry(2), entry(3, "granted", boot="no number")], 1000.0)
    list(store.purge(1001.0))
    house = House(tmp_path / "house")
    told = house.kiosk("central", "retention", "--data", str(central_folder))
    assert (told.returncode, told.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    assert [line.partition(": ")[0] for line in lines] == [
        "access granted, of persons kept for 30 days",
        "access locked kept for 400 days",
        "what was refused kept for 30 days",
    ]
    assert all(line.endswith("; 1 will go") for line in lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[retention]\npersons = 0", "2: retention.persons: expected a number, at least 1"),
        ("[retention]\npersons = nan", "retention.persons"),
        ("[retention]\nperson = 3", "2: retention.person: no such setting, did you mean persons?"),
        ("[retention.streams]\nacces = 3", "Invalid enum value 'acces'"),
        (
            "[retention.kinds]\ngranted = 'long'",
            "2: retention.kinds.granted: expected a number, at least 1, at most 36500; here is text",
        ),
        ("[retention", "central.toml"),
    ],
)
def test_settings_that_are_wrong_are_said_plainly_and_nothing_is_made(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text(text)
    with pytest.raises(StoreFailed, match=r"central\.toml") as raised:
        CentralStore(tmp_path)
    assert told in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["central.toml"]


def test_the_example_says_what_holds_without_it(tmp_path: Path) -> None:
    example = (ROOT / "config" / "central.toml").read_text(encoding="utf-8")
    (tmp_path / "central.toml").write_text(example, encoding="utf-8")
    assert settings_of(tmp_path) == CentralSettings()
    (tmp_path / "central.toml").write_text(
        re.sub("^# (?=\\w+ = |\\[)", "", example, flags=re.MULTILINE), encoding="utf-8"
    )
    said = settings_of(tmp_path)
    assert (said.dsn, said.retention) == (
        "postgresql://db1,db2/yizhan",
        Retention(streams={"telemetry": 90}, kinds={"denied": 7}),
    )
    assert [(each.name, each.scope) for each in said.alarms.receivers] == [("duty", "3708"), ("group", "")]


def test_a_folder_of_sqlite_may_have_settings_too(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text("[retention]\npersons = 7\n")
    with closing(CentralStore(tmp_path)) as store:
        assert store.retention == Retention(persons=7)
    assert (tmp_path / "central.db").exists()


@pytest.fixture
def months(postgresql: Cluster, tmp_path: Path) -> Iterator[CentralStore]:
    postgresql.give(tmp_path / "central")
    with closing(CentralStore(tmp_path / "central")) as store:
        yield store


def month_of(at: float, number: int = 0) -> Month:
    """The month of that time, or one that follows."""
    return [*months_from(at, number + 1)][-1]


def count(store: CentralStore, table: str) -> int:
    found = store._engine.one(f"SELECT count(*) FROM {table}")
    assert found
    return int(found[0])


def test_the_months_follow_each_other_without_a_gap(months: CentralStore) -> None:
    now = time()
    for number in range(14):
        make_months(months._engine, month_of(now, number).begins)
    held = held_months(months._engine)
    assert held[0].begins == -math.inf
    assert all(one.ends == other.begins for one, other in pairwise(held))
    assert held[-1] == month_of(now, 13 + AHEAD)


@pytest.mark.parametrize("month", [0, 1, 4, 12, 24 * 12])
def test_the_months_are_those_of_the_calendar(month: int) -> None:
    begins = 1_767_225_600.0  # 2026-01-01T00:00:00Z
    found = month_of(begins, month)
    assert month_of(found.begins) == month_of(found.ends - 1) == found
    assert found.table == f"entries_{2026 + month // 12}_{month % 12 + 1:02}"
    assert 28 <= (found.ends - found.begins) / DAY <= 31


def test_a_month_goes_as_a_whole_when_all_of_it_has_been_kept_for_its_days(months: CentralStore) -> None:
    old, next_one = month_of(time(), 2), month_of(time(), 3)
    make_months(months._engine, time())
    take(months, [entry(1), granted(2)], old.begins + DAY)
    take(months, [entry(3)], old.ends - 1)
    take(months, [entry(4)], next_one.begins)
    assert [count(months, each.table) for each in (old, next_one)] == [3, 1]
    purge(months, old.ends + 399 * DAY)
    assert [count(months, each.table) for each in (old, next_one)] == [2, 1]
    assert purge(months, old.ends + 400 * DAY) == 2
    assert old not in held_months(months._engine)
    assert [seq for _epoch, _stream, seq in months.numbers(CODE)] == [4]
    assert take(months, [entry(1), granted(2), entry(3), entry(4), entry(5)], old.ends + 400 * DAY) == 5
    assert months.alarms() == []


def test_what_came_while_no_month_was_made_moves_into_its_own(months: CentralStore) -> None:
    late = month_of(time(), 9)
    take(months, [granted(seq) for seq in range(1, 6)], late.begins + DAY)
    assert count(months, OTHER) == 5
    make_months(months._engine, late.begins + 2 * DAY)
    assert (count(months, OTHER), count(months, late.table)) == (0, 5)
    assert take(months, [granted(5), granted(6)], late.begins + 3 * DAY) == 6
    assert purge(months, late.begins + 40 * DAY) == 6


def test_a_month_that_somebody_reads_is_dropped_later_and_holds_nobody_up(months: CentralStore) -> None:
    old = month_of(time(), 1)
    make_months(months._engine, time())
    take(months, [entry(1)], old.begins)
    with ThreadPoolExecutor(1) as pool, months._engine.moment():
        assert count(months, "entries") == 1
        began = monotonic()
        with pytest.raises(StoreFailed, match="lock timeout") as raised:
            pool.submit(purge, months, old.ends + 400 * DAY).result()
        assert (raised.value.trouble, monotonic() - began < 8) == (Trouble.BUSY, True)
    assert purge(months, old.ends + 400 * DAY) == 1
