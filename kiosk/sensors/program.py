"""The program: a thread for each bus, so that a dead one delays no other, and one connection to the station."""

from __future__ import annotations

import logging
import queue
import signal
import threading
from contextlib import suppress
from time import monotonic
from types import FrameType
from typing import Final

from kiosk.local import Line, NotReachable, notify
from kiosk.sensors.buses import Bus, Told, buses
from kiosk.settings import Settings
from kiosk.settings.appliances import ModbusRelayTable
from kiosk.wire import Located, NotSensed, Sensed, Switch, Trouble

log = logging.getLogger(__name__)

RETRY: Final = 1.0
GIVE_BACK_AFTER: Final = 60.0
"""Seconds without a station after which every relay gives its appliance power."""

GONE_AFTER: Final = 3
"""Rounds in a row without a value after which a sensor has gone."""


class Gone:
    """Says once in the log that a sensor has gone, and once that it is back."""

    def __init__(self) -> None:
        self._missed: dict[str, int] = {}

    def hear(self, message: Told) -> None:
        """Take what a bus tells; safe from the threads of different buses, since each sensor is of one."""
        match message:
            case Sensed(name):
                reason = ""
            case NotSensed(name, reason):
                pass
            case Trouble(name, detail):
                reason = detail or ""
            case Located():
                return
        before = self._missed.get(name, 0)
        self._missed[name] = before + 1 if reason else 0
        if self._missed[name] == GONE_AFTER:
            log.warning("%s gives no value: %s", name, reason)
        elif before >= GONE_AFTER and not reason:
            log.info("%s is back", name)


class Program:
    """The threads of the buses and the connection to the station."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.run / "sense.sock"
        relays = [name for name, table in settings.relays.items() if isinstance(table, ModbusRelayTable)]
        self._wanted = dict.fromkeys(relays, True)
        self._buses = buses(settings, self._wanted)
        self._wakes = [threading.Event() for _ in self._buses]
        self._readings: queue.Queue[Told] = queue.Queue(maxsize=1000)
        self._gone = Gone()
        self._stop = threading.Event()
        self._station_at = monotonic()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        for bus, wake in zip(self._buses, self._wakes, strict=True):
            threading.Thread(target=self._poll, args=(bus, wake), name=bus.name, daemon=True).start()
        notify("READY=1")
        while not self._stop.is_set():
            self._deliver()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _poll(self, bus: Bus, wake: threading.Event) -> None:
        while not self._stop.is_set():
            bus.round(self._tell)
            wake.wait(bus.every)
            wake.clear()

    def _tell(self, message: Told) -> None:
        self._gone.hear(message)
        try:
            self._readings.put_nowait(message)
        except queue.Full:  # the station is away; the next round brings a newer value
            log.debug("dropped %s", message)

    def _deliver(self) -> None:
        """Send what is read until the connection breaks."""
        try:
            line = Line(self._path)
        except NotReachable as error:
            log.debug("%s", error)
            notify("WATCHDOG=1")
            self._without_station()
            self._stop.wait(RETRY)
            return
        log.info("connected to the station")
        try:
            while not self._stop.is_set():
                notify("WATCHDOG=1")
                with suppress(queue.Empty):
                    line.send(self._readings.get(timeout=RETRY))
                self._obey(line)
        except NotReachable as error:
            log.warning("the station has gone: %s", error)
        finally:
            line.close()

    def _obey(self, line: Line) -> None:
        """Take what the station wants; that it has gone, the next send tells."""
        self._station_at = monotonic()
        wanted = {each.relay: each.on for each in line.arrived() if isinstance(each, Switch)}
        self._want({name: on for name, on in wanted.items() if name in self._wanted})

    def _without_station(self) -> None:
        if monotonic() - self._station_at > GIVE_BACK_AFTER:
            self._want(dict.fromkeys(self._wanted, True))

    def _want(self, relays: dict[str, bool]) -> None:
        if any(self._wanted[name] is not on for name, on in relays.items()):
            self._wanted.update(relays)
            for wake in self._wakes:
                wake.set()


def run(settings: Settings) -> None:
    """Run the program until it is told to stop."""
    Program(settings).run()
