"""Campaigns, stops and doctors beside others: what contradicts them is refused; and a campaign's key is shown nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.central.reach import MOST_CAMPAIGNS
from kiosk.central.services import read_service
from kiosk.central.store.registers import Registered
from kiosk.central.supplying import remember_campaigns
from kiosk.trust.service import Campaign, body_in
from tests.programs.test_service_kinds import EXAMPLES, Union, written

COAT = EXAMPLES["campaign"]
BUS = EXAMPLES["stop"]
DOCTOR = EXAMPLES["doctor"]


@pytest.fixture
def union(tmp_path: Path) -> Iterator[Union]:
    union = Union(tmp_path)
    yield union
    union.store.close()


def publish(union: Union, text: str, *words: str) -> str:
    """What is wrong with it, without the file's name; empty where it is published."""
    code, out, err = union.run("publish", str(written(union.folder, text)), *words)
    assert code == (2 if err else 0), (out, err)
    return err.replace(f"{union.folder}/", "")


def changed(text: str, **values: str) -> str:
    """The same with these values in place of those of the keys."""
    for name, value in values.items():
        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert count, name
    return text


def key(union: Union, name: str) -> bytes:
    found = union.store.service(name)
    assert found
    body = body_in(*read_service(found.body))
    assert isinstance(body, Campaign)
    return body.key


def test_each_campaign_has_a_key_of_its_own_which_it_keeps_and_nothing_shows(union: Union) -> None:
    assert publish(union, COAT) == publish(union, changed(COAT, id='"hats"', slots='["slot_9"]')) == ""
    first = key(union, "raincoats-2026")
    assert first not in {bytes(32), key(union, "hats")}
    assert publish(union, changed(COAT, when_stale='"stop"', slots="[]")) == ""
    assert key(union, "raincoats-2026") == first
    shown = union.run("show", "raincoats-2026", "--json")[1] + union.run("show", "raincoats-2026")[1]
    assert json.loads(union.run("show", "raincoats-2026", "--json")[1])["says"]["item"] == "raincoat"
    assert '"key"' not in shown
    assert first.hex() not in shown
    assert publish(union, COAT, "--dry-run") == ""
    assert [
        first in each.read_bytes() for each in union.data.iterdir() if each.is_file() and "central.db" not in each.name
    ]
    acts = union.store._engine.all("SELECT * FROM audit")
    assert first.hex() not in f"{acts}"
    assert f"{first!r}" not in f"{acts}"


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"item": '"hat"'}, "item: is raincoat in the campaign that runs under this id"),
        ({"per": '"day"'}, "per: is once in the campaign that runs under this id"),
        (
            {"id": '"hats"', "item": '"hat"', "station": '"37"'},
            "slots: slot_1 has raincoat of raincoats-2026 in it, at 3708",
        ),
        (
            {"id": '"hats"', "item": '"hat"', "station": '"370811"'},
            "slots: slot_2 has raincoat of raincoats-2026 in it",
        ),
    ],
)
def test_a_campaign_that_contradicts_one_that_runs_is_refused_with_its_line(
    union: Union, values: dict[str, str], line: str
) -> None:
    assert publish(union, COAT) == ""
    said = publish(union, changed(COAT, **values))
    assert line in said
    assert re.match(r"service\.toml:\d+: ", said)
    assert "nothing was published" in said


@pytest.mark.parametrize(
    "values",
    [
        {"station": '"3709"'},
        {"slots": '["slot_3"]'},
        {"item": '"raincoat"'},
        {"begins": "2036-09-01T00:00:00+08:00", "ends": "2036-10-01T00:00:00+08:00"},
    ],
)
def test_what_is_elsewhere_or_at_another_time_or_the_same_thing_contradicts_nothing(
    union: Union, values: dict[str, str]
) -> None:
    assert publish(union, COAT) == ""
    assert publish(union, changed(COAT, **{"id": '"hats"', "item": '"hat"', **values})) == ""


def test_an_id_that_was_a_campaigns_is_no_others(union: Union) -> None:
    assert publish(union, COAT) == ""
    remember_campaigns(union.store)
    assert union.run("withdraw", "raincoats-2026")[0] == 0
    assert "id: was that of another campaign" in publish(union, COAT)
    union.store._engine.run("DELETE FROM services")
    assert "id: was that of another campaign" in publish(union, COAT), "though its document is gone"
    assert publish(union, changed(COAT, id='"hats"')) == ""


def test_a_ninth_campaign_at_a_station_is_refused(union: Union) -> None:
    for number in range(MOST_CAMPAIGNS):
        assert publish(union, changed(COAT, id=f'"c{number}"')) == ""
    assert "would hold more services than it can" in publish(union, changed(COAT, id='"ninth"', station='"370811"'))
    assert publish(union, changed(COAT, id='"ninth"', station='"3709"')) == ""


@pytest.mark.parametrize(
    ("begins", "wrong"),
    [("2026-12-01T09:00:00+08:00", True), ("2036-12-01T15:59:59+08:00", True), ("2036-12-01T16:00:00+08:00", False)],
)
def test_a_bus_is_at_one_place_at_a_time(union: Union, begins: str, wrong: bool) -> None:
    assert publish(union, BUS) == ""
    said = publish(union, changed(BUS, id='"other"', begins=begins, ends="2037-01-01T00:00:00+08:00"))
    assert bool(said) == wrong
    assert not wrong or "begins: it is at square-2026-12-01 then, until" in said
    assert publish(union, changed(BUS, id='"another"', station='"37081191"')) == "", "another bus"


def test_a_stop_is_called_otherwise_than_a_rollout_that_stops(union: Union) -> None:
    assert publish(union, BUS) == ""
    assert "place of a bus" in union.run("list")[1]
    assert "place of a bus for 37081190" in union.run("show", "square-2026-12-01")[1]


def test_a_stop_is_of_one_station(union: Union) -> None:
    codes = ("37081190", "37081191")
    union.store.add_stations([Registered(code, "", "", "", "") for code in codes], 1)
    for code in codes:
        union.store.enrol_for_trial(code, bytes([int(code[-1])]) * 32, 1)
    assert "station: the codes of several stations begin so" in publish(union, changed(BUS, station='"3708119"'))


def test_a_station_has_one_doctor_at_a_time(union: Union) -> None:
    assert publish(union, DOCTOR) == ""
    for scope in ("37", "370811"):
        said = publish(union, changed(DOCTOR, id='"other"', station=f'"{scope}"'))
        assert "station: doctor-2026 is the doctor of 3708 until" in said
    assert publish(union, changed(DOCTOR, id='"other"', station='"3709"')) == ""
    assert publish(union, DOCTOR.replace("09:00", "08:30")) == "", "and may be published again"
