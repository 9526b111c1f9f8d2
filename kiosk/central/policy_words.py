"""What a policy does, in words: for the command line and the office alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from kiosk.central.policy_preview import CHINA, Span
from kiosk.central.reach import EffectAt
from kiosk.language import _
from kiosk.trust.passes import PassClass
from kiosk.wording.words import listed, word

HOUR = 3600


def time_of(at: float, *, ends: bool = False) -> str:
    """The time of a day where the stations are; midnight at a day's end is 24:00."""
    text = f"{datetime.fromtimestamp(at + CHINA, UTC):%H:%M}"
    return "24:00" if ends and text == "00:00" else text


def who_in_words(span: Span) -> str:
    """Who may open then."""
    if span.everybody:
        return _("everybody, without a pass")
    if len(span.classes) == len(PassClass):
        return _("all passes")
    return listed(class_in_words(each) for each in span.classes) or _("nobody")


def class_in_words(pass_class: int) -> str:
    """A class, as people call it."""
    return word(PassClass(pass_class).name.lower())


def span_in_words(span: Span) -> str:
    """From when to when, and who."""
    return f"{time_of(span.begins)}-{time_of(span.ends, ends=True)} {who_in_words(span)}"


def effect_in_words(found: EffectAt, holders: Mapping[int, int]) -> str:
    """What changes for a class at a door, and how many hold a pass of it."""
    each = found.effect
    words = _(
        "{count} stations, {door}, {name} ({holders} holders): {before:.1f} h a week become {after:.1f} h",
        count=found.stations,
        door=each.door,
        name=class_in_words(each.pass_class),
        holders=holders.get(each.pass_class, 0),
        before=each.before / HOUR,
        after=each.after / HOUR,
    )
    if each.refused_now:
        return words + _("; they would be refused now")
    return words + (_("; they would be let in now") if each.admitted_now else "")
