"""Services: what a station offers beside its door. Each is a document, with a head that all have, and a body by its kind.

A station understands every head, and the bodies here. A kind that it does not know it passes over.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from kiosk.trust.keyset import KeyId, RawKey, UnixTime, Version, key_id
from kiosk.trust.policy import HoursText, Scope
from kiosk.trust.status import unpack

NOTICE: Final = "notice"
POLL: Final = "poll"
CAMPAIGN: Final = "campaign"
LEDGER: Final = "ledger"
STOP: Final = "stop"
DOCTOR: Final = "doctor"

ID: Final = r"[0-9a-z][0-9a-z-]{0,31}"
LANGUAGE: Final = r"[a-z]{2,3}(-[0-9A-Za-z]{2,8}){0,2}"
"""As in RFC 5646: `zh`, `en`, `ug`, `zh-Hant`."""

LONGEST: Final = 500
"""Characters of a text."""

LONGEST_LINE: Final = 80
"""Characters of what must stand in one line."""

MOST_LANGUAGES: Final = 8
MOST_CASES: Final = 24
MOST_ITEMS: Final = 24
MOST_ALSO: Final = 16
MOST_FACILITIES: Final = 32
MOST_DAYS: Final = 366
MOST_OF_A_PICTURE: Final = 200_000
"""Bytes."""

MOST_SLOTS: Final = 32
MOST_HOURS: Final = 32
MOST_HOSPITALS: Final = 8
MOST_MEDICINES: Final = 64
MOST_STOCK: Final = 32
MOST_LEFT: Final = 2**31 - 1
MOST_HOLDERS: Final = 2**24
"""Indices of holders that a ledger may know: ten times a province."""

MOST_NEW: Final = 100_000
WIDTH: Final = 4
"""Indices that a ledger may name beside the one before it, and bytes of each."""

MOST_OF_A_LEDGER: Final = 256 * 1024
"""Bytes, packed."""

LONGEST_AGE: Final = 31 * 86_400
"""Seconds for which a ledger may count as fresh."""

SECRET: Final = 32
"""Bytes of a campaign's key."""

STATION: Final = "station"
"""The question that always stands: how content somebody is with the station. No document may have its id."""

ServiceId = Annotated[str, Meta(pattern=rf"^{ID}\Z", max_length=32)]
Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,31}\Z")]
LanguageTag = Annotated[str, Meta(pattern=rf"^{LANGUAGE}\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
Texts = Annotated[dict[LanguageTag, Text], Meta(min_length=1, max_length=MOST_LANGUAGES)]
Line = Annotated[str, Meta(min_length=1, max_length=LONGEST_LINE)]
Lines = Annotated[dict[LanguageTag, Line], Meta(min_length=1, max_length=MOST_LANGUAGES)]
Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=32)]
"""A name within a document, or of a vocabulary that may grow: what a station does not know it leaves out."""

DAY_PATTERN: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
Day = Annotated[str, Meta(pattern=rf"^{DAY_PATTERN}\Z", max_length=10)]
DayOrNone = Annotated[str, Meta(pattern=rf"^({DAY_PATTERN})?\Z", max_length=10)]
Prefix = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]+\Z", max_length=12)]
"""Of station codes, and not of all."""

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", max_length=64)]
"""SHA-256, hexadecimal."""

StationCode = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{4,12}\Z", max_length=12)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
"""In degrees (WGS 84)."""

PERIOD_PATTERN: Final = r"([0-9]{4}-([0-9]{2}-[0-9]{2}|W[0-9]{2}))?"
Period = Annotated[str, Meta(pattern=rf"^{PERIOD_PATTERN}\Z", max_length=10)]
"""Within which somebody gets one: a day (2026-11-27), a week of ISO 8601 (2026-W48), or empty for the whole campaign."""

Per = Literal["once", "day", "week"]
WhenStale = Literal["home_only", "count_only", "stop"]

CALL_PATTERN: Final = r"\+?[0-9][0-9 -]{1,18}[0-9]"
URL_PATTERN: Final = r"https://[^\s{}\\]{4,120}\{token\}[^\s{}\\]{0,40}"
"""Of one page for each who asks: `{token}` becomes a word that was never used before."""


class ServiceDocument(Struct, frozen=True, tag="service", tag_field="type"):
    """The head of a service: in force from `begins` to `ends`, for the stations whose code begins with `station`.

    `version` is one ascending number over all services. A document takes the place of an older one of its `id`; one that ends
    no later than it was signed withdraws it.
    """

    version: Version
    id: ServiceId
    kind: Kind
    issued_at: UnixTime
    begins: UnixTime
    ends: UnixTime
    station: Scope = ""

    @property
    def withdraws(self) -> bool:
        """Whether it says no more than that there is no such service."""
        return self.ends <= self.issued_at


