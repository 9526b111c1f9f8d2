"""The program: a thread for each bus, so that a dead one delays no other, and one connection to the station."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from functools import partial
from time import monotonic
from typing import Final

from kiosk.local import Line, NotReachable, RestartAsked, boot_time, notify
from kiosk.loops import Loops, end_by_signals
from kiosk.sensors.boards import Wishes, board_lines
from kiosk.sensors.buses import Bus, Told, buses
from kiosk.sensors.outgoing import Outgoing, dated
from kiosk.settings import Settings
from kiosk.settings.appliances import ModbusRelayTable
from kiosk.wire import Located, NotSensed, Sensed, SetSlot, SlotSeen, Switch, Trouble

log = logging.getLogger(__name__)

LOOP: Final = "sensors.loop"
STATION: Final = "station"
"""The loop that delivers; the others are called after their buses."""

RETRY: Final = 1.0
AT_A_SLOT: Final = 0.1
"""Seconds until what the station wants is looked at, where it may want a slot opened, at the most; else RETRY."""

IDLE: Final = 1.0
"""Seconds after which a bus that rests between two rounds turns all the same, so that its patience is a round's."""

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
            case Located() | SlotSeen():
                return
        before = self._missed.get(name, 0)
        self._missed[name] = before + 1 if reason else 0
        if self._missed[name] == GONE_AFTER:
            log.warning("%s gives no value: %s", name, reason)
        elif before >= GONE_AFTER and not reason:
            log.info("%s is back", name)


class Polled:
    """A bus whose rounds come when they are due, and at once when `wake` is set."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.wake = threading.Event()
        self._due = monotonic()

    def wanted(self) -> bool:
        """Wait a little; whether it is time for a round."""
        woken = self.wake.wait(max(0.0, min(IDLE, self._due - monotonic())))
        self.wake.clear()
        return woken or monotonic() >= self._due

    def rest(self) -> None:
        """The next round is due after the bus's own time."""
        self._due = monotonic() + self.bus.every


class Program:
    """The loops of the buses and the connection to the station."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.run / "sense.sock"
        relays = [name for name, table in settings.relays.items() if isinstance(table, ModbusRelayTable)]
        self._wanted = dict.fromkeys(relays, True)
        self._wishes = Wishes(name for name, table in settings.slots.items() if table.board)
        self._boards = [Polled(line) for line in board_lines(settings, self._wishes)]
        self._polled = [*self._boards, *(Polled(bus) for bus in buses(settings, self._wanted))]
        self._patience = AT_A_SLOT if self._boards else RETRY
        self._outgoing = Outgoing()
        self._gone = Gone()
        self._loops = Loops(self._tell_of_loops)
        self._trouble: str | None = None
        self._line: Line | None = None
        self._restart: RestartAsked | None = None
        self._station_at = monotonic()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT. Raises LoopFailed, RestartAsked."""
        end_by_signals(self._loops)
        for polled in self._polled:
            self._loops.start(polled.bus.name, partial(self._poll, polled), polled.bus.patience)
        notify("READY=1")
        try:
            self._loops.run(STATION, self._deliver)
        finally:
            self._hang_up()
        if self._restart:
            raise self._restart

    def _poll(self, polled: Polled) -> None:
        """A turn of a bus. After a round that fails its port is opened anew, and the next is due at once."""
        if not polled.wanted():
            return
        with ExitStack() as stack:
            stack.callback(polled.bus.close)
            polled.bus.round(partial(self._tell, polled.bus.name))
            stack.pop_all()
        polled.rest()

    def _tell_of_loops(self, why: str | None) -> None:
        self._trouble = why
        self._outgoing.put(Trouble(LOOP, why))

    def _tell(self, bus: str, message: Told) -> None:
        self._loops.turned(bus)
        self._gone.hear(message)
        self._outgoing.put(message)

    def _deliver(self) -> None:
        """A turn of the connection: find the station, or send what is read and take what it wants."""
        self._loops.feed()
        try:
            if self._line is None:
                self._connect()
            else:
                self._exchange(self._line)
        except NotReachable as error:
            log.warning("the station has gone: %s", error)
            self._hang_up()
        except RestartAsked as asked:
            self._restart = asked
            self._loops.end()

    def _connect(self) -> None:
        try:
            self._line = Line(self._path)
        except NotReachable as error:
            log.debug("%s", error)
            self._without_station()
            self._loops.stop.wait(RETRY)
        else:
            log.info("connected to the station")
            self._outgoing.put(Trouble(LOOP, self._trouble))  # a station that was started anew does not know

    def _exchange(self, line: Line) -> None:
        """Raises NotReachable. That the station has gone, a send tells; what was not sent is kept, but for newer news."""
        if waiting := self._outgoing.get(self._patience):
            at, message = waiting
            try:
                if told := dated(message, at, boot_time()):
                    line.send(told)
            except NotReachable:
                self._outgoing.put_back(message, at)
                raise
        self._station_at = monotonic()
        arrived = line.arrived()
        wanted = {each.relay: each.on for each in arrived if isinstance(each, Switch)}
        self._want({name: on for name, on in wanted.items() if name in self._wanted})
        if self._wishes.take([each for each in arrived if isinstance(each, SetSlot)]):
            _wake(self._boards)

    def _hang_up(self) -> None:
        if self._wishes.lock_all():
            _wake(self._boards)
        if self._line is not None:
            self._line.close()
            self._line = None

    def _without_station(self) -> None:
        if monotonic() - self._station_at > GIVE_BACK_AFTER:
            self._want(dict.fromkeys(self._wanted, True))

    def _want(self, relays: dict[str, bool]) -> None:
        if any(self._wanted[name] is not on for name, on in relays.items()):
            self._wanted.update(relays)
            _wake(self._polled)


def _wake(polled: list[Polled]) -> None:
    for each in polled:
        each.wake.set()


def run(settings: Settings) -> None:
    """Run the program until it is told to stop."""
    Program(settings).run()
