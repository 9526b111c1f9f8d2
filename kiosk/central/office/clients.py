"""The pages with the programs that order passes: added with a secret that is shown once, given another, ended."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.figures import local
from kiosk.central.office.accounts import wrong_scope
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.store.clients import Client, new_secret
from kiosk.central.web.forms import Form
from kiosk.contract.issuing import CLIENT
from kiosk.language import _


def show(asked: Asked) -> Response:
    """Those that order passes of the operator's districts, and the form for another."""
    return _all(asked, Form({"scope": asked.scope.prefix}), {})


def add(asked: Asked) -> Response:
    """Another one, whose secret is shown once."""
    name, scope, reason = (asked.form.words(each) for each in ("name", "scope", "reason"))
    wrong = {
        "name": not re.fullmatch(CLIENT, name) and _("Small letters, digits, and . _ - between them; 40 at the most."),
        "scope": wrong_scope(scope, asked.scope),
        "reason": not reason and _("This asks for a reason."),
    }
    if told := {field: words for field, words in wrong.items() if words}:
        return _all(asked, asked.form, told, 422)
    secret, kept = new_secret()
    with asked.store.transaction():
        if not asked.store.add_client(Client(name, scope, kept, asked.now, asked.now)):
            return _all(asked, asked.form, {"name": _("There is one of this name.")}, 422)
        asked.acted("client added", name, scope, reason)
    return page("client_secret", asked, client=name, secret=secret)


def one(asked: Asked) -> Response:
    """One of them, and what was done to it."""
    return _one(asked, _known(asked), asked.form, {})


def change(asked: Asked) -> Response:
    """Another secret, which is shown once; or its end."""
    client, reason, wanted = _known(asked), asked.form.words("reason"), asked.form.raw("do")
    if not reason or wanted not in {"secret", "remove"}:
        what = {"reason": _("This asks for a reason.")} if not reason else {"do": _("Choose one.")}
        return _one(asked, client, asked.form, what, 422)
    secret, kept = new_secret()
    with asked.store.transaction():
        if asked.store.client(client.name) != client:
            raise HTTPException(409, _("Somebody else has changed this client meanwhile. Load the page again."))
        if wanted == "remove":
            asked.store.remove_client(client.name)
            asked.acted("client removed", client.name, client.scope, reason)
            return to("/clients")
        asked.store.rotate_client(client.name, kept, asked.now)
        asked.acted("client secret", client.name, client.scope, reason)
    return page("client_secret", asked, client=client.name, secret=secret)


def _known(asked: Asked) -> Client:
    found = asked.store.client(asked.path["name"])
    return found if found and asked.scope.covers(found.scope) else missing(_("There is no such client."))


def _all(asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    clients = [each for each in asked.store.clients() if asked.scope.covers(each.scope)]
    signed = dict.fromkeys((each.actor for each in clients), 0)
    for _day, who, _kind, count in asked.store.signed(local(asked.now)[0]):
        if who in signed:
            signed[who] += count
    return page("clients", asked, status, clients=clients, signed=signed, form=form, wrong=wrong)


def _one(asked: Asked, client: Client, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    return page("client", asked, status, client=client, acts=asked.acts(about=client.name), form=form, wrong=wrong)
