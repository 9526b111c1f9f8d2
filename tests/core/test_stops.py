"""The stops of a station on wheels: told when proven, and once, whatever the GPS says; and whose passes count there."""

from __future__ import annotations

import math
import os
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Quality
from kiosk.core.entries import Rated, Stamp, StoppedAt
from kiosk.core.events import KeepService, Located, Offered
from kiosk.core.room.motion import FASTEST, LEAP, Fix
from kiosk.core.room.position import EARTH
from kiosk.core.room.room import Room, Wheels
from kiosk.core.room.stops import GAP, SEEN_ELSEWHERE, Fence, Stops, Told, located, over, remembered
from kiosk.core.room.wheels import here
from kiosk.core.services import restore
from kiosk.logbook.reader import FILE, SERVICES_REMEMBERED
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.stops import read_stops
from kiosk.logbook.store import Logbook
from kiosk.settings.loading import load
from kiosk.station.explain import explain_from_files
from kiosk.station.files import open_files
from kiosk.station.recollection import told_of_stops
from kiosk.station.start import restored
from kiosk.trust.passes import PassClass
from kiosk.trust.policy import DoorPolicy, PolicyDocument
from kiosk.trust.service import Stop
from tests.core.bench import Bench, logged
from tests.core.test_services import service
from tests.keys import NOW, claims, document, signed
from tests.programs.house import House

LATITUDE, LONGITUDE = 36.66872, 117.02613
RADIUS: Final = 100
HOUR: Final = 3600.0


def at(north: float) -> tuple[float, float]:
    """So many metres up the road."""
    return LATITUDE + math.degrees(north / EARTH), LONGITUDE


def stop(name: str, north: float, begins: float, ends: float, version: int = 1, prefix: str = "3702") -> bytes:
    """Its document; times in hours from NOW."""
    latitude, longitude = at(north)
    said: dict[str, Any] = msgspec.to_builtins(Stop({"zh": name}, latitude, longitude, RADIUS, prefix))
    return service(version, name, begins=NOW + int(begins * HOUR), ends=NOW + int(ends * HOUR), **said)


class Bus(Bench):
    """A station on wheels, whose clock is right, with the entries of its whole life."""

    def __init__(self, *documents: bytes) -> None:
        super().__init__()
        self.documents = documents
        self.told: list[tuple[float, StoppedAt]] = []
        self.since = 0.0
        self._begin()
        for each in documents:
            self.take(Offered(each))

    def _begin(self, stops: Stops | None = None) -> None:
        self.state = replace(
            self.state,
            room=Room(wheels=Wheels(stops=stops or Stops())),
            clock=Clock(NOW + self.since + self.boot, self.boot, raised=True),
        )

    @property
    def hour(self) -> float:
        """Hours since NOW."""
        return (self.since + self.boot) / HOUR

    def take(self, event: Any) -> list[Any]:
        commands = super().take(event)
        if hasattr(self, "told"):
            self.told += [(self.hour, each) for each in logged(commands) if isinstance(each, StoppedAt)]
        return commands

    def fix(self, north: float, speed: float = 0.0, seconds: float = 10.0) -> None:
        self.take(Located(*at(north), speed))
        self.wait(seconds)

    def stand(self, north: float, seconds: float, every: float = 10.0) -> None:
        for _ in range(int(seconds / every)):
            self.fix(north, seconds=every)

    def restart(self, off: float = 0.0) -> None:
        """The power goes, and comes back so many seconds later: what the disk has is all that is left."""
        since = self.since + self.boot + off
        self.boot, self.since = 0.0, since
        self.state = restore(replace(self.state, services=type(self.state.services)()), {}, 0.0)
        self._begin(remembered((NOW + hour * HOUR, each) for hour, each in self.told))
        stored = {each: body for body in self.documents for each in [_id(body)]}
        self.state = restore(self.state, stored, 0.0)

    @property
    def entries(self) -> list[tuple[str, str]]:
        return [(each.stop, each.what) for _hour, each in self.told]

    def opens(self, scope: str) -> bool:
        return self.outcome(signed(claims(len(self.said), scope=scope))) == "open"


