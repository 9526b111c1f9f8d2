"""Updates: which station runs what, how each ring does that has a release, and who opened, stopped or withdrew it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.passes import By
from kiosk.central.proposals import RingOpening, open_ring, propose
from kiosk.central.rings import (
    FIRST,
    GONE_AFTER,
    LAST,
    MEMBER,
    Bearing,
    NotOpened,
    RingHealth,
    healths,
    may_open,
    too_wide,
)
from kiosk.central.roles import ADMINISTRATOR
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.releases import Released
from kiosk.central.web.forms import Form
from kiosk.language import _, told
from kiosk.trust.release import order
from kiosk.wording.words import when

INNER: Final = tuple(f"{ring}" for ring in range(FIRST, LAST))
"""The rings of which somebody says who is in them."""

SHORT: Final = "%Y-%m-%d %H:%M"
UNHEARD: Final = "–"
MOST: Final = 100
"""Stations that are named of those that are worse off."""


class Line(Struct, frozen=True):
    """A release in the list: how many stations of the operator's run it, of those that may, and are worse off."""

    version: str
    published: str
    state: str
    running: int
    stations: int
    wrong: int


class Order(Struct, frozen=True):
    """What an administrator wants of a release; `ring`: to be opened, or 0 for what is no opening."""

    act: str
    ring: int
    reason: str


def state(release: Released) -> str:
    """In words."""
    if release.withdrawn:
        return _("withdrawn: {reason}", reason=release.withdrawn)
    if release.stopped:
        return _("stopped: {reason}", reason=told(release.stopped))
    ring = release.rollout.ring
    return _("open to ring {ring}", ring=ring) if ring else _("offered to nobody yet")


def line(release: Released, members: Mapping[int, Sequence[Bearing]], now: float) -> Line:
    """A release, and how its rings do together."""
    health = healths(release.rollout, members, now - GONE_AFTER)
    counts = (sum(each.running for each in health), sum(each.stations for each in health))
    wrong = sum(len(each.wrong) for each in health)
    return Line(release.version, when(release.published, form=SHORT), state(release), *counts, wrong)


def versions(members: Mapping[int, Sequence[Bearing]]) -> list[tuple[str, list[int]]]:
    """Each version that some station runs, the newest first, and in how many of each ring."""
    counts = {ring: Counter(each.version for each in found) for ring, found in members.items()}
    names = {version for counter in counts.values() for version in counter}
    newest = sorted(names, key=lambda version: order(version or "0.0.0"), reverse=True)
    return [(version or UNHEARD, [counts[ring][version] for ring in sorted(counts)]) for version in newest]


def show(asked: Asked) -> Response:
    """All releases, and what runs where."""
    return _all(asked, Form({"ring": INNER[0]}), {})


