"""Campaigns, stops and doctors in TOML, why they cannot be meant, and what is signed of them.

A campaign's key stands in no file: it is made when the campaign is published (:mod:`kiosk.central.campaigns`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from kiosk.central.service_kinds import KEY, PREFIX, ServiceFile, no_place, too_many, wrong_texts
from kiosk.language import _, told
from kiosk.opening import parse_hours
from kiosk.settings import ClassName
from kiosk.settings.table import Table, Wrong
from kiosk.trust.cose import public_key
from kiosk.trust.keyset import key_id
from kiosk.trust.passes import PassClass
from kiosk.trust.service import (
    CALL_PATTERN,
    LONGEST_AGE,
    LONGEST_LINE,
    MOST_HOSPITALS,
    MOST_HOURS,
    MOST_MEDICINES,
    MOST_SLOTS,
    SECRET,
    URL_PATTERN,
    Campaign,
    Doctor,
    HospitalKey,
    Per,
    Stop,
    WhenStale,
)

LONGEST_ID: Final = 20
"""Characters of a campaign's id: the ids of its ledgers begin with it."""

SOONEST: Final = 300
"""Seconds that a ledger counts as fresh, at the least: the centre makes them every minute, and they travel."""

STATION: Final = r"[0-9A-Za-z]{4,12}"
EXAMPLE: Final = "https://doctor.example/s/{token}"
NEAREST, FARTHEST = 10, 10_000
"""Metres of a stop's radius."""


class CampaignFile(ServiceFile, frozen=True, kw_only=True):
    """What is handed out: to whom, how often, from which slots, and what a station does that does not know enough."""

    kind: Literal["campaign"]
    texts: dict[str, str]
    item: str
    per: Per = "once"
    classes: tuple[ClassName, ...] = ("worker",)
    slots: tuple[str, ...] = ()
    when_stale: WhenStale = "home_only"
    ledger_max_age: int = 2 * 3600
    without_pass: bool = False

    def wrong(self) -> Iterator[Wrong]:
        """Of its texts, its words and its slots."""
        yield from wrong_texts(self.texts, ("texts",), LONGEST_LINE)
        if len(self.id) > LONGEST_ID:
            yield ("id",), _("has more than {most} characters: its ledgers are named after it", most=LONGEST_ID)
        yield from _no_word(self.item, ("item",))
        yield from too_many(self.classes, len(PassClass), ("classes",))
        yield from too_many(self.slots, MOST_SLOTS, ("slots",), least=0)
        yield from _no_words(self.slots, ("slots",))
        if self.without_pass and self.slots:
            yield ("slots",), _("no slot opens without a pass: a steward hands it over")
        if not SOONEST <= self.ledger_max_age <= LONGEST_AGE:
            yield ("ledger_max_age",), _("must be {least} to {most} seconds", least=SOONEST, most=LONGEST_AGE)

    def body(self) -> Campaign:
        """A campaign whose key is still to be made."""
        return Campaign(
            self.texts,
            self.item,
            bytes(SECRET),
            self.per,
            tuple(sorted({int(PassClass[each.upper()]) for each in self.classes})),
            self.slots,
            self.when_stale,
            self.ledger_max_age,
            self.without_pass,
        )


class StopFile(ServiceFile, frozen=True, kw_only=True):
    """Where a station on wheels is from `begins` to `ends`; whose passes are good there."""

    kind: Literal["stop"]
    texts: dict[str, str]
    latitude: float
    longitude: float
    prefix: str
    radius: int = 100

    def wrong(self) -> Iterator[Wrong]:
        """Of its texts, its station and its place."""
        yield from wrong_texts(self.texts, ("texts",), LONGEST_LINE)
        if not re.fullmatch(STATION, self.station):
            yield ("station",), _("must be the code of the station on wheels, and not a part of one")
        yield from no_place(self.latitude, self.longitude, ("latitude",))
        if not NEAREST <= self.radius <= FARTHEST:
            yield ("radius",), _("must be {least} to {most} metres", least=NEAREST, most=FARTHEST)
        if not re.fullmatch(PREFIX, self.prefix):
            yield ("prefix",), _("must be 1 to 12 digits or letters, as station codes begin")

    def body(self) -> Stop:
        """A stop."""
        return Stop(self.texts, self.latitude, self.longitude, self.radius, self.prefix)


class HospitalFile(Table, frozen=True, kw_only=True):
    """A hospital's public key, hexadecimal, and the medicines that it may release."""

    public: str
    items: tuple[str, ...]

    def wrong(self, at: tuple[str, ...]) -> Iterator[Wrong]:
        """Of its key and its medicines."""
        if not re.fullmatch(r"[0-9a-f]{64}", self.public) or public_key(bytes.fromhex(self.public)) is None:
            yield (*at, "public"), _("is no public key (Ed25519), of 64 hexadecimal digits")
        yield from too_many(self.items, MOST_MEDICINES, (*at, "items"))
        yield from _no_words(self.items, (*at, "items"))

    def key(self) -> HospitalKey:
        """As it is signed."""
        public = bytes.fromhex(self.public)
        return HospitalKey(key_id(public), public, self.items)


class DoctorFile(ServiceFile, frozen=True, kw_only=True):
    """Where a doctor can be asked, and which hospitals may release what."""

    kind: Literal["doctor"]
    texts: dict[str, str]
    call: str
    url: str
    hours: tuple[str, ...] = ()
    keys: tuple[HospitalFile, ...] = ()

    def wrong(self) -> Iterator[Wrong]:
        """Of its texts, its number, its page, its hours and each key."""
        yield from wrong_texts(self.texts, ("texts",), LONGEST_LINE)
        if not re.fullmatch(CALL_PATTERN, self.call):
            yield ("call",), _("is no telephone number, such as 0531-8200 1234")
        if not re.fullmatch(URL_PATTERN, self.url):
            words = _(
                "must begin with https:// and have {part} once, such as {example}", part="{token}", example=EXAMPLE
            )
            yield ("url",), words
        yield from too_many(self.hours, MOST_HOURS, ("hours",), least=0)
        yield from _no_hours(self.hours)
        yield from too_many(self.keys, MOST_HOSPITALS, ("keys",), least=0)
        known = [each.public for each in self.keys]
        for number, each in enumerate(self.keys, 1):
            yield from each.wrong(("keys", f"{number}"))
            if each.public in known[: number - 1]:
                yield ("keys", f"{number}", "public"), _("is that of another hospital, too")

    def body(self) -> Doctor:
        """A doctor."""
        return Doctor(self.texts, self.call, self.url, self.hours, tuple(each.key() for each in self.keys))


def _no_word(text: str, at: tuple[str, ...]) -> Iterator[Wrong]:
    if not re.fullmatch(KEY, text):
        words = _("{word}: must be at most 32 small letters, digits and underscores", word=text)
        yield at, words


def _no_words(texts: tuple[str, ...], at: tuple[str, ...]) -> Iterator[Wrong]:
    for number, each in enumerate(texts):
        yield from _no_word(each, at)
        if each in texts[:number]:
            yield at, _("{word} is there twice", word=each)


def _no_hours(hours: tuple[str, ...]) -> Iterator[Wrong]:
    for each in hours:
        try:
            parse_hours(each)
        except ValueError as error:
            yield ("hours",), told(str(error))
