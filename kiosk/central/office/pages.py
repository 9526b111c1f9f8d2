"""What the office has: every address, the view that answers it, and who may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.office import (
    accounts,
    audit,
    cause,
    duty,
    language,
    login,
    me,
    numbers,
    oidc,
    station,
    station_map,
    stations,
    told,
)
from kiosk.central.office.asked import Asked
from kiosk.central.roles import ADMINISTRATOR, ANYBODY, DUTY, TECHNICIAN, VIEWER, Roles

GET: Final = "GET"
POST: Final = "POST"
FORM: Final = 64 * 1024
"""Bytes of a form without a file."""


class Page(Struct, frozen=True):
    """An address below the office's, and the view that answers it to these roles; `most` bytes of what is sent there."""

    path: str
    view: Callable[[Asked], Response]
    roles: Roles
    method: Literal["GET", "POST"] = GET
    most: int = FORM


PAGES: Final = (
    # The door.
    Page("/login", login.ask, ANYBODY),
    Page("/login", login.enter, ANYBODY, POST),
    Page("/oidc", oidc.away, ANYBODY),
    Page("/oidc/back", oidc.back, ANYBODY),
    Page("/logout", login.leave, VIEWER, POST),
    Page("/me", me.show, VIEWER),
    Page("/me/password", me.change_password, VIEWER, POST),
    Page("/me/second", me.take_second, VIEWER, POST),
    Page("/language/{language}", language.choose, ANYBODY),
    # What is wrong now, and who is told.
    Page("/", duty.show, VIEWER),
    Page("/cause", cause.show, VIEWER),
    Page("/cause", cause.act, DUTY, POST),
    Page("/told", told.show, ADMINISTRATOR),
    Page("/told", told.test, ADMINISTRATOR, POST),
    # The stations.
    Page("/stations", stations.show, VIEWER),
    Page("/stations/{code}", station.show, VIEWER),
    Page("/stations/{code}/live", station.live, VIEWER),
    Page("/stations/{code}/commands", station.send, TECHNICIAN, POST),
    Page("/map", station_map.show, VIEWER),
    # The numbers.
    Page("/numbers", numbers.show, VIEWER),
    Page("/numbers.csv", numbers.csv, VIEWER),
    Page("/numbers.xlsx", numbers.xlsx, VIEWER),
    Page("/numbers.pdf", numbers.pdf, VIEWER),
    # Who may do what, and who did.
    Page("/accounts", accounts.show, ADMINISTRATOR),
    Page("/accounts", accounts.add, ADMINISTRATOR, POST),
    Page("/accounts/{name}", accounts.one, ADMINISTRATOR),
    Page("/accounts/{name}", accounts.change, ADMINISTRATOR, POST),
    Page("/audit", audit.show, VIEWER),
)
