"""What of supplies is in force here, and what the display inside is shown of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk import stock
from kiosk.core.desk.entitled import contradictions, judged, misses
from kiosk.core.desk.handing import (
    Give,
    One,
    Running,
    Setting,
    Slot,
    Supplies,
    Take,
)
from kiosk.core.desk.supplies import refused
from kiosk.core.door.door import Door
from kiosk.core.door.slots import Unusable, unusable
from kiosk.core.door.tables import AlarmState, DoorState
from kiosk.core.held import Services, in_force, over, said
from kiosk.core.room.position import distance
from kiosk.core.state import State
from kiosk.trust.ledger import known_until
from kiosk.trust.service import Campaign, Doctor, Ledger, ServiceDocument, Sheet, StockAt
from kiosk.trust.tokens import token
from kiosk.wire.inside import CountedView, HandingView, NearestView, SlotView, StockView, SupplyView

TELLS_WHERE: Final = frozenset({"empty", "slot_fault"})
"""States with which it is told where else there is some."""

PASSING: Final = frozenset({Unusable.BUSY, Unusable.SLOT_OPEN})
"""What is over by itself: somebody takes from a slot, and closes it."""

STUCK: Final = frozenset({AlarmState.HELD_OPEN, AlarmState.FORCED_OPEN})


class Known(Struct, frozen=True):
    """Of the documents that are held: campaigns, the oldest first, each with its ledgers, and up to when these know all."""

    campaigns: tuple[tuple[ServiceDocument, Campaign, tuple[Ledger, ...], int], ...] = ()


def known(services: Services) -> Known:
    """What the documents say; to be asked once for each change of them."""
    bodies = [(each.head, each.body) for each in services.held.values()]
    ledgers = [body for _head, body in bodies if isinstance(body, Ledger)]
    found = []
    for head, body in sorted(bodies, key=lambda each: each[0].version):
        if isinstance(body, Campaign):
            own = tuple(each for each in ledgers if each.campaign == head.id)
            found.append((head, body, own, known_until(own)))
    return Known(tuple(found))


def setting_of(
    state: State,
    documents: Known,
    holds: Mapping[str, int],
    now: Instant,
    *,
    keeps: bool,
    writes: bool = True,
    since: float = 0.0,
    busy: Collection[str] = (),
) -> Setting:
    """Where and when. `holds`: by slot, how many there is room for; `since`: when marks were lost, in seconds since 1970.

    `busy`: slots that somebody else's is about to be taken from.
    """
    clock, boot = state.clock, now.boot
    running = {
        head.id: Running(campaign, ledgers, is_fresh(clock, boot, until, campaign), until >= since)
        for head, campaign, ledgers, until in documents.campaigns
        if in_force(head, clock, boot)
    }
    heads = [head for head, *_rest in documents.campaigns]
    return Setting(
        state.trust.station,
        clock,
        now,
        state.utc_offset,
        running,
        frozenset(head.id for head in heads),
        frozenset(head.id for head in heads if over(head, clock, boot) and clock.proven(boot) >= head.ends),
        certain=state.services.number > 0 and clock.hi < math.inf,
        slots={
            name: _slot(state, state.doors[name], most, busy=name in busy)
            for name, most in holds.items()
            if name in state.doors
        },
        keeps=keeps,
        writes=writes,
    )


def is_fresh(clock: Clock, boot: float, until: int, campaign: Campaign) -> bool:
    """Whether the ledgers provably know all but the newest, as new as the campaign asks for."""
    return clock.latest(boot) <= until + campaign.ledger_max_age


def _slot(state: State, door: Door, holds: int, *, busy: bool) -> Slot:
    """An open slot is in use until its alarm, and then it does not work."""
    why, is_open = unusable(state, door.name) or (Unusable.BUSY if busy else None), door.door is DoorState.OPEN
    passing = why in PASSING and door.alarm not in STUCK
    return Slot(holds, door.rules.pulse, is_open, "" if why is None else "wait" if passing else "slot_fault")


def wrong(supplies: Supplies, setting: Setting) -> str:
    """What somebody has to look after; empty where nothing is."""
    found = [f"{name}: {slot} is of another campaign" for name, slot in contradictions(setting).items()]
    found += [f"{slot}: its contact does not say that it is opened" for slot in setting.slots if misses(supplies, slot)]
    return "; ".join(found)


# What is shown.


def supply_views(supplies: Supplies, setting: Setting, state: State) -> Iterator[SupplyView]:
    """Campaigns in force, the oldest first."""
    for name, running in setting.running.items():
        word, slot = judged(supplies, name, setting)
        opened = supplies.opened.get(name)
        yield SupplyView(
            name,
            running.campaign.texts,
            _told(supplies, name, running) or _state(supplies, name, word, slot),
            slot,
            nearest(running.ledgers, state, setting.now) if word in TELLS_WHERE else None,
            _touch(supplies, name, setting),
            min(opened.until - setting.now.boot, 1e6) if opened and opened.until < math.inf else 0.0,
            opened.left if opened else None,
        )


def _state(supplies: Supplies, name: str, word: str, slot: str) -> str:
    """Of a campaign that needs no pass, that it is open is what counts."""
    is_free = name in supplies.opened and (word == "yours" or (word == "steward" and not slot))
    return "open" if is_free else word


def _told(supplies: Supplies, name: str, running: Running) -> str:
    """What became of it just now, to whom it is of."""
    found, holder = supplies.said.get(name), supplies.holder
    if found is None:
        return ""
    mine = token(running.campaign.key, holder.index) if holder and not running.campaign.without_pass else ""
    return found.word if found.token == mine else ""


def _touch(supplies: Supplies, name: str, setting: Setting) -> Literal["", "take", "give", "one"]:
    if not refused(supplies, Take(name), setting):
        return "take"
    if not refused(supplies, One(name), setting):
        return "one"
    return "" if refused(supplies, Give(name), setting) else "give"


def handing_view(supplies: Supplies, setting: Setting, state: State) -> HandingView | None:
    """A steward's session, where there is anything to do in it."""
    session = supplies.session
    if session is None or not (setting.running or setting.slots):
        return None
    free = tuple(name for name, each in setting.running.items() if each.campaign.without_pass)
    counted = supplies.counted if supplies.counted and supplies.counted.stored else None
    return HandingView(
        max(0.0, session.until - setting.now.boot),
        tuple(_items(setting, state)),
        tuple(_slot_view(supplies, name, slot) for name, slot in setting.slots.items()),
        free,
        supplies.holder is not None,
        CountedView(counted.item, counted.counted, counted.expected) if counted else None,
    )


