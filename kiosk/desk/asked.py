"""What the page sends, each at a path of its own, and what the station is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, assert_never

from msgspec import Meta, Struct

from kiosk.index.remarks import LONGEST, MOST_PREPARED, Remark, remark_bytes
from kiosk.index.sealing import seal_answers, seal_remark
from kiosk.wire.base import Key
from kiosk.wire.inside import (
    MOST_OPEN,
    BallotView,
    CastBallot,
    Clean,
    Consult,
    Count,
    DeskMessage,
    Fill,
    Give,
    GiveOne,
    LeaveBallot,
    LeaveConsult,
    LeaveRound,
    LeaveSupplies,
    Month,
    OpenCampaign,
    Pieces,
    Round,
    Say,
    SupplyTouch,
    Take,
    Touched,
)

Answer = Annotated[int, Meta(ge=0, le=4)]


class FromPage(Struct, frozen=True, forbid_unknown_fields=True):
    """`token`: that of the page that was served."""

    token: Annotated[str, Meta(max_length=64)]


class Touch(FromPage, frozen=True):
    """An answer was touched."""

    answer: Annotated[int, Meta(ge=0, le=3)]
    question: Key = "station"


class Voice(FromPage, frozen=True):
    """Somebody says what is wrong."""

    place: Key
    what: Key


class Results(FromPage, frozen=True):
    """What a steward found, by the checklist of that version."""

    results: Annotated[dict[Key, Annotated[str, Meta(max_length=7)]], Meta(max_length=24)]
    version: Annotated[int, Meta(ge=0)]


class Cleaned(FromPage, frozen=True):
    """A steward says that it is clean."""


class Left(FromPage, frozen=True):
    """A steward has gone."""


class Cast(FromPage, frozen=True):
    """The ballot of that number is cast, with an answer to each of its questions.

    `remark`: the number of a prepared one, from 1 on; `words`: one of somebody's own. Both are empty where nothing is said.
    """

    number: Annotated[int, Meta(ge=1)]
    answers: tuple[Answer, Answer, Answer, Answer, Answer, Answer, Answer]
    remark: Annotated[int, Meta(ge=0, le=MOST_PREPARED)] = 0
    words: Annotated[str, Meta(max_length=LONGEST)] = ""

    def __post_init__(self) -> None:
        """Raises ValueError for what is both, and for words that are no remark."""
        if self.remark and self.words:
            raise ValueError("a remark is a prepared one, or words")
        remark_bytes(self.said)

    @property
    def said(self) -> Remark:
        """The remark."""
        return self.words or self.remark

    def fits(self, ballot: BallotView | None) -> bool:
        """Whether it is of the ballot that is open, and its remark one that may be there."""
        return ballot is not None and self.number == ballot.number and self.remark <= len(ballot.remarks)


class BallotLeft(FromPage, frozen=True):
    """Nobody is at that ballot any longer."""

    number: Annotated[int, Meta(ge=1)]


class OfACampaign(FromPage, frozen=True):
    """Something of a campaign's."""

    campaign: Key


class OfAHolder(OfACampaign, frozen=True):
    """Something of whoever has shown a pass; `shown`: how often anybody had, when it was touched."""

    shown: Annotated[int, Meta(ge=0)] = 0


class TakeIt(OfAHolder, frozen=True):
    """Whoever has shown a pass takes what is theirs."""


class GiveIt(OfAHolder, frozen=True):
    """A steward has handed it to whoever has shown a pass."""


class OneMore(OfACampaign, frozen=True):
    """Somebody takes one of what needs no pass."""


class Opening(OfACampaign, frozen=True):
    """A steward opens to everybody what needs no pass, for a time or for a number; with neither it is closed."""

    seconds: Annotated[int, Meta(ge=0, le=MOST_OPEN)] = 0
    count: Pieces = 0


class Counting(FromPage, frozen=True):
    """A steward has counted what is there."""

    item: Key
    counted: Pieces


