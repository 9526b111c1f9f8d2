"""What has been kept for its days goes: a few rows in each transaction, so that no station waits for it.

Along each log its numbers and the times at which they were received rise together. So for each number of days there is a mark
in each log up to which all is gone that is to go; the next look begins there, and a restart loses nothing. The marks of the
stations' numbers stay as they are: what is not held any longer contradicts nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.central.figures import local
from kiosk.central.retention import DAY, PERSONS, Retention
from kiosk.central.store.ballots import Ballots
from kiosk.central.store.campaigns import Campaigns
from kiosk.central.store.causes import Causes
from kiosk.central.store.engine import Engine
from kiosk.central.store.medicine import Medicine
from kiosk.central.store.messages import Messages
from kiosk.central.store.months import OTHER, drop_months, make_months
from kiosk.central.store.pass_codes import PassCodes
from kiosk.central.store.phone_openings import PhoneOpenings
from kiosk.central.store.phones import STEP as STEP_OF_PHONES
from kiosk.central.store.phones import Phones
from kiosk.central.store.rounds import Rounds
from kiosk.central.store.stocks import Stocks
from kiosk.central.store.stops import Stops

STEP: Final = 200
"""Entries that one transaction looks at: a few milliseconds of the writer's time."""

STEP_OF_BATCHES: Final = 20
LOGS_AT_ONCE: Final = 200
"""Logs that are asked at once whether they have something to go."""

POINTS_TO_SOMEBODY: Final = "(" + " OR ".join(f"replace(body, '\"{name}\":', '') != body" for name in PERSONS) + ")"


class Held(Struct, frozen=True):
    """Entries that are kept for the same days: how many, since when the oldest is held, and how many will go."""

    stream: str
    kind: str
    persons: bool
    days: float
    count: int
    oldest: float
    due: int


