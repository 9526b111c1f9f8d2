"""What each kind of a service is in TOML, why it cannot be meant, and what is signed of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Final, Literal, assert_never

import msgspec

from kiosk.central.coordinates import in_china
from kiosk.central.sheets import FACILITIES
from kiosk.central.voices.case import State
from kiosk.core.desk.vocabulary import PLACES, WHATS
from kiosk.language import _
from kiosk.settings.table import Table, Wrong, did_you_mean
from kiosk.trust.policy import Scope
from kiosk.trust.service import (
    LANGUAGE,
    LONGEST,
    LONGEST_LINE,
    MOST_ALSO,
    MOST_CASES,
    MOST_DAYS,
    MOST_ITEMS,
    MOST_LANGUAGES,
    NOTICE,
    STATION,
    AnsweredCase,
    Answers,
    Body,
    Campaign,
    Checklist,
    Doctor,
    Event,
    Item,
    Ledger,
    Notice,
    Place,
    PollBody,
    Proof,
    Question,
    Sheet,
    Stop,
)

STATES: Final = tuple(each.name.lower() for each in State)
KEY: Final = r"[a-z][a-z0-9_]{0,31}"
PREFIX: Final = r"[0-9A-Za-z]{1,12}"


class ServiceFile(Table, frozen=True, kw_only=True):
    """What all have. Both times carry their offset; without `begins` it holds at once.

    Each kind has `wrong`, what is well written and cannot be meant, with the reason; and `body`, what is signed.
    """

    id: str
    ends: datetime
    begins: datetime | None = None
    station: Scope = ""


class NoticeFile(ServiceFile, frozen=True, kw_only=True):
    """What the displays say, at the door and inside."""

    kind: Literal["notice"] = NOTICE
    texts: dict[str, str]
    urgent: bool = False

    def wrong(self) -> Iterator[Wrong]:
        """Of its texts."""
        yield from wrong_texts(self.texts, ("texts",))

    def body(self) -> Notice:
        """A notice."""
        return Notice(self.texts, self.urgent)


class QuestionFile(ServiceFile, frozen=True, kw_only=True):
    """What is asked inside, with the same four answers."""

    kind: Literal["question"]
    texts: dict[str, str]

    def wrong(self) -> Iterator[Wrong]:
        """Of its texts, and of an id that another question has."""
        if self.id == STATION:
            yield ("id",), _("is the question that always stands; take another id")
        yield from wrong_texts(self.texts, ("texts",))

    def body(self) -> Question:
        """A question."""
        return Question(self.texts)


class EventFile(ServiceFile, frozen=True, kw_only=True):
    """What takes place; `picture`: a file, beside this one or by its whole name."""

    kind: Literal["event"]
    texts: dict[str, str]
    starts: datetime
    picture: str = ""

    def wrong(self) -> Iterator[Wrong]:
        """Of its texts, and of when it is."""
        if self.starts.tzinfo is not None and not 0 <= self.starts.timestamp() <= self.ends.timestamp():
            yield ("starts",), _("it starts after the display has stopped showing it; set ends to when it is over")
        yield from wrong_texts(self.texts, ("texts",))

    def body(self) -> Event:
        """An event, without its picture."""
        return Event(self.texts, int(self.starts.timestamp()))


class CaseFile(Table, frozen=True, kw_only=True):
    """What somebody said, and what became of it; `due`: by when it should have been answered, if it is late."""

    place: str
    what: str
    since: date
    state: str
    due: date | None = None
    late: bool = False
    words: dict[str, str] = msgspec.field(default_factory=dict)

    def wrong(self, at: tuple[str, ...]) -> Iterator[Wrong]:
        """Of its words, which are those of the page."""
        yield from one_of(self.place, PLACES, (*at, "place"))
        yield from one_of(self.what, WHATS.get(self.place, (self.what,)), (*at, "what"))
        yield from one_of(self.state, STATES, (*at, "state"))
        if self.words:
            yield from wrong_texts(self.words, (*at, "words"))

    def case(self) -> AnsweredCase:
        """As it is signed."""
        due = self.due.isoformat() if self.due else ""
        return AnsweredCase(
            self.place, self.what, self.since.isoformat(), self.state, due, late=self.late, words=self.words
        )


class AnswersFile(ServiceFile, frozen=True, kw_only=True):
    """What became of what people said, in the order in which it is shown."""

    kind: Literal["answers"]
    cases: tuple[CaseFile, ...]

    def wrong(self) -> Iterator[Wrong]:
        """Of each case."""
        yield from too_many(self.cases, MOST_CASES, ("cases",), least=0)
        for number, each in enumerate(self.cases, 1):
            yield from each.wrong(("cases", f"{number}"))

    def body(self) -> Answers:
        """Answers."""
        return Answers(tuple(each.case() for each in self.cases))


class ProofFile(Table, frozen=True):
    """A sensor of the stations' settings, and what it must measure, in its unit."""

    sensor: str
    least: float | None = None
    most: float | None = None


class ItemFile(Table, frozen=True, kw_only=True):
    """What a round looks at."""

    key: str
    texts: dict[str, str]
    kind: Literal["yes_no", "month"] = "yes_no"
    proof: ProofFile | None = None

    def wrong(self, at: tuple[str, ...]) -> Iterator[Wrong]:
        """Of its key, its texts and what is to prove it."""
        if not re.fullmatch(KEY, self.key):
            yield (*at, "key"), _("must be at most 32 small letters, digits and underscores, such as medicine_box")
        yield from wrong_texts(self.texts, (*at, "texts"), LONGEST_LINE)
        if self.proof is None:
            return
        bounds = [each for each in (self.proof.least, self.proof.most) if each is not None]
        if not 1 <= len(self.proof.sensor) <= 64:
            yield (*at, "proof", "sensor"), _("must have 1 to {most} characters", most=64)
        if not bounds or bounds != sorted(bounds):
            yield (*at, "proof"), _("needs least, most, or both in this order")
        if self.kind == "month":
            yield (*at, "proof"), _("no sensor proves a month")

    def item(self) -> Item:
        """As it is signed."""
        proof = self.proof
        return Item(self.key, self.texts, self.kind, Proof(proof.sensor, proof.least, proof.most) if proof else None)