def _id(body: bytes) -> str:
    found = Bench()
    found.take(Offered(body))
    return next(iter(found.state.services.held))


def test_it_arrives_when_it_has_stood_there_for_half_a_minute_and_leaves_when_it_has_been_away_for_one() -> None:
    bus = Bus(stop("a", 0.0, -1, 5))
    bus.stand(0.0, 30)
    assert bus.entries == []
    bus.stand(0.0, 10)
    assert bus.entries == [("a", "arrived")]
    bus.stand(90.0, 600)
    bus.stand(-140.0, 600)
    assert bus.entries == [("a", "arrived")], "outside by less than the margin"
    bus.stand(160.0, 60)
    assert bus.entries == [("a", "arrived")]
    bus.stand(160.0, 10)
    assert bus.entries == [("a", "arrived"), ("a", "left")]


def test_whoever_drives_through_has_not_arrived() -> None:
    bus = Bus(stop("a", 0.0, -1, 5))
    for north in range(-600, 600, 15):
        bus.fix(north, speed=3.0, seconds=5.0)
    assert bus.entries == []


def test_at_the_fence_it_neither_arrives_nor_leaves_for_its_jitter() -> None:
    bus = Bus(stop("a", 0.0, -1, 5))
    for _ in range(100):
        bus.fix(80.0)
        bus.fix(120.0)
    assert bus.entries == [("a", "arrived")]
    for _ in range(100):
        bus.fix(170.0)
        bus.fix(140.0)
    assert bus.entries == [("a", "arrived")]


def test_one_fix_that_jumps_turns_nothing() -> None:
    bus = Bus(stop("a", 0.0, -1, 5), stop("b", 8000.0, -1, 5, 2))
    bus.stand(0.0, 60)
    for _ in range(20):
        bus.stand(0.0, 30)
        bus.fix(8000.0)
    assert bus.entries == [("a", "arrived")]


def test_a_silent_gps_lets_it_be_where_it_was_and_after_a_gap_the_time_begins_anew() -> None:
    bus = Bus(stop("a", 0.0, -1, 5))
    bus.stand(0.0, 40)
    bus.wait(2 * HOUR)
    assert bus.opens("3702")
    for _ in range(5):
        bus.stand(3000.0, 50)
        bus.wait(GAP + 1)
    assert bus.entries == [("a", "arrived")]
    bus.stand(3000.0, 70)
    assert bus.entries == [("a", "arrived"), ("a", "left")]
    assert not bus.opens("3702")


def test_what_comes_back_has_arrived_again() -> None:
    bus = Bus(stop("a", 0.0, -1, 5))
    for _ in range(2):
        bus.stand(0.0, 40)
        bus.stand(5000.0, 80)
    assert bus.entries == [("a", "arrived"), ("a", "left")] * 2
    bus.wait(6 * HOUR)
    bus.stand(5000.0, 80)
    assert bus.entries == [("a", "arrived"), ("a", "left")] * 2, "where it has been it has not missed"


def test_a_stop_at_which_it_never_was_is_missed_when_its_time_is_over_and_it_is_seen_elsewhere() -> None:
    bus = Bus(stop("a", 0.0, -1, 1))
    bus.stand(5000.0, HOUR - 60, every=30.0)
    assert bus.entries == []
    bus.stand(5000.0, 120)
    assert bus.entries == [("a", "missed")]
    bus.stand(0.0, 600)
    assert bus.entries == [("a", "missed")], "too late"


def test_whose_gps_was_silent_at_the_end_may_have_been_there() -> None:
    bus = Bus(stop("a", 0.0, -1, 1))
    bus.stand(5000.0, HOUR / 2, every=30.0)
    bus.wait(HOUR)
    bus.stand(5000.0, 120)
    assert bus.entries == []


