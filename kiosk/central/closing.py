"""The end of a campaign at the centre: days and counts are left, its key, its ledgers and all tokens go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kiosk.central.gathering import Gathering
from kiosk.central.issuer import Issuer
from kiosk.central.retention import DAY
from kiosk.central.scope import Scope
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import Act
from kiosk.central.store.campaigns import StoredCampaign
from kiosk.central.store.services import StoredService
from kiosk.central.supplying import CAMPAIGN, known_campaigns

CLOSES_AFTER: Final = 30 * DAY
"""Seconds after its end at which a campaign is closed that nobody has closed; most stations have sent what they had."""

LEDGER: Final = "ledger"
BY_ITSELF: Final = "@server"
"""Who does it, in the audit, when nobody does."""


class StillRuns(ValueError):
    """A campaign that has not ended cannot be closed."""


def close(
    store: CentralStore, issuer: Issuer, campaign: StoredCampaign, now: float, who: str, reason: str = ""
) -> None:
    """Take in what has come, and leave days and counts of it. Raises StillRuns and CannotSign."""
    if campaign.ends > now:
        raise StillRuns
    for _step in Gathering(store).gather(now):
        pass
    with store.transaction():
        for each in _documents(store, campaign.id):
            head, _said = read_service(each.body)
            issuer.publish_service(replace(head, ends=min(head.ends, int(now))), {})
        store.close_campaign(campaign.id, now)
        store.acted(Act(who, "campaign closed", campaign.id, campaign.scope, reason), now)
    store.wipe()


def _documents(store: CentralStore, campaign: str) -> Iterator[StoredService]:
    """What is published of it and says more than that it has ended: its own document, with the key, and its ledgers."""
    for kind in (CAMPAIGN, LEDGER):
        for each in store.services(kind):
            _head, said = read_service(each.body)
            if said and campaign == (each.id if kind == CAMPAIGN else said.get(CAMPAIGN)):
                yield each


def newest_ledger(store: CentralStore, campaign: str) -> int | None:
    """The number of the newest of its ledgers; None where there is none."""
    ours = (each.version for each in store.services(LEDGER) if read_service(each.body)[1].get(CAMPAIGN) == campaign)
    return max(ours, default=None)


def close_due(store: CentralStore, issuer: Issuer, now: float) -> Iterator[int]:
    """Close what ended so long ago that nobody will; each step is one."""
    for each in known_campaigns(store):
        if each.closed is None and each.ends + CLOSES_AFTER <= now:
            close(store, issuer, each, now, BY_ITSELF)
            yield 1


def unheard(store: CentralStore, campaign: StoredCampaign) -> list[str]:
    """The stations for which it was that have not been heard since it ended: they may have given what nobody here knows of."""
    found = store.register(Scope(campaign.scope))
    return [
        each.code for each in found if each.state == "enrolled" and (each.seen is None or each.seen.at < campaign.ends)
    ]
