"""What the office has: every address, the view that answers it, and who may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct
from starlette.responses import Response

from kiosk.central import photos
from kiosk.central.office import (
    accounts,
    audit,
    campaigns,
    cards,
    cause,
    clients,
    duty,
    enrolments,
    inspections,
    language,
    login,
    me,
    notices,
    numbers,
    oidc,
    over,
    people,
    people_import,
    phone,
    policies,
    polls,
    posters,
    proposals,
    services,
    sheet,
    sheets,
    station,
    station_map,
    stations,
    told,
    updates,
    voices,
)
from kiosk.central.office.asked import Asked
from kiosk.central.people_table import MOST_BYTES
from kiosk.central.roles import ADMINISTRATOR, ANYBODY, COUNTER, DUTY, ISSUER, STEWARD, TECHNICIAN, VIEWER, Roles

GET: Final = "GET"
POST: Final = "POST"
FORM: Final = 64 * 1024
"""Bytes of a form without a file."""

LIST: Final = 512 * 1024
FILE: Final = MOST_BYTES + FORM
PHOTO: Final = photos.MOST_BYTES + FORM


class Page(Struct, frozen=True):
    """An address below the office's, and the view that answers it to these roles; `most` bytes of what is sent there.

    `abroad`: it asks another server, which may be slow, and for which those alone wait who ask the same.
    """

    path: str
    view: Callable[[Asked], Response]
    roles: Roles
    method: Literal["GET", "POST"] = GET
    most: int = FORM
    abroad: bool = False


PAGES: Final = (
    # The door.
    Page("/login", login.ask, ANYBODY),
    Page("/login", login.enter, ANYBODY, POST),
    Page("/oidc", oidc.away, ANYBODY, abroad=True),
    Page("/oidc/back", oidc.back, ANYBODY, abroad=True),
    Page("/oidc/second", oidc.second, ANYBODY, POST),
    Page("/logout", login.leave, VIEWER, POST),
    Page("/me", me.show, VIEWER),
    Page("/me/password", me.change_password, VIEWER, POST),
    Page("/me/second", me.take_second, VIEWER, POST),
    Page("/language/{language}", language.choose, ANYBODY),
    # What is wrong now, and who is told.
    Page("/", duty.show, VIEWER),
    Page("/cause", cause.show, VIEWER),
    Page("/cause", cause.act, DUTY, POST),
    Page("/cause/forget", cause.forget, ADMINISTRATOR, POST),
    Page("/over", over.show, VIEWER),
    Page("/over", over.note, DUTY, POST),
    Page("/told", told.show, ADMINISTRATOR),
    Page("/told", told.test, ADMINISTRATOR, POST),
    # The stations.
    Page("/stations", stations.show, VIEWER),
    Page("/stations/{code}", station.show, VIEWER),
    Page("/stations/{code}/live", station.live, VIEWER),
    Page("/stations/{code}/poster.pdf", posters.show, VIEWER),
    Page("/stations/{code}/commands", station.send, TECHNICIAN, POST),
    Page("/stations/{code}/sheet", sheet.show, STEWARD),
    Page("/stations/{code}/sheet", sheet.change, STEWARD, POST, PHOTO),
    Page("/stations/{code}/photo", sheet.photo, VIEWER),
    Page("/sheets", sheets.ask, STEWARD),
    Page("/sheets", sheets.take, STEWARD, POST, FILE),
    Page("/sheets.csv", sheets.given, STEWARD),
    Page("/stations/{code}/rounds", inspections.look_up, ISSUER, POST),
    Page("/map", station_map.show, VIEWER),
    Page("/map/stations.json", station_map.stations, VIEWER),
    Page("/inspections", inspections.show, VIEWER),
    # What is handed out.
    Page("/campaigns", campaigns.show, VIEWER),
    Page("/campaigns/{id}", campaigns.one, VIEWER),
    Page("/campaigns/{id}/report.pdf", campaigns.pdf, VIEWER),
    Page("/campaigns/{id}/report.csv", campaigns.csv, VIEWER),
    Page("/campaigns/{id}/close", campaigns.ask_to_close, ADMINISTRATOR),
    Page("/campaigns/{id}/close", campaigns.close, ADMINISTRATOR, POST),
    # What people say of them.
    Page("/voices", voices.show, STEWARD),
    Page("/voices/owners", voices.rules, STEWARD),
    Page("/voices/owners", voices.set_rule, STEWARD, POST),
    Page("/voices/owners/drop", voices.drop_rule, STEWARD, POST),
    Page("/voices/publish", voices.publish, STEWARD, POST),
    Page("/voices/photos/{number}", voices.photo, STEWARD),
    Page("/voices/{number}", voices.one, STEWARD),
    Page("/voices/{number}", voices.act, STEWARD, POST),
    # The numbers.
    Page("/numbers", numbers.show, VIEWER),
    Page("/numbers.csv", numbers.csv, VIEWER),
    Page("/numbers.xlsx", numbers.xlsx, VIEWER),
    Page("/numbers.pdf", numbers.pdf, VIEWER),
    # People and their passes.
    Page("/people", people.show, ISSUER),
    Page("/people/new", people.new, ISSUER),
    Page("/people/new", people.issue, ISSUER, POST),
    Page("/people/one", people.one, ISSUER),
    Page("/people/one", people.change, ISSUER, POST),
    Page("/people/cards", cards.ask, ISSUER),
    Page("/people/cards", cards.print_many, ISSUER, POST, FILE),
    Page("/people/card", cards.print_one, ISSUER, POST),
    Page("/people/ending", cards.ending, ISSUER),
    Page("/people/ending.csv", cards.ending_file, ISSUER),
    Page("/people/revoke", people.many, ISSUER),
    Page("/people/revoke", people.revoke_many, ISSUER, POST, LIST),
    Page("/people/import", people_import.ask, ISSUER),
    Page("/people/import", people_import.take, ISSUER, POST, FILE),
    Page("/people/holders.csv", people_import.empty, ISSUER),
    Page("/phone", phone.ask, COUNTER),
    Page("/phone", phone.make, COUNTER, POST),
    # What holds at the doors, and what the displays say.
    Page("/policies", policies.show, VIEWER),
    Page("/policies/one", policies.one, VIEWER),
    Page("/policies/one", policies.take_back, ADMINISTRATOR, POST),
    Page("/policies/edit", policies.edit, ADMINISTRATOR),
    Page("/policies/edit", policies.change, ADMINISTRATOR, POST, LIST),
    Page("/notices", notices.show, STEWARD),
    Page("/notices", notices.change, STEWARD, POST),
    Page("/notices/withdraw", notices.withdraw, STEWARD, POST),
    Page("/services", services.show, STEWARD),
    Page("/services", services.change, STEWARD, POST, PHOTO + LIST),
    Page("/services/poll", polls.show, ADMINISTRATOR),
    Page("/services/poll", polls.change, ADMINISTRATOR, POST, 2 * LIST),
    Page("/services/withdraw", services.ask_to_withdraw, STEWARD),
    Page("/services/withdraw", services.withdraw, STEWARD, POST),
    # Who may become a station.
    Page("/enrolments", enrolments.show, TECHNICIAN),
    Page("/enrolments", enrolments.make, TECHNICIAN, POST),
    Page("/enrolments/withdraw", enrolments.withdraw, TECHNICIAN, POST),
    # What two persons must want.
    Page("/proposals", proposals.show, ISSUER),
    Page("/proposals/{id}", proposals.decide, ISSUER, POST),
    # Updates.
    Page("/updates", updates.show, VIEWER),
    Page("/updates/rings", updates.set_ring, ADMINISTRATOR, POST),
    Page("/updates/{version}", updates.one, VIEWER),
    Page("/updates/{version}", updates.act, ADMINISTRATOR, POST),
    # Who may do what, and who did.
    Page("/accounts", accounts.show, ADMINISTRATOR),
    Page("/accounts", accounts.add, ADMINISTRATOR, POST),
    Page("/accounts/{name}", accounts.one, ADMINISTRATOR),
    Page("/accounts/{name}", accounts.change, ADMINISTRATOR, POST),
    Page("/clients", clients.show, ADMINISTRATOR),
    Page("/clients", clients.add, ADMINISTRATOR, POST),
    Page("/clients/{name}", clients.one, ADMINISTRATOR),
    Page("/clients/{name}", clients.change, ADMINISTRATOR, POST),
    Page("/audit", audit.show, VIEWER),
)
