"""What `kiosk doctor` asks of the room: the buses' ports, each sensor, the alarms, the relays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.cli.doctor.check import Check
from kiosk.language import _, chosen
from kiosk.settings import Settings
from kiosk.settings.appliances import AnySensor, LineTable, ModbusTable, OneWireTable
from kiosk.wire.views import View
from kiosk.wording.names import Names
from kiosk.wording.words import listed, quantity, word

LOOK_AT: Final = {
    "port_not_open": "the adapter is not there, or another program has it",
    "no_answer": "nothing on the line answers: power, A and B exchanged, device id, speed",
    "wrong_answer": "an answer that does not fit: two devices with one id?",
    "echo": "the adapter hears itself: set echo = true for its port",
    "device_refused": "the device knows no such register: its profile is another model's",
    "not_connected": "the thermometer is not in the kernel's tree: its cable, its id",
    "bus_error": "the 1-Wire bus is disturbed: cable length, the 4.7 kOhm resistor to 3.3 V",
    "power_on_value": "the thermometer restarts: its supply is weak",
    "out_of_range": "a value outside of lowest and highest",
    "no_probe": "the transmitter's probe is not connected",
    "no_such_key": "the frame has no value of that name",
    "stuck": "not one bit has changed for stuck_after seconds: the sensor has failed",
    "silent": "sensors has told nothing of it",
}
"""What each absence means at the wire, for whoever stands before it."""

BY_ID: Final = "/dev/serial/by-id/"


def check_room(settings: Settings, view: View | None) -> Iterator[Check]:
    """The ports first, since everything else hangs on them."""
    yield from _check_ports(settings)
    yield from _check_tree(settings)
    if view is None:
        return
    names = Names(settings)
    for name, sensor in view.sensors.items():
        if sensor.value is not None:
            yield Check(f"sensor.{name}", "fine", quantity(sensor.value, sensor.unit))
        else:
            absent = sensor.absent or "silent"
            evidence = f"{chosen((word(absent), absent))}{_(': ')}{_(LOOK_AT.get(absent, ''))}"
            yield Check(f"sensor.{name}", "wrong", evidence, _remedy(settings.sensors.get(name)))
    for name, value in view.room.alarms.items():
        evidence = _("its sensor gives no value now") if value is None else _("at {value:.4g}", value=value)
        yield Check(
            f"alarm.{name}",
            "wrong",
            evidence,
            "kiosk sensors plot",
            _("look at: {appliance}", appliance=names.appliance(name.partition(".")[0])),
        )
    for name, why in view.room.off.items():
        latched = [each for each in why if each not in {"saving", "battery"}]
        remedy = "kiosk maintenance on --for 10m" if latched else ""
        evidence = _("off: {why}", why=listed(map(names.why, why)))
        yield Check(f"relay.{name}", "warning", evidence, remedy, "" if latched else _("show a pass"))


def _check_ports(settings: Settings) -> Iterator[Check]:
    """Each serial port of the settings: there, ours to use, and named by where it is plugged in."""
    tables = [
        *settings.sensors.values(),
        *settings.relays.values(),
        *settings.boards.values(),
        *([settings.gps] if settings.gps else []),
    ]
    ports = (getattr(table, "port", None) for table in tables)
    for port in dict.fromkeys(filter(None, ports)):
        if not Path(port).exists():
            yield Check("serial.port", "wrong", _("{device} is not there", device=port), "ls -l /dev/serial/by-path")
        elif not os.access(port, os.R_OK | os.W_OK):
            yield Check(
                "serial.port",
                "wrong",
                _("no access to {devices}", devices=port),
                "sudo usermod -aG dialout $USER",
            )
        elif port.startswith(BY_ID):
            evidence = _("{device}: identical adapters have one name there", device=port)
            yield Check("serial.port", "warning", evidence, "ls -l /dev/serial/by-path")
        else:
            yield Check("serial.port", "fine", _("{device} is there", device=port))


def _check_tree(settings: Settings) -> Iterator[Check]:
    for tree in dict.fromkeys(each.tree for each in settings.sensors.values() if isinstance(each, OneWireTable)):
        if not Path(tree).is_dir():
            command = "echo dtoverlay=w1-gpio | sudo tee -a /boot/firmware/config.txt && sudo reboot"
            yield Check(
                "onewire.tree",
                "wrong",
                _("{tree} is not there: the kernel has no 1-Wire bus", tree=tree),
                command,
            )
        else:
            found = sorted(path.name for path in Path(tree).glob("[0-9a-f][0-9a-f]-*"))
            yield Check("onewire.tree", "fine", f"{tree}: {', '.join(found) or _('no device')}")


def _remedy(table: AnySensor | None) -> str:
    """Of a sensor that the file no longer has: the station was not started with it."""
    match table:
        case OneWireTable():
            return f"ls {table.tree}"
        case ModbusTable() | LineTable():
            return "sudo systemctl stop kiosk-sensors && kiosk sensors read"
        case _:
            return "kiosk watch"
