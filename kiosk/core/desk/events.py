"""What happens inside, and what the rules answer: two closed unions, none of which is in a recording."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.core.desk.ratings import ANSWERS
from kiosk.core.desk.rounds import Posted
from kiosk.core.desk.urn import Urn
from kiosk.core.entries import Entry
from kiosk.core.events import CommitFailed, Committed, Edge, Record, Tick
from kiosk.trust.service import STATION

BUTTON: Final = "desk."
"""What the name of an input begins with that is one of the desk's buttons; the answer's name follows."""

CARDS: Final = {f"YZ5:{number}": number - 1 for number in range(1, len(ANSWERS) + 1)}
"""What is on the answer cards, the best answer first."""

TICKET: Final = -1
"""The desk's own; those of the door are positive."""

CARD_KEPT: Final = "card_kept"
CARD_NOT_KEPT: Final = "card_not_kept"
ROUND_OPEN: Final = "round_open"
NO_STEWARD: Final = "no_steward"
NO_CHECKLIST: Final = "no_checklist"


class Touched(Struct, frozen=True):
    """Somebody touched an answer (0 to 3) to a question on the display."""

    answer: int
    question: str = STATION


class Said(Struct, frozen=True):
    """Somebody said on the display what is wrong, in words of the vocabulary."""

    place: str
    what: str


class Heard(Struct, frozen=True):
    """Entries that the door's rules made."""

    entries: tuple[Entry, ...]


class Presented(Struct, frozen=True):
    """A code was held before the desk's reader, which tells each once while it is in view."""

    text: str


class Judged(Struct, frozen=True):
    """What the rules say of a pass that was held there: why it does not hold, or whose it is."""

    reason: str
    index: int = 0
    pass_class: int = 0
    extended: bool = False


class Told(Struct, frozen=True):
    """What the display shall say of the code that was shown last."""

    words: str


class Offers(Struct, frozen=True):
    """What is in force from now on: the questions, the oldest first, and the checklist."""

    questions: tuple[str, ...] = ()
    checklist: Posted | None = None


class Inspected(Struct, frozen=True):
    """What the steward found, of all items of the checklist of that version, and what sensors say now."""

    results: dict[str, str]
    version: int
    readings: dict[str, float | None] = {}


class Cleaned(Struct, frozen=True):
    """The steward says that it is clean."""


class RoundLeft(Struct, frozen=True):
    """The steward's round is over."""


class Kept(Struct, frozen=True):
    """This urn is on the disk."""

    urn: Urn


class KeepUrn(Struct, frozen=True):
    """Store the urn; answer with Kept. A later one takes the place of one that still waits."""

    urn: Urn


AtTheReader = Presented | Judged | Told
InARound = Inspected | Cleaned | RoundLeft
DeskEvent = Edge | Touched | Said | AtTheReader | InARound | Offers | Heard | Kept | Committed | CommitFailed | Tick
DeskCommand = KeepUrn | Record
