"""Campaigns, and what was handed out of each.

Who had something is a token until the campaign is closed; from then on there are days and counts. What a campaign's document
has beside its words, its key, is never kept here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.engine import Engine

Per = Literal["once", "day", "week"]
WhenStale = Literal["home_only", "count_only", "stop"]

KIND: Final = "handed_out"


class Words(Struct, frozen=True):
    """What a campaign says, without its key."""

    texts: dict[str, str]
    item: str
    per: Per = "once"
    classes: tuple[str | int, ...] = ()
    slots: tuple[str, ...] = ()
    when_stale: WhenStale = "count_only"
    ledger_max_age: float = 3600.0
    without_pass: bool = False


class StoredCampaign(Struct, frozen=True):
    """A campaign under its id: for which stations, from when to when, its words as JSON; `closed`: when it was, if it is."""

    id: str
    version: int
    scope: str
    begins: int
    ends: int
    body: str
    closed: float | None = None

    @property
    def words(self) -> Words:
        """What it says."""
        return msgspec.json.decode(self.body, type=Words)


class Handed(Struct, frozen=True):
    """Something that was handed out. `log`, `seq`: its entry's; `timed`: the station knew the time; `received`: when it came.

    `taken`: a steward gave it, or the slot's contact says so; else it was offered by a slot.
    """

    campaign: str
    log: int
    seq: int
    station: str
    period: str
    token: str
    slot: str
    taken: bool
    count: int
    day: str
    at: float
    timed: bool
    received: float


class HandedDay(Struct, frozen=True):
    """Of a station and day: pieces given to passes and without one, offers nobody took, and who had it before (`again`)."""

    station: str
    day: str
    given: int = 0
    without_pass: int = 0
    not_taken: int = 0
    again: int = 0


class Campaigns:
    """That part of the store."""

    _engine: Engine

    # Campaigns.

    def remember_campaign(self, said: StoredCampaign) -> None:
        """From now on it is known by this; that it was closed stays."""
        changed = ", ".join(f"{name} = excluded.{name}" for name in ("version", "scope", "begins", "ends", "body"))
        again = f"ON CONFLICT (id) DO UPDATE SET {changed}"
        self._engine.put("campaigns", StoredCampaign.__struct_fields__, [astuple(said)], again)

    def campaigns(self, scope: Scope = EVERYWHERE) -> list[StoredCampaign]:
        """Those for stations of that scope, or that take in all of it; the newest first."""
        rows = self._engine.all(f"SELECT {OF_CAMPAIGN} FROM campaigns ORDER BY begins DESC, id")
        found = (StoredCampaign(*row) for row in rows)
        return [each for each in found if scope.covers(each.scope) or scope.prefix.startswith(each.scope)]

    def campaign(self, id: str) -> StoredCampaign | None:  # noqa: A002
        """That one; None where there is none."""
        found = self._engine.one(f"SELECT {OF_CAMPAIGN} FROM campaigns WHERE id = ?", (id,))
        return StoredCampaign(*found) if found else None

    # What was handed out.

    def hand_out(self, handed: Handed) -> None:
        """Keep it; what a contact tells of an offer is that offer's."""
        if handed.taken and handed.slot and self._took_offer(handed):
            return
        row = tuple(int(each) if isinstance(each, bool) else each for each in astuple(handed))
        self._engine.put("handed_out", Handed.__struct_fields__, [row], "ON CONFLICT DO NOTHING")

    def _took_offer(self, handed: Handed) -> bool:
        """Whether the newest offer that nobody has taken yet was made to the same token."""
        key = "campaign = ? AND log = ?"
        newest = f"SELECT max(seq) FROM handed_out WHERE {key} AND period = ? AND token = ? AND slot = ? AND taken = 0"
        values = (handed.campaign, handed.log)
        changed = self._engine.run(
            f"UPDATE handed_out SET taken = 1 WHERE {key} AND seq = ({newest})",
            (*values, *values, handed.period, handed.token, handed.slot),
        )
        return changed == 1

    def hand_out_late(self, handed: Handed) -> None:
        """Of a campaign that is closed only the day and the number are kept."""
        taken, by_pass = handed.taken, bool(handed.token)
        given = handed.count if taken and by_pass else 0
        without = handed.count if taken and not by_pass else 0
        offered = -1 if taken and handed.slot else int(not taken)
        row = (handed.campaign, handed.station, handed.day, given, without, offered, 0)
        self._engine.put("handed_days", OF_DAYS, [(*row[:5], max(0, offered), 0)], ADDED.format(f"{offered}"))

    def handed_by(self, campaign: str, station: str) -> int:
        """How often it was handed out there, of what is kept under a token."""
        found = self._engine.one(
            "SELECT count(*) FROM handed_out WHERE campaign = ? AND token != ''"
            " AND log IN (SELECT id FROM logs WHERE station = ? AND stream = 'services')",
            (campaign, station),
        )
        return int(found[0]) if found else 0

    def tokens_given(self, campaign: str, period: str = "") -> list[str]:
        """The token of everybody who had it in that period, each once."""
        rows = self._engine.all(
            "SELECT DISTINCT token FROM handed_out WHERE campaign = ? AND period = ? AND taken = 1 AND token != ''",
            (campaign, period),
        )
        return sorted(token for (token,) in rows)

    def count_given(self, campaign: str, period: str) -> int:
        """How often it was given in that period by a pass: another number says that there may be others who had it."""
        found = self._engine.one(
            "SELECT count(*) FROM handed_out WHERE campaign = ? AND period = ? AND taken = 1 AND token != ''",
            (campaign, period),
        )
        return int(found[0]) if found else 0

    def handed_days(self, campaign: str, scope: Scope = EVERYWHERE) -> list[HandedDay]:
        """What was given at each station within a scope on each day; also of what is closed."""
        within, values = scope.within("station")
        sums = ", ".join(f"sum({name})" for name in COUNTS)
        rows = self._engine.all(
            f"SELECT station, day, {sums} FROM (SELECT {', '.join(OF_DAYS[1:])} FROM handed_days"
            f" WHERE campaign = ? UNION ALL {BY_DAY.format('')}) both_kinds WHERE {within} GROUP BY station, day",
            (campaign, campaign, *values),
        )
        return sorted((HandedDay(station, day, *map(int, rest)) for station, day, *rest in rows), key=astuple)

    def handed_total(self, campaign: str, scope: Scope = EVERYWHERE) -> tuple[int, int]:
        """How much was given to passes, and without one, at the stations of a scope; also of what is closed."""
        within, values = scope.within("station")
        found = self._engine.all(
            f"SELECT given, without_pass FROM handed_days WHERE campaign = ? AND {within} UNION ALL"
            " SELECT sum(CASE WHEN token != '' THEN count ELSE 0 END), sum(CASE WHEN token = '' THEN count ELSE 0 END)"
            f" FROM handed_out WHERE campaign = ? AND taken = 1 AND {within}",
            (campaign, *values, campaign, *values),
        )
        return sum(int(given or 0) for given, _ in found), sum(int(without or 0) for _, without in found)

    def handed_again(self, campaign: str) -> list[Handed]:
        """Everything that was given to somebody who had it more than once in a period: by period and token, the first first."""
        rows = self._engine.all(
            f"SELECT {OF_HANDED} FROM handed_out WHERE campaign = ? AND taken = 1 AND (period, token) IN"
            " (SELECT period, token FROM handed_out WHERE campaign = ? AND taken = 1 AND token != ''"
            " GROUP BY period, token HAVING count(*) > 1) ORDER BY period, token, at, received, log, seq",
            (campaign, campaign),
        )
        return [_handed(row) for row in rows]

    def told_late(self, campaign: str, after: float) -> list[tuple[str, int, float]]:
        """By station, of how much was known here only so many seconds after it was given; and the most seconds."""
        rows = self._engine.all(
            "SELECT station, count(*), max(received - at) FROM handed_out WHERE campaign = ? AND taken = 1"
            " AND timed = 1 AND received - at > ? GROUP BY station ORDER BY station",
            (campaign, after),
        )
        return [(station, int(count), float(most)) for station, count, most in rows]

    def settle(self, campaign: str, before: float = math.inf) -> int:
        """Let the tokens go of each period of which nothing has come since then, and keep days and counts; how many rows."""
        over = "SELECT period FROM handed_out WHERE campaign = ? GROUP BY period HAVING max(received) < ?"
        among = f"AND period IN ({over})"
        with self._engine.transaction():
            self._engine.run(
                f"INSERT INTO handed_days ({', '.join(OF_DAYS)}) SELECT ? AS campaign, found.* FROM"
                f" ({BY_DAY.format(among)}) found WHERE true {ADDED.format('excluded.not_taken')}",
                (campaign, campaign, campaign, before),
            )
            return self._engine.run(f"DELETE FROM handed_out WHERE campaign = ? {among}", (campaign, campaign, before))

    # What goes.

    def close_campaign(self, campaign: str, now: float) -> None:
        """Days and counts are left of it; also what was set aside or refused, and may name it, goes."""
        with self._engine.transaction():
            self.settle(campaign)
            self._engine.run("UPDATE campaigns SET closed = ? WHERE id = ? AND closed IS NULL", (now, campaign))
            about = "replace(body, ?, '') != body AND replace(body, ?, '') != body"
            named = (KIND, f'"{campaign}"')
            self._engine.run(f"DELETE FROM aside WHERE {about}", named)
            self._engine.run(f"DELETE FROM rejected WHERE {about}", named)

    def purge_tokens(self, persons: float) -> Iterator[int]:
        """Those of days and weeks go as what points to a person does; each step is a transaction."""
        for each in self.campaigns():
            if each.closed is None and each.words.per != "once":
                yield self.settle(each.id, persons)

    def let_entries_go(self, log: int, seqs: Iterable[int]) -> None:
        """What is kept here is not to be found among the entries, too."""
        self._engine.run_each("DELETE FROM entries WHERE log = ? AND seq = ?", [(log, seq) for seq in seqs])