def test_who_waits_at_the_place_has_arrived_when_its_time_begins() -> None:
    bus = Bus(stop("a", 0.0, 1, 2))
    bus.stand(0.0, 2 * HOUR - 120, every=30.0)
    [(hour, entry)] = bus.told
    assert entry == StoppedAt("a", "arrived")
    assert 1.0 < hour < 1.05
    assert bus.opens("3702")
    bus.stand(0.0, 180)
    assert not bus.opens("3702"), "the time is over, wherever it stands"
    assert len(bus.told) == 1


def test_a_restart_doubles_nothing_and_forgets_nothing() -> None:
    bus = Bus(stop("a", 0.0, -1, 5))
    bus.stand(0.0, 40)
    bus.restart(off=600.0)
    assert bus.opens("3702"), "nobody has proven that it left"
    bus.stand(0.0, 600)
    assert bus.entries == [("a", "arrived")]
    bus.restart()
    bus.stand(5000.0, 80)
    bus.restart()
    bus.stand(5000.0, 80)
    assert bus.entries == [("a", "arrived"), ("a", "left")]


def test_passes_count_by_the_prefix_of_the_stop_where_it_is_and_by_no_other() -> None:
    bus = Bus(stop("a", 0.0, -1, 5, 1, "3702"), stop("b", 5000.0, -1, 5, 2, "4403"))
    assert [bus.opens(each) for each in ("3708", "3702", "4403")] == [True, False, False]
    bus.stand(0.0, 40)
    assert [bus.opens(each) for each in ("3708", "3702", "370211", "4403")] == [True, True, False, False]
    bus.stand(5000.0, 80)
    assert [bus.opens(each) for each in ("3708", "3702", "4403")] == [True, False, True]
    assert set(here(bus.state, bus.boot)) == {"b"}


def test_whose_passes_count_at_a_stop_come_in_when_and_as_what_the_buss_own_policy_says() -> None:
    """A policy for the stop's prefix is none of the bus's."""
    bus = Bus(stop("a", 0.0, -1, 5, 1, "3702"))
    rules, clock = (
        {"main": bus.state.doors["main"].rules},
        Clock(NOW, bus.boot, hi=NOW + 1, hi_at=bus.boot, raised=True),
    )
    bus.state = replace(bus.state, rules=rules, clock=clock, utc_offset=8 * 3600)
    bus.stand(0.0, 40)
    hours = {"main": DoorPolicy(("daily 03:00-03:01",), (PassClass.STEWARD,))}
    bus.take(Offered(document(PolicyDocument(1, NOW, "3702", hours))))
    assert bus.opens("3702")
    bus.take(Offered(document(PolicyDocument(2, NOW, "37081101", hours))))
    shown = [signed(claims(500 + each, scope="3702", pass_class=PassClass(each))) for each in range(3)]
    assert [bus.outcome(each) for each in shown] == ["closed", "closed", "open"]


def test_a_stop_that_is_withdrawn_counts_no_longer_and_one_that_is_moved_is_left_at_once() -> None:
    bus = Bus(stop("a", 0.0, -1, 5, 1), stop("b", 0.0, -1, 5, 2, "4403"))
    bus.stand(0.0, 40)
    assert bus.opens("3702")
    bus.take(Offered(service(3, "a", kind="stop", begins=NOW, ends=NOW)))
    assert not bus.opens("3702")
    assert bus.opens("4403")
    bus.take(Offered(stop("b", 9000.0, -1, 5, 4, "4403")))
    assert not bus.opens("4403")
    bus.stand(0.0, 80)
    assert sorted(bus.entries) == [("a", "arrived"), ("b", "arrived"), ("b", "left")]


