"""What `kiosk doctor` asks of the slots: whether each could be granted now, and whether what it holds is kept as it must be."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.cli.doctor.check import Check
from kiosk.cli.doctor.faults import READ_BUSES
from kiosk.language import _
from kiosk.settings import DoorTable, Settings
from kiosk.settings.boards import SlotTable
from kiosk.wire.views import DoorView, SensorView, View
from kiosk.wording.words import quantity, word


def check_slots(settings: Settings, view: View | None) -> Iterator[Check]:
    """Each slot that the station has, and the sensor that watches it."""
    for name, table in settings.slots.items() if view else ():
        if view and (slot := view.doors.get(name)):
            yield _of_slot(name, table, slot)
        if view and table.slot and table.slot.sensor:
            yield _kept(name, table.slot, view.sensors.get(table.slot.sensor))


def _of_slot(name: str, table: DoorTable, slot: DoorView) -> Check:
    if slot.lock == "fault":
        return Check(
            f"slot.{name}", "wrong", _("its lock is jammed: it is granted to nobody"), f"kiosk door open {name}"
        )
    if slot.door == "unknown":
        remedy = READ_BUSES if table.board else "gpioinfo"
        return Check(f"slot.{name}", "wrong", _("its contact is not seen: it is granted to nobody"), remedy)
    if slot.door == "open":
        return Check(f"slot.{name}", "warning", _("it stands open: it is granted to nobody"), "", _("close it"))
    return Check(f"slot.{name}", "fine", word(slot.lock))


def _kept(name: str, slot: SlotTable, sensor: SensorView | None) -> Check:
    if sensor is None or sensor.value is None:
        evidence = _("{sensor} says nothing: no medicine is released from it", sensor=slot.sensor)
        return Check(f"slot.{name}.kept", "wrong", evidence, "kiosk status")
    value = quantity(sensor.value, sensor.unit)
    if slot.keeps and not slot.keeps[0] <= sensor.value <= slot.keeps[1]:
        wanted = f"{slot.keeps[0]:g}-{slot.keeps[1]:g}"
        return Check(
            f"slot.{name}.kept",
            "wrong",
            _("{value}, and must be {wanted}", value=value, wanted=wanted),
            "kiosk sensors plot",
        )
    return Check(f"slot.{name}.kept", "fine", value)
