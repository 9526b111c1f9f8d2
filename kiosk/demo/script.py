"""Who comes to the door in the demo, with what, and when."""

from __future__ import annotations

import time
from typing import Final

from base45 import b45decode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.issuer import Issuer
from kiosk.demo.film import Film, Holding, Visit
from kiosk.language import _
from kiosk.trust.cose import read_sign1
from kiosk.trust.passes import PREFIX, Kind, Pass, PassClass, make_pass
from kiosk.trust.status import Status

DAY: Final = 86_400
LENGTH: Final = 34.0
"""Seconds from the first picture until the last visitor has gone."""


class Person(Struct, frozen=True):
    """Somebody in the story; `shows` is what they hold up, in words."""

    name: str
    shows: str


class Scene(Struct, frozen=True):
    """A visit of the film, the credential that the pass names, and what is expected: a reason, or empty for let in."""

    at: float
    person: Person
    text: str
    holding: Holding
    index: int
    expected: str


class Script(Struct, frozen=True):
    """The scenes in order; `steward`: the pass of one, which is shown inside."""

    scenes: tuple[Scene, ...]
    steward: str

    def person(self, index: int | None, reason: str) -> Person:
        """Who that was, by the credential or, where no signature vouches for one, by the reason."""
        for scene in self.scenes:
            if scene.expected == reason and index in {scene.index, None}:
                return scene.person
        return Person(_("Somebody"), _("a code"))

    def film(self) -> Film:
        """The film for the camera."""
        visits = tuple(
            Visit(
                scene.text, scene.at, holding=scene.holding, side=640 if scene.holding == "phone" else 420, seed=number
            )
            for number, scene in enumerate(self.scenes, 1)
        )
        return Film(visits, seconds=LENGTH)


def write_script(issuer: Issuer) -> Script:
    """Issue the passes, one of them forged, one expired, one revoked, and put the scenes in order."""
    now = int(time.time())
    card = Pass(0, PassClass.WORKER, Kind.CARD, now - DAY, now + 60 * DAY)
    live = replace(card, kind=Kind.LIVE, issued_at=now, expires=now + 600)
    li, li_text = issuer.issue(live, "li")
    wang, wang_text = issuer.issue(card, "wang")
    zhao, zhao_text = issuer.issue(replace(card, scope="3708"), "zhao")
    old, old_text = issuer.issue(replace(card, issued_at=now - 20 * DAY, expires=now - 3 * DAY), "chen")
    lost, lost_text = issuer.issue(card, "sun")
    _steward, steward_text = issuer.issue(replace(card, pass_class=PassClass.STEWARD), "steward")
    issuer.set_status(lost.index, Status.REVOKED)
    issuer.publish_gathered(0.0)
    courier = Person(_("Li, a courier"), _("a live pass on a phone"))
    return Script(
        (
            Scene(1.5, courier, li_text, "phone", li.index, ""),
            Scene(
                6.0,
                Person(_("Somebody"), _("a forged pass on a phone")),
                forge(li, wang_text),
                "phone",
                li.index,
                "bad_signature",
            ),
            Scene(
                10.0, Person(_("Chen, a builder"), _("a card from last season")), old_text, "card", old.index, "expired"
            ),
            Scene(14.5, Person(_("Wang, a street cleaner"), _("a printed card")), wang_text, "card", wang.index, ""),
            Scene(19.0, Person(_("Somebody"), _("the card that Sun lost")), lost_text, "card", lost.index, "revoked"),
            Scene(
                23.0,
                Person(_("A friend of Li's"), _("a screenshot of Li's pass")),
                li_text,
                "phone",
                li.index,
                "replayed",
            ),
            Scene(29.5, Person(_("Zhao, a driver"), _("a card of this city")), zhao_text, "card", zhao.index, ""),
        ),
        steward_text,
    )


def forge(claims: Pass, genuine: str) -> str:
    """A pass that names the issuer's key but was signed with another one."""
    kid = read_sign1(b45decode(genuine.removeprefix(PREFIX).encode())).kid
    return make_pass(claims, Ed25519PrivateKey.generate(), kid)
