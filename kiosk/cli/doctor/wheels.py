"""What `kiosk doctor` asks of a station on wheels: where it is, and how much its battery has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kiosk.cli.doctor.check import Check
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.wire.views import View

READ: Final = "kiosk sensors read"


def check_wheels(settings: Settings, view: View | None) -> Iterator[Check]:
    """What its settings speak of."""
    if view is None:
        return
    if settings.gps:
        yield _place(view)
    elif view.services.get("stop"):
        evidence = _("it has stops, and no [gps] that could tell whether it is there")
        yield Check("wheels.stops", "wrong", evidence, "", _("add [gps] with the port of its receiver"))
    if settings.battery:
        yield _battery(settings, view)


def _place(view: View) -> Check:
    if view.room.place is None:
        evidence = _("the GPS has not said yet where it is")
        return Check("wheels.place", "wrong", evidence, READ, _("its antenna needs a view of the sky"))
    place = "{:.5f}, {:.5f}".format(*view.room.place)
    drives = _("it drives: no pass opens") if view.room.moving else _("it does not drive, as far as is known")
    return Check("wheels.place", "fine", f"{place}{_(': ')}{drives}")


def _battery(settings: Settings, view: View) -> Check:
    table = settings.battery
    sensor = view.sensors.get(table.sensor) if table else None
    if table is None or sensor is None or sensor.value is None:
        return Check("wheels.battery", "wrong", _("its sensor gives no value: nothing is switched off or on"), READ)
    words = _(
        "{volts:.4g} V; what it spares is off below {below:g} V, and on again above {above:g} V",
        volts=sensor.value,
        below=table.below,
        above=table.above,
    )
    low = sensor.value < table.below
    return Check("wheels.battery", "warning" if low else "fine", words, "", _("let it be charged") if low else "")
