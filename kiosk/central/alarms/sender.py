"""From what is wrong to what is sent: each half minute a look decides who is told, and each receiver has its own thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from kiosk.central.alarms.sending import NotSent, send
from kiosk.central.alarms.settings import AlarmSettings, Receiver
from kiosk.central.alarms.telling import Line, Turn, day_of, told_to, turn
from kiosk.central.alarms.words import letter
from kiosk.central.looking import Wrong
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.messages import GIVES_UP, Body, Message

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at what waits for a receiver."""

AGAIN: Final = 15.0
"""Seconds after the first attempt that failed; twice as many after each more, up to MOST_AGAIN."""

MOST_AGAIN: Final = 900.0


class Telling:
    """The job: keeps which causes came and went, and queues what is to be told."""

    def __init__(self, store: CentralStore, rules: AlarmSettings, clock: Callable[[], float] = time.time) -> None:
        self._store, self._rules, self._clock = store, rules, clock

    def look(self) -> None:
        """Once: all of it, or nothing. Raises StoreFailed."""
        now = self._clock()
        wrong = Wrong(self._store, now)
        with self._store.transaction():
            self._store.note_causes(wrong.causes, now)
            asked = turn(wrong.causes, self._store.incidents(), self._rules, now)
            self._store.end_causes(asked.gone, now)
            told = self._queue(replace(asked, lines=_named(asked.lines, wrong)), len(wrong.causes), now)
            self._store.note_told([each for each in asked.told if each.number in told], now)
            self._daily(wrong, now)
            self._store.end_messages_but([each.name for each in self._rules.receivers], now)

    def _queue(self, asked: Turn, wrong: int, now: float) -> set[int]:
        """Let everybody be told what concerns them; the numbers of the causes that somebody is told of."""
        told = set[int]()
        for each in self._rules.receivers:
            if found := told_to(asked.lines, each.scope):
                more = len(told_to(asked.held, each.scope))
                self._store.queue_message(each.name, "causes", Body(found, more, wrong), now)
                told |= {line.number for line in found}
        return told

    def _daily(self, wrong: Wrong, now: float) -> None:
        """That the alarms work, and the head of the audit, which nobody can change behind the back of those who have it."""
        last = self._store.last_daily()
        if self._rules.daily is None or day_of(now, self._rules) <= day_of(last, self._rules):
            return
        head = self._store.audit_head()
        body = Body([], 0, len(wrong.causes), f"{head.number} {head.digest.hex()}")
        for each in self._rules.receivers:
            if not each.scope:
                self._store.queue_message(each.name, "daily", body, now)


def _named(lines: list[Line], wrong: Wrong) -> list[Line]:
    return [replace(each, name=wrong.lines[each.place].name) if each.place in wrong.lines else each for each in lines]


class Sender:
    """Tells one receiver what waits for it. Another process may do the same: each message is one's alone."""

    def __init__(self, store: CentralStore, receiver: Receiver, folder: Path) -> None:
        self.name = f"alarms to {receiver.name}"
        self._store, self._receiver, self._folder = store, receiver, folder

    def turn(self, stop: threading.Event) -> None:
        """Send what is due, or wait a little."""
        try:
            sent = self.send_next(time.time())
        except StoreFailed:  # what waits, waits on
            sent = False
        if not sent:
            stop.wait(LOOK_EVERY)

    def send_next(self, now: float) -> bool:
        """Try the oldest that is due; False where there is none. Raises StoreFailed."""
        message = self._store.next_message(self._receiver.name, now)
        if message is None:
            return False
        if message.tries > 1 and now - message.at > GIVES_UP:  # whatever ended the attempts before
            self._store.end_message(message.number, f"given up: {message.outcome}", now)
            return True
        try:
            said = send(self._receiver, letter(message, self._store.alarm_rules), self._folder, now)
        except NotSent as why:
            self._failed(message, str(why), now)
        else:
            self._store.end_message(message.number, said or "sent", now)
        return True

    def _failed(self, message: Message, why: str, now: float) -> None:
        if now - message.at > GIVES_UP:
            self._store.end_message(message.number, f"given up: {why}", now)
        else:
            self._store.put_off(message.number, now + min(MOST_AGAIN, AGAIN * 2.0 ** (message.tries - 1)), why)
