"""What a report of a campaign is of, read from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.figures import local
from kiosk.central.reconciling import Again, given_again
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.campaigns import HandedDay, StoredCampaign
from kiosk.central.store.stocks import Count, Slot, Stock
from kiosk.language import _, of_languages


class Reported(Struct, frozen=True):
    """What is known of a campaign. `late`: by station, how much was known at the centre only when no ledger could say it.

    `unheard`: stations that have not been heard since it ended; `names`: of stations, as far as they have any.
    """

    campaign: StoredCampaign
    days: Sequence[HandedDay]
    again: Sequence[Again]
    late: Sequence[tuple[str, int, float]]
    counts: Sequence[Count]
    stock: Sequence[Stock]
    slots: Sequence[Slot]
    names: Mapping[str, str]
    unheard: Sequence[str]
    made: float

    @property
    def total(self) -> HandedDay:
        """All stations and days together."""
        return added("", "", self.days)

    @property
    def title(self) -> str:
        """What it is of, in words."""
        words, first = of_languages(self.campaign.words.texts), local(self.campaign.begins)[0]
        return _("{what}: {first} to {last}", what=words, first=first, last=local(self.campaign.ends - 1)[0])


def overview(
    store: CentralStore, campaign: StoredCampaign, now: float, sees: Scope = EVERYWHERE, unheard: Sequence[str] = ()
) -> Reported:
    """What was given and what is left, as somebody sees it who looks after the stations of a scope."""
    scope = narrower(sees, campaign)
    days, stock = store.handed_days(campaign.id, scope), store.stock(scope, campaign.words.item)
    slots, names = store.slots(scope, campaign.words.item), store.names(scope, scope.prefix)
    return Reported(campaign, days, (), (), (), stock, slots, names, unheard, now)


def reported(
    store: CentralStore, campaign: StoredCampaign, now: float, sees: Scope = EVERYWHERE, unheard: Sequence[str] = ()
) -> Reported:
    """Beside that what was given twice and why, what was known late, and what was counted."""
    scope, words = narrower(sees, campaign), campaign.words
    again = given_again(store.handed_again(campaign.id), words.ledger_max_age)
    late = store.told_late(campaign.id, words.ledger_max_age)
    return replace(
        overview(store, campaign, now, sees, unheard),
        again=[
            each if scope.covers(each.cut) else replace(each, cut="") for each in again if scope.covers(each.station)
        ],
        late=[each for each in late if scope.covers(each[0])],
        counts=store.stock_counts(words.item, campaign.begins, campaign.ends + DAY, scope),
    )


def narrower(sees: Scope, campaign: StoredCampaign) -> Scope:
    """The stations that are both within a scope and the campaign's, where one lies in the other."""
    return max(sees, Scope(campaign.scope), key=lambda each: len(each.prefix))


def added(station: str, day: str, each: Iterable[HandedDay]) -> HandedDay:
    """All of them together, under these names."""
    rows = list(each)
    names = ("given", "without_pass", "not_taken", "again")
    return HandedDay(station, day, *(sum(getattr(row, name) for row in rows) for name in names))
