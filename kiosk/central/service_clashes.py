"""Why a service cannot be meant beside those that are published: what a station would have of it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.central.reach import meant
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.services import StoredService
from kiosk.language import _
from kiosk.settings.table import Wrong
from kiosk.trust.service import CAMPAIGN, Body, Campaign, Doctor, ServiceDocument, Stop, body_in
from kiosk.wording.words import when


def clashes(store: CentralStore, head: ServiceDocument, body: Body, now: float) -> Iterator[Wrong]:
    """Each reason, with the key that is to be changed."""
    match body:
        case Campaign():
            yield from _other_campaign(store, head, body, now)
            for other in _beside(store, head, now):
                yield from _same_slots(other, body)
        case Stop():
            if len(meant(store, head.station)) > 1:
                yield ("station",), _("the codes of several stations begin so; a stop is of one")
            for other in _beside(store, head, now):
                words = _("it is at {id} then, until {time}", id=other.id, time=when(other.ends))
                yield ("begins",), words
        case Doctor():
            for other in _beside(store, head, now):
                words = _("{id} is the doctor of {station} until {time}", **_other(other))
                yield ("station",), words


def _beside(store: CentralStore, head: ServiceDocument, now: float) -> list[StoredService]:
    """Others of its kind that a station would have at one time with it."""
    return [
        each
        for each in store.services(head.kind)
        if each.id != head.id
        and each.ends > now
        and (each.scope.startswith(head.station) or head.station.startswith(each.scope))
        and each.begins < head.ends
        and head.begins < each.ends
    ]


def _other_campaign(store: CentralStore, head: ServiceDocument, body: Campaign, now: float) -> Iterator[Wrong]:
    """Under one id everybody gets one thing: by its marks nobody could be told from who had the other."""
    found = store.service(head.id)
    if found is None or found.ends <= now:
        if store.campaign(head.id) or (found and found.kind == CAMPAIGN):
            yield ("id",), _("was that of another campaign, which is over: take another one")
        return
    before = body_in(*read_service(found.body))
    for name in ("item", "per", "without_pass"):
        if isinstance(before, Campaign) and getattr(before, name) != getattr(body, name):
            words = _(
                "is {value} in the campaign that runs under this id: take another id", value=getattr(before, name)
            )
            yield (name,), words


def _same_slots(other: StoredService, body: Campaign) -> Iterator[Wrong]:
    beside = body_in(*read_service(other.body))
    if not isinstance(beside, Campaign) or beside.item == body.item:
        return
    for slot in body.slots:
        if slot in beside.slots:
            words = _(
                "{slot} has {item} of {id} in it, at {station} until {time}",
                slot=slot,
                item=beside.item,
                **_other(other),
            )
            yield ("slots",), words


def _other(found: StoredService) -> dict[str, str]:
    return {"id": found.id, "station": found.scope or _("every station"), "time": when(found.ends)}
