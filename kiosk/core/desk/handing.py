"""Supplies: what they are made of, and what may happen to them. What becomes of it is in :mod:`kiosk.core.desk.supplies`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from msgspec import Struct

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.stock import Stock
from kiosk.core.entries import Entry
from kiosk.core.events import CommitFailed, Committed, Record, SlotGranted, Tick
from kiosk.trust.service import Campaign, Ledger

FIRST_TICKET: Final = -1000
"""The supplies' own tickets go down from here, each of which is used once: an answer that is late opens no other's slot."""

HOLDER_FOR: Final = 30.0
"""Seconds after a pass was shown, or a touch of its holder, for which it is theirs to take; twice as long for who needs it."""

SESSION_FOR: Final = 300.0
"""Seconds of a steward's session since the last touch."""

MOST_SENT: Final = 60
"""Touches of a session before the steward's pass is shown again: a page that plays gives nothing away for ever."""

COMMIT_PATIENCE: Final = 4.0
"""Seconds that a slot waits for its mark; the page gives up after five."""

ANSWER_PATIENCE: Final = 5.0
"""Seconds beyond its pulse for which a slot may leave open what became of it."""

LATE: Final = 1.5
"""Seconds after a slot was locked again in which its contact may still say that it was opened just before."""

UNSURE_FOR: Final = 30.0
"""Seconds after a start in which a slot that stands open was opened before it: pins and lock boards say so sooner."""

TOLD_FOR: Final = 8.0
"""Seconds for which the display says what became of it."""

COUNTED_FOR: Final = 60.0
"""Seconds for which what was expected stands beside what was counted."""

MOST_MISSES: Final = 3
"""Times that nobody opens a slot: by so many different holders, and it does not work; by one, and a steward has to help."""

MOST_MARKS: Final = 100_000
"""That a station remembers of all campaigns, some 10 MB; it hands out no more beyond that."""

FORGOTTEN_AFTER: Final = 6 * 3600.0
"""Seconds for which nothing was known of a campaign any longer, before its marks go: its document may come anew."""

PERIODS_KEPT: Final = 2
"""Of a campaign that gives one a day or a week."""

Marks = Mapping[str, Mapping[str, frozenset[str]]]
"""The tokens of those who have had one here, by campaign and period."""

NO_MARKS: Final[Marks] = {}


class Holder(Struct, frozen=True):
    """Whoever has shown a pass last, until that boot time. `elsewhere`: campaigns of which a ledger says that they had one."""

    index: int
    pass_class: int
    scope: str
    until: float
    patience: float = HOLDER_FOR
    elsewhere: frozenset[str] = frozenset()


class Session(Struct, frozen=True):
    """A steward's, until that boot time. `left`: how often something may still be touched."""

    index: int
    until: float
    left: int = MOST_SENT


class Grant(Struct, frozen=True):
    """What somebody may take from a slot. `ticket`: of its mark; `until`: the boot time at which it ends in any case.

    `opens`: the mark is on the disk, and the slot was told; `missed`: it was locked again, and nobody had opened it.
    """

    campaign: str
    item: str
    slot: str
    token: str
    period: str
    ticket: int
    until: float
    opens: bool = False
    missed: bool = False


class Opened(Struct, frozen=True):
    """A campaign that needs no pass is open, until that boot time or for so many."""

    until: float = math.inf
    left: int | None = None


class Said(Struct, frozen=True):
    """What is told of a campaign to whoever that token is of, until that boot time."""

    word: str
    token: str
    until: float


class CountedLast(Struct, frozen=True):
    """What a steward has counted, and what was expected; told once it is on the disk (`ticket`), and until that boot time."""

    item: str
    counted: int
    expected: int | None
    ticket: int
    until: float = math.inf
    stored: bool = False


class Slot(Struct, frozen=True):
    """A slot as it is now: what it `holds` at the most, seconds of its `pulse`, whether it `is_open`.

    `why`: it cannot be opened for somebody now, since it is in use (`wait`) or does not work (`slot_fault`).
    """

    holds: int = 1
    pulse: float = 5.0
    is_open: bool = False
    why: str = ""


class Running(Struct, frozen=True):
    """A campaign in force, and what its ledgers know. `fresh`: they are as new as it asks for, which is proven.

    `whole`: this station's own marks are all there, or its ledgers are newer than the loss of those that are not.
    """

    campaign: Campaign
    ledgers: tuple[Ledger, ...] = ()
    fresh: bool = False
    whole: bool = True