@pytest.mark.parametrize("change", [{"north": 40.0}, {"ends": 6}, {"prefix": "4404"}])
def test_one_that_is_published_anew_around_the_same_place_is_not_left(change: dict[str, Any]) -> None:
    """It is longer there, or for others: nobody is sent away while the GPS is silent."""
    bus = Bus(stop("a", 0.0, -1, 5))
    bus.stand(0.0, 40)
    bus.take(Offered(stop("a", **{"north": 0.0, "begins": -1, "ends": 5, "version": 2, "prefix": "3702", **change})))
    bus.wait(600.0)
    assert bus.opens(change.get("prefix", "3702"))
    assert bus.entries == [("a", "arrived")]


def test_the_same_stop_on_the_next_day_is_arrived_at_anew() -> None:
    bus = Bus(stop("a", 0.0, -1, 1))
    bus.stand(0.0, 40)
    bus.stand(0.0, 2 * HOUR, every=30.0)
    bus.take(Offered(stop("a", 0.0, 3, 5, version=2)))
    bus.restart()
    bus.documents = (stop("a", 0.0, 3, 5, version=2),)
    bus.restart()
    bus.stand(9000.0, 2 * HOUR, every=30.0)
    assert not bus.opens("3702")
    bus.stand(0.0, 40)
    assert bus.opens("3702")
    assert bus.entries == [("a", "arrived")] * 2
    bus.take(Offered(stop("a", 0.0, 6, 7, version=3)))
    bus.stand(9000.0, 4 * HOUR, every=30.0)
    assert bus.entries[-1] == ("a", "missed")


def test_a_station_without_a_gps_is_at_no_stop() -> None:
    bus = Bus(stop("a", 0.0, -1, 5))
    bus.state = replace(bus.state, room=Room())
    bus.stand(0.0, 300)
    assert bus.entries == []
    assert not bus.opens("3702")


# A day of a bus.

STOPS: Final = {"a": (0.0, 0.5, 2.0), "b": (9000.0, 2.5, 5.0), "c": (14_000.0, 5.5, 6.0), "d": (20_000.0, 6.5, 10.0)}
"""Where along the road, and from when to when, in hours after eight."""

WAYS: Final = ((0.0, -3000.0), (0.3, 0.0), (2.0, 0.0), (2.4, 9000.0), (5.1, 9000.0), (6.2, 20_000.0), (10.5, 20_000.0))
"""When it is where: it leaves b late, and drives past c on the other road; it is at d before its time."""

CUT: Final = (4.0, 4.3)
TUNNELS: Final = ((1.0, 1.2), (2.1, 2.2), (4.3, 4.4), (7.0, 8.0))


def road(hour: float) -> tuple[float, float]:
    """Where the bus is then, in metres along the road, and its speed."""
    for (since, place), (until, other) in pairwise(WAYS):
        if since <= hour <= until:
            speed = (other - place) / (until - since) / HOUR
            return place + speed * (hour - since) * HOUR, abs(speed)
    return WAYS[-1][1], 0.0


def tour(bus: Bus, chance: random.Random) -> Iterator[float]:
    """Drive the day; after each fix, what hour it is."""
    was_off = False
    while bus.hour < 10.5:
        hour = bus.hour
        if CUT[0] <= hour < CUT[1] and not was_off:
            was_off = True
            bus.restart(off=(CUT[1] - CUT[0]) * HOUR)
            continue
        if any(since <= hour < until for since, until in TUNNELS):
            bus.wait(10.0)
        else:
            place, speed = road(hour)
            beside = 400.0 if 5.3 < hour < 6.1 else 0.0  # the other road
            north = place + beside + chance.gauss(0.0, 12.0) + (4000.0 if chance.random() < 0.01 else 0.0)
            bus.fix(north, speed=max(0.0, speed + chance.gauss(0.0, 0.2)))
        yield hour


