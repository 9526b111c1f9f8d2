"""The fourth step: what answers on the buses, and what of the settings does not."""

from __future__ import annotations

import errno
import os
from typing import Any, Final

from kiosk.cli.common import echo, progress
from kiosk.cli.files import why_not
from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.search import count_of, hears_gps, meters, ports, thermometers
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import NONE, agreed, answer, begins, found, missed
from kiosk.foreign import visible
from kiosk.language import _

ONEWIRE: Final = {"unit": "°C", "lowest": -30.0, "highest": 60.0, "dead_band": 0.5}
"""A thermometer's table, but for its id."""


def ask_sensors(desk: Desk) -> None:
    """Look on 1-Wire and on each serial adapter; name what is found."""
    begins(
        Step.SENSORS,
        _(
            "Looks for thermometers (1-Wire), and on serial adapters for meters (Modbus) and GPS receivers; some "
            "10 s for each. Contacts and flow meters on pins: docs/hardware.md."
        ),
    )
    _missing(desk)
    _thermometers(desk)
    _adapters(desk)


def _sensors(desk: Desk) -> dict[str, Any]:
    tables = desk.draft.values.get("sensors", {})
    return tables if isinstance(tables, dict) else {}


def _missing(desk: Desk) -> None:
    """What the settings name and the machine has not: it may be taken out."""
    there = {*thermometers(desk.root)}
    for name, table in list(_sensors(desk).items()):
        port, device = table.get("port"), table.get("device")
        away = port if port and not (desk.root / str(port).lstrip("/")).exists() else None
        if table.get("bus") == "onewire" and device not in there:
            away = device
        if away:
            missed(_("{name}: {device} is not there", name=name, device=away), _("its plug, its cable, its supply"))
            if agreed(_("Take it out of the settings"), default=False):
                desk.drop("sensors", name)


def _thermometers(desk: Desk) -> None:
    known = {table.get("device") for table in _sensors(desk).values()}
    there = thermometers(desk.root)
    if not there:
        missed(_("No thermometer on 1-Wire."), _("dtoverlay=w1-gpio in /boot/firmware/config.txt; docs/hardware.md"))
    for device, degrees in there.items():
        told = _("no value") if degrees is None else f"{degrees:.1f} °C"
        found(_("thermometer {device}: {value}", device=device, value=told))
        if device not in known:
            _name(desk, {"bus": "onewire", "device": device, **ONEWIRE})


def _name(desk: Desk, table: dict[str, Any], proposed: str = NONE) -> None:
    """What it measures, by a name; - leaves it out."""
    while (name := answer(_("A name for it, such as fridge (- leaves it out)"), proposed)) != NONE:
        if name in _sensors(desk):
            echo(_("There is a sensor of that name already."))
        elif desk.put({"sensors": {name: table}}):
            return


def _adapters(desk: Desk) -> None:
    """Each serial adapter, but for one that a reader of codes or a sensor has."""
    values = desk.draft.values
    taken = {table.get("engine") for table in values.get("scanners", {}).values()} | {values.get("gps", {}).get("port")}
    there = [port for port in ports(desk.root) if port not in taken]
    if not there:
        missed(_("No serial adapter."), _("a GPS receiver, or an RS-485 adapter, in a USB plug"))
    port = answer(_("Another port (- for none)"), NONE)
    for each in [*there, *([port] if port != NONE else [])]:
        _adapter(desk, each)


def _adapter(desk: Desk, port: str) -> None:
    try:
        if hears_gps(port):
            found(_("{port}: a GPS receiver", port=port))
            desk.put({"gps": {"port": port}})
            return
        folder = desk.draft.config.parent
        with progress(count_of(folder), visible(port)) as asked:
            there = list(meters(port, folder, asked))
    except OSError as error:
        _does_not_open(port, error)
        return
    if not there:
        missed(
            _("{port}: nothing that we know answers", port=port),
            _("A and B the wrong way round? its supply, its id (1 to 10)"),
        )
    known = {(table.get("port"), table.get("device"), table.get("read")) for table in _sensors(desk).values()}
    for meter in there:
        found(_("{port}: device {device} answers as {profile}", port=port, device=meter.device, profile=meter.profile))
        for read, (value, unit) in meter.values.items():
            echo(visible(f"      {read:<12} {value:g} {unit}"))
            if (port, meter.device, read) not in known:
                _name(
                    desk,
                    {"bus": "modbus", "port": port, "device": meter.device, "profile": meter.profile, "read": read},
                )


def _does_not_open(port: str, error: OSError) -> None:
    """What pyserial says has the number that Python puts before it."""
    number = error.errno or 0
    why = why_not(OSError(number, os.strerror(number))) if number else str(error)
    held = _("does a program hold it? sudo systemctl stop kiosk-sensors")
    missed(visible(f"{port}: {why}"), _("its plug, its cable, its supply") if number == errno.ENOENT else held)
