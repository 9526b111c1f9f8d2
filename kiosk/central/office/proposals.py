"""The page with what waits for a second person."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.passes import By, NotSo
from kiosk.central.policy_file import BadPolicy
from kiosk.central.proposals import (
    Changed,
    PollPublication,
    Proposed,
    Publication,
    Revocations,
    RingOpening,
    ServicePublication,
    Withdrawal,
    read_act,
    what,
)
from kiosk.central.proposals import decide as decided
from kiosk.central.rings import NotOpened
from kiosk.central.roles import ADMINISTRATOR, ISSUER, Roles
from kiosk.central.service_preview import poll_lines
from kiosk.central.store.proposals import OPEN_FOR, Outcome, Proposal
from kiosk.language import _, told
from kiosk.wording.words import when


class Row(Struct, frozen=True):
    """A proposal as a page shows it; `mine`: whoever made it does not decide on it."""

    id: str
    what: str
    detail: str
    made_by: str
    made: str
    ends: str
    reason: str
    mine: bool


def for_roles(act: Proposed) -> Roles:
    """Who may want it."""
    return ISSUER if isinstance(act, Revocations) else ADMINISTRATOR


def row_of(each: Proposal, name: str) -> Row:
    """A proposal, for somebody of that name."""
    act = read_act(each)
    ends = when(each.made + OPEN_FOR)
    return Row(each.id, what(act), _detail(act), each.made_by, when(each.made), ends, each.reason, each.made_by == name)


def _detail(act: Proposed) -> str:
    match act:
        case Revocations(indices):
            return _("{count} passes", count=len(indices))
        case Publication(text, _version):
            return text
        case ServicePublication(text):
            return text
        case PollPublication(poll):
            return "\n".join(poll_lines(poll))
        case Withdrawal(scope):
            return scope or _("every station")
        case RingOpening(version, ring):
            return _("release {version}, ring {ring}", version=version, ring=ring)


def show(asked: Asked) -> Response:
    """Those that the operator may decide on, or has made."""
    return _page(asked, {})


def decide(asked: Asked) -> Response:
    """Confirm one, or decline it."""
    found = asked.store.proposal(asked.path["id"], asked.scope) or missing(_("There is no such proposal."))
    if not asked.may(for_roles(read_act(found))):
        raise HTTPException(403, _("Your role does not let you do this. An administrator may change it."))
    outcome: Outcome = "confirmed" if asked.form.words("do") == "confirm" else "declined"
    try:
        decided(asked.store, asked.issuer, found, outcome, By(asked.who.name, asked.form.words("reason")))
    except NotSo as error:
        return _page(asked, {"proposals": str(error)}, 409)
    except NotOpened as why:
        return _page(asked, {"proposals": told(str(why))}, 409)
    except (Changed, BadPolicy):
        words = _("Somebody has published another policy meanwhile. Decline this one, and write it anew.")
        return _page(asked, {"proposals": words}, 409)
    return to("/proposals")


def _page(asked: Asked, wrong: Mapping[str, str], status: int = 200) -> Response:
    found = [each for each in asked.store.proposals(asked.scope, asked.now) if asked.may(for_roles(read_act(each)))]
    return page("proposals", asked, status, rows=[row_of(each, asked.who.name) for each in found], wrong=wrong)
