"""The zone of central.toml: pages, messages and forms tell times in it, whatever the machine's is; a wrong name is told."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from kiosk.central.alarms.settings import AlarmSettings
from kiosk.central.alarms.telling import Line, day_of
from kiosk.central.alarms.words import letter
from kiosk.central.office.notices import time_in
from kiosk.central.public.clock import day_and_hour
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.messages import Body, Message
from kiosk.central.store.place import CentralSettings, settings_of
from kiosk.central.zone import USUAL, zone_named
from kiosk.wording.words import in_zone, when
from tests.office.clerks import open_office
from tests.programs.test_register import verb

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp()
URUMQI = "Asia/Urumqi"


def said(folder: Path, text: str) -> Path:
    (folder / "central.toml").write_text(text, encoding="utf-8")
    return folder


def test_pages_tell_times_in_the_zone_and_name_it(tmp_path: Path) -> None:
    with open_office(said(tmp_path, f'zone = "{URUMQI}"')) as office:
        clerk = office.hire("zone.viewer", "administrator")
        office.store.add_account("early", "viewer", "", "", NOON)
        office.store.disable("early", NOON)
        text = clerk.reads("/accounts")
        assert "disabled since 2026-11-27 18:00:00 " in text
        assert "Times are those of Asia/Urumqi." in text


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Asia/Shangai", ", did you mean Asia/Shanghai?"),
        ("asia/urumqi", ", did you mean Asia/Urumqi?"),
        ("Beijing", ""),
        ("../etc/passwd", ""),
        ("Asia", ""),
        ("", ""),
        ("+08:00", ""),
    ],
)
def test_a_zone_that_is_none_is_told_with_the_one_that_was_meant(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(StoreFailed) as raised:
        settings_of(said(tmp_path, f'zone = "{name}"'))
    assert f"central.toml:1: zone: {name}: no such time zone{hint}" in str(raised.value)
    result = verb(tmp_path, "stations")
    assert result.exit_code == 1
    assert "no such time zone" in result.output


def test_every_zone_of_the_database_is_one_and_the_usual_is_beijings() -> None:
    assert all(zone_named(each) for each in available_timezones())
    assert datetime.fromtimestamp(NOON, zone_named(USUAL)).isoformat() == "2026-11-27T20:00:00+08:00"


def test_times_are_this_machines_with_their_offset_until_somebody_asks() -> None:
    assert when(NOON) == datetime.fromtimestamp(NOON).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    with in_zone(zone_named(URUMQI)):
        assert when(NOON) == "2026-11-27 18:00:00"
        assert day_and_hour(NOON, NOON) == "18:00"
    assert day_and_hour(NOON, NOON) == "20:00"


def test_a_forms_time_is_of_the_same_zone() -> None:
    found = time_in("2026-11-27T18:00", zone_named(URUMQI))
    assert found is not None
    assert found.timestamp() == NOON


def test_messages_and_the_daily_hour_are_in_it_unless_they_say_another(tmp_path: Path) -> None:
    rules = settings_of(said(tmp_path, f'zone = "{URUMQI}"\n[alarms]\nlanguage = "en"')).alarm_rules
    line = Line("raised", 1, "silent", "37081101", False, 0, 0, NOON, "")
    message = Message(1, NOON, "x", "causes", Body([line]), 0, NOON, None, "")
    assert "since 11-27 18:00" in letter(message, rules).text
    assert "since 11-27 21:00" in letter(message, AlarmSettings(language="en", zone="Asia/Tokyo")).text
    assert "since 11-27 17:30" in letter(message, AlarmSettings(language="en", utc_offset=5.5)).text
    eight = datetime(2026, 11, 27, 2, 0, tzinfo=UTC).timestamp()
    assert day_of(eight, rules) - day_of(eight - 1, rules) == 1
    with closing(CentralStore(tmp_path)) as store:
        assert store.alarm_rules == rules
    assert CentralSettings().alarm_rules.tells_in == zone_named(USUAL)
