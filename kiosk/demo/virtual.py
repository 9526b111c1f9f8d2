"""A station's rules in virtual time, with the settings of a real one: a day takes seconds, and no hardware."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from kiosk import __version__
from kiosk.core.clock import Clock, Instant
from kiosk.core.entries import Entry, Stamp, Started, stream_of
from kiosk.core.events import (
    Command,
    DoorRequested,
    Edge,
    Event,
    NoReading,
    Reading,
    Record,
    Tick,
    Verb,
)
from kiosk.core.step import ON_A_PIN, due, stamp, step, stopped
from kiosk.demo.model import DAY, Model
from kiosk.settings import Settings
from kiosk.settings.appliances import ContactSensorTable
from kiosk.station.start import initial_state

OPEN_FOR: Final = 4.0
"""Seconds that a visitor takes to walk in."""

QUANTITIES: Final = {
    ("fridge", "temperature"): "fridge",
    ("fridge", "power"): "fridge_power",
    ("fridge", "door"): "fridge_door",
    ("air_conditioner", "power"): "air_conditioner",
    ("dispenser", "temperature"): "water",
    ("dispenser", "power"): "water_power",
    ("dispenser", "tds"): "tds",
    ("dispenser", "filter"): "filter",
    ("dispenser", "leak"): "leak",
    ("room", "temperature"): "room",
    ("room", "humidity"): "humidity",
    ("room", "smoke"): "smoke",
    ("room", "leak"): "leak",
}
"""What the model calls that which a sensor of this role measures at an appliance of this kind."""


class Virtual:
    """The rules from `wall` (seconds since 1970) on; `told` is for the logbook, `samples` was read for it."""

    def __init__(self, settings: Settings, wall: float) -> None:
        self.settings = settings
        self.boot = self.caught_up = 0.0
        self.told: list[tuple[Stamp, Entry]] = []
        self.samples: dict[str, list[tuple[float, float]]] = {}
        self.commands: list[Command] = []
        self._wall = wall
        self._begin()

    @property
    def wall(self) -> float:
        """The true time."""
        return self._wall + self.boot

    def _begin(self) -> None:
        """As at the start of the program, with a clock that was set."""
        self.state = initial_state(self.settings, b"", 0.0, self.boot)
        clock = Clock(lo=self.wall, lo_at=self.boot, hi=self.wall, hi_at=self.boot, raised=True)
        self.state = msgspec.structs.replace(self.state, clock=clock)
        self._keep((Record((Started(__version__),), stamp(self.state, self._now())),))
        for name, table in self.settings.doors.items():
            if table.contact or table.board:
                self.take(Edge(f"{name}.contact", active=False, at=self.boot))

    def power_cut(self, seconds: float) -> None:
        """What was in memory is gone; the program begins anew after that time."""
        self.boot += seconds
        self._begin()

    def take(self, event: Event) -> None:
        """Let something happen now."""
        self.state, commands = step(self.state, event, self._now())
        self._keep(commands)

    def sample(self, sensor: str, value: float) -> None:
        """A sensor is read: by its bus, or by its pin."""
        self.samples.setdefault(sensor, []).append((self.wall, value))
        if isinstance(self.settings.sensors[sensor], ContactSensorTable):
            self.take(Edge(f"{ON_A_PIN}{sensor}", active=bool(value), at=self.boot))
        else:
            self.take(Reading(sensor, value))

    def wait(self, seconds: float) -> None:
        """Let time pass the way that the loop does: from one due time to the next."""
        until = self.boot + seconds
        while (at := due(self.state, self.boot)) <= until:
            self.boot = max(self.boot, at)
            self.take(Tick())
        self.boot = until
        self.take(Tick())

    def enter(self, door: str) -> None:
        """Somebody is let in and walks through the door."""
        self.take(DoorRequested(door, Verb.OPEN, "simulation"))
        if self.settings.doors[door].contact:
            for active in (True, False):
                self.wait(OPEN_FOR)
                self.take(Edge(f"{door}.contact", active=active, at=self.boot))

    def stop(self) -> None:
        """As at the end of the program."""
        self._keep((stopped(self.state, self._now()),))

    def _now(self) -> Instant:
        return Instant(self.boot, self.wall)

    def _keep(self, commands: tuple[Command, ...]) -> None:
        self.commands += commands
        for each in commands:
            if isinstance(each, Record):
                self.told += [(each.stamp, entry) for entry in each.entries]

    def counted(self) -> tuple[int, int]:
        """How many samples were read, and how many rows of telemetry came of them."""
        rows = sum(stream_of(entry) == "telemetry" for _, entry in self.told)
        return sum(map(len, self.samples.values())), rows


def live_a_day(
    virtual: Virtual, model: Model, seconds: float = DAY, passed: Callable[[int], object] = lambda _seconds: None
) -> None:
    """Feed the rules with the model's day: each sensor as often as the settings say. `passed` is told how it goes on."""
    sources = _sources(virtual.settings)
    door = next(iter(virtual.settings.entrances))
    arrivals = [at for at in model.arrivals() if at >= model.second]
    every = min((table.every for table in virtual.settings.sensors.values()), default=10.0)
    until, following = model.second + seconds, dict.fromkeys(sources, 0.0)
    while model.second < until:
        before = model.second
        _let_pass(virtual, model, every)
        passed(round(model.second - before))
        while arrivals and arrivals[0] <= model.second:
            arrivals.pop(0)
            virtual.enter(door)
        values = model.read()
        for sensor, quantity in sources.items():
            if virtual.boot >= following[sensor]:
                following[sensor] = virtual.boot + virtual.settings.sensors[sensor].every
                if model.dead(quantity):
                    virtual.take(NoReading(sensor, "not_connected"))
                else:
                    virtual.sample(sensor, values[quantity])


def _let_pass(virtual: Virtual, model: Model, seconds: float) -> None:
    """Time passes for both; without mains it does for the model alone. What the rules have switched off does not run."""
    off = virtual.state.room.off
    model.cooler_on = not any(
        each.kind == "air_conditioner" and each.relay in off for each in virtual.settings.appliances.values()
    )
    if model.has_mains():
        virtual.wait(seconds)
        model.advance(virtual.boot - virtual.caught_up)
        virtual.caught_up = virtual.boot
        return
    dark = 0.0
    while not model.has_mains():
        model.advance(seconds)
        dark += seconds
    virtual.power_cut(dark)
    virtual.caught_up = virtual.boot


def _sources(settings: Settings) -> dict[str, str]:
    """For each sensor that the model knows: what it calls it."""
    found = dict.fromkeys(settings.occupancy.presence, "presence")
    for table in settings.appliances.values():
        for (kind, role), quantity in QUANTITIES.items():
            if kind == table.kind and (sensor := getattr(table, role)) is not None:
                found[sensor] = quantity
    return found