class Purge(Causes, Messages, PhoneOpenings, Phones, PassCodes, Rounds, Ballots, Campaigns, Stocks, Medicine, Stops):
    """That part of the store."""

    _engine: Engine
    retention: Retention

    def purge(self, now: float) -> Iterator[int]:
        """Take away what has been kept for its days; each step is a transaction, and gives how many rows it took away."""
        rules = self._rules()
        self._engine.run("DELETE FROM swept WHERE rules != ?", (rules,))
        for (stream,) in self._engine.all("SELECT DISTINCT stream FROM logs"):
            for days in self.retention.levels(stream):
                if not self._goes_by_months(days):
                    yield from self._purge_stream(stream, days, rules, now)
        yield from self._purge_aside(now - self.retention.persons * DAY)
        yield from self._purge_rejected(now)
        yield from self._purge_duty(now)
        yield from self._purge_phones(now)
        yield from self.purge_openings(now)
        persons, other = now - self.retention.persons * DAY, now - self.retention.other * DAY
        yield from self.purge_voices(persons, other, now)
        yield self.forget_bundles(other)
        yield self.forget_ballots(now, other)
        yield from self.purge_rounds(persons, other)
        yield from self.purge_tokens(persons)
        yield self.purge_counts(other)
        yield self.purge_medicine(other)
        yield self.purge_stops(other)
        yield self.purge_pass_codes(now)
        yield self._engine.run("DELETE FROM proposals WHERE made < ?", (now - self.retention.persons * DAY,))
        if self._engine.words.months:
            yield from self._purge_months(now)
        self._engine.wipe()

    def _goes_by_months(self, days: float) -> bool:
        """What is kept longest goes with its month, up to 31 days later; what points to a person does not wait for that."""
        return self._engine.words.months and days == self.retention.longest() > self.retention.persons

    def _purge_months(self, now: float) -> Iterator[int]:
        before, gone = now - self.retention.longest() * DAY, STEP
        while gone == STEP:
            gone = self._engine.run(
                f"DELETE FROM {OTHER} WHERE (log, seq) IN (SELECT log, seq FROM {OTHER} WHERE received < ? LIMIT ?)",
                (before, STEP),
            )
            yield gone
        yield from drop_months(self._engine, before)
        make_months(self._engine, now)

    def _purge_stream(self, stream: str, days: float, rules: str, now: float) -> Iterator[int]:
        last = self._engine.one("SELECT coalesce(max(id), 0) FROM logs")
        for first in range(0, last[0] if last else 0, LOGS_AT_ONCE):
            for log, mark in self._logs_with(stream, days, rules, now, first):
                reached: int | None = mark
                while reached is not None:
                    reached, gone = self._purge_step(log, reached, (stream, days, rules), now)
                    yield gone
            yield 0

    def _logs_with(self, stream: str, days: float, rules: str, now: float, first: int) -> list[tuple[int, int]]:
        """The logs with something after their mark that is old enough, or from a time that has not come yet; and the mark."""
        found = self._engine.all(
            "SELECT id, mark FROM (SELECT id, coalesce(swept.seq, 0) AS mark FROM logs"
            " LEFT JOIN swept ON swept.log = id AND rules = ? AND days = ?"
            " WHERE id > ? AND id <= ? AND stream = ?) marked"
            " WHERE (SELECT received < ? OR received > ? FROM entries WHERE log = id AND seq > mark ORDER BY seq LIMIT 1)",
            (rules, days, first, first + LOGS_AT_ONCE, stream, now - days * DAY, now + DAY),
        )
        return [(log, mark) for log, mark in found]

    def _purge_step(self, log: int, mark: int, level: tuple[str, float, str], now: float) -> tuple[int | None, int]:
        """The mark after it, or None where there is nothing more; and how many went."""
        stream, days, rules = level
        with self._engine.transaction(alone=False):
            rows = self._received(log, mark, now)
            old = [seq for seq, _at in takewhile(lambda row: row[1] < now - days * DAY, rows)]
            if not old:
                return None, 0
            case, values = self._days(stream)
            gone = self._engine.run(
                f"DELETE FROM entries WHERE log = ? AND seq > ? AND seq <= ? AND {case} <= ?",
                (log, mark, old[-1], *values, days),
            )
            self._engine.run(
                "INSERT INTO swept (rules, days, log, seq) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (rules, days, log) DO UPDATE SET seq = excluded.seq",
                (rules, days, log, old[-1]),
            )
        return (old[-1] if len(old) == STEP else None), gone

    def _received(self, log: int, mark: int, now: float) -> list[tuple[int, float]]:
        """Number and time of the next entries. What a wrong clock received in the future is of now at the latest."""
        rows = self._engine.all(
            "SELECT seq, received FROM entries WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?", (log, mark, STEP)
        )
        if any(at > now + DAY for _seq, at in rows):
            self._engine.run(
                "UPDATE entries SET received = ? WHERE log = ? AND seq BETWEEN ? AND ? AND received > ?",
                (now, log, rows[0][0], rows[-1][0], now + DAY),
            )
        return [(seq, min(at, now)) for seq, at in rows]

    def _purge_aside(self, before: float) -> Iterator[int]:
        """A batch may be a quarter of a megabyte."""
        gone = STEP_OF_BATCHES
        while gone == STEP_OF_BATCHES:
            gone = self._engine.run(
                "DELETE FROM aside WHERE (station, digest) IN (SELECT station, digest FROM aside WHERE received < ? LIMIT ?)",
                (before, STEP_OF_BATCHES),
            )
            yield gone

    def _purge_rejected(self, now: float) -> Iterator[int]:
        """Nothing says when they were received: their days begin when they are seen here for the first time."""
        while new := self._engine.all(
            "SELECT log, seq FROM rejected WHERE NOT EXISTS"
            " (SELECT 1 FROM rejections seen WHERE (seen.log, seen.seq) = (rejected.log, rejected.seq)) LIMIT ?",
            (STEP,),
        ):
            self._each("INSERT INTO rejections VALUES (?, ?, ?)", [(*each, now) for each in new])
            yield 0
        while old := self._engine.all(
            "SELECT log, seq FROM rejections WHERE seen < ? LIMIT ?", (now - self.retention.persons * DAY, STEP)
        ):
            with self._engine.transaction(alone=False):
                for table in ("rejected", "rejections"):
                    self._engine.run_each(f"DELETE FROM {table} WHERE log = ? AND seq = ?", old)
            yield len(old)

    def _purge_duty(self, now: float) -> Iterator[int]:
        """What names an operator goes as what names a holder does, once nobody works at it any longer."""
        persons, other = now - self.retention.persons * DAY, now - self.retention.other * DAY
        yield self.purge_messages(persons)
        yield self.purge_notes(persons)
        yield self.purge_untold(now - DAY)
        yield self.purge_causes(other)

    def _purge_phones(self, now: float) -> Iterator[int]:
        """A phone is forgotten like its holder's ways; how many passes were signed, like what nobody is in."""
        gone = STEP_OF_PHONES
        while gone == STEP_OF_PHONES:
            gone = self.purge_phones(now - self.retention.persons * DAY)
            yield gone
        yield self.purge_signed(local(now - self.retention.other * DAY)[0])

    def _each(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        with self._engine.transaction(alone=False):
            self._engine.run_each(statement, rows)

    def held(self, now: float) -> list[Held]:
        """What is kept for how long, by stream and kind; what is set aside and was refused stands last. Reads everything."""
        found = []
        for (stream,) in self._engine.all("SELECT DISTINCT stream FROM logs ORDER BY stream"):
            case, values = self._days(stream)
            rows = self._engine.all(
                "SELECT kind, persons, days, count(*), min(received), sum(CASE WHEN received < ? - days * ? THEN 1 ELSE 0 END)"
                f" FROM (SELECT kind, received, {POINTS_TO_SOMEBODY} AS persons, {case} AS days FROM entries"
                " JOIN logs ON logs.id = log WHERE stream = ?) judged GROUP BY kind, persons, days ORDER BY kind, persons",
                (now, DAY, *values, stream),
            )
            found += [Held(stream, kind, bool(persons), *rest) for kind, persons, *rest in rows]
        return [*found, *self._held_apart(now)]

    def _held_apart(self, now: float) -> Iterator[Held]:
        days, before = self.retention.persons, now - self.retention.persons * DAY
        for table, at in (("aside", "received"), ("rejections", "seen"), ("remarks", "at"), ("evidence", "at")):
            rows = self._engine.all(
                f"SELECT count(*), min({at}), coalesce(sum(CASE WHEN {at} < ? THEN 1 ELSE 0 END), 0) FROM {table}",
                (before,),
            )
            for count, oldest, due in rows:
                if count:
                    yield Held("", table, True, days, count, oldest, due)

    def _days(self, stream: str) -> tuple[str, list[Any]]:
        """An expression that gives the days of an entry of that stream, and its values."""
        kinds = sorted(self.retention.kinds.items())
        cases = "".join(" WHEN kind = ? THEN ?" for _ in kinds)
        values = [value for kind in kinds for value in kind]
        words = f"(CASE{cases} WHEN {POINTS_TO_SOMEBODY} THEN ? ELSE ? END)"
        return words, [*values, self.retention.persons, self.retention.of_stream(stream)]

    def _rules(self) -> str:
        """A name for these rules: by others what has been gone through is gone through anew."""
        return hashlib.sha256(msgspec.json.encode((self.retention, PERSONS), order="deterministic")).hexdigest()[:16]