class ChecklistFile(ServiceFile, frozen=True, kw_only=True):
    """What a round looks at, and how many days there are from one to the next."""

    kind: Literal["checklist"]
    texts: dict[str, str]
    items: tuple[ItemFile, ...]
    every: int = 7

    def wrong(self) -> Iterator[Wrong]:
        """Of each item, and of two with one key."""
        yield from wrong_texts(self.texts, ("texts",), LONGEST_LINE)
        if not 1 <= self.every <= MOST_DAYS:
            yield ("every",), _("must be 1 to {most} days", most=MOST_DAYS)
        yield from too_many(self.items, MOST_ITEMS, ("items",))
        keys = [each.key for each in self.items]
        for number, each in enumerate(self.items, 1):
            yield from each.wrong(("items", f"{number}"))
            if each.key in keys[: number - 1]:
                yield ("items", f"{number}", "key"), _("is that of another item, too")

    def body(self) -> Checklist:
        """A checklist."""
        return Checklist(self.texts, tuple(each.item() for each in self.items), self.every)


class PlaceFile(Table, frozen=True):
    """Where something stands, in degrees (WGS 84)."""

    latitude: float
    longitude: float


class SheetFile(ServiceFile, frozen=True, kw_only=True):
    """What a station is called and has, and the further prefixes whose passes are good there."""

    kind: Literal["sheet"]
    texts: dict[str, str]
    facilities: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    place: PlaceFile | None = None

    def wrong(self) -> Iterator[Wrong]:
        """Of its facilities, prefixes and place."""
        yield from wrong_texts(self.texts, ("texts",), LONGEST_LINE)
        for each in self.facilities:
            yield from one_of(each, FACILITIES, ("facilities",))
        yield from too_many(self.also, MOST_ALSO, ("also",), least=0)
        for each in self.also:
            if not re.fullmatch(PREFIX, each):
                yield ("also",), _("{prefix}: must be 1 to 12 digits or letters, as station codes begin", prefix=each)

        if self.place:
            yield from no_place(self.place.latitude, self.place.longitude, ("place",))

    def body(self) -> Sheet:
        """A sheet."""
        place = Place(self.place.latitude, self.place.longitude) if self.place else None
        return Sheet(self.texts, tuple(dict.fromkeys(self.facilities)), tuple(dict.fromkeys(self.also)), place)


def wrong_texts(texts: Mapping[str, str], at: tuple[str, ...], longest: int = LONGEST) -> Iterator[Wrong]:
    """Why these are no texts by language, of so many characters; those of LONGEST_LINE are of one line."""
    if not 1 <= len(texts) <= MOST_LANGUAGES:
        yield at, _("must be 1 to {most} texts, each under its language", most=MOST_LANGUAGES)
    for language, text in texts.items():
        if not re.fullmatch(LANGUAGE, language):
            yield (*at, language), _("is no language, such as zh, en or ug")
        if not text.strip():
            yield (*at, language), _("is empty")
        elif len(text) > longest:
            yield (*at, language), _("has {count} characters, and may have {most}", count=len(text), most=longest)
        elif longest == LONGEST_LINE and len(text.splitlines()) > 1:
            yield (*at, language), _("must be one line")


def one_of(value: str, known: Iterable[str], at: tuple[str, ...]) -> Iterator[Wrong]:
    """Why a word is none of those that are known."""
    names = [*known]
    if value not in names:
        yield at, _("{value}: must be one of {names}", value=value, names=", ".join(names)) + did_you_mean(value, names)


def no_place(latitude: float, longitude: float, at: tuple[str, ...]) -> Iterator[Wrong]:
    """Why no station stands there."""
    if not in_china(latitude, longitude):
        yield at, _("is no place in China; degrees, such as latitude 36.65, longitude 117.12")


def too_many(what: tuple[object, ...], most: int, at: tuple[str, ...], least: int = 1) -> Iterator[Wrong]:
    """Why there are not so many."""
    if not least <= len(what) <= most:
        yield at, _("must be {least} to {most}, and not {count}", least=least, most=most, count=len(what))


def texts_of(body: Body) -> Iterator[tuple[str, Mapping[str, str]]]:
    """All texts by language of what is signed, each with where it stands."""
    match body:
        case Answers(cases):
            for number, case in enumerate(cases, 1):
                if case.words:
                    yield f"cases.{number}.words", case.words
        case Checklist(texts, items):
            yield "texts", texts
            for number, item in enumerate(items, 1):
                yield f"items.{number}.texts", item.texts
        case Ledger(stock=stock):
            for number, each in enumerate(stock, 1):
                yield f"stock.{number}.texts", each.texts
        case (
            Notice(texts)
            | Question(texts)
            | Event(texts)
            | Sheet(texts)
            | Campaign(texts)
            | Stop(texts)
            | Doctor(texts)
        ):
            yield "texts", texts
        case PollBody():
            return  # the board's own program shows what is asked
        case _:
            assert_never(body)


def as_said(body: Body) -> dict[str, object]:
    """What stands beside the head in the document."""
    said: dict[str, object] = msgspec.to_builtins(body, builtin_types=(bytes,))
    return said
