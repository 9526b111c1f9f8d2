"""Whether somebody may have one of a campaign, and where it comes from: the words of the page's `SupplyView`.

Exact as far as this station can know it: its own marks, and the ledger where that is fresh. Where it is not, `when_stale` says
what is done, and what was given twice for it is counted, and never held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kiosk.core.desk import stock
from kiosk.core.desk.handing import MOST_MARKS, MOST_MISSES, Grant, Holder, Running, Setting, Supplies
from kiosk.core.desk.marks import count_of
from kiosk.core.desk.periods import period_of
from kiosk.trust.ledger import has_had
from kiosk.trust.service import Campaign
from kiosk.trust.tokens import token

NOBODYS: Final = "show_pass"
YOURS: Final = "yours"
STEWARD: Final = "steward"
UNSURE: Final = "unsure"
GIVABLE: Final = frozenset({YOURS, STEWARD, UNSURE, "empty", "wait", "slot_fault"})
"""What becomes of a slot, of what a steward may hand over all the same."""


def period(campaign: Campaign, setting: Setting) -> str | None:
    """The campaign's period that it provably is."""
    return period_of(campaign.per, setting.clock, setting.now.boot, setting.offset)


def elsewhere(index: int, setting: Setting) -> frozenset[str]:
    """The campaigns of which a ledger says that this holder has had one."""
    return frozenset(name for name, each in setting.running.items() if _in_ledgers(each, index, setting))


def _in_ledgers(running: Running, index: int, setting: Setting) -> bool:
    when = period(running.campaign, setting)
    return when is not None and not running.campaign.without_pass and has_had(running.ledgers, index, when)


def had(supplies: Supplies, name: str, when: str, mark: str) -> bool:
    """Whether that token has had one here."""
    return mark in supplies.marks.get(name, {}).get(when, ())


def granted(supplies: Supplies, name: str, mark: str) -> Grant | None:
    """What they are just taking of a campaign."""
    found = supplies.grants.values()
    return next((each for each in found if each.campaign == name and each.token == mark), None)


def judged(supplies: Supplies, name: str, setting: Setting) -> tuple[str, str]:
    """How a campaign in force stands for whoever is there: a word of SupplyView, and the slot that it comes from."""
    running = setting.running[name]
    if running.campaign.without_pass:
        return _everybodys(supplies, name, setting)
    if supplies.holder is None:
        return NOBODYS, ""
    return _holders(supplies, supplies.holder, name, setting)


def _everybodys(supplies: Supplies, name: str, setting: Setting) -> tuple[str, str]:
    opened = supplies.opened.get(name)
    if found := granted(supplies, name, ""):
        return "granted", found.slot
    if opened is None or opened.left == 0:
        return "closed", ""
    return _impossible(supplies, name, setting) or _lies(supplies, name, "", setting)


def _holders(supplies: Supplies, holder: Holder, name: str, setting: Setting) -> tuple[str, str]:
    running = setting.running[name]
    mark = token(running.campaign.key, holder.index)
    if found := granted(supplies, name, mark):
        return "granted", found.slot
    if holder.pass_class not in running.campaign.classes:
        return "not_for_you", ""
    when = period(running.campaign, setting)
    if when is None:
        return "no_time", ""
    if had(supplies, name, when, mark):
        return "had", ""
    if name in holder.elsewhere:
        return "elsewhere", ""
    if not _trusts(running, holder, setting):
        return "stale", ""
    if why := _impossible(supplies, name, setting):
        return why
    is_unsure = any((each.campaign, each.period, each.token) == (name, when, mark) for each in supplies.unsure)
    return (UNSURE, "") if is_unsure else _lies(supplies, name, mark, setting)


def _trusts(running: Running, holder: Holder, setting: Setting) -> bool:
    """Whether it is given by what is known: exactly, or as the campaign says for where that is too little."""
    if running.campaign.when_stale == "count_only" or not running.whole:
        return running.campaign.when_stale == "count_only"
    at_home = bool(holder.scope) and holder.scope.startswith(setting.station)
    return running.fresh or (running.campaign.when_stale == "home_only" and at_home)


def _impossible(supplies: Supplies, name: str, setting: Setting) -> tuple[str, str] | None:
    """Why nothing can be handed out at all now."""
    if _contradiction(name, setting):
        return "unclear", ""
    if not (setting.keeps and setting.writes):
        return "disk", ""
    if not supplies.ready:
        return "wait", ""
    return ("full", "") if count_of(supplies.marks) >= MOST_MARKS else None


def _lies(supplies: Supplies, name: str, mark: str, setting: Setting) -> tuple[str, str]:
    """The slot that it can be taken from; without one why not."""
    campaign = setting.running[name].campaign
    own = tuple(slots_of(name, setting))
    if not own:
        left = supplies.stock.get(("", campaign.item))
        return ("empty", "") if left == 0 and not supplies.session else (STEWARD, "")
    found = {slot: _slot(supplies, slot, campaign.item, mark, setting) for slot in own}
    for word in (YOURS, "wait", "slot_fault", STEWARD):
        if slot := next((each for each, is_so in found.items() if is_so == word), None):
            return word, slot
    return "empty", ""


def _slot(supplies: Supplies, slot: str, item: str, mark: str, setting: Setting) -> str:
    """Whether somebody can take that item from that slot now."""
    inside = stock.in_slot(supplies.stock, slot)
    if inside and (inside[0] != item or inside[1] == 0):
        return "empty"
    if slot in supplies.grants:
        return "wait"
    if setting.slots[slot].why or misses(supplies, slot):
        return setting.slots[slot].why or "slot_fault"
    return STEWARD if supplies.misses.get(slot, ()).count(mark) >= MOST_MISSES else YOURS


def misses(supplies: Supplies, slot: str) -> bool:
    """Whether a slot does not work, by its contact: so many different people did not open it, one after the other."""
    return len(set(supplies.misses.get(slot, ()))) >= MOST_MISSES


def slots_of(name: str, setting: Setting) -> Iterator[str]:
    """The slots here that a campaign names, but for those of an older one with something else in them."""
    campaign = setting.running[name].campaign
    return (each for each in campaign.slots if each in setting.slots and setting.lying[each] == campaign.item)


def contradictions(setting: Setting) -> dict[str, str]:
    """The campaigns that name slots here, and only such as an older one needs for something else: the first of them."""
    return {name: slot for name in setting.running if (slot := _contradiction(name, setting))}


def _contradiction(name: str, setting: Setting) -> str:
    named = (slot for slot in setting.running[name].campaign.slots if slot in setting.slots)
    return "" if any(slots_of(name, setting)) else next(named, "")
