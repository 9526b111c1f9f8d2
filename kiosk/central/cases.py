"""What strangers say becomes a case, and what the office does with one: each in one transaction, with what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

import msgspec
from msgspec import Struct

from kiosk.central.roles import STEWARD
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import Act as Audited
from kiosk.central.store.entries import Held, Wanted
from kiosk.central.store.sightings import OpenFault
from kiosk.central.store.voices import RECEIPTS, CaseAct, Part, Remark
from kiosk.central.voices import receipts
from kiosk.central.voices.case import Act, Answer, Case, Denied, Event, Own, event_of, received, said_again, step
from kiosk.central.voices.owners import OwnerRule, owner_of
from kiosk.core.desk.vocabulary import DID_NOT_OPEN, LONGEST_TEXT, Source, urgent
from kiosk.foreign import visible, visible_lines
from kiosk.language import _

HOUR: Final = 3600.0
SAME_FOR: Final = 86_400.0
"""Seconds for which the same thing said again is the same case."""

ALWAYS: Final = -1.0
"""Before anything was said."""

REFUSALS_OF: Final = 1800.0
"""Seconds before somebody says that the door did not open of which refusals are told."""

MOST_REFUSALS: Final = 20


class NotSo(Exception):
    """It is not done; the text says why."""


class Said(Struct, frozen=True):
    """What somebody says: of what, in their own words, with a photograph that was made anew here."""

    station: str
    place: str
    what: str
    text: str = ""
    photo: bytes | None = None
    source: Source = "phone"


class Refusal(Struct, frozen=True):
    """A code that opened nothing: when, at which door, why. Whose it was is not known here."""

    at: float
    door: str
    reason: str


class Evidence(Struct, frozen=True):
    """How a station was at a moment, as far as the server knew; `heard` is None where it never was."""

    at: float
    condition: str
    heard: float | None
    refusals: tuple[Refusal, ...]
    faults: tuple[OpenFault, ...]
    alarms: tuple[OpenFault, ...]


class Cases:
    """Of one store."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store

    # What comes from outside.

    def say(self, said: Said, now: float) -> str:
        """Keep it, with the case of who said the same or with one of its own; the receipt, which nobody keeps."""
        with self._store.transaction():
            case = self._same(said, now, urgent(said.what))
            text = visible_lines(said.text.replace("\r\n", "\n").strip())[:LONGEST_TEXT]
            if text or said.photo:
                self._store.add_remark(case.number, now, text, said.photo)
            receipt = receipts.new_receipt()
            self._store.add_receipt(self._digest(receipt, now), case.number, now)
        return receipts.grouped(receipt)

    def say_inside(self, said: Said, more: int, now: float) -> None:
        """Somebody said it at the display inside, and so many more: there is no receipt."""
        with self._store.transaction():
            self._same(said, now, urgent(said.what), more)

    def found_wrong(self, station: str, place: str, what: str, now: float, unless_since: float | None = None) -> bool:
        """A round found that something is not as it is to be; whether that is a new case.

        It is none while one is open, nor where one began after `unless_since`.
        """
        with self._store.transaction():
            held = self._store.same_case(station, place, what, ALWAYS)
            if held or (unless_since is not None and self._store.last_said(station, what) >= unless_since):
                return False
            self._new(Said(station, place, what, source="round"), now, urgent=False)
        return True

    def did_not_open(self, station: str, now: float, *, much: bool = False) -> None:
        """Keep that somebody could not come in, with what is known of the station; urgent once an hour.

        `much`: so many say it that it only joins the case that is open, if there is one.
        """
        with self._store.transaction():
            held = self._store.same_case(station, "door", DID_NOT_OPEN, now - SAME_FOR)
            if held and much:
                self._store.keep_case(said_again(held, now))
                return
            late = now - self._store.last_urgent(station, DID_NOT_OPEN) >= HOUR
            case = self._same(Said(station, "door", DID_NOT_OPEN), now, late)
            if held is None or now - held.last >= HOUR:
                evidence = self._evidence(station, now)
                self._store.add_evidence(case.number, now, msgspec.json.encode(evidence).decode())

    def _same(self, said: Said, now: float, urgent: bool, more: int = 0) -> Case:
        held = self._store.same_case(said.station, said.place, said.what, now - SAME_FOR)
        if held is None:
            return self._new(said, now, urgent, more)
        again = said_again(held, now, urgent=urgent, people=1 + more)
        self._store.keep_case(again)
        return again

    def _new(self, said: Said, now: float, urgent: bool, more: int = 0) -> Case:
        """A new case, which has an owner if a rule says so."""
        case = received(said.station, said.source, said.place, said.what, now, self._store.calendar, urgent)
        case = msgspec.structs.replace(case, too=more)
        case = msgspec.structs.replace(case, number=self._store.add_case(case))
        rules = self._store.owner_rules(Scope(said.station))
        owner = owner_of(said.station, said.place, rules, self.able(said.station)) if rules else ""
        if not owner:
            return case
        owned = step(case, Own(owner), "", now, self._store.calendar)
        assert isinstance(owned, Case), "what is new can be owned"  # noqa: S101  an invariant of the table
        self._store.keep_case(owned)
        self._store.became(case.number, CaseAct(now, "", Event.OWN.value, owner))
        return owned

    def _evidence(self, station: str, now: float) -> Evidence:
        line = next(iter(self._store.register(EVERYWHERE, station)), None)
        denied = self._store.newest(station, "access", Wanted(("denied",), now - REFUSALS_OF), MOST_REFUSALS)
        return Evidence(
            now,
            line.condition(now) if line else "",
            line.seen.at if line and line.seen else None,
            tuple(map(_refusal, denied)),
            tuple(self._store.faults(station)),
            tuple(self._store.raised(station)),
        )

    def of_receipt(self, text: str, now: float, before: Callable[[], None] = lambda: None) -> Case | None:
        """The case that it is for. Raises WrongReceipt, without having looked; `before` is called before it looks."""
        receipt = receipts.parsed(text)
        before()
        return self._store.case_of(self._digest(receipt, now))

    def _digest(self, receipt: str, now: float) -> bytes:
        return receipts.digest(receipt, self._store.secret_of(RECEIPTS, now))

    # What the office does.

    def able(self, station: str) -> dict[str, str]:
        """The accounts that may answer for a station, each with its prefix."""
        return {
            each.name: each.scope
            for each in self._store.accounts(EVERYWHERE)
            if each.disabled is None and each.role in STEWARD and each.sees.covers(station)
        }

    def act(self, number: int, act: Act, by: str, scope: Scope, now: float, typed_by: str = "") -> Case:
        """Do it. Raises NotSo. `typed_by`: who did it in the name of `by`, for the audit."""
        with self._store.transaction():
            case = self._store.case(number, scope) or _none()
            if isinstance(act, Own) and act.owner not in self.able(case.station):
                raise NotSo(_("{account}: no steward or administrator of this station", account=visible(act.owner)))
            after = step(case, act, by, now, self._store.calendar)
            if isinstance(after, Denied):
                raise NotSo(denied_words(after, case))
            self._store.keep_case(after)
            event, words = event_of(act).value, words_of(act)
            self._store.became(number, CaseAct(now, by, event, words))
            if account := typed_by or by:
                about = f"voice {number}"
                self._store.acted(Audited(account, f"voice {after.state.value}", about, case.station, words), now)
        return after

    def publish(self, number: int, part: Part, by: str, scope: Scope, now: float, *, public: bool) -> Remark:
        """From now on everybody sees that text or photograph, or nobody. Raises NotSo."""
        with self._store.transaction():
            remark = self._store.remark(number, scope) or _none()
            case = self._store.case(remark.case, scope) or _none()
            self._store.publish_remark(number, part, public=public)
            what = "voice published" if public else "voice hidden"
            self._store.acted(Audited(by, what, f"voice {remark.case}", case.station, f"{part} {number}"), now)
        return remark

    def set_rule(self, rule: OwnerRule, by: str, now: float) -> None:
        """From now on what is said there is theirs. Raises NotSo."""
        with self._store.transaction():
            if rule.owner not in self.able(rule.prefix):
                raise NotSo(
                    _("{account}: no steward or administrator of all these stations", account=visible(rule.owner))
                )
            self._store.set_owner_rule(rule)
            self._store.acted(Audited(by, "owner set", rule.place or "*", rule.prefix, rule.owner), now)

    def drop_rule(self, prefix: str, place: str, by: str, now: float) -> None:
        """That rule is none any longer. Raises NotSo."""
        with self._store.transaction():
            if not self._store.drop_owner_rule(prefix, place):
                raise NotSo(_("There is no such rule."))
            self._store.acted(Audited(by, "owner dropped", place or "*", prefix), now)


