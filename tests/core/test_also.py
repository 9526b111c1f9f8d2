"""A sheet's `also`: whose passes are good at a station beside its own prefixes', never more than is said, and no longer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.admission import judged
from kiosk.core.events import KeepService, Offered
from kiosk.core.services import restore
from kiosk.logbook.services import ServicesFile
from kiosk.settings.loading import load
from kiosk.station.explain import explain_from_files
from kiosk.trust.passes import PassClass
from kiosk.trust.reasons import Reason
from kiosk.trust.service import Sheet
from tests.core.bench import Bench
from tests.core.test_services import service
from tests.keys import DAY, NOW, claims, signed
from tests.programs.house import House

HERE = "37081101"


def sheet(version: int, *also: str, name: str = "sheet", **more: Any) -> bytes:
    return service(version, name, **msgspec.to_builtins(Sheet({"zh": "经十路站"}, also=also)), **more)


def opens(bench: Bench, scope: str, pass_class: PassClass = PassClass.WORKER) -> bool:
    verdict = judged(bench.state, claims(scope=scope, pass_class=pass_class), "main", bench.boot)
    assert verdict.reason in {None, Reason.WRONG_STATION}
    return verdict.reason is None


def test_passes_of_a_merged_district_open_while_the_sheet_says_so() -> None:
    bench = Bench()
    card = signed(claims(scope="370812"))
    assert bench.outcome(card) == "wrong_station"
    bench.take(Offered(sheet(1, "370812")))
    assert bench.outcome(card) == "open"
    assert [opens(bench, scope) for scope in ("3708", "370812", "37081299", "370813", "3709")] == [True, True] + [
        False
    ] * 3
    bench.take(Offered(sheet(2)))
    assert not opens(bench, "370812")


def test_a_sheet_that_is_withdrawn_or_over_says_nothing_and_one_that_is_stored_says_it_again() -> None:
    bench = Bench()
    bench.take(Offered(sheet(1, "3701", ends=NOW + DAY)))
    stored = restore(bench.state, {"sheet": sheet(1, "3701", ends=NOW + DAY)}, bench.boot)
    assert judged(stored, claims(scope="3701"), "main", bench.boot).reason is None
    bench.take(Offered(sheet(2, "3702", name="other")))
    assert (opens(bench, "3701"), opens(bench, "3702")) == (True, True), "sheets add up"
    bench.take(Offered(sheet(3, name="other", ends=NOW)))
    bench.wait(DAY + 3600)
    assert (opens(bench, "3701"), opens(bench, "3702")) == (False, False)


SCOPES = ("", "3", "37", "3701", "370101", "3708", "370811", "37081101", "370811010", "44", "4403", "4403AB")
ACTS = st.one_of(
    st.tuples(
        st.sampled_from("ab"),
        st.lists(st.sampled_from(SCOPES[1:]), max_size=3),
        st.integers(-2, 2),
        st.integers(1, 3),
        st.sampled_from(["", "37", HERE, "3709"]),
    ),
    st.sampled_from("ab"),
    st.integers(1, 2),
)


@settings(max_examples=40)
@given(st.lists(ACTS, max_size=8))
def test_whatever_is_said_and_withdrawn_a_pass_is_good_where_its_prefix_is_the_stations_or_one_that_is_said(
    acts: list[Any],
) -> None:
    bench, said = Bench(), dict[str, tuple[list[str], int, int]]()
    for version, act in enumerate(acts, 1):
        match act:
            case str(name):
                bench.take(Offered(sheet(version, name=name, ends=NOW)))
                said.pop(name, None)
            case int(days):
                bench.wait(days * DAY)
            case (name, also, begins, days, station):
                times = {"begins": NOW + begins * DAY, "ends": NOW + (begins + days) * DAY}
                bench.take(Offered(sheet(version, *also, name=name, station=station, **times)))
                if HERE.startswith(station):
                    said[name] = (also, times["begins"], times["ends"])
        proven = bench.state.clock.earliest(bench.boot)
        codes = [HERE, *(each for also, begins, ends in said.values() if begins <= proven < ends for each in also)]
        for scope in SCOPES:
            assert opens(bench, scope) == any(code.startswith(scope) for code in codes), (scope, codes)


def test_a_station_that_is_off_is_judged_by_the_sheet_in_its_files(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.trust()
    card, found = signed(claims(scope="370812")), load(house.config)
    assert explain_from_files(found, card, "").reason == "wrong_station"
    file = ServicesFile(house.data)
    file.keep([KeepService("sheet", 1, sheet(1, "370812", ends=2**39))])
    file.close()
    assert explain_from_files(found, card, "").reason != "wrong_station"
