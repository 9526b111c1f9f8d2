"""What kiosk desk and the station tell each other: what was touched inside, and what is shown there."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from kiosk.wire.base import Key, Message
from kiosk.wire.views import NoticeView

MAX_TOUCH: Final = 4096
"""Bytes of a line of the desk's."""

MAX_DESK: Final = 64 * 1024
"""Bytes of what is shown inside: a display that is behind gets what is most urgent and newest."""


MOST_PIECES: Final = 9999
"""That a steward may count, fill in or hand out at a time."""

MOST_OPEN: Final = 12 * 3600
"""Seconds for which a campaign may be open to everybody."""

Pieces = Annotated[int, Meta(ge=0, le=MOST_PIECES)]
Month = Annotated[str, Meta(pattern=r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?\Z", max_length=7)]


class Touched(Message, frozen=True):
    """Somebody touched an answer to a question (`station`, or one of the view's) on the display, 0 (the best) to 3.

    Answered by Kept once it is on the disk.
    """

    answer: Annotated[int, Meta(ge=0, le=3)]
    question: Key = "station"


class Say(Message, frozen=True):
    """Somebody says on the display what is wrong, in words of kiosk/core/desk/vocabulary.py. Answered as a touch is."""

    place: Key
    what: Key


class Round(Message, frozen=True):
    """What the steward whose round is open found: for each item of the view's checklist `yes`, `no` or `YYYY-MM`.

    `version`: of the checklist that was answered; Refused where another is in force by now. Answered by Kept once it is in the
    logbook; the round goes on, for another.
    """

    results: Annotated[dict[Key, Annotated[str, Meta(max_length=7)]], Meta(max_length=24)]
    version: Annotated[int, Meta(ge=0)]


class Clean(Message, frozen=True):
    """The steward whose round is open says that it is clean. Answered as a round is."""


class LeaveRound(Message, frozen=True):
    """The steward's round is over. Answered by Kept."""


class CastBallot(Message, frozen=True):
    """The ballot that is open in the view is cast; `inner` has its answers, sealed for who counts them.

    `remark`: where the view has remarks, one that is sealed likewise, also where nothing was said.

    Answered by Kept once it is on the disk, and the slip used up; Refused: it is not cast, and the slip is as it was. Without
    an answer whoever shows the slip again is told.
    """

    number: Annotated[int, Meta(ge=1)]
    inner: Annotated[bytes, Meta(max_length=64)]
    remark: Annotated[bytes, Meta(max_length=768)] = b""


class LeaveBallot(Message, frozen=True):
    """Nobody is at the ballot of that number any longer: nothing of it is kept, and the slip is as it was. Answered by Kept."""

    number: Annotated[int, Meta(ge=1)]


class Consult(Message, frozen=True):
    """Somebody wants to speak with a doctor: the view has a link for their own phone from then on, for some minutes.

    Answered by Kept; Refused: `no_doctor` (none is in force), `closed` (outside of the doctor's hours), `too_many`.
    """


class LeaveConsult(Message, frozen=True):
    """Nobody is at the link any longer: it is shown no more. Answered by Kept."""


class Take(Message, frozen=True):
    """Whoever has shown a pass takes what a campaign of the view has for them, from its slot.

    `shown`: as in the view that was touched, so that nobody takes what is whose who has come since; 0: whoever came last.
    Answered by Kept once it is on the disk; then the slot opens. Refused: a word of SupplyView, `too_many`, or `not_saved`.
    """

    campaign: Key
    shown: Annotated[int, Meta(ge=0)] = 0


class Give(Message, frozen=True):
    """The steward whose session is open has handed one to whoever has shown a pass last. `shown`, and answered: as a Take."""

    campaign: Key
    shown: Annotated[int, Meta(ge=0)] = 0


class OpenCampaign(Message, frozen=True):
    """The steward opens a campaign that needs no pass, for some seconds or for so many; with neither it is closed again.

    Answered by Kept; nothing of it is stored, and the next start closes it.
    """

    campaign: Key
    seconds: Annotated[int, Meta(ge=0, le=MOST_OPEN)] = 0
    count: Annotated[int, Meta(ge=0, le=MOST_PIECES)] = 0


class GiveOne(Message, frozen=True):
    """Somebody takes one of a campaign that needs no pass, while it is open. Answered as a Take is."""

    campaign: Key


class Count(Message, frozen=True):
    """The steward has counted what is there of an item of the view. Answered by Kept once it is on the disk.

    What was expected is in the view after that, and not before.
    """

    item: Key
    counted: Pieces


class Fill(Message, frozen=True):
    """The steward has put so many of an item into a slot, or, with no slot, into the store; `month`: until when it is good.

    Answered by Kept once it is on the disk.
    """

    item: Key
    count: Pieces
    slot: Annotated[str, Meta(max_length=64)] = ""
    month: Month = ""


class LeaveSupplies(Message, frozen=True):
    """Whoever has shown a pass has gone: nothing is theirs to take any longer. Answered by Kept. A round's end ends it, too."""


class Displays(Message, frozen=True):
    """Whether the page on the display works. Answered by Kept; Refused: `too_many`."""

    working: bool


class GetDesk(Message, frozen=True):
    """What is to be shown inside? Answered by DeskView."""


DeskTouch = Touched | Say | Round | Clean | LeaveRound
DoctorTouch = Consult | LeaveConsult
SupplyTouch = Take | Give | OpenCampaign | GiveOne | Count | Fill | LeaveSupplies
DeskSays = DeskTouch | SupplyTouch | CastBallot | LeaveBallot | DoctorTouch | Displays
DeskMessage = DeskSays | GetDesk


class QuestionView(Struct, frozen=True):
    """A question that may be answered now, with the four faces: `id` is what a touch names."""

    id: str
    texts: dict[str, str]


class EventView(Struct, frozen=True):
    """Something that takes place at `starts` (seconds since 1970). `picture`: the SHA-256 of one, or empty."""

    texts: dict[str, str]
    starts: float
    picture: str = ""


class AnswerView(Struct, frozen=True):
    """What became of something that was said here: since which day (`YYYY-MM-DD`), and what its owner says, by language.

    `state`: as at the central server. `due`: the day by which it is to be answered, or empty; `late`: that is over.
    """

    place: str
    what: str
    since: str
    state: str
    due: str = ""
    late: bool = False
    words: dict[str, str] = {}


class ItemView(Struct, frozen=True):
    """An item of a round. `kind`: `yes_no` or `month`; `value`: what is known of it already, or empty.

    `proven`: a sensor says so; a yes against it becomes a no. `ends`: of a month, `soon` from 30 days before its end, and then
    `over`: what lies there counts as if it were not there.
    """

    key: str
    texts: dict[str, str]
    kind: str
    value: str = ""
    proven: bool = False
    ends: Literal["", "soon", "over"] = ""


class RoundView(Struct, frozen=True):
    """A steward's round that is open, by the checklist in force, of that version.

    `seconds`: how long it stays open without a touch.
    """

    checklist: str
    version: int
    texts: dict[str, str]
    items: tuple[ItemView, ...] = ()
    seconds: float = 0.0


class BallotView(Struct, frozen=True):
    """A ballot that a slip has opened. `number` tells it from those before; `poll`: its id, hexadecimal.

    `words`: the six that stand on the slip too; `questions`: seven, by language; `key`: what the answers are sealed to, Base64.
    `cards`: how many of the ballot's cards were shown at the desk's reader meanwhile; `card`: the last one, 0 to 5.
    `remarks`: those that are prepared, where the poll asks for one.
    """

    number: int
    poll: str
    words: str
    title: dict[str, str]
    questions: tuple[dict[str, str], ...]
    key: bytes
    cards: int = 0
    card: int = 0
    remarks: tuple[dict[str, str], ...] = ()


class DoctorView(Struct, frozen=True):
    """The doctor whom a document in force names, and the number to call.

    `reachable`: the station has a network, and it is within the doctor's hours; `since`: since when that is as it is, in
    seconds since 1970, 0 where nobody knows. `opens`: when the hours begin next, 0 within them. `link`: after a touch, for
    `seconds` more, the one-time address for somebody's own phone; nothing in it says whose.
    """

    texts: dict[str, str]
    call: str
    reachable: bool
    since: float = 0.0
    opens: float = 0.0
    link: str = ""
    seconds: float = 0.0


class MedicineView(Struct, frozen=True):
    """A hospital has released a medicine, and that was shown at the desk's reader.

    `state`: `pass` (its holder's pass is to be shown now), `wait` (it is written down), `take` (the slot is released: take it,
    and close the slot). `seconds`: how long that lasts.
    """

    state: Literal["pass", "wait", "take"]
    item: str
    slot: str
    seconds: float = 0.0


class NearestView(Struct, frozen=True):
    """The nearest other station that had some `left` `age` seconds ago. `metres`: None where this one's place is not known."""

    texts: dict[str, str]
    left: int
    age: float
    metres: float | None = None


class SupplyView(Struct, frozen=True):
    """A campaign in force: for whoever has shown a pass last, if the time of that is not over, else for nobody in particular.

    `state` is one of

    - `show_pass`: there is something to take with a pass; `closed`, `open`: of a campaign that needs none;
    - `yours`: it may be taken, from `slot`; `steward`: a steward hands it over; `unsure`: likewise, since the program ended
      while a slot was released for them, and nobody knows whether they took it;
    - `granted`: `slot` is about to open, or open: take it, and close it; `taken`: that was told just now;
    - `not_taken`: nobody opened it in time, and nothing is used up; `not_saved`: nor was it on the disk;
    - `had`: here, in this period; `elsewhere`: at another station;
    - `stale`: this station knows too little of the others, and gives it to nobody, or to its own alone;
    - `empty`: there is none left (`nearest`); `wait`: its slot is in use or open; `slot_fault`: its slots do not work;
    - `not_for_you`: not for that class of passes; `no_time`: of one a day or a week, and the day is not proven;
    - `disk`: nothing can be kept; `full`: no more can be; `unclear`: it names the slots of another campaign.

    `touch`: what one touch does now: `take`, `give` (the steward's) or `one`; empty: nothing. `seconds` and `left`: of one
    that is open, for how long, or how many.
    """

    campaign: str
    texts: dict[str, str]
    state: str
    slot: str = ""
    nearest: NearestView | None = None
    touch: Literal["", "take", "give", "one"] = ""
    seconds: float = 0.0
    left: int | None = None


class StockView(Struct, frozen=True):
    """An item that may be counted or filled in; `texts`: of its campaign, none where it has none."""

    item: str
    texts: dict[str, str] = {}


class SlotView(Struct, frozen=True):
    """A slot that may be filled, which `holds` so many; `item`: what lies in it, as far as it is known."""

    slot: str
    holds: int
    item: str = ""


class CountedView(Struct, frozen=True):
    """What the steward has just counted, and what was expected, if anything was."""

    item: str
    counted: int
    expected: int | None = None


class HandingView(Struct, frozen=True):
    """A steward's session for supplies. `seconds`: how long it stays open without a touch.

    `items`: to be counted blind, or filled into `slots`; `campaigns`: those to be opened to everybody; `holder`: somebody has
    shown a pass, to whom what `supplies` says may be given; `counted`: what was counted last, for a while.
    """

    seconds: float
    items: tuple[StockView, ...] = ()
    slots: tuple[SlotView, ...] = ()
    campaigns: tuple[str, ...] = ()
    holder: bool = False
    counted: CountedView | None = None


class DeskView(Message, frozen=True):
    """What is shown inside: nothing of answers, of how many there are, or of who came in. As in the view: texts and notices.

    `answers`: the late ones first. `round`: after a steward's pass was shown at the desk's reader, for some minutes.
    `expiring`: items of the checklist whose month ends soon, or is over. `told`: what became of the code that was shown there
    last, for some seconds: `card_kept`, `card_not_kept`, `round_open`, `no_steward`, `no_checklist`, a word of
    kiosk/core/desk/ballot.py, `release_` and an outcome of kiosk/trust/outcomes.py, or a reason of kiosk/trust/reasons.py.
    `ballot`: after a slip was shown there. `doctor`: where one is in force; `medicine`: after a release was shown.
    `supplies`: campaigns in force; `holder`: somebody has shown a pass there, of whom they speak, and `shown` counts how often
    anybody has, so that one who comes between two looks is seen; `handing`: after a steward's
    pass was shown at the desk's reader, for some minutes. `nobody`: the room is provably empty. `extended`: whoever showed a
    pass last needs longer.
    """

    station: str
    texts: dict[str, str] = {}
    notices: tuple[NoticeView, ...] = ()
    events: tuple[EventView, ...] = ()
    questions: tuple[QuestionView, ...] = ()
    answers: tuple[AnswerView, ...] = ()
    round: RoundView | None = None
    ballot: BallotView | None = None
    doctor: DoctorView | None = None
    medicine: MedicineView | None = None
    expiring: tuple[ItemView, ...] = ()
    supplies: tuple[SupplyView, ...] = ()
    holder: bool = False
    shown: int = 0
    handing: HandingView | None = None
    told: str = ""
    nobody: bool = False
    extended: bool = False


class Kept(Message, frozen=True):
    """What was touched is on the disk."""
