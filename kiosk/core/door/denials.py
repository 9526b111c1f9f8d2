"""A refusal is shown each time, and logged as often as the limit of its door, reason and holder allows; the rest is counted."""

from __future__ import annotations

import math

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core import limit
from kiosk.core.door import lamps
from kiosk.core.state import DENIALS, MOST_LIMITS, Refused, State, Stepped, moved
from kiosk.trust.reasons import Reason


def shown(state: State, name: str, reason: Reason, now: float) -> Stepped:
    """The door shows why not, and nothing of it is written down."""
    return moved(state, name, (lamps.denied(state.doors[name], str(reason), now), ()))


def denied(
    state: State, name: str, reason: Reason | None, index: int | None, now: float, way: fact.Way = ""
) -> Stepped:
    """A code was refused at this door, or a phone; `index` where a signature vouches for its holder."""
    state, _ = moved(state, name, (lamps.denied(state.doors[name], str(reason), now), ()))
    denials = {where: known for where, known in state.denials.items() if limit.holds(known, now)}
    where = name, str(reason), index if len(denials) < MOST_LIMITS else None, way
    known, suppressed = limit.tell(denials.get(where, DENIALS), now)
    state = replace(state, denials={**denials, where: known})
    return state, () if suppressed is None else (fact.Denied(name, str(reason), index, suppressed, way),)


def untold(state: State, now: float = math.inf) -> dict[Refused, fact.Denied]:
    """Refusals that went untold where none has followed that would tell of them: for each limit the last, with their number."""
    return {
        where: fact.Denied(*where[:3], known.suppressed - 1, where[3])
        for where, known in state.denials.items()
        if known.suppressed and limit.due(known) <= now
    }


def advance(state: State, now: float) -> Stepped:
    """Tell of those that went untold."""
    found = untold(state, now)
    settled = {where: limit.settle(state.denials[where]) for where in found}
    return (replace(state, denials={**state.denials, **settled}) if found else state), tuple(found.values())
