"""The settings' tables of pins, sensors and appliances, as the board and the rules want them."""

from __future__ import annotations

import math
from typing import Final

from hardware.board import DoorWiring, InputWiring, PulseWiring, RelayWiring, Wiring
from hardware.onewire import POWER_ON
from kiosk.core.desk.events import BUTTON
from kiosk.core.room.alarms import Alarm, AlarmRules
from kiosk.core.room.position import Place
from kiosk.core.room.room import Battery, OccupancyRules, Room, Wheels
from kiosk.core.room.sensors import SensorRules
from kiosk.core.room.usage import Usage
from kiosk.core.step import ON_A_PIN
from kiosk.settings import DoorTable, Input, LockTable, Settings
from kiosk.settings.appliances import (
    AlarmTable,
    AnySensor,
    ApplianceTable,
    BatteryTable,
    ContactSensorTable,
    OneWireTable,
    PinRelayTable,
    PulsesTable,
)
from kiosk.settings.kinds import alarms_of
from kiosk.settings.sense import desk_buttons

MISSED: Final = 3
"""Readings in a row that are missing when a sensor is stale."""


def wiring(settings: Settings) -> Wiring:
    """All pins of the station."""
    own = {"fire": _input(settings.fire), "tamper": _input(settings.tamper)}
    contacts = {
        f"{ON_A_PIN}{name}": InputWiring(table.pin, table.active_low)
        for name, table in settings.sensors.items()
        if isinstance(table, ContactSensorTable)
    }
    buttons = {f"{BUTTON}{answer}": _pin(button) for answer, button in desk_buttons(settings).items()}
    return Wiring(
        doors={name: _door(table, table.lock) for name, table in settings.doors.items() if table.lock},
        inputs={name: found for name, found in own.items() if found} | contacts | buttons,
        relays={
            name: RelayWiring(table.pin, table.active_high, table.wiring == "normally_closed")
            for name, table in settings.relays.items()
            if isinstance(table, PinRelayTable)
        },
        pulses={
            name: PulseWiring(table.pin, table.per_unit)
            for name, table in settings.sensors.items()
            if isinstance(table, PulsesTable)
        },
    )


def _door(table: DoorTable, lock: LockTable) -> DoorWiring:
    lamps = {
        name: pin for name in ("red", "green", "blue", "buzzer") if (pin := getattr(table.lamps, name)) is not None
    }
    return DoorWiring(
        lock=lock.pin,
        lock_active_high=lock.active_high,
        fail_safe=lock.wiring == "fail_safe",
        contact=InputWiring(table.contact.pin, table.contact.open_when == "low") if table.contact else None,
        exit=_input(table.exit),
        bolt=_input(lock.bolt),
        signals=lamps,
    )


def _input(table: Input | None) -> InputWiring | None:
    return _pin(table) if table else None


def _pin(table: Input) -> InputWiring:
    return InputWiring(table.pin, table.active_low)


def sensor_rules(table: AnySensor) -> SensorRules:
    """The rules of one sensor. A contact on a pin is never stale: its level is known as long as the station runs."""
    on_a_pin = isinstance(table, ContactSensorTable)
    return SensorRules(
        unit=table.unit,
        lowest=table.lowest,
        highest=table.highest,
        dead_band=table.dead_band,
        heartbeat=table.heartbeat,
        stale_after=math.inf if on_a_pin else max(10.0, MISSED * table.every),
        never=table.never,
        power_on=POWER_ON if isinstance(table, OneWireTable) else None,
        stuck_after=table.stuck_after or math.inf,
        switches=on_a_pin,
    )


def room_of(settings: Settings, boot: float) -> Room:
    """The room as it is before anything is known of it: somebody may be there."""
    table, gps = settings.occupancy, settings.gps
    contacts = {name for name, each in settings.sensors.items() if isinstance(each, ContactSensorTable)}
    doors = {each.door for each in settings.appliances.values() if each.door}
    rules = OccupancyRules(
        presence=table.presence,
        entrances=table.entrances or tuple(settings.entrances)[:1],
        saves=tuple(dict.fromkeys(each.relay for each in settings.appliances.values() if each.saves and each.relay)),
        empty_after=table.empty_after,
        warn_for=table.warn_for,
    )
    return Room(
        alarms={alarm.name: alarm for name, each in settings.appliances.items() for alarm in _alarms(name, each)},
        usages={
            name: Usage(name, each.power, each.runs_above, boot, boot)
            for name, each in settings.appliances.items()
            if each.power
        },
        place=Place(gps.moved, gps.heartbeat) if gps else Place(),
        rules=rules,
        signs=frozenset(table.presence) | (doors & contacts),
        sign_at=boot,
        battery=_battery(settings.battery) if settings.battery else None,
        wheels=Wheels() if gps else None,
    )


def _battery(table: BatteryTable) -> Battery:
    rules = AlarmRules(
        sensor=table.sensor,
        limit=table.below,
        above=False,
        hysteresis=table.above - table.below,
        after=table.after,
        clear_after=table.after,
    )
    return Battery(Alarm("battery", rules), table.relays)


def _alarms(name: str, table: ApplianceTable) -> list[Alarm]:
    """The appliance's alarms, but for those that are switched off or lack their sensor."""
    found = []
    for title, alarm in alarms_of(table).items():
        sensor = getattr(table, alarm.of) if alarm.of else None
        if alarm.enabled and sensor:
            found.append(Alarm(f"{name}.{title}", _alarm_rules(table, alarm, sensor)))
    return found


def _alarm_rules(table: ApplianceTable, alarm: AlarmTable, sensor: str) -> AlarmRules:
    limit = alarm.above if alarm.above is not None else alarm.below
    return AlarmRules(
        sensor=sensor,
        limit=0.0 if limit is None else limit,
        above=alarm.above is not None,
        hysteresis=alarm.hysteresis or 0.0,
        after=alarm.after or 0.0,
        clear_after=alarm.clear_after or 0.0,
        only=alarm.only or "always",
        latches=(table.relay or "") if alarm.switch_off else "",
    )
