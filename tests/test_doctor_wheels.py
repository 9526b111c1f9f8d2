"""What `kiosk doctor` says of a station on wheels, and of its battery."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kiosk.cli.doctor.check import Check
from kiosk.cli.doctor.wheels import check_wheels
from kiosk.settings import DoorTable, Settings, Station
from kiosk.settings.appliances import BatteryTable, GpsTable
from kiosk.wire.views import RoomView, SensorView
from tests.test_screen import view

BATTERY = BatteryTable(sensor="volts", below=11.8, above=12.6, relays=("heater",))


def settings(**more: Any) -> Settings:
    return replace(Settings(Station("37081101"), dict[str, DoorTable]()), **more)


@pytest.mark.parametrize(
    ("found", "shown", "expected"),
    [
        (settings(), {}, []),
        (settings(gps=GpsTable("/dev/x")), {}, [("wheels.place", "wrong")]),
        (settings(gps=GpsTable("/dev/x")), {"room": RoomView(place=(36.6, 117.0))}, [("wheels.place", "fine")]),
        (settings(), {"services": {"stop": 3}}, [("wheels.stops", "wrong")]),
        (settings(battery=BATTERY), {}, [("wheels.battery", "wrong")]),
        (settings(battery=BATTERY), {"sensors": {"volts": SensorView(None, "V")}}, [("wheels.battery", "wrong")]),
        (settings(battery=BATTERY), {"sensors": {"volts": SensorView(11.7, "V")}}, [("wheels.battery", "warning")]),
        (settings(battery=BATTERY), {"sensors": {"volts": SensorView(12.7, "V")}}, [("wheels.battery", "fine")]),
    ],
)
def test_what_it_finds(found: Settings, shown: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    told = list(check_wheels(found, replace(view(), **shown)))
    assert [(each.id, each.severity) for each in told] == expected
    assert all(each.severity == "fine" or each.remedy or each.advice for each in told), "what helps"
    assert list(check_wheels(found, None)) == []


def test_it_says_that_it_drives() -> None:
    [check] = check_wheels(settings(gps=GpsTable("/dev/x")), view(room=RoomView(place=(36.6, 117.0), moving=True)))
    assert isinstance(check, Check)
    assert check.evidence == "36.60000, 117.00000: it drives: no pass opens"
