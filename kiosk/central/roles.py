"""What an operator is: the roles, and the sets of them that pages and verbs ask for."""

from __future__ import annotations

from typing import Final, Literal, get_args

Role = Literal["viewer", "steward", "technician", "issuer", "administrator"]
"""A viewer looks; a steward runs stations, a technician opens doors, an issuer gives passes; an administrator does all."""

Roles = frozenset[Role]

ALL: Final[tuple[Role, ...]] = get_args(Role)
ANYBODY: Final[Roles] = frozenset()
"""Also who has not logged in."""

VIEWER: Final[Roles] = frozenset(ALL)
DUTY: Final[Roles] = frozenset(ALL) - {"viewer"}
STEWARD: Final[Roles] = frozenset({"steward", "administrator"})
TECHNICIAN: Final[Roles] = frozenset({"technician", "administrator"})
ISSUER: Final[Roles] = frozenset({"issuer", "administrator"})
COUNTER: Final[Roles] = STEWARD | ISSUER
"""Whoever meets holders."""
ADMINISTRATOR: Final[Roles] = frozenset({"administrator"})