def test_a_day_of_a_bus_with_tunnels_jitter_jumps_a_missed_stop_and_a_power_cut_at_noon() -> None:
    bus = Bus(*(stop(name, *where, number) for number, (name, where) in enumerate(STOPS.items(), 1)))
    counts = {round(hour, 3): bool(here(bus.state, bus.boot)) for hour in tour(bus, random.Random(1))}  # noqa: S311
    assert bus.entries == [
        ("a", "arrived"), ("b", "arrived"), ("c", "missed"), ("d", "arrived"),
    ]  # fmt: skip
    when = {each.stop: hour for hour, each in bus.told}
    assert all(abs(when[name] - hour) < 0.03 for name, hour in {"a": 0.5, "b": 2.5, "c": 6.0, "d": 6.5}.items())
    for since, until in ((0.55, 1.95), (2.55, 3.99), (4.45, 4.95), (6.55, 9.95)):
        assert all(there for hour, there in counts.items() if since < hour < until)
    for since, until in ((0.0, 0.45), (2.05, 2.35), (5.2, 6.45), (10.05, 10.5)):
        assert not any(there for hour, there in counts.items() if since < hour < until)


# Whatever a GPS says.

PLACES: Final = (0.0, 60.0, 110.0, 145.0, 160.0, 400.0, 30_000.0)
FENCES: Final = {"a": Fence(*at(0.0), RADIUS), "b": Fence(*at(400.0), RADIUS)}


def runs(fixes: list[Fix]) -> list[Fix]:
    """The last of them that follow one another without a gap or a leap."""
    found: list[Fix] = fixes[-1:]
    for each in reversed(fixes[:-1]):
        seconds = found[-1].at - each.at
        if seconds > GAP or _metres(each, found[-1]) > LEAP + FASTEST * seconds:
            break
        found.append(each)
    return found


def _metres(one: Fix, other: Fix) -> float:
    return abs(math.radians(one.latitude - other.latitude)) * EARTH


def away(fix: Fix, fence: Fence) -> float:
    return abs(math.radians(fix.latitude - fence.latitude)) * EARTH


def lasting(fixes: list[Fix], holds: Callable[[Fix], bool]) -> float:
    """For how many seconds that has held of all fixes up to the last."""
    newest = fixes[-1]
    since = newest.at
    for each in runs(fixes):
        if not holds(each):
            break
        since = each.at
    return newest.at - since


def check(told: Iterable[StoppedAt], fixes: list[Fix], before: list[StoppedAt]) -> None:
    """Each is proven by the fixes, and is not what was said last."""
    for each in told:
        fence = FENCES[each.stop]
        last = next((one.what for one in reversed(before) if one.stop == each.stop), "")
        if each.what == "arrived":
            assert last in {"", "left"}
            assert away(fixes[-1], fence) <= RADIUS
            assert lasting(fixes, lambda fix, fence=fence: away(fix, fence) <= RADIUS + 50 and fix.speed <= 1.5) >= 30.0  # type: ignore[misc]
        else:
            assert each.what == "left"
            assert last == "arrived"
            assert lasting(fixes, lambda fix, fence=fence: away(fix, fence) > RADIUS + 50) >= 60.0  # type: ignore[misc]


ACTS = st.one_of(
    st.tuples(
        st.sampled_from(PLACES), st.sampled_from((0.0, 1.0, 8.0)), st.integers(1, 8), st.sampled_from((1.0, 10.0, 61.0))
    ),
    st.just("restart"),
)


