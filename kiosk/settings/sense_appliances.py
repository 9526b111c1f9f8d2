"""What is well-formed in the tables of the appliances but cannot be meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, get_args

from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.appliances import (
    TIMEOUT,
    AlarmTable,
    ApplianceTable,
    BatteryTable,
    BinaryProtocol,
    ContactSensorTable,
    LineTable,
    ModbusRelayTable,
    ModbusTable,
    PinRelayTable,
    PulsesTable,
    Role,
)
from kiosk.settings.boards import LockBoardProtocol
from kiosk.settings.kinds import alarms_of
from kiosk.settings.table import Path, Wrong, did_you_mean

VOLTS: Final = "V"
NEVER_OFF: Final = {"fridge", "freezer"}
"""Kinds that keep food: no saving of energy switches them off."""


def check_appliances(settings: Settings) -> Iterator[Wrong]:
    """Sensors, relays and appliances that name what is not there, or contradict one another."""
    yield from _check_lines(settings)
    for name, table in settings.sensors.items():
        if isinstance(table, LineTable):
            yield from _check_protocol(settings, ("sensors", name), table)
        if table.lowest > table.highest:
            yield ("sensors", name, "lowest"), _("is above highest ({highest:g})", highest=table.highest)
    for name, appliance in settings.appliances.items():
        yield from _check_appliance(settings, ("appliances", name), appliance)
    if settings.battery:
        yield from _check_battery(settings, settings.battery)
    for key in ("presence", "entrances"):
        there: Collection[str] = settings.sensors if key == "presence" else settings.entrances
        for wanted in getattr(settings.occupancy, key):
            yield from _named(
                wanted, there, ("occupancy", key), _("no such sensor") if key == "presence" else _("no such door")
            )


def appliance_pins(settings: Settings) -> Iterator[tuple[Path, int]]:
    """The pins that sensors and relays use."""
    for name, sensor in settings.sensors.items():
        if isinstance(sensor, ContactSensorTable | PulsesTable):
            yield ("sensors", name, "pin"), sensor.pin
    for name, relay in settings.relays.items():
        if isinstance(relay, PinRelayTable):
            yield ("relays", name, "pin"), relay.pin


def _check_lines(settings: Settings) -> Iterator[Wrong]:
    """A line has one speed and one master: whoever names it must mean the same."""
    first: dict[str, tuple[str, tuple[object, ...]]] = {}
    users: list[tuple[Path, object]] = [(("sensors", name), each) for name, each in settings.sensors.items()]
    users += [(("relays", name), each) for name, each in settings.relays.items()]
    for at, table in users:
        match table:
            case ModbusTable() | ModbusRelayTable():
                how: tuple[object, ...] = ("modbus", table.baud, table.parity, table.stop_bits, *_odd_line(table))
            case LineTable():
                how = (f"protocol {table.protocol}", table.baud)
            case _:
                continue
        name, other = first.setdefault(table.port, (".".join(at), how))
        if other != how:
            here, there = (" ".join(map(str, each)) for each in (how, other))
            yield (*at, "port"), _("is used as {here} here and as {there} by {name}", here=here, there=there, name=name)
    if settings.gps and settings.gps.port in first:
        yield ("gps", "port"), _("is already used by {user}", user=first[settings.gps.port][0])


def _odd_line(table: ModbusTable | ModbusRelayTable) -> tuple[str, ...]:
    """What of the line's settings is not as usual, as it stands in the file."""
    slow = () if table.timeout == TIMEOUT else (f"timeout={table.timeout:g}",)
    return (*slow, *(("echo",) if table.echo else ()))


def _check_protocol(settings: Settings, at: Path, table: LineTable) -> Iterator[Wrong]:
    if table.protocol not in settings.protocols:
        yield (*at, "protocol"), _("no such protocol") + did_you_mean(table.protocol, settings.protocols)
        return
    protocol = settings.protocols[table.protocol]
    if isinstance(protocol, LockBoardProtocol):
        yield (*at, "protocol"), _("is a lock board's: it is for [boards]")
    elif isinstance(protocol, BinaryProtocol):
        if table.read not in protocol.read:
            yield (*at, "read"), _("is not in the protocol: one of {names}", names=", ".join(protocol.read))
    elif not protocol.sign and not table.read.isdigit():
        yield (
            (*at, "read"),
            _("must be the place of the value, e.g. 1: the protocol has no sign between a name and a value"),
        )


def _check_appliance(settings: Settings, at: Path, table: ApplianceTable) -> Iterator[Wrong]:
    for role in get_args(Role):
        if (sensor := getattr(table, role)) is not None:
            yield from _named(sensor, settings.sensors, (*at, role), _("no such sensor"))
    if table.relay is not None:
        yield from _named(table.relay, settings.relays, (*at, "relay"), _("no such relay"))
    if table.saves and table.kind in NEVER_OFF:
        yield (*at, "saves"), _("a {kind} keeps food: it is never switched off to save energy", kind=table.kind)
    if table.saves and table.relay is None:
        yield (*at, "saves"), _("needs a relay")
    for name, alarm in alarms_of(table).items():
        yield from _check_alarm(table, (*at, "alarms", name), alarm)


def _check_alarm(table: ApplianceTable, at: Path, alarm: AlarmTable) -> Iterator[Wrong]:
    if not alarm.enabled:
        return
    if alarm.of is None:
        yield (*at, "of"), _("is missing: one of {names}", names=", ".join(get_args(Role)))
    if (alarm.above is None) == (alarm.below is None):
        yield at, _("needs either above or below")
    named = at[-1] in table.alarms
    if alarm.of is not None and getattr(table, alarm.of) is None and named:
        yield (*at, "of"), _("the appliance has no sensor for {role}", role=alarm.of)
    if alarm.switch_off and table.relay is None and named:
        yield (*at, "switch_off"), _("needs a relay")


def _check_battery(settings: Settings, table: BatteryTable) -> Iterator[Wrong]:
    yield from _named(table.sensor, settings.sensors, ("battery", "sensor"), _("no such sensor"))
    for relay in table.relays:
        yield from _named(relay, settings.relays, ("battery", "relays"), _("no such relay"))
    if table.above <= table.below:
        yield ("battery", "above"), _("must be more than below ({below:g})", below=table.below)
    sensor = settings.sensors.get(table.sensor)
    if sensor and sensor.unit != VOLTS:
        yield ("battery", "sensor"), _("tells {unit}, and not {wanted}", unit=sensor.unit, wanted=VOLTS)
    for name, each in settings.appliances.items():
        if each.kind in NEVER_OFF and each.relay in table.relays:
            yield ("battery", "relays"), _("{name} keeps food: it is never switched off", name=name)


def _named(wanted: str, there: Collection[str], at: Path, what: str) -> Iterator[Wrong]:
    if wanted not in there:
        yield at, what + did_you_mean(wanted, there)