class Setting(Struct, frozen=True, dict=True):
    """Where and when: the station's code, its clock and now; `offset`: local time less UTC, in seconds.

    `running`: campaigns in force by their ids, the oldest first; `known`: the ids of all that are held, `over`: of those that
    have provably ended; `certain`: what is not known is none any more. `slots` by name. `keeps`: the disk takes marks;
    `writes`: it took what it was given last.
    """

    station: str
    clock: Clock
    now: Instant
    offset: int = 0
    running: Mapping[str, Running] = {}
    known: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()
    certain: bool = False
    slots: Mapping[str, Slot] = {}
    keeps: bool = True
    writes: bool = True

    @cached_property
    def lying(self) -> Mapping[str, str]:
        """What lies in each slot, by the oldest campaign that names it."""
        found: dict[str, str] = {}
        for running in self.running.values():
            for slot in running.campaign.slots:
                found.setdefault(slot, running.campaign.item)
        return found


class Supplies(Struct, frozen=True):
    """`marks`, `stock`: as they will be on the disk; `ready`: all that a damaged logbook may still give has come.

    `grants` by slot; `opened` and `said` by campaign; `misses`: the tokens for which a slot was not opened since it was last
    taken from; `unsure`: grants of before the start of which nobody knows whether they were taken, each until its slot has had
    the time to say so; `absent`: since when a campaign with marks is not known any longer; `number`: of what was
    recorded, `shown`: of passes.
    """

    marks: Marks = {}
    stock: Stock = {}
    ready: bool = False
    holder: Holder | None = None
    session: Session | None = None
    grants: Mapping[str, Grant] = {}
    opened: Mapping[str, Opened] = {}
    said: Mapping[str, Said] = {}
    misses: Mapping[str, tuple[str, ...]] = {}
    unsure: tuple[Grant, ...] = ()
    absent: Mapping[str, float] = {}
    counted: CountedLast | None = None
    number: int = 0
    shown: int = 0


class Shown(Struct, frozen=True):
    """A pass that holds was shown at the desk's reader."""

    index: int
    pass_class: int
    scope: str
    extended: bool = False


class Gone(Struct, frozen=True):
    """Whoever had shown a pass is there no longer, or something else was shown; `session`: nor is the steward."""

    session: bool = False


class Take(Struct, frozen=True):
    """The holder wants what a campaign has for them. `shown`: the number of the pass that it is for; 0: the last one."""

    campaign: str
    shown: int = 0


class Give(Struct, frozen=True):
    """The steward has handed it to the holder. `shown`: as in Take."""

    campaign: str
    shown: int = 0


class Open(Struct, frozen=True):
    """The steward opens a campaign that needs no pass for so long or so many, or closes it with neither."""

    campaign: str
    seconds: float = 0.0
    count: int = 0


class One(Struct, frozen=True):
    """Somebody takes one without a pass."""

    campaign: str


class Count(Struct, frozen=True):
    """The steward has counted an item."""

    item: str
    counted: int


class Fill(Struct, frozen=True):
    """The steward has filled a slot, or the store."""

    item: str
    count: int
    slot: str = ""
    month: str = ""


class Heard(Struct, frozen=True):
    """Entries that the door's rules made, of slots too."""

    entries: tuple[Entry, ...]


class Recovered(Struct, frozen=True):
    """What a damaged logbook still gave of marks; `anew`: the logbook is a new file, which is to get all that is known."""

    marks: Marks = {}
    anew: bool = False


class CutOff(Struct, frozen=True):
    """Grants of before a start, of which the logbook says that they were taken, and no more.

    `unsure`: those in the midst of which the program ended, so that it does not say whether they were; where one `opens`, none
    came after it in its slot.
    """

    grants: tuple[Grant, ...] = ()
    unsure: tuple[Grant, ...] = ()


class KeepMarks(Struct, frozen=True):
    """Store these in a logbook that has lost them."""

    marks: Marks
    stock: Stock


class Forget(Struct, frozen=True):
    """Delete a campaign's marks: of that period, or all, and then what its entries say of holders, too."""

    campaign: str
    period: str | None = None


Touch = Take | Give | Open | One | Count | Fill
SupplyEvent = Touch | Shown | Gone | Heard | Recovered | CutOff | Committed | CommitFailed | Tick
SupplyCommand = Record | SlotGranted | KeepMarks | Forget
