"""The job that makes ledgers, of what stations have handed out: who had one of a campaign, and what is left where.

    ID-ledger-0                 whole, after an hour in which somebody had one, and when a day or week of the campaign begins
    ID-ledger-1 ... ID-ledger-6 who came since, each of ten minutes of that hour, made anew while these last
    ID-at-DISTRICT              what is left at the stations of a district, at most every ten minutes

So a campaign has seven documents at a station and one of stock, whatever happens, and a minute costs what is new in its ten.
A delta for each minute would fill a station's places within the hour, and one that grows for the whole hour costs more than
twice as much on the road. Where nothing is new, an empty delta says so before the last one counts as old.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from datetime import date
from typing import Final

from msgspec.structs import replace

from kiosk.central.figures import local
from kiosk.central.issuer import Issuer
from kiosk.central.left import by_district
from kiosk.central.service_kinds import as_said
from kiosk.central.services import OtherService, read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.services import StoredService
from kiosk.central.token_table import TokenTable
from kiosk.trust.ledger import indices_in, known_until, packed, packed_new
from kiosk.trust.service import (
    CAMPAIGN,
    LEDGER,
    MOST_HOLDERS,
    MOST_OF_A_LEDGER,
    Campaign,
    Ledger,
    Per,
    Period,
    ServiceDocument,
    body_in,
)

WHOLE_EVERY: Final = 3600
DELTA_EVERY: Final = 600
"""Seconds that a delta covers; then it stays as it is until the next whole ledger."""

MOST_NEWS: Final = 20_000
"""Indices from which on a whole ledger is no larger than what came since."""

AT_ONCE: Final = 20_000
"""Tokens in a step: some tenths of a second."""

NOBODY: Final = packed_new(())
STOCK_EVERY: Final = 600
MOST_TABLES: Final = 4
"""Tables of tokens in memory; of further campaigns each is made anew when somebody has had one."""


class Ledgers:
    """Of one store, whose documents it signs. What it has published it reads again at its start."""

    def __init__(self, store: CentralStore, issuer: Issuer) -> None:
        self._store, self._issuer = store, issuer
        self._tables: dict[bytes, TokenTable] = {}
        self._given: dict[str, tuple[Period, int]] = {}
        self._left_at: dict[str, int] = {}
        self._read: dict[int, tuple[ServiceDocument, Ledger]] = {}

    def look(self, now: float) -> Iterator[int]:
        """Publish what is new, and end what is over; each step is short, and gives how many documents were published."""
        running = {head.id: (head, said) for head, said in self._campaigns(now)}
        published = self._published()
        for head, _ledger in [each for each in published.values() if each[1].campaign not in running]:
            self._issuer.publish_service(replace(head, ends=min(head.ends, int(now))), {})
            yield 1
        for head, campaign in running.values():
            had = {name: each for name, (of, each) in published.items() if _goes_with(head, of, each)}
            if not campaign.without_pass:
                yield from self._who(head, campaign, had, int(now))
            yield self._stock(head, campaign, had, int(now))

    def _campaigns(self, now: float) -> Iterator[tuple[ServiceDocument, Campaign]]:
        """Those that run. Of one that is over the document goes, with its key."""
        for found in self._store.services(CAMPAIGN):
            head, said = read_service(found.body)
            campaign = body_in(head, said)
            if not isinstance(campaign, Campaign):
                continue
            if head.ends <= now:
                self._issuer.publish_service(head, {})
            elif head.begins <= now:
                yield head, campaign

    def _published(self) -> Mapping[str, tuple[ServiceDocument, Ledger]]:
        """By their ids, those that are not withdrawn."""
        found = {each.version: each for each in self._store.services(LEDGER)}
        read = {version: self._read.get(version) or _read(each) for version, each in found.items()}
        self._read = {version: each for version, each in read.items() if each}
        return {head.id: (head, ledger) for head, ledger in self._read.values()}

    # Who had one.

    def _who(
        self, head: ServiceDocument, campaign: Campaign, published: Mapping[str, Ledger], now: int
    ) -> Iterator[int]:
        period = period_at(campaign.per, now)
        whole = published.get(ledger_id(head.id, 0))
        begun = whole is not None and whole.period == period and whole.at <= now
        old = whole is None or not begun or (now - whole.at >= WHOLE_EVERY and _said_since(whole, published))
        given = (period, self._store.count_given(head.id, period))
        silent = now - known_until(published.values())
        if not old and self._given.get(head.id) == given and silent < _says(campaign):
            return
        indices, size = yield from self._indices(head.id, campaign.key, period)
        news = indices - {index for each in published.values() if each.period == period for index in indices_in(each)}
        if (
            whole is None
            or old
            or len(news) + _said_by_now(head.id, published, whole, now) > MOST_NEWS
            or (news and now - whole.at >= WHOLE_EVERY)
        ):
            yield self._put(head, 0, Ledger(head.id, now, size, packed(indices, size), 0, period))
        elif news or silent >= _says(campaign):
            number, delta = _delta(head.id, published, whole, news, now)
            yield self._put(head, number, delta)
        self._given[head.id] = given

    def _indices(self, campaign: str, key: bytes, period: Period) -> Generator[int, None, tuple[set[int], int]]:
        """Who had one in that period, of those whom the register knows; and how many it knows."""
        size = min(self._store.indices(), MOST_HOLDERS)
        given = self._store.tokens_given(campaign, period)
        if not given:
            return set(), size
        table = self._tables.pop(key, None) or TokenTable(key)
        self._tables = dict([*self._tables.items(), (key, table)][-MOST_TABLES:])
        for _indices in table.learn(size):
            yield 0
        found = set[int | None]()
        for at in range(0, len(given), AT_ONCE):
            found |= {table.index_of(each) for each in given[at : at + AT_ONCE]}
            yield 0
        return {index for index in found if index is not None}, size

    def _put(self, head: ServiceDocument, number: int, ledger: Ledger) -> int:
        return self._publish(head, ledger_id(head.id, number), head.station, ledger)

    # What is left.

    def _stock(self, head: ServiceDocument, campaign: Campaign, published: Mapping[str, Ledger], now: int) -> int:
        """How many documents say something else than before."""
        if 0 <= now - self._left_at.get(head.id, -STOCK_EVERY) < STOCK_EVERY:
            return 0
        self._left_at[head.id] = now
        made = 0
        for district, stock in by_district(self._store, head.station, campaign.item).items():
            name = stock_id(head.id, district)
            if stock != (published[name].stock if name in published else ()):
                made += self._publish(head, name, district, Ledger(head.id, now, 0, packed((), 0), now, "", stock))
        return made

    def _publish(self, head: ServiceDocument, name: str, scope: str, ledger: Ledger) -> int:
        if len(ledger.bits) > MOST_OF_A_LEDGER:
            words = f"a ledger of {len(ledger.bits)} bytes: stations take {MOST_OF_A_LEDGER}"
            self._store.alarm("ledger_too_large", words, ledger.at)
            return 0
        document = ServiceDocument(1, name, LEDGER, 0, head.begins, head.ends, scope)
        try:
            self._issuer.publish_service(document, as_said(ledger))
        except OtherService:
            words = f"{name} is a service of another kind. Next: kiosk central service withdraw {name}"
            self._store.alarm("ledger_id_taken", words, ledger.at)
            return 0
        return 1


def ledger_id(campaign: str, number: int) -> str:
    """0: of the whole one."""
    return f"{campaign}-ledger-{number}"


def stock_id(campaign: str, district: str) -> str:
    """Of what is left at the stations of a district."""
    return f"{campaign}-at-{district.lower()}"[:32]


def period_at(per: Per, now: float) -> Period:
    """The period of a campaign that it is where the stations are."""
    day = local(now)[0]
    week = date.fromisoformat(day).isocalendar()
    return {"once": "", "day": day, "week": f"{week.year:04}-W{week.week:02}"}[per]


def withdraw_ledgers(store: CentralStore, issuer: Issuer, campaign: str) -> None:
    """End the ledgers of a campaign that was withdrawn; a part of that transaction."""
    for found in store.services(LEDGER):
        read = _read(found)
        if read and read[1].campaign == campaign:
            issuer.withdraw_service(found.id)


def _read(found: StoredService) -> tuple[ServiceDocument, Ledger] | None:
    head, said = read_service(found.body)
    ledger = body_in(head, said)
    return (head, ledger) if isinstance(ledger, Ledger) else None


def _goes_with(campaign: ServiceDocument, head: ServiceDocument, ledger: Ledger) -> bool:
    """Whether it is of that campaign, and lasts as long: where that lasts longer now, all are made anew."""
    return ledger.campaign == campaign.id and head.ends == campaign.ends


def _said_since(whole: Ledger, published: Mapping[str, Ledger]) -> bool:
    """Whether somebody is in a delta that follows it."""
    return any(each.since >= whole.at and each.bits != NOBODY for each in published.values())


def _says(campaign: Campaign) -> int:
    """Seconds after which stations are told that nothing is new."""
    return campaign.ledger_max_age // 3


def _going_on(campaign: str, published: Mapping[str, Ledger], whole: Ledger, now: int) -> tuple[int, Ledger | None]:
    """The number of the delta of these ten minutes, and what it says already."""
    number = 1 + min(now - whole.at, WHOLE_EVERY - 1) // DELTA_EVERY
    before = published.get(ledger_id(campaign, number))
    return number, before if before and before.since >= whole.at and before.period == whole.period else None


def _said_by_now(campaign: str, published: Mapping[str, Ledger], whole: Ledger, now: int) -> int:
    """How many are in it."""
    _number, before = _going_on(campaign, published, whole, now)
    return sum(1 for _index in indices_in(before)) if before else 0


def _delta(
    campaign: str, published: Mapping[str, Ledger], whole: Ledger, news: set[int], now: int
) -> tuple[int, Ledger]:
    """Its number, and what it says: of those ten minutes what was said before, too, since it takes that one's place."""
    number, before = _going_on(campaign, published, whole, now)
    if before:
        news |= set(indices_in(before))
    others = (each for name, each in published.items() if name != ledger_id(campaign, number))
    since = min(now, known_until(others))  # a clock may have been set back
    return number, Ledger(campaign, now, whole.size, packed_new(news), since, whole.period)