@settings(max_examples=150)
@given(st.lists(ACTS, max_size=40))
def test_never_left_without_proof_and_never_told_twice_whatever_the_gps_says(acts: list[Any]) -> None:
    stops, before, now = Stops(), None, 0.0
    fixes: list[Fix] = []
    told: list[StoppedAt] = []
    for act in acts:
        if act == "restart":
            stops, before, fixes, now = remembered((1.0, each) for each in told), None, [], 0.0
            continue
        place, speed, times, seconds = act
        for _ in range(times):
            now += seconds
            fix = Fix(*at(place), speed, now)
            fixes.append(fix)
            stops, new = located(stops, FENCES, before, fix, 1.0)
            check(new, fixes, told)
            told += new
            before = fix
    for name in FENCES:
        course = [each.what for each in told if each.stop == name]
        assert course == ["arrived", "left"] * (len(course) // 2) + ["arrived"] * (len(course) % 2)
    stops, new = over(stops, dict.fromkeys(FENCES, 0.0), now, 1.0)
    for each in new:
        assert each.what == "missed"
        assert all(one.stop != each.stop for one in told)
        seen = [fix for fix in fixes if away(fix, FENCES[each.stop]) > RADIUS + 50]
        assert seen
        assert now - seen[-1].at <= SEEN_ELSEWHERE
    assert over(stops, dict.fromkeys(FENCES, 0.0), now, 1.0)[1] == ()


def test_a_stop_told_of_stands_in_the_stream_of_services() -> None:
    assert fact.stream_of(StoppedAt("a", "left")) == "services"


def test_what_the_logbook_was_told_is_what_a_station_starts_from_and_what_one_that_is_off_is_judged_by(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, '[gps]\nport = "/dev/none"\n')
    house.trust()
    found, card = load(house.config), signed(claims(scope="3702"))
    file = ServicesFile(house.data)
    file.keep([KeepService("a", 1, stop("a", 0.0, -1, 2**20))])
    file.close()
    for course, opens in ((("arrived",), True), (("left",), False), (("arrived", "missed"), True)):
        book, stamp = Logbook(house.data, "before"), Stamp(1.0, NOW, Quality.SYNCED)
        book.append([(stamp, StoppedAt("b" if what == "missed" else "a", what)) for what in course])  # type: ignore[arg-type]
        book.close()
        assert (explain_from_files(found, card, "").reason != "wrong_station") is opens
    files = open_files(found, "boot")
    with closing(files.cold), closing(files.book), closing(files.services):
        state, _told = restored(found, files, "boot")
    for each in files.held:
        os.close(each)
    assert state.room.wheels
    assert state.room.wheels.stops.told == {"a": Told("arrived", NOW), "b": Told("missed", NOW)}


@pytest.mark.parametrize("goes", ["pruned", "left behind"])
def test_where_it_stands_is_known_for_longer_than_the_entry_that_said_so(tmp_path: Path, goes: str) -> None:
    """A container stands at its stop for half a year, and its entry is the server's after a month."""
    house = House(tmp_path, '[gps]\nport = "/dev/none"\n')
    house.trust()
    stamp = Stamp(1.0, NOW, Quality.SYNCED)
    with closing(Logbook(house.data, "before")) as book:
        book.append([(stamp, StoppedAt("a", "arrived"))])
        if goes == "left behind":
            book.append([(stamp, Rated("station", (1, 0, 0, 0)))] * (SERVICES_REMEMBERED + 1))
        book.acknowledge("services", book.heads()["services"].newest, NOW + 1.0 if goes == "pruned" else 0.0)
        if goes == "left behind":
            book.begin_epoch("services", book.heads()["services"].newest + 1)
        assert not any("stopped_at" in row.body for row in book.backwards("services"))
        assert told_of_stops((), book.stops()) == Stops({"a": Told("arrived", NOW)})
    assert read_stops(house.data) == [(NOW, StoppedAt("a", "arrived"))]


ROWS = ["what = 'arrivee'", "what = x'FF'", "at = 'abc'", "at = 9e999", "at = -1e300", "at = x'00'", "stop = x'FF'"]


@pytest.mark.parametrize("wrong", ROWS)
def test_a_row_that_no_station_wrote_says_nothing_of_its_stop(tmp_path: Path, wrong: str) -> None:
    """A flipped bit; with a time that is none each fix would have ended in an error, until the program did."""
    with closing(Logbook(tmp_path, "b")) as book:
        book.append(
            [(Stamp(1.0, NOW + number, Quality.SYNCED), StoppedAt(each, "arrived")) for number, each in enumerate("ab")]
        )
        with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
            db.execute(f"UPDATE stops SET {wrong} WHERE stop = 'a'")
        assert book.stops() == [(NOW + 1, StoppedAt("b", "arrived"))]
