"""What people call the things of a station: the label that the settings give them, their name where there is none."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from kiosk.language import _, chosen
from kiosk.settings import Settings
from kiosk.wording.words import quantity, word


class Names:
    """The names of a station's things; without settings each is called as it is, and `slots` are those that are known."""

    def __init__(self, settings: Settings | None, slots: Container[str] = ()) -> None:
        self.settings = settings
        self._slots: Container[str] = settings.slots if settings else slots

    def door(self, name: str) -> str:
        """Of a door, or a slot of a cupboard."""
        kind = "格口" if name in self._slots else "门"
        return self._label("doors", name) or chosen((f"{name} {kind}", name))

    def sensor(self, name: str) -> str:
        """Of a sensor."""
        return self._label("sensors", name) or name.replace("_", " ")

    def relay(self, name: str) -> str:
        """Of a relay."""
        return self._label("relays", name) or _("relay {name}", name=name)

    def scanner(self, name: str) -> str:
        """Of a scanner."""
        return self._label("scanners", name) or _("scanner {name}", name=name)

    def appliance(self, name: str) -> str:
        """Of an appliance."""
        return self._label("appliances", name) or name.replace("_", " ")

    def alarm(self, full: str) -> str:
        """Of an alarm `APPLIANCE.ALARM`."""
        name, _dot, alarm = full.partition(".")
        table = self.settings.appliances.get(name) if self.settings else None
        own = table.alarms.get(alarm) if table else None
        return _("{appliance}: {alarm}", appliance=self.appliance(name), alarm=(own and own.label) or word(alarm))

    def why(self, reason: str) -> str:
        """Why a relay is off: an alarm, or a word."""
        return self.alarm(reason) if "." in reason else word(reason)

    def fault(self, what: str) -> str:
        """Of what a fault is with."""
        if what.endswith(".chatter"):
            return _("contact {name}", name=what.removesuffix(".chatter"))
        if what.endswith(".exit"):
            return _("exit button of {door}", door=self.door(what.removesuffix(".exit")))
        match what.partition("."):
            case program, _dot, "loop":
                return _("program {name}", name=word(program))
            case "sensor", ".", name:
                return self._label("sensors", name) or _("sensor {name}", name=name)
            case "scanner", ".", name:
                return self.scanner(name)
            case "relay", ".", name:
                return self.relay(name)
            case "board", ".", name:
                return self._label("boards", name) or _("lock board {name}", name=name)
            case "cabinet", ".", name:
                return _("what lies in {slot}", slot=self.door(name))
            case "expires", ".", name:
                return _("what expires: {name}", name=name)
            case "pin", ".", name:
                return _("pin of {name}", name=name)
            case _:
                return word(what)

    def quantity(self, sensor: str, value: float) -> str:
        """A sensor's value with its unit, where the settings still have the sensor."""
        table = self.settings.sensors.get(sensor) if self.settings else None
        return quantity(value, table.unit) if table else f"{value:.4g}"

    def _label(self, group: str, name: str) -> str:
        tables: dict[str, Any] = getattr(self.settings, group, {}) if self.settings else {}
        return getattr(tables.get(name), "label", None) or ""