def _items(setting: Setting, state: State) -> Iterator[StockView]:
    """Those of campaigns, and medicines that a hospital may release."""
    texts: dict[str, dict[str, str]] = {}
    for each in setting.running.values():
        texts.setdefault(each.campaign.item, each.campaign.texts)
    yield from (StockView(item, words) for item, words in texts.items())
    doctors = [doctor for _head, doctor in said(state.services, Doctor, state.clock, setting.now.boot)]
    medicines = {item: None for doctor in doctors for key in doctor.keys for item in key.items if item not in texts}
    yield from map(StockView, medicines)


def _slot_view(supplies: Supplies, name: str, slot: Slot) -> SlotView:
    inside = stock.in_slot(supplies.stock, name)
    return SlotView(name, slot.holds, inside[0] if inside else "")


def nearest(ledgers: Iterable[Ledger], state: State, now: Instant) -> NearestView | None:
    """The nearest other station that had some, by the newest ledger that knows of any; how far, where this one has a place."""
    newest = max(ledgers, key=lambda each: (bool(each.stock), each.at), default=None)
    found = [each for each in (newest.stock if newest else ()) if each.left and each.station != state.trust.station]
    here = place_of(state, now)
    far = {each.station: _metres(here, each) for each in found}
    first = min(found, key=lambda each: (far[each.station] or 0.0, -each.at), default=None)
    if first is None:
        return None
    age = max(0.0, state.clock.wall(now) - first.at)
    return NearestView(first.texts, first.left, age, far[first.station])


def place_of(state: State, now: Instant) -> tuple[float, float] | None:
    """Where the station is: by its receiver, else by its sheet."""
    place = state.room.place
    if place.told_at > -math.inf:
        return place.latitude, place.longitude
    sheets = said(state.services, Sheet, state.clock, now.boot)
    found = next((sheet.place for _head, sheet in sheets if sheet.place), None)
    return (found.latitude, found.longitude) if found else None


def _metres(here: tuple[float, float] | None, there: StockAt) -> float | None:
    return None if here is None else distance(*here, there.latitude, there.longitude)