def _none() -> NoReturn:
    raise NotSo(_("There is no such case, or it is of no station of yours."))


def words_of(act: Act) -> str:
    """What is written down of it."""
    match act:
        case Own():
            return act.owner
        case Answer():
            return visible_lines(": ".join(filter(None, (act.to, act.words))))
        case _:
            return ""


def denied_words(why: Denied, case: Case) -> str:
    """Why it was not done, for whoever tried."""
    words = {
        Denied.NOT_NOW: _("That cannot be done with it as it stands now."),
        Denied.NO_OWNER: _("Nobody owns it yet: somebody must, before it is answered."),
        Denied.NOT_YOURS: _("Its owner answers: {owner}. Take it over first.", owner=case.owner),
        Denied.NO_WORDS: _("There is no end without words: say what was done, or why not."),
        Denied.TOO_LONG: _("500 characters at the most."),
        Denied.NOBODY: _("Say who."),
        Denied.OWN_WORDS: _("Who answered does not confirm it: somebody else does."),
    }
    return words[why]


def _refusal(held: Held) -> Refusal:
    """Of an entry, which may say anything."""
    entry = held.entry
    return Refusal(
        float(entry["wall"]), visible(str(entry.get("door", "")))[:64], visible(str(entry.get("reason", "")))[:64]
    )
