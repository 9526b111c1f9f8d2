"""An order as a view has it: whose it is, what it is about, and what it may reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from kiosk.central.api.answers import refuse
from kiosk.central.issuer import Issuer
from kiosk.central.passes import STAFF, By, NotSo, Passes
from kiosk.central.scope import Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.clients import Client
from kiosk.central.store.people import Credential
from kiosk.language import _


class Asked(Struct, frozen=True):
    """The client is proven; `holder`: of the path; `now`: seconds since 1970."""

    store: CentralStore
    issuer: Issuer
    client: Client
    holder: str
    query: Mapping[str, str]
    now: float

    @property
    def scope(self) -> Scope:
        """Whose passes are the client's."""
        return self.client.sees

    @property
    def passes(self) -> Passes:
        """The acts."""
        return Passes(self.store, self.issuer)

    def by(self, reason: str = "") -> By:
        """Who does it."""
        return By(self.client.actor, reason)

    def held(self) -> list[Credential]:
        """The holder's passes. Refuses with 404, alike, whoever is not there, of another district, or of the staff."""
        found = [each for each in self.store.credentials(self.holder, self.scope) if each.facts.pass_class not in STAFF]
        return found or refuse(404, _("There is no such holder."))

    def one(self) -> Credential:
        """The one that is meant: by `number` in the query, else the one that counts, else the newest."""
        found = self.held()
        if number := self.query.get("number"):
            found = [each for each in found if f"{each.number}" == number]
            return found[0] if found else refuse(404, _("There is no such pass."))
        counting = [each for each in found if each.counts]
        if len(counting) > 1:
            raise NotSo("number", _("has several that count: say which, with ?number="))
        return (counting or found)[-1]


class Answered(Struct, frozen=True):
    """What a view answers; `signed`: the kind of the pass in it, to be counted."""

    body: Any
    status: int = 200
    signed: Literal["", "card", "live", "bound"] = ""

    @property
    def text(self) -> str:
        """As JSON."""
        return msgspec.json.encode(self.body).decode()


class Endpoint(Struct, frozen=True):
    """A row of the table: what is asked where, and by which body.

    `once`: it is an act, which an `Idempotency-Key` names; `ends`: how many passes an order brings to an end. `again`: what
    is answered to the same order once more, where the answer holds a pass, which is not kept.
    """

    method: Literal["GET", "POST"]
    path: str
    view: Callable[[Asked, Any], Answered]
    body: type[Struct] | None = None
    once: bool = False
    ends: Callable[[Asked, Any], int] = lambda _asked, _order: 0
    again: Callable[[Asked, Any], Answered] | None = None