OF_CAMPAIGN: Final = ", ".join(StoredCampaign.__struct_fields__)
OF_HANDED: Final = ", ".join(Handed.__struct_fields__)
COUNTS: Final = ("given", "without_pass", "not_taken", "again")
OF_DAYS: Final = ("campaign", "station", "day", *COUNTS)

ADDED: Final = (
    "ON CONFLICT (campaign, station, day) DO UPDATE SET given = handed_days.given + excluded.given,"
    " without_pass = handed_days.without_pass + excluded.without_pass, again = handed_days.again + excluded.again,"
    " not_taken = CASE WHEN handed_days.not_taken + {0} > 0 THEN handed_days.not_taken + {0} ELSE 0 END"
)

BY_DAY: Final = """
    SELECT station, day,
        sum(CASE WHEN taken = 1 AND token != '' THEN count ELSE 0 END) AS given,
        sum(CASE WHEN taken = 1 AND token = '' THEN count ELSE 0 END) AS without_pass,
        sum(1 - taken) AS not_taken,
        sum(CASE WHEN taken = 1 AND token != '' AND turn > 1 THEN 1 ELSE 0 END) AS again
    FROM (SELECT station, day, taken, token, count, row_number() OVER
        (PARTITION BY period, token, taken ORDER BY at, received, log, seq) AS turn
        FROM handed_out WHERE campaign = ? {}) numbered GROUP BY station, day
"""
"""Of each station and day; whoever had it before in the same period has it `again`."""


def _handed(row: tuple[object, ...]) -> Handed:
    values = dict(zip(Handed.__struct_fields__, row, strict=True))
    return msgspec.convert(values | {"taken": bool(values["taken"]), "timed": bool(values["timed"])}, Handed)
