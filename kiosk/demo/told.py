"""What people said of the demo's stations before it begins, what became of that, and what the displays inside are told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import msgspec

from kiosk.central.cases import Cases, Said
from kiosk.central.issuer import Issuer
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.case import Answer, Event, today
from kiosk.central.voices.owners import OwnerRule
from kiosk.central.voices.ratings import Bundle, monday
from kiosk.demo.model import DAY
from kiosk.demo.province import OPERATOR, codes
from kiosk.language import _
from kiosk.trust.service import Body, Checklist, Item, Proof, Question, ServiceDocument
from kiosk.trust.service import Event as Happening

HOLDS: Final = 30 * DAY
WEEKS: Final = 6

ROUND: Final = Checklist(
    {"zh": "每周检查", "en": "The week's round"},
    (
        Item("clean", {"zh": "地面和桌面干净", "en": "Floor and tables are clean"}),
        Item("water", {"zh": "有热水", "en": "There is hot water"}, proof=Proof("water", least=60.0)),
        Item("plasters", {"zh": "创可贴的有效期", "en": "Plasters are good until"}, "month"),
    ),
)
CHECKLIST: Final = "round"


def said() -> tuple[tuple[int, str, str, int, str], ...]:
    """At which station (0: the demo's own), what, how many days ago, and what its owner answered, if they did."""
    return (
        (0, "water", "not_hot", 9, _("Hot water is back.")),
        (1, "toilet", "no_paper", 5, _("There is paper again.")),
        (2, "air_conditioner", "does_not_cool", 2, ""),
        (5, "cleanliness", "smells", 26, ""),
        (7, "microwave", "broken", 4, ""),
        (9, "fridge", "dirty", 1, ""),
        (12, "other", "missing_thing", 30, _("Five umbrellas are there again.")),
    )


def furnish(store: CentralStore, issuer: Issuer, own: str, now: float) -> None:
    """All of it: cases with an owner, weeks of ratings, a checklist, a question and an event."""
    store.set_owner_rule(OwnerRule("3708", "", OPERATOR))
    stations = [own, *codes()]
    for at, place, what, days, answer in said():
        _say(store, Said(stations[at], place, what, source="desk"), now - days * DAY, answer)
    with store.transaction():
        for number, station in enumerate(stations):
            for bundle in _rated(station, number, now):
                store.add_ratings(bundle)
    lunch = Question({"zh": "中午想在这里热饭吗？", "en": "Would you heat your lunch here?"})
    lecture = Happening({"zh": "高温防护讲座", "en": "A lecture on working in the heat"}, int(now + 3 * DAY))
    for name, kind, body in ((CHECKLIST, "checklist", ROUND), ("lunch", "question", lunch), ("heat", "event", lecture)):
        _publish(issuer, name, kind, body, now)


def _say(store: CentralStore, said: Said, then: float, answer: str) -> None:
    """Somebody said it then, and the owner answered a day later."""
    cases = Cases(store)
    cases.say_inside(said, 2, then)
    if answer:
        (case,) = store.cases(CaseFilter(prefix=said.station, place=said.place), EVERYWHERE)
        cases.act(case.number, Answer(Event.DO, answer), OPERATOR, EVERYWHERE, then + DAY)


def _rated(station: str, number: int, now: float) -> list[Bundle]:
    """The last weeks; some are more content than others."""
    began = date.fromisoformat(monday(today(now)))
    counts = (40 + number, 25, 6 + number % 5, 2 + number % 4)
    days = [(began - timedelta(weeks=1 + back)).isoformat() for back in range(WEEKS)]
    return [Bundle(station, "desk", day, counts, 3, 4 * sum(counts)) for day in days]


def _publish(issuer: Issuer, name: str, kind: str, body: Body, now: float) -> None:
    head = ServiceDocument(1, name, kind, 0, int(now), int(now + HOLDS), "3708")
    issuer.publish_service(head, msgspec.to_builtins(body))
