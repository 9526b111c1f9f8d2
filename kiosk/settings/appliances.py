"""The tables of what stands in the room: sensors on their buses, relays, appliances and their alarms, the position."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from kiosk.settings.table import Label, Pin, Seconds, Table, Text

Bauds = Annotated[int, Meta(ge=300, le=921_600)]
DeviceId = Annotated[int, Meta(ge=1, le=247)]
Address = Annotated[int, Meta(ge=0, le=65_535)]
TimeOut = Annotated[float, Meta(ge=0.05, le=5)]
"""Seconds for which a Modbus device may take to answer."""

TIMEOUT: Final = 0.5

Order = Literal["high_first", "low_first"]
Bytes = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2} ?)+\Z")]
"""Bytes in hexadecimal digits, e.g. `AA 55`."""

ON_OFF: Final = "on/off"
"""The unit of a sensor that has no more to say: 1 is on, 0 is off."""


class SensorTable(Table, frozen=True, kw_only=True):
    """What all sensors share: the unit, the values that are none, when a change counts, and how often to ask."""

    unit: Text
    lowest: float = -1e9
    highest: float = 1e9
    never: tuple[float, ...] = ()
    dead_band: Seconds = 0.0
    heartbeat: Annotated[float, Meta(ge=1)] = 900.0
    every: Annotated[float, Meta(ge=0.1)] = 10.0
    stuck_after: Annotated[float, Meta(ge=60)] | None = None
    label: Label | None = None


class OneWireTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="onewire"):
    """A DS18B20 by its id in the kernel's tree."""

    device: Annotated[str, Meta(pattern=r"^[0-9a-f]{2}-[0-9a-f]{12}\Z")]
    tree: Text = "/sys/bus/w1/devices"


class ModbusTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="modbus"):
    """A register of a device on an RS-485 line; what is not said here comes from the quantity `read` of the profile.

    `timeout` and `echo` (the adapter hears itself) are the line's: all that name the port say the same.
    """

    port: Text
    device: DeviceId
    address: Address
    profile: Text | None = None
    read: Text | None = None
    baud: Bauds = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout: TimeOut = TIMEOUT
    echo: bool = False
    words: Literal[1, 2] = 1
    order: Order = "high_first"
    function: Literal["holding", "input"] = "input"
    type: Literal["unsigned", "signed", "float"] = "unsigned"
    scale: float = 1.0


class LineTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="line"):
    """A value that a controller on a serial line tells, in the frames of a protocol."""

    port: Text
    protocol: Text
    read: Text
    baud: Bauds = 9600


class ContactSensorTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="contact"):
    """A contact on a pin of the Pi: a fridge's door, a leak or smoke detector's relay, a presence sensor."""

    pin: Pin
    active_low: bool = True
    unit: Text = ON_OFF


class PulsesTable(SensorTable, frozen=True, kw_only=True, tag_field="bus", tag="pulses"):
    """A flow meter that pulls a pin to ground for each bit of a litre; counted from the program's start on."""

    pin: Pin
    per_unit: Annotated[float, Meta(gt=0)]
    unit: Text = "L"


AnySensor = OneWireTable | ModbusTable | LineTable | ContactSensorTable | PulsesTable


