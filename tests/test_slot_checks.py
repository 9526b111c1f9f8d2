"""What `kiosk doctor` says of slots, from a view of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.doctor.check import Check
from kiosk.cli.doctor.checks import check_doors
from kiosk.cli.doctor.slots import check_slots
from kiosk.settings.loading import load
from kiosk.wire.views import DoorView, SensorView, TrustView, View
from tests.test_settings import GOOD, errors
from tests.test_slot_settings import SLOTS

SHUT = DoorView("normal", "locked", "closed", "none", slot=True)


COLD = SensorView(4.0, "°C")


def checked(folder: Path, slot: DoorView = SHUT, cold: SensorView | None = COLD) -> dict[str, Check]:
    """The cupboard with a slot on a pin and one on a board, whose sensor is `cabinet`."""
    assert errors(folder, GOOD + SLOTS) == []
    settings = load(folder / "station.toml")
    doors = {"main": DoorView("normal", "locked", "closed", "none"), "raincoats": SHUT, "medicine": slot}
    sensors = {"cabinet": cold} if cold else {}
    view = View(
        "37081101", "1", "e", "b", 0.0, "synced", {}, TrustView(None, "missing", 0.0), doors, sensors, {}, {}, {}
    )
    return {each.id: each for each in (*check_slots(settings, view), *check_doors(view))}


def test_slots_that_can_be_granted_are_fine_and_are_no_doors(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert set(found) == {"slot.raincoats", "slot.medicine", "slot.medicine.kept", "door.main"}
    assert {each.severity for each in found.values()} == {"fine"}


@pytest.mark.parametrize(
    ("slot", "severity", "told"),
    [
        (DoorView("normal", "locked", "open", "forced_open", slot=True), "warning", "stands open"),
        (DoorView("normal", "unknown", "unknown", "unknown", slot=True), "wrong", "contact is not seen"),
        (DoorView("normal", "fault", "closed", "none", slot=True), "wrong", "jammed"),
    ],
)
def test_a_slot_that_nobody_is_granted_is_told(tmp_path: Path, slot: DoorView, severity: str, told: str) -> None:
    check = checked(tmp_path, slot)["slot.medicine"]
    assert check.severity == severity
    assert told in check.evidence


@pytest.mark.parametrize(
    ("sensor", "told"),
    [
        (SensorView(9.5, "°C"), "9.5 °C, and must be 2-8"),
        (SensorView(None, "°C", "no_answer"), "cabinet says nothing"),
        (None, "cabinet says nothing"),
    ],
)
def test_a_slot_whose_sensor_is_out_of_band_or_silent_is_told(
    tmp_path: Path, sensor: SensorView | None, told: str
) -> None:
    check = checked(tmp_path, cold=sensor)["slot.medicine.kept"]
    assert (check.severity, told in check.evidence) == ("wrong", True)


def test_without_a_station_nothing_is_said_of_its_slots(tmp_path: Path) -> None:
    assert errors(tmp_path, GOOD + SLOTS) == []
    assert list(check_slots(load(tmp_path / "station.toml"), None)) == []