def _all(asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    members = asked.store.members(asked.scope)
    lines = [line(each, members, asked.now) for each in asked.store.releases()]
    may = asked.may(ADMINISTRATOR) and asked.scope == EVERYWHERE
    values = {"lines": lines, "versions": versions(members), "rings": asked.store.rings(), "last": LAST, "inner": INNER}
    return page("updates", asked, status, **values, may=may, form=form, wrong=wrong)


def set_ring(asked: Asked) -> Response:
    """Let a ring have these stations, and no others."""
    if asked.scope != EVERYWHERE:
        raise HTTPException(403, _("A release is the whole province's: whoever administers all of it decides."))
    ring, members, reason = asked.form.words("ring"), asked.form.words("members").split(), asked.form.words("reason")
    wrong = {
        "ring": "" if ring in INNER else _("Choose one."),
        "members": _wrong_members(asked, ring, members),
        "reason": "" if reason else _("This asks for a reason."),
    }
    if any(wrong.values()):
        return _all(asked, asked.form, {field: words for field, words in wrong.items() if words}, 422)
    with asked.store.transaction():
        asked.store.set_ring(int(ring), members)
        asked.acted("ring set", ring, reason=f"{', '.join(members) or '-'}: {reason}")
    return to("/updates")


def _wrong_members(asked: Asked, ring: str, members: list[str]) -> str:
    if bad := [each for each in members if not re.fullmatch(MEMBER, each)]:
        return _("These are no codes, no beginnings of codes, and no shares such as 10%: {bad}", bad=", ".join(bad))
    codes = [each.code for each in asked.store.bearings(EVERYWHERE)]
    rings = asked.store.rings() | ({int(ring): members} if ring in INNER else {})
    if count := too_wide(codes, rings):
        return _(
            "Rings 1 and 2 would have {count} of {all} stations: ring 3 has half of them at least.",
            count=count,
            all=len(codes),
        )
    return ""


def one(asked: Asked) -> Response:
    """One release, ring by ring."""
    return _one(asked, _known(asked), Form(), {})


def act(asked: Asked) -> Response:
    """Open a ring, stop it, or withdraw it; all of that is the whole province's."""
    release = _known(asked)
    if asked.scope != EVERYWHERE:
        raise HTTPException(403, _("A release is the whole province's: whoever administers all of it decides."))
    order_, wrong = read_order(asked.form, release)
    if order_ is None:
        return _one(asked, release, asked.form, wrong, 422)
    try:
        if order_.ring == LAST:
            return _proposed(asked, release, order_)
        _done(asked, release.version, order_)
    except NotOpened as why:
        return _one(asked, release, asked.form, {"act": told(str(why))}, 422)
    return to(f"/updates/{release.version}")


def _proposed(asked: Asked, release: Released, wanted: Order) -> Response:
    """Let every station's ring wait for a second person, if it may be opened. Raises NotOpened."""
    may_open(release.rollout, asked.store.health_of(release.version, asked.now), wanted.ring)
    propose(asked.store, RingOpening(release.version, wanted.ring), "", By(asked.who.name, wanted.reason), asked.now)
    return to("/proposals")


def read_order(form: Form, release: Released) -> tuple[Order | None, Mapping[str, str]]:
    """What the form asks for; or what is wrong, by field."""
    wanted, reason = form.raw("act"), form.words("reason")
    acts = dict(acts_for(release))
    wrong = {}
    if wanted not in acts:
        wrong["act"] = _("Choose what is to be done.")
    if not reason:
        wrong["reason"] = _("This asks for a reason.")
    if wrong:
        return None, wrong
    kind, _dash, ring = wanted.partition("-")
    return Order(kind, int(ring or 0), reason), {}


def acts_for(release: Released) -> list[tuple[str, str]]:
    """What may be done with it now, and how that is called."""
    ring, found = release.rollout.ring, []
    if release.withdrawn:
        return []
    if release.stopped and ring:
        found.append((f"open-{ring}", _("Let it go on in ring {ring}", ring=ring)))
    if ring < LAST:
        found.append((f"open-{ring + 1}", _opens(ring + 1)))
    if ring and not release.stopped:
        found.append(("stop", _("Stop it: it is offered to nobody until a ring is opened again")))
    return [*found, ("withdraw", _("Withdraw it: it is offered to nobody, for ever"))]


def _opens(ring: int) -> str:
    return (
        _("Open ring {ring}: a second person confirms it", ring=ring)
        if ring == LAST
        else _("Open ring {ring}", ring=ring)
    )


def _done(asked: Asked, version: str, wanted: Order) -> None:
    """Raises NotOpened, and then nothing was done."""
    with asked.store.transaction():
        if wanted.act == "open":
            open_ring(asked.store, version, wanted.ring, By(asked.who.name, wanted.reason), asked.now)
        elif wanted.act == "stop":
            asked.store.stop_release(version, wanted.reason)
            asked.acted("release stopped", version, reason=wanted.reason)
        else:
            asked.store.withdraw_release(version, wanted.reason)
            asked.acted("release withdrawn", version, reason=wanted.reason)


def worse(health: Sequence[RingHealth]) -> list[tuple[str, str]]:
    """The stations that are worse off, and why; so many of them."""
    return sorted(pair for each in health for pair in each.wrong.items())[:MOST]


def _known(asked: Asked) -> Released:
    return asked.store.release(asked.path["version"]) or missing(_("There is no such release."))


def _one(asked: Asked, release: Released, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    health = healths(release.rollout, asked.store.members(asked.scope), asked.now - GONE_AFTER)
    since = {each.ring: when(each.at, form=SHORT) for each in release.openings}
    may = asked.may(ADMINISTRATOR) and asked.scope == EVERYWHERE
    values = {"release": release, "state": state(release), "health": health, "since": since, "worse": worse(health)}
    acts = asked.acts(about=release.version)
    bundles = asked.store.bundles(release.version)
    choices = acts_for(release) if may else []
    return page("update", asked, status, **values, acts=acts, bundles=bundles, choices=choices, form=form, wrong=wrong)
