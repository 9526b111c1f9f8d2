"""The page inside: what it is made of, and what it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
import segno
from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.desk.vocabulary import URGENT, WHATS
from kiosk.desk import words as say
from kiosk.index.remarks import LONGEST
from kiosk.loopback import page
from kiosk.loopback.symbol import Symbol, path_of
from kiosk.wire.inside import (
    AnswerView,
    DeskView,
    DoctorView,
    HandingView,
    MedicineView,
    NearestView,
    QuestionView,
    RoundView,
    SupplyView,
)
from kiosk.wire.views import NoticeView

DAY_AND_TIME: Final = "%Y-%m-%d %H:%M"


class EventShown(Struct, frozen=True):
    """An event, with its local time in figures, which all languages share."""

    texts: dict[str, str]
    when: str
    picture: str


class BallotShown(Struct, frozen=True):
    """A ballot that a slip has opened: its number, the six words of its poll, what is asked; and as in the view."""

    number: int
    words: str
    questions: tuple[dict[str, str], ...]
    cards: int = 0
    card: int = 0
    remarks: tuple[dict[str, str], ...] = ()


class DoctorShown(Struct, frozen=True):
    """A doctor, with local times in figures. `link`: the symbol of the one-time address, while there is one."""

    texts: dict[str, str]
    call: str
    reachable: bool
    since: str = ""
    opens: str = ""
    link: Symbol | None = None


class NearestShown(Struct, frozen=True):
    """The nearest other station that had some left: whole minutes ago, and so many kilometres away where that is known."""

    texts: dict[str, str]
    left: int
    minutes: int
    km: str = ""


class SupplyShown(Struct, frozen=True):
    """A campaign, for whoever has shown a pass last; as in the view."""

    campaign: str
    texts: dict[str, str]
    state: str
    slot: str
    touch: str
    left: int | None = None
    nearest: NearestShown | None = None


class Shown(Struct, frozen=True):
    """What the page shows beside its own words. `there`: what is touched can be kept.

    `expired`: what is not to be used, of the medicine box.
    """

    there: bool
    notices: tuple[NoticeView, ...] = ()
    events: tuple[EventShown, ...] = ()
    questions: tuple[QuestionView, ...] = ()
    answers: tuple[AnswerView, ...] = ()
    round: RoundView | None = None
    ballot: BallotShown | None = None
    supplies: tuple[SupplyShown, ...] = ()
    holder: bool = False
    shown: int = 0
    handing: HandingView | None = None
    doctor: DoctorShown | None = None
    medicine: MedicineView | None = None
    expired: tuple[dict[str, str], ...] = ()
    told: str = ""
    nobody: bool = False
    extended: bool = False


AWAY: Final = Shown(there=False)


def shown(view: DeskView | None, offset: float = 0.0) -> Shown:
    """From what the station told; None while it is away. What the policy says stands behind what is urgent.

    `offset`: local time less UTC, in seconds. What changes by time alone is left out, or each second were news.
    """
    if view is None:
        return AWAY
    urgent = tuple(each for each in view.notices if each.urgent)
    texts = (NoticeView(view.texts),) if view.texts else ()
    return Shown(
        there=True,
        notices=urgent + texts + tuple(each for each in view.notices if not each.urgent),
        events=tuple(EventShown(each.texts, _when(each.starts, offset), each.picture) for each in view.events),
        questions=view.questions,
        answers=view.answers,
        round=view.round and replace(view.round, seconds=0.0),
        ballot=_ballot(view),
        supplies=tuple(map(_supply, view.supplies)),
        holder=view.holder,
        shown=view.shown,
        handing=view.handing and replace(view.handing, seconds=0.0),
        doctor=_doctor(view.doctor, offset) if view.doctor else None,
        medicine=view.medicine and replace(view.medicine, seconds=0.0),
        expired=tuple(each.texts for each in view.expiring if each.ends == "over"),
        told=view.told,
        nobody=view.nobody,
        extended=view.extended,
    )


def _ballot(view: DeskView) -> BallotShown | None:
    found = view.ballot
    if found is None:
        return None
    return BallotShown(found.number, found.words, found.questions, found.cards, found.card, found.remarks)


def _supply(supply: SupplyView) -> SupplyShown:
    nearest = _nearest(supply.nearest) if supply.nearest else None
    return SupplyShown(supply.campaign, supply.texts, supply.state, supply.slot, supply.touch, supply.left, nearest)


def _nearest(found: NearestView) -> NearestShown:
    km = "" if found.metres is None else f"{found.metres / 1000:.1f}"
    return NearestShown(found.texts, found.left, int(found.age // 60), km)


def _doctor(doctor: DoctorView, offset: float) -> DoctorShown:
    return DoctorShown(
        doctor.texts,
        doctor.call,
        doctor.reachable,
        _when(doctor.since, offset) if doctor.since else "",
        _when(doctor.opens, offset) if doctor.opens else "",
        _symbol(doctor.link) if doctor.link else None,
    )


@lru_cache(maxsize=1)  # it stands there for minutes, and is asked for each second
def _symbol(link: str) -> Symbol:
    return path_of(segno.make_qr(link, error="m"))


def _when(wall: float, offset: float) -> str:
    """The local time; nothing of what no calendar has."""
    try:
        return datetime.fromtimestamp(wall, UTC).astimezone(timezone(timedelta(seconds=offset))).strftime(DAY_AND_TIME)
    except (ArithmeticError, ValueError, OSError):
        return ""


class Page(page.Page):
    """Of a station of this name; a touch comes with the token, which no page of another address can read."""

    def __init__(self, name: str, token: str, *, cards: bool = False, keyboard: bool = False) -> None:
        """`cards`: a ballot is answered by cards, since the display is not touched; `keyboard`: words can be typed."""
        known = say.words()
        given = {"name": name, "token": token}
        for key in ("away", "privacy"):
            given |= {f"{key}_zh": known[key][0], f"{key}_en": known[key][1]}
        constants = {
            "words": known,
            "languages": say.LANGUAGES,
            "wheres": WHATS,
            "urgent": sorted(URGENT),
            "cards": cards,
            "keyboard": keyboard,
            "longest": LONGEST,
        }
        lines = (f"export const {name} = {msgspec.json.encode(each).decode()};\n" for name, each in constants.items())
        super().__init__(Path(__file__).parent, given, {"/words.js": ("".join(lines), "text/javascript")})
