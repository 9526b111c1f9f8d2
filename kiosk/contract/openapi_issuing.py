"""The issuing API as an OpenAPI 3.1 document, made from its bodies; `make docs` writes docs/openapi-issuing.json."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from kiosk import __version__
from kiosk.contract.bodies import QUOTA, FieldError, Problem
from kiosk.contract.issuing import (
    IN_FLIGHT,
    KEY,
    KEY_HEADER,
    MOST_PAGE,
    NOT_SO,
    ONCE_FOR,
    OTHER_ORDER,
    PAGE,
    TOKEN_FOR,
    AccessToken,
    BulkIssue,
    BulkRevoke,
    HeldPass,
    HolderPasses,
    Lines,
    LiveOrder,
    Name,
    NewHolder,
    Nothing,
    PassPage,
    PhoneOrder,
    Renewal,
    Replacement,
    SignedPass,
    State,
    Time,
    TokenError,
    Why,
)
from kiosk.contract.openapi import components, json_body, json_of, query, ref
from kiosk.contract.schemas import Json, schema_of

BODIES: Final = (
    AccessToken, BulkIssue, BulkRevoke, FieldError, HeldPass, HolderPasses, Lines, LiveOrder, NewHolder, Nothing, PassPage,
    PhoneOrder, Problem, Renewal, Replacement, SignedPass, TokenError, Why,
)  # fmt: skip

HOLDER: Final[Json] = {
    "name": "holder",
    "in": "path",
    "required": True,
    "description": "the union's pseudonym",
    "schema": schema_of(Name),
}
NUMBER: Final[Json] = query(
    "number", "which of the holder's passes; without it the one that counts, or the newest", int
)
ONCE: Final[Json] = {
    "name": KEY_HEADER,
    "in": "header",
    "required": True,
    "description": f"a name of this order that no other of yours has; under it it is carried out once, for {ONCE_FOR} s",
    "schema": {"type": "string", "pattern": f"^{KEY}$"},
}
PROBLEMS: Final = {
    400: f"no JSON object, a query that is none, or no {KEY_HEADER}",
    401: "no token, or one that does not hold: ask POST /v1/token for another",
    403: "over plain HTTP, and not at the server's own machine",
    404: "no such holder or pass, or none of this client's",
    408: "the body came too slowly",
    409: f"{NOT_SO}: it cannot be done as things are, see `errors`; {IN_FLIGHT}: the same order is in work, ask again",
    413: "too large",
    415: "Content-Encoding is neither gzip nor identity",
    422: f"the body is not as it should be, see `errors`; {OTHER_ORDER}: another order had this {KEY_HEADER}",
    429: f"{QUOTA}: more orders than any app has to give; Retry-After says when to go on",
    503: "nothing can be stored or signed just now; Retry-After says when to ask again",
}


class Order(Struct, frozen=True):
    """One operation: what it does, its body and answer; `once`: it is an act."""

    name: str
    summary: str
    body: type[Struct]
    answer: type[Struct]
    status: int = 200
    once: bool = True


ONE: Final = "/v1/holders/{holder}"
ORDERS: Final = {
    "/v1/holders": Order("create", "A credential for a holder who has none that counts", NewHolder, HeldPass, 201),
    ONE + "/renew": Order("renew", "The pass holds until another time, with the same index", Renewal, HeldPass),
    ONE + "/suspend": Order("suspend", "It opens nothing until it is restored", Why, HeldPass),
    ONE + "/restore": Order("restore", "One that was suspended opens again", Why, HeldPass),
    ONE + "/revoke": Order(
        "revoke", "It opens nothing any more: each station that is online knows within 15 s", Why, HeldPass
    ),
    ONE + "/replace": Order(
        "replace", "Another credential takes its place, which is revoked", Replacement, HeldPass, 201
    ),
    ONE + "/bound": Order(
        "bind", "A pass for a phone's key; another phone's is renewed no longer", PhoneOrder, SignedPass
    ),
    "/v1/bulk/issue": Order("bulkIssue", "Credentials for many; each line is judged by itself", BulkIssue, Lines),
    "/v1/bulk/revoke": Order("bulkRevoke", "Revoke what counts of many holders", BulkRevoke, Lines),
    ONE + "/card": Order("card", "The pass to be printed on a card", Nothing, SignedPass, once=False),
    ONE + "/live": Order("live", "A pass for minutes, with the same index", LiveOrder, SignedPass, once=False),
    ONE + "/bound/renew": Order(
        "renewBound", "Another for the phone that is bound", PhoneOrder, SignedPass, once=False
    ),
}


def document() -> Json:
    """The whole document."""
    paths: Json = {"/v1/token": {"post": _token()}}
    for path, order in ORDERS.items():
        paths.setdefault(path, {})["post"] = _order(path, order)
    paths["/v1/holders"]["get"] = _list()
    paths[ONE] = {"get": _look()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The union's own app and the central server",
            "version": __version__,
            "description": "What a client orders passes with. In words: docs/passes.md.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": components(BODIES),
            "securitySchemes": {
                "client": {
                    "type": "oauth2",
                    "description": f"a token holds for {TOKEN_FOR} s; `kiosk central client add` makes a client",
                    "flows": {"clientCredentials": {"tokenUrl": "/v1/token", "scopes": {}}},
                }
            },
        },
    }


def _order(path: str, order: Order) -> Json:
    about = [HOLDER, NUMBER] if "{holder}" in path else []
    statuses = (400, 401, 403, *((404,) if about else ()), 408, 409, 413, 415, 422, 429, 503)
    return {
        "operationId": order.name,
        "summary": order.summary,
        "security": [{"client": []}],
        "parameters": [*about, *([ONCE] if order.once else [])],
        "requestBody": json_body(order.body),
        "responses": {
            f"{order.status}": json_of(order.answer, "done; the same again where the key was known, a pass anew"),
            **_problems(*statuses),
        },
    }


def _list() -> Json:
    return {
        "operationId": "list",
        "summary": "Passes in the order of their holders, a page at a time",
        "security": [{"client": []}],
        "parameters": [
            query("prefix", "how the holder's pseudonym begins", str),
            {"name": "state", "in": "query", "schema": schema_of(State)},
            {
                "name": "ends_before",
                "in": "query",
                "description": "seconds since 1970",
                "schema": schema_of(Time),
            },
            query("cursor", "`next` of the page before", str),
            {
                "name": "limit",
                "in": "query",
                "description": f"passes of a page, {MOST_PAGE} at the most",
                "schema": {"type": "integer", "default": PAGE},
            },
        ],
        "responses": {"200": json_of(PassPage, "a page"), **_problems(400, 401, 403, 429, 503)},
    }


def _look() -> Json:
    return {
        "operationId": "look",
        "summary": "All passes of a holder, the newest last",
        "security": [{"client": []}],
        "parameters": [HOLDER],
        "responses": {"200": json_of(HolderPasses, "the holder"), **_problems(401, 403, 404, 429, 503)},
    }


def _token() -> Json:
    form: Json = {
        "type": "object",
        "properties": {
            "grant_type": {"const": "client_credentials"},
            "client_id": {"type": "string"},
            "client_secret": {"type": "string"},
        },
        "required": ["grant_type"],
    }
    wrong = {"content": {"application/json": {"schema": ref(TokenError)}}}
    return {
        "operationId": "token",
        "summary": "A token by client credentials (RFC 6749, 4.4), the secret in the body or by HTTP Basic",
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {
            "200": json_of(AccessToken, "a token"),
            "400": {"description": "RFC 6749, 5.2", **wrong},
            "401": {"description": "no such client, or not its secret", **wrong},
            **_problems(403, 408, 413, 415, 503),
        },
    }


def _problems(*statuses: int) -> Json:
    content: dict[str, Any] = {"application/problem+json": {"schema": ref(Problem)}}
    return {str(status): {"description": PROBLEMS[status], "content": content} for status in statuses}
