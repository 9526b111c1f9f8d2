"""What time asks for, and one process of all does: the others stand by, and one of them follows when it ends, however it does.

Each job is a transaction that judges anew what is to be done, so two that both take themselves for the one do no harm.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from kiosk.central.alarms.sender import Telling
from kiosk.central.answering import Answering
from kiosk.central.closing import close_due
from kiosk.central.feed import WRITTEN_EVERY
from kiosk.central.feed_files import FeedFiles
from kiosk.central.gathering import Gathering
from kiosk.central.issuer import Issuer
from kiosk.central.ledgers import Ledgers
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.contract.issuing import ONCE_FOR

RENEW_EVERY: Final = 3600.0
RENEW_AGAIN: Final = 60.0
"""Seconds after which a renewal that failed is tried again."""

LOOK_EVERY: Final = 0.5
"""Seconds between two looks at what has gathered, and at whether it is this process that runs the jobs."""

LOOK_AGAIN: Final = 5.0

ROLL_OUT_EVERY: Final = 60.0
"""Seconds between two looks at how the stations do that have a new release."""
TELL_EVERY: Final = 30.0
"""Seconds between two looks at what is wrong; 100 ms each for a province."""

PURGE_EVERY: Final = 3600.0
"""Seconds between the beginnings of two purges; each step of one is a turn."""

COUNT_EVERY: Final = 60.0
GATHER_EVERY: Final = 10.0
"""Seconds between two looks at what desks sent: somebody may have said that there is a danger."""

ANSWER_EVERY: Final = 30.0
"""Seconds between two looks at what stations are to be told of their cases."""

CLOSE_EVERY: Final = 3600.0
"""Seconds between two looks at which campaigns ended so long ago that nobody will close them."""

LEDGERS_EVERY: Final = 60.0
"""Seconds between two looks at who had one of a campaign."""

WATCH_EVERY: Final = 300.0
"""Seconds between two looks at who is silent."""


class Job(Struct, eq=False):
    """Done every so many seconds, and after `again` when it failed; `due_at`: monotonic."""

    name: str
    do: Callable[[], object]
    every: float
    again: float
    due_at: float = -math.inf
    failed: bool = False


class Jobs:
    """Whoever calls `turn` often enough does them, or stands by. `tell` takes what keeps something from being signed."""

    def __init__(self, store: CentralStore, issuer: Issuer, tell: Callable[[Exception], None]) -> None:
        self._tell, feed = tell, FeedFiles(store)
        self._jobs = [
            Job("renew", issuer.renew, RENEW_EVERY, RENEW_AGAIN),
            Job("publish", issuer.publish_gathered, LOOK_EVERY, LOOK_AGAIN),
            Job("count", Stepwise(lambda _now: store.count(), issuer.now, COUNT_EVERY).step, LOOK_EVERY, RENEW_AGAIN),
            Job("gather", Stepwise(Gathering(store).gather, issuer.now, GATHER_EVERY).step, LOOK_EVERY, RENEW_AGAIN),
            Job(
                "answers",
                Stepwise(Answering(store, issuer).look, issuer.now, ANSWER_EVERY).step,
                LOOK_EVERY,
                RENEW_AGAIN,
            ),
            Job(
                "campaigns",
                Stepwise(lambda now: close_due(store, issuer, now), issuer.now, CLOSE_EVERY).step,
                LOOK_EVERY,
                RENEW_AGAIN,
            ),
            Job(
                "ledgers",
                Stepwise(Ledgers(store, issuer).look, issuer.now, LEDGERS_EVERY).step,
                LOOK_EVERY,
                RENEW_AGAIN,
            ),
            Job("watch", Stepwise(store.watch, issuer.now, WATCH_EVERY).step, LOOK_EVERY, RENEW_AGAIN),
            Job("purge", Stepwise(store.purge, issuer.now, PURGE_EVERY).step, LOOK_EVERY, RENEW_AGAIN),
            Job("releases", RollingOut(store).turn, ROLL_OUT_EVERY, RENEW_AGAIN),
            Job("alarms", Telling(store, store.alarm_rules).look, TELL_EVERY, RENEW_AGAIN),
            Job("feed", feed.turn, WRITTEN_EVERY, RENEW_AGAIN),
            Job("forget", store.forget_publications, RENEW_EVERY, RENEW_AGAIN),
            Job("clients", lambda: store.forget_clients(time.time(), time.time() - ONCE_FOR), RENEW_EVERY, RENEW_AGAIN),
            Job("sessions", lambda: store.forget_sessions(time.time()), RENEW_EVERY, RENEW_AGAIN),
        ]
        self._lock = Job("lock", store.runs_jobs, LOOK_EVERY, LOOK_AGAIN)
        self._withdraw = Job("withdraw", feed.withdraw, LOOK_EVERY, LOOK_AGAIN)
        self._ours = False

    def turn(self, now: float) -> None:
        """Do what is due at `now` (seconds, monotonic), where this is the process that does it; else say nothing any longer."""
        self._ours = bool(self._done(self._lock, now, self._ours))
        if not self._ours:
            self._done(self._withdraw, now)
        for each in self._jobs if self._ours else ():
            self._done(each, now)

    def _done(self, job: Job, now: float, before: object = None) -> object:
        """What it gives; `before` where it is not due, nothing where it failed."""
        if now < job.due_at:
            return before
        try:
            given = job.do()
        except (CannotSign, StoreFailed) as error:
            if not job.failed:
                self._tell(error)
            job.failed, job.due_at = True, now + job.again
            return None
        job.failed, job.due_at = False, now + job.every
        return given


class Stepwise:
    """Does the same work again and again, a step at a time; `clock` gives the time that it is done for."""

    def __init__(self, begin: Callable[[float], Iterator[int]], clock: Callable[[], float], every: float) -> None:
        self._begin, self._clock, self._every = begin, clock, every
        self._steps: Iterator[int] = iter(())
        self._next_at = 0.0

    def step(self) -> None:
        """The next one; after so many seconds it begins anew, if the work before is over. Raises WrongClock."""
        now = self._clock()
        if next(self._steps, None) is None and now >= self._next_at:
            self._next_at = now + self._every
            self._steps = self._begin(now)


class RollingOut:
    """Looks after releases; it knows since when stations can be heard without a break."""

    def __init__(self, store: CentralStore, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._since = self._turned_at = -math.inf

    def turn(self) -> None:
        """Called every minute while the database is there."""
        now = self._clock()
        if not 0 <= now - self._turned_at <= 5 * ROLL_OUT_EVERY:
            self._since = now
        self._turned_at = now
        self._store.roll_out(now, self._since)


def publish_unless_served(store: CentralStore, issuer: Issuer) -> bool:
    """Publish now what has gathered, unless there is a server that does it in its time; whether it is published."""
    if store.runs_jobs():
        issuer.publish_gathered(0.0)
    return store.gathered_since("status") is None
