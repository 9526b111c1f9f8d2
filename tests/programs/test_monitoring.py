"""`/metrics` and `/healthz`: what whoever watches over the server may rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from kiosk.central.asking import at_this_machine
from kiosk.central.metrics import CONTENT_TYPE, Metric, exposition, metrics
from kiosk.central.monitoring import UNSENT_FOR, healthz, scraped
from kiosk.central.store import CentralStore
from kiosk.central.store.days import MOST_BETWEEN
from kiosk.central.store.messages import Body
from kiosk.central.store.registers import Registered
from tests.programs.house import House, until
from tests.programs.province_of_days import codes, fill
from tests.programs.test_central_workers import serving
from tests.programs.test_days import NOW, WEEK, entry, take

BASE_UNITS = ("seconds", "bytes", "joules", "ratio", "volts", "meters", "grams", "celsius")
OTHER_UNITS = ("milliseconds", "minutes", "hours", "days", "kilobytes", "watt_hours", "kwh", "percent")


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        store.add_stations([Registered(code) for code in codes(40)], NOW)
        yield store


def test_a_scrape_is_what_prometheus_parses(store: CentralStore) -> None:
    fill(store, codes(40), WEEK[:2])
    take(store, [entry(1, "granted", pass_class=0), entry(2, "exit_pressed")])
    found = {each.name: each for each in text_string_to_metric_families(exposition(metrics(store, NOW)))}
    assert {each.type for each in found.values()} == {"counter", "gauge"}
    (acknowledged,) = found["yizhan_entries"].samples
    assert (acknowledged.labels, acknowledged.value) == ({"district": "370811"}, 2.0)
    assert found["yizhan_entries_uncounted"].samples[0].value == 2.0
    before = _value(found, "yizhan_grants", "370101")
    assert before > 0
    take(store, [entry(1, "granted", pass_class=0)], code="37010101")
    list(store.count())
    after = {each.name: each for each in text_string_to_metric_families(exposition(metrics(store, NOW)))}
    assert _value(after, "yizhan_grants", "370101") == before + 1


def _value(found: dict[str, Any], name: str, district: str) -> float:
    return next(float(each.value) for each in found[name].samples if each.labels["district"] == district)


def test_names_and_units_are_those_of_the_conventions(store: CentralStore) -> None:
    for each in metrics(store, NOW):
        assert (each.kind == "counter") == each.name.endswith("_total"), each.name
        assert not any(unit in each.name for unit in OTHER_UNITS), each.name
        assert each.name.islower()
        assert each.help.endswith(".")


def test_no_metric_is_of_a_station(store: CentralStore) -> None:
    fill(store, codes(40), WEEK[:1])
    found = metrics(store, NOW)
    assert {name for each in found for labels, _value in each.samples for name in labels} == {
        "district",
        "state",
        "version",
    }
    text = exposition(found)
    assert not [code for code in codes(40) if code in text]


def test_a_label_may_hold_anything() -> None:
    odd = 'a"b\\c\nd'
    (found,) = text_string_to_metric_families(exposition([Metric("x", "gauge", "X.", [({"district": odd}, 1.5)])]))
    assert found.samples[0].labels == {"district": odd}


def test_health_is_that_of_the_database_of_the_jobs_and_of_the_senders(store: CentralStore) -> None:
    assert healthz(store, NOW).status_code == 503, "no process has run the jobs yet"
    list(store.watch(NOW))
    well = healthz(store, NOW + 1)
    assert (well.status_code, json.loads(bytes(well.body))) == (200, {"database": "ok", "jobs": "ok", "alarms": "ok"})
    assert healthz(store, NOW + MOST_BETWEEN + 1).status_code == 503
    store.queue_message("duty", "test", Body([]), NOW - UNSENT_FOR - 1)
    found = healthz(store, NOW + 1)
    assert (found.status_code, json.loads(bytes(found.body))["alarms"]) == (503, "not sent for an hour: duty")


def test_a_database_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    store = CentralStore(tmp_path / "central-data")
    store.close()
    found = healthz(store, NOW)
    assert (found.status_code, json.loads(bytes(found.body))["jobs"]) == (503, "unknown")
    assert scraped(store, NOW).status_code == 503


@pytest.mark.slow
def test_a_server_that_was_just_started_is_well_and_can_be_scraped(tmp_path: Path) -> None:
    with serving(tmp_path / "central", House(tmp_path), 1) as (url, _process):
        until(lambda: requests.get(f"{url}/healthz", timeout=5).status_code == 200)
        scrape = requests.get(f"{url}/metrics", timeout=5)
        assert scrape.headers["Content-Type"] == CONTENT_TYPE
        assert "yizhan_build_info" in scrape.text


@pytest.mark.parametrize(("address", "here"), [("127.0.0.1", True), ("::1", True), ("192.0.2.7", False), ("", False)])
def test_others_than_this_machine_are_told_nothing(address: str, here: bool) -> None:
    assert at_this_machine(Request({"type": "http", "client": (address, 1)})) is here
