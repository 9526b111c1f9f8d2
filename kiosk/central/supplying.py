"""What desks send of supplies, kept by kind: what was handed out under its campaign, what was filled in and counted as stock.

A station may send anything: what is of no campaign that was published for it is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from kiosk.central.figures import local
from kiosk.central.moments import moment_of, timed
from kiosk.central.retention import DAY
from kiosk.central.scope import Scope
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.bundles import Came, Unread
from kiosk.central.store.campaigns import KIND, Handed, StoredCampaign, Words
from kiosk.central.store.stocks import Count, Slot
from kiosk.trust.service import ServiceId, Word

COUNTED: Final = "counted"
FILLED: Final = "filled"
KINDS: Final = (KIND, COUNTED, FILLED)
CAMPAIGN: Final = "campaign"

MOST_A_DAY: Final = 2000
"""Tokens of a station since a campaign began, for each day: with its key a thief could tell that everybody has had one."""

MOST_KEPT: Final = 64
"""Items, and slots, of a station of which the stock is kept: as many as it can have campaigns."""

T = TypeVar("T")
Pieces = Annotated[int, Meta(ge=0, le=1_000_000)]
SlotName = Annotated[str, Meta(max_length=64)]
Token = Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?\Z")]
Period = Annotated[str, Meta(pattern=r"^([0-9]{4}-([0-9]{2}-[0-9]{2}|W[0-9]{2}))?\Z")]
Month = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2})?\Z")]


class _HandedOut(Struct, frozen=True):
    """What is taken of a `handed_out` entry, which a station may have filled with anything."""

    campaign: ServiceId
    item: Word
    slot: SlotName = ""
    token: Token = ""
    period: Period = ""
    taken: bool = False
    count: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class _Counted(Struct, frozen=True):
    item: Word
    counted: Pieces
    expected: int | None = None


class _Filled(Struct, frozen=True):
    item: Word
    count: Pieces
    slot: SlotName = ""
    month: Month = ""


class Supplying:
    """Of one store."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._campaigns: dict[str, StoredCampaign] = {}
        self._handed: dict[str, int] = {}

    def take(self, unread: Unread, came: Sequence[Came]) -> None:
        """Keep those of a step through a log in order, and let entries go that say who had what; a part of its transaction.

        Which campaigns are closed is asked within it, or one that somebody closes meanwhile would have tokens again.
        """
        self._campaigns = {each.id: each for each in self._store.campaigns()} if came else {}
        self._handed = {}
        kept = []
        for each in came:
            match each.kind:
                case "handed_out":
                    kept += [each.seq] if self._handed_out(unread.log, each) else []
                case "counted":
                    self._counted(unread.log, each)
                case "filled":
                    self._filled(each)
        self._store.let_entries_go(unread.log, kept)

    def _handed_out(self, log: int, came: Came) -> bool:
        """Whether it is of a campaign of that station."""
        sent = _decoded(came.body, _HandedOut)
        campaign = self._campaigns.get(sent.campaign) if sent else None
        if sent is None or campaign is None or not came.station.startswith(campaign.scope):
            return False
        at, known_when = moment_of(came), timed(came)
        if at < campaign.begins:  # nobody had one before: days without end would spoil each report
            at, known_when = came.received, False
        known = (local(at)[0], at, known_when, came.received)
        who = (came.station, sent.period, sent.token, sent.slot)
        handed = Handed(campaign.id, log, came.seq, *who, sent.taken, sent.count, *known)
        if campaign.closed is None and (not sent.token or self._is_believed(campaign, came)):
            self._store.hand_out(handed)
        else:
            self._store.hand_out_late(handed)
        if sent.taken:
            self._store.take_from_stock(came.station, sent.item, sent.slot, sent.count, at)
        return True

    def _is_believed(self, campaign: StoredCampaign, came: Came) -> bool:
        """Whether a station can have handed out so much: what is beyond that is counted, and in nobody's ledger."""
        known = self._handed.get(campaign.id)
        count = self._store.handed_by(campaign.id, came.station) if known is None else known
        self._handed[campaign.id] = count + 1
        if count < MOST_A_DAY * (1 + max(0.0, came.received - campaign.begins) // DAY):
            return True
        words = f"campaign {campaign.id}: more is said to be handed out than a station can; whose it is the rest does not say"
        self._store.alarm("too_many_handed_out", words, came.received, came.station)
        return False

    def _counted(self, log: int, came: Came) -> None:
        sent = _decoded(came.body, _Counted)
        if sent and self._has_room(came.station, sent.item):
            count = Count(came.station, sent.item, moment_of(came), sent.counted, sent.expected)
            self._store.count_stock(count, log, came.seq, came.received)

    def _filled(self, came: Came) -> None:
        sent = _decoded(came.body, _Filled)
        if sent and self._has_room(came.station, sent.item, sent.slot):
            self._store.fill(Slot(came.station, sent.slot, sent.item, sent.count, sent.month, moment_of(came)))

    def _has_room(self, station: str, item: str, slot: str = "") -> bool:
        """Whether a station may have that item and slot, too: this stock is read for all stations, and never ends."""
        items = {each.item for each in self._store.stock(Scope(station))}
        slots = {"", *(each.slot for each in self._store.slots(Scope(station)))} if slot else {""}
        return (item in items or len(items) < MOST_KEPT) and (slot in slots or len(slots) <= MOST_KEPT)


def known_campaigns(store: CentralStore) -> list[StoredCampaign]:
    """Every one that was ever published, as it is now, without its key; of one that was withdrawn, what it said before."""
    known = {each.id: each for each in store.campaigns()}
    for each in store.services(CAMPAIGN):
        before = known.get(each.id)
        if before and (before.closed is not None or before.version >= each.version):
            continue
        head, said = read_service(each.body)
        words = "" if head.withdraws else msgspec.json.encode(msgspec.convert(said, Words)).decode()
        if body := words or (before.body if before else ""):
            known[each.id] = StoredCampaign(each.id, each.version, each.scope, each.begins, each.ends, body)
    return sorted(known.values(), key=lambda each: (-each.begins, each.id))


def remember_campaigns(store: CentralStore) -> None:
    """Keep what campaigns say, also for when their documents are gone."""
    for each in set(known_campaigns(store)) - set(store.campaigns()):
        store.remember_campaign(each)


def _decoded(body: str, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        return None