class Filling(FromPage, frozen=True):
    """A steward has put so many of an item into a slot, or into the store; `month`: until when it is good."""

    item: Key
    count: Pieces
    slot: Annotated[str, Meta(max_length=64)] = ""
    month: Month = ""


class SuppliesLeft(FromPage, frozen=True):
    """Whoever has shown a pass has gone."""


class ForADoctor(FromPage, frozen=True):
    """Somebody wants to speak with a doctor."""


class ConsultLeft(FromPage, frozen=True):
    """Nobody is at the doctor's link any longer."""


OfSupplies = TakeIt | GiveIt | OneMore | Opening | Counting | Filling | SuppliesLeft
Asked = Touch | Voice | Results | Cleaned | Left | Cast | BallotLeft | OfSupplies | ForADoctor | ConsultLeft

PATHS: Final[Mapping[str, type[Asked]]] = {
    "/touched": Touch,
    "/said": Voice,
    "/round": Results,
    "/cleaned": Cleaned,
    "/left": Left,
    "/cast": Cast,
    "/ballot-left": BallotLeft,
    "/take": TakeIt,
    "/give": GiveIt,
    "/one": OneMore,
    "/open": Opening,
    "/count": Counting,
    "/fill": Filling,
    "/supplies-left": SuppliesLeft,
    "/consult": ForADoctor,
    "/consult-left": ConsultLeft,
}
"""What may be sent where. Each counts as a touch, whichever it is."""


class Drawn(FromPage, frozen=True):
    """The page is there: of what it is `made`, how many `frames` the display has taken, and its size in pixels."""

    made: Annotated[str, Meta(max_length=64)]
    frames: Annotated[int, Meta(ge=0)]
    width: Annotated[int, Meta(ge=0)]
    height: Annotated[int, Meta(ge=0)]

    def goes_on(self, made: str, frames: int) -> bool:
        """Whether a page of this make is drawn, and was again since the display had taken so many frames."""
        return self.made == made and self.frames != frames and bool(self.width and self.height)


def message(asked: Asked, ballot: BallotView | None = None) -> DeskMessage | None:
    """For the station; None where a ballot is cast that is not the one that is open.

    What it answers is sealed here: the station never has it in its memory.
    """
    match asked:
        case Touch(_, answer, question):
            return Touched(answer, question)
        case Voice(_, place, what):
            return Say(place, what)
        case Results(_, results, version):
            return Round(results, version)
        case Cleaned():
            return Clean()
        case Left():
            return LeaveRound()
        case Cast():
            return _sealed(asked, ballot) if ballot and asked.fits(ballot) else None
        case BallotLeft(_, number):
            return LeaveBallot(number)
        case TakeIt() | GiveIt() | OneMore() | Opening() | Counting() | Filling() | SuppliesLeft():
            return _of_supplies(asked)
        case ForADoctor():
            return Consult()
        case ConsultLeft():
            return LeaveConsult()
        case _:
            assert_never(asked)


def _sealed(cast: Cast, ballot: BallotView) -> CastBallot:
    """Where the poll asks for remarks there is one of each ballot, so that it does not tell who has said something."""
    poll = bytes.fromhex(ballot.poll)
    remark = seal_remark(poll, ballot.key, cast.said) if ballot.remarks else b""
    return CastBallot(cast.number, seal_answers(poll, ballot.key, cast.answers), remark)


def _of_supplies(asked: OfSupplies) -> SupplyTouch:
    match asked:
        case TakeIt(_, campaign, shown):
            return Take(campaign, shown)
        case GiveIt(_, campaign, shown):
            return Give(campaign, shown)
        case OneMore(_, campaign):
            return GiveOne(campaign)
        case Opening(_, campaign, seconds, count):
            return OpenCampaign(campaign, seconds, count)
        case Counting(_, item, counted):
            return Count(item, counted)
        case Filling(_, item, count, slot, month):
            return Fill(item, count, slot, month)
        case SuppliesLeft():
            return LeaveSupplies()
        case _:
            assert_never(asked)