class Notice(Struct, frozen=True, tag_field="kind", tag=NOTICE):
    """What the display says, by language. An urgent one goes before the others."""

    texts: Texts
    urgent: bool = False


class Question(Struct, frozen=True, tag_field="kind", tag="question"):
    """What is asked inside beside how content somebody is; it has the same four answers."""

    texts: Texts


class Picture(Struct, frozen=True):
    """A picture that is fetched by its hash."""

    sha256: Hash
    size: Annotated[int, Meta(ge=1, le=MOST_OF_A_PICTURE)]
    media_type: Literal["image/jpeg"] = "image/jpeg"


class Event(Struct, frozen=True, tag_field="kind", tag="event"):
    """What takes place, and when it starts."""

    texts: Texts
    starts: UnixTime
    picture: Picture | None = None


class AnsweredCase(Struct, frozen=True):
    """What somebody said of the station, and what became of it.

    `place` and `what`: as in the vocabulary of voices; `state`: its name there in small letters, such as `will_not`; `late`: it
    should have been answered by `due`; `words`: the answer that is published, by language.
    """

    place: Word
    what: Word
    since: Day
    state: Word
    due: DayOrNone = ""
    late: bool = False
    words: Annotated[dict[LanguageTag, Text], Meta(max_length=MOST_LANGUAGES)] = {}


class Answers(Struct, frozen=True, tag_field="kind", tag="answers"):
    """What became of what people said of the station, in the order in which it is shown."""

    cases: Annotated[tuple[AnsweredCase, ...], Meta(max_length=MOST_CASES)]


class Proof(Struct, frozen=True):
    """A sensor of the settings that proves an item: `no` outside of `least` to `most`, in its unit."""

    sensor: Annotated[str, Meta(min_length=1, max_length=64)]
    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where it proves nothing."""
        bounds = [each for each in (self.least, self.most) if each is not None]
        if not bounds or bounds != sorted(bounds):
            raise ValueError("a proof needs least, most, or both in this order")


class Item(Struct, frozen=True):
    """What a round looks at: a yes or no, or the month in which a lot expires."""

    key: Word
    texts: Lines
    kind: Literal["yes_no", "month"] = "yes_no"
    proof: Proof | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where no sensor can prove it."""
        if self.proof and self.kind == "month":
            raise ValueError("no sensor proves a month")


class Checklist(Struct, frozen=True, tag_field="kind", tag="checklist"):
    """What a round looks at, in its order; there is to be one `every` so many days."""

    texts: Lines
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=MOST_ITEMS)]
    every: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = 7

    def __post_init__(self) -> None:
        """Raises ValueError where two items have one key."""
        if len({each.key for each in self.items}) < len(self.items):
            raise ValueError("two items have the same key")


class Place(Struct, frozen=True):
    """Where a station stands."""

    latitude: Latitude
    longitude: Longitude


class Sheet(Struct, frozen=True, tag_field="kind", tag="sheet"):
    """What a station is: its name, its facilities, and `also`: passes that are good in those prefixes are good here, too.

    `place`: where it stands, from which the nearest other one is told.
    """

    texts: Lines
    facilities: Annotated[tuple[Word, ...], Meta(max_length=MOST_FACILITIES)] = ()
    also: Annotated[tuple[Prefix, ...], Meta(max_length=MOST_ALSO)] = ()
    place: Place | None = None


class PollBody(Struct, frozen=True, tag_field="kind", tag=POLL):
    """A poll of the happiness index: the file of the election board, byte for byte (:mod:`kiosk.index.poll`)."""

    poll: Annotated[bytes, Meta(min_length=1)]


class Campaign(Struct, frozen=True, tag_field="kind", tag=CAMPAIGN):
    """What is handed out, one for each holder of a pass, or one `per` day or week.

    `classes`: of passes, by number; `slots`: doors of the settings behind which it lies (a station that has none of them: a
    steward hands it over); `when_stale`: what a station does that has no ledger of at most `ledger_max_age` seconds; `key`: of
    which marks are made (:mod:`kiosk.trust.tokens`); `without_pass`: for everybody, counted alone.
    """

    texts: Lines
    item: Word
    key: Annotated[bytes, Meta(min_length=SECRET, max_length=SECRET)]
    per: Per = "once"
    classes: Annotated[tuple[Annotated[int, Meta(ge=0, lt=256)], ...], Meta(min_length=1, max_length=16)] = (0,)
    slots: Annotated[tuple[Word, ...], Meta(max_length=MOST_SLOTS)] = ()
    when_stale: WhenStale = "home_only"
    ledger_max_age: Annotated[int, Meta(ge=60, le=LONGEST_AGE)] = 2 * 3600
    without_pass: bool = False

    def __repr__(self) -> str:
        """Without its key: whoever has it can tell from its marks who has had one."""
        return f"Campaign(texts={self.texts!r}, item={self.item!r})"


