"""What stands at the top of every page, for whom."""

from __future__ import annotations

from typing import Final

from kiosk.central.roles import ADMINISTRATOR, COUNTER, ISSUER, STEWARD, TECHNICIAN, VIEWER, Roles
from kiosk.central.store.accounts import Account
from kiosk.language import _

OF_ALL: Final = frozenset({"/told"})
"""Pages that tell of all stations together, and so are for who looks after all."""


def menu(account: Account) -> list[tuple[str, str]]:
    """Addresses below the office's, and what they are called, in the order in which a duty needs them."""
    pages: list[tuple[str, str, Roles]] = [
        ("/", _("What is wrong"), VIEWER),
        ("/stations", _("Stations"), VIEWER),
        ("/voices", _("What people say"), STEWARD),
        ("/inspections", _("Inspections"), VIEWER),
        ("/campaigns", _("Supplies"), VIEWER),
        ("/map", _("Map"), VIEWER),
        ("/numbers", _("Numbers"), VIEWER),
        ("/updates", _("Updates"), VIEWER),
        ("/told", _("Who was told"), ADMINISTRATOR),
        ("/people", _("Passes"), ISSUER),
        ("/phone", _("On a phone"), COUNTER),
        ("/policies", _("Policies"), VIEWER),
        ("/notices", _("Notices"), STEWARD),
        ("/services", _("Services"), STEWARD),
        ("/enrolments", _("Enrolments"), TECHNICIAN),
        ("/audit", _("What was done"), VIEWER),
        ("/accounts", _("Accounts"), ADMINISTRATOR),
        ("/clients", _("Clients"), ADMINISTRATOR),
    ]
    return [
        (path, words)
        for path, words, roles in pages
        if account.role in roles and not (account.scope and path in OF_ALL)
    ]
