"""What stands at the top of every page, for whom."""

from __future__ import annotations

from kiosk.central.roles import ADMINISTRATOR, COUNTER, ISSUER, STEWARD, TECHNICIAN, VIEWER, Role, Roles
from kiosk.language import _


def menu(role: Role) -> list[tuple[str, str]]:
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
    return [(path, words) for path, words, roles in pages if role in roles]