class StockAt(Struct, frozen=True):
    """A station that had so many left at `at`, as far as it was known."""

    station: StationCode
    texts: Lines
    left: Annotated[int, Meta(ge=0, le=MOST_LEFT)]
    at: UnixTime
    latitude: Latitude
    longitude: Longitude


class Ledger(Struct, frozen=True, dict=True, tag_field="kind", tag=LEDGER):
    """Which holders have had one of a campaign in a period, as far as the centre knew at `at` (:mod:`kiosk.trust.ledger`).

    `since` 0: all of them, a bit for each index below `size`. Else those of whom it heard after `since` alone. Unpacked, which
    is done once, the bits are 2 MiB at the most (`unpacked`), and those indices 0.4 MiB (`new`).
    """

    campaign: ServiceId
    at: UnixTime
    size: Annotated[int, Meta(ge=0, le=MOST_HOLDERS)]
    bits: Annotated[bytes, Meta(max_length=MOST_OF_A_LEDGER)]
    since: UnixTime = 0
    period: Period = ""
    stock: Annotated[tuple[StockAt, ...], Meta(max_length=MOST_STOCK)] = ()

    def __post_init__(self) -> None:
        """Raises ValueError where it ends before it begins, or its bits are none."""
        if self.since > self.at:
            raise ValueError("since is after at")
        bits = unpack(self.bits, MOST_NEW * WIDTH if self.since else MOST_HOLDERS // 8)
        if bits is None or (len(bits) % WIDTH if self.since else len(bits) != -(-self.size // 8)):
            raise ValueError("bits are no zlib of what a ledger says")

    @cached_property
    def unpacked(self) -> bytes:
        """The bits of a whole one."""
        return unpack(self.bits, MOST_HOLDERS // 8) or b""

    @cached_property
    def new(self) -> array[int]:
        """The indices of any other, ascending; what no register has is nobody's."""
        steps = unpack(self.bits, MOST_NEW * WIDTH) or b""
        found = list(accumulate(struct.unpack(f">{len(steps) // WIDTH}I", steps)))
        return array("I", found[: bisect_left(found, MOST_HOLDERS)])


class Stop(Struct, frozen=True, tag_field="kind", tag=STOP):
    """Where a station on wheels is from `begins` to `ends`, within `radius` metres.

    Passes that are good in `prefix` are good while it stands there.
    """

    texts: Lines
    latitude: Latitude
    longitude: Longitude
    radius: Annotated[int, Meta(ge=10, le=10_000)]
    prefix: Prefix


class HospitalKey(Struct, frozen=True):
    """The public half of a key with which a hospital releases these medicines, and no others."""

    kid: KeyId
    public: RawKey
    items: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=MOST_MEDICINES)]

    def __post_init__(self) -> None:
        """Raises ValueError where its name is not its own."""
        if self.kid != key_id(self.public):
            raise ValueError("kid is not the name of this key")


class Doctor(Struct, frozen=True, tag_field="kind", tag=DOCTOR):
    """Where a doctor can be asked: the number to call, a page for the worker's own phone, and when somebody is there.

    `url` has `{token}`, in whose place stands another word each time; `hours` are local, none: always.
    """

    texts: Lines
    call: Annotated[str, Meta(pattern=rf"^{CALL_PATTERN}\Z", max_length=20)]
    url: Annotated[str, Meta(pattern=rf"^{URL_PATTERN}\Z", max_length=200)]
    hours: Annotated[tuple[HoursText, ...], Meta(max_length=MOST_HOURS)] = ()
    keys: Annotated[tuple[HospitalKey, ...], Meta(max_length=MOST_HOSPITALS)] = ()

    def __post_init__(self) -> None:
        """Raises ValueError where two keys have one name."""
        if len({each.kid for each in self.keys}) < len(self.keys):
            raise ValueError("two keys have the same kid")


Body = Notice | Question | Event | Answers | Checklist | Sheet | PollBody | Campaign | Ledger | Stop | Doctor
KINDS: Final = frozenset(str(each.__struct_config__.tag) for each in get_args(Body))
"""Those that a station keeps; it reads what each says."""


def body_in(head: ServiceDocument, said: Mapping[str, Any]) -> Body | None:
    """What a service says, from its whole payload; None for a kind whose body is not read. Raises msgspec.ValidationError."""
    if head.kind not in KINDS or head.withdraws:
        return None
    if head.kind == "question" and head.id == STATION:
        raise msgspec.ValidationError(f"the question {STATION} always stands")
    found: Body = msgspec.convert({**said, "kind": head.kind}, Body, builtin_types=(bytes,))
    if isinstance(found, PollBody) and head.id != poll_name(found.poll):
        raise msgspec.ValidationError("this poll has another id: somebody has changed it")
    return found


def poll_name(poll: bytes) -> str:
    """The id of a service that is this poll: the first half of the file's SHA-256, which is what an id has room for."""
    return hashlib.sha256(poll).hexdigest()[:32]
