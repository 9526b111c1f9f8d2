"""What is stored of what people said inside, at each touch: counts and words, sorted, and no times.

What leaves gets the urn's id and the next number. So it is the same one wherever it comes from, and a power cut between any two
writes doubles nothing. It lies here until the logbook has it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.desk import ratings, voices
from kiosk.core.desk.ratings import Bundle
from kiosk.core.desk.voices import Kind, Lying
from kiosk.core.entries import Cleaned, Inspected, Rated, Voiced
from kiosk.trust.service import STATION

MOST_QUESTIONS: Final = 12
"""Further questions that have a bundle. Those that come later wait until one has ended, and its answers have left."""

MOST_LEAVING: Final = 16
"""What waits for the logbook at once: what is beyond that waits where it lies. All together fits a slot of the file."""

Leaves = Rated | Voiced | Inspected | Cleaned


class Urn(Struct, frozen=True, omit_defaults=True):
    """`id` is random, and made with the urn; `generation`: the number of what leaves next.

    `open`: how content people are with the station; `questions`: what they answer else, by id; `looked_at`: the week up to
    which the bundles were looked at; `begun_in`: the week in whose middle a question was begun last.

    `months`: until when what lies in the medicine box is good, by the item of the checklist.

    `sealed`: what version 0.7.0 had waiting.
    """

    id: str
    open: Bundle = Bundle()
    looked_at: int | None = None
    generation: int = 0
    sealed: Rated | None = None
    leaving: tuple[Leaves, ...] = ()
    questions: dict[str, Bundle] = {}
    begun_in: int | None = None
    voices: Lying = ()
    months: dict[str, str] = {}

    def takes(self, question: str) -> bool:
        """Whether it may be answered now."""
        return question == STATION or (question in self.questions and self.questions[question].over is None)

    @property
    def has_room(self) -> bool:
        """Whether something more may leave."""
        return len(self.leaving) < MOST_LEAVING

    @property
    def takes_round(self) -> bool:
        """Whether a round may leave: one at a time, since it is as long as many others."""
        return self.has_room and not any(isinstance(each, Inspected) for each in self.leaving)


def opened(urn: Urn) -> Urn:
    """As it was stored, by whichever version."""
    return replace(urn, sealed=None, leaving=(urn.sealed, *urn.leaving)) if urn.sealed else urn


def left(urn: Urn, found: Leaves) -> Urn:
    """That leaves, under the next number."""
    numbered = replace(found, urn=urn.id, generation=urn.generation)
    return replace(urn, leaving=(*urn.leaving, numbered), generation=urn.generation + 1)


def arrived(urn: Urn, numbers: Collection[int]) -> Urn:
    """The logbook has these."""
    return replace(urn, leaving=tuple(each for each in urn.leaving if each.generation not in numbers))


def rated(urn: Urn, answer: int, question: str = STATION) -> Urn:
    """Somebody touched an answer; to what is not asked there is none."""
    return _with(urn, question, ratings.rated(_bundle(urn, question), answer)) if urn.takes(question) else urn


def entered(urn: Urn, index: int) -> Urn:
    """The holder of a pass came in, and may answer each question."""
    for question in (STATION, *urn.questions):
        urn = _with(urn, question, ratings.entered(_bundle(urn, question), index))
    return urn


def asked(urn: Urn, questions: Sequence[str], week: int) -> Urn:
    """These are asked in that week, the oldest first: those that have a bundle already, and others while there is room.

    In the middle of a week one is begun; the next wait for Monday. A question a day would make a bundle of each day.
    """
    held = {name: _asked(each, week, now=name in questions) for name, each in urn.questions.items()}
    held = {name: each for name, each in held.items() if each.over is None or any(each.counts)}
    new = [name for name in questions if name not in held][: MOST_QUESTIONS - len(held)]
    if new and urn.looked_at == week:
        new = new[: urn.begun_in != week]
        urn = replace(urn, begun_in=week if new else urn.begun_in)
    held |= dict.fromkeys(new, Bundle(week))
    return urn if held == urn.questions else replace(urn, questions=dict(sorted(held.items())))


def _asked(bundle: Bundle, week: int, *, now: bool) -> Bundle:
    if now is (bundle.over is None):
        return bundle
    return replace(bundle, over=None if now else week)


def turned(urn: Urn, week: int) -> Urn:
    """The urn as it is in that week: on a Monday that has come since the last look, each bundle is looked at, once."""
    if urn.looked_at is None or week < urn.looked_at:
        held = {name: ratings.dated(each, week) for name, each in urn.questions.items()}
        return replace(urn, looked_at=week, open=ratings.dated(urn.open, week), questions=held)
    if week == urn.looked_at:
        return urn
    urn = replace(urn, looked_at=week)
    for question in (STATION, *urn.questions):
        urn = _looked_at(urn, question, week)
    return urn


def _looked_at(urn: Urn, question: str, week: int) -> Urn:
    bundle = _bundle(urn, question)
    if ratings.thrown_away(bundle, week):
        return _with(urn, question, None)
    waiting = ratings.waits(bundle, week)
    if waiting is not None or not urn.has_room:
        return _with(urn, question, waiting or bundle)
    urn = left(urn, ratings.closed(question, bundle, week))
    return _with(urn, question, Bundle(week) if bundle.over is None else None)


def voiced(urn: Urn, place: str, what: str, day: int | None) -> Urn:
    """Somebody said that something is wrong."""
    return _lying(urn, voices.said(urn.voices, place, what, day))


def dawned(urn: Urn, day: int) -> Urn:
    """The urn as it is on that day: what has lain long enough leaves."""
    urn = _lying(urn, voices.dated(urn.voices, day))
    for kind in voices.ripe(urn.voices, day):
        if urn.has_room:
            rest, told = voices.taken(urn.voices, kind, day)
            urn = left(replace(urn, voices=rest), told)
    return urn


def pressed(urn: Urn, kind: Kind) -> Urn:
    """What is urgent leaves now."""
    rest, told = voices.taken(urn.voices, kind)
    return left(replace(urn, voices=rest), told)


def _lying(urn: Urn, lying: Lying) -> Urn:
    return urn if lying == urn.voices else replace(urn, voices=lying)


def _bundle(urn: Urn, question: str) -> Bundle:
    return urn.open if question == STATION else urn.questions[question]


def _with(urn: Urn, question: str, bundle: Bundle | None) -> Urn:
    if question == STATION:
        return replace(urn, open=bundle or Bundle())
    rest = {name: each for name, each in urn.questions.items() if name != question}
    return replace(urn, questions=dict(sorted((rest | ({question: bundle} if bundle else {})).items())))