class TextProtocol(Table, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    r"""Frames of characters, such as `$T=92.5,TDS=41*1B`; `ask` is sent before each, if the controller wants to be asked.

    With `sign`, values have names; without, they are called 1, 2, 3 by their place. `check_after`: behind this stand two
    hexadecimal digits, the XOR or the sum of the characters between `begin` and it.
    """

    ask: str = ""
    begin: str = ""
    end: Text = "\n"
    between: Text = ","
    sign: str = ""
    check: Literal["none", "xor", "sum"] = "none"
    check_after: Text = "*"


class FieldTable(Table, frozen=True, kw_only=True):
    """A number in a binary frame: at this byte, counted from 0 at the frame's first."""

    at: Annotated[int, Meta(ge=0, le=255)]
    size: Literal[1, 2, 4] = 1
    order: Order = "high_first"
    signed: bool = False
    scale: float = 1.0


class BinaryProtocol(Table, frozen=True, kw_only=True, tag_field="kind", tag="binary"):
    """Frames of bytes, all of one length, that end with their check: of all bytes before it."""

    ask: Bytes | None = None
    begin: Bytes
    length: Annotated[int, Meta(ge=3, le=256)]
    check: Literal["none", "xor", "sum", "crc16_modbus"] = "sum"
    read: dict[str, FieldTable]


class PinRelayTable(Table, frozen=True, kw_only=True, tag_field="bus", tag="gpio"):
    """A relay on a pin. `normally_closed`: the appliance has power while the relay has none, so that a dead Pi leaves it on."""

    pin: Pin
    active_high: bool = True
    wiring: Literal["normally_closed", "normally_open"] = "normally_closed"
    label: Label | None = None


class ModbusRelayTable(Table, frozen=True, kw_only=True, tag_field="bus", tag="modbus"):
    """A coil of a relay board on an RS-485 line. `read_back`: false for a board that cannot be asked for its state."""

    port: Text
    device: DeviceId
    coil: Address
    profile: Text | None = None
    write: Text | None = None
    baud: Bauds = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout: TimeOut = TIMEOUT
    echo: bool = False
    read_back: bool = True
    wiring: Literal["normally_closed", "normally_open"] = "normally_closed"
    label: Label | None = None


AnyRelay = PinRelayTable | ModbusRelayTable
OnPins = ContactSensorTable | PulsesTable | PinRelayTable

Role = Literal["temperature", "humidity", "power", "door", "leak", "smoke", "tds", "filter"]
"""What a sensor is to its appliance."""


class AlarmTable(Table, frozen=True):
    """When an alarm is raised: the sensor of role `of` above or below a value for `after` seconds.

    It is cleared when the value is back by `hysteresis` for `clear_after` seconds. `only`: while the station is provably so.
    `switch_off`: the appliance's relay stays off until a technician arms maintenance.
    """

    of: Role | None = None
    above: float | None = None
    below: float | None = None
    hysteresis: Seconds | None = None
    after: Seconds | None = None
    clear_after: Seconds | None = None
    only: Literal["always", "closed", "empty", "closed_and_empty"] | None = None
    switch_off: bool | None = None
    enabled: bool = True
    label: Label | None = None


class ApplianceTable(Table, frozen=True, kw_only=True):
    """An appliance: its kind, which brings the usual alarms, and the sensors that watch it, by their names."""

    kind: Literal["fridge", "freezer", "air_conditioner", "heater", "dispenser", "microwave", "room", "other"]
    temperature: Text | None = None
    humidity: Text | None = None
    power: Text | None = None
    door: Text | None = None
    leak: Text | None = None
    smoke: Text | None = None
    tds: Text | None = None
    filter: Text | None = None
    relay: Text | None = None
    runs_above: Annotated[float, Meta(gt=0)] = 50.0
    saves: bool = False
    label: Label | None = None
    alarms: dict[str, AlarmTable] = {}


class OccupancyTable(Table, frozen=True):
    """How the station knows that nobody is inside. Without a presence sensor it never does, and switches nothing off."""

    presence: tuple[Text, ...] = ()
    entrances: tuple[Text, ...] = ()
    empty_after: Annotated[float, Meta(ge=300)] = 1800.0
    warn_for: Annotated[float, Meta(ge=10)] = 60.0


class BatteryTable(Table, frozen=True, kw_only=True):
    """Power from a battery: while this sensor tells less than `below` volts, these relays are off, until it tells `above`.

    Each must have lasted for `after` seconds.
    """

    sensor: Text
    below: Annotated[float, Meta(gt=0)]
    above: Annotated[float, Meta(gt=0)]
    after: Annotated[float, Meta(ge=1, le=3600)] = 60.0
    relays: Annotated[tuple[Text, ...], Meta(min_length=1)]


class GpsTable(Table, frozen=True):
    """A GPS receiver on a serial line (NMEA 0183), for a station that moves."""

    port: Text
    baud: Bauds = 9600
    moved: Annotated[float, Meta(ge=5)] = 50.0
    heartbeat: Annotated[float, Meta(ge=10)] = 3600.0


class Quantity(Table, frozen=True, kw_only=True):
    """What a profile says of one value of a device; the keys are those of a sensor's table."""

    address: Address
    unit: Text
    words: Literal[1, 2] = 1
    order: Order | None = None
    function: Literal["holding", "input"] | None = None
    type: Literal["unsigned", "signed", "float"] = "unsigned"
    scale: float = 1.0
    lowest: float = -1e9
    highest: float = 1e9
    never: tuple[float, ...] = ()
    dead_band: Seconds = 0.0
    stuck_after: Annotated[float, Meta(ge=60)] | None = None


class Coil(Table, frozen=True, kw_only=True):
    """An output of a relay board. `read_back`: false where the board cannot be asked for its state."""

    coil: Address
    read_back: bool = True


class Profile(Table, frozen=True, kw_only=True):
    """A Modbus device as its manual describes it: `source` says which. Values by name in `read`, outputs in `write`."""

    title: Text
    source: Text
    baud: Bauds = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    order: Order = "high_first"
    function: Literal["holding", "input"] = "input"
    read: dict[str, Quantity] = {}
    write: dict[str, Coil] = {}
