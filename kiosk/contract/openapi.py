"""The contract as an OpenAPI 3.1 document, made from the bodies in kiosk.contract; `make docs` writes docs/openapi.json."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import cleandoc
from typing import Any, Final

import msgspec

from kiosk import __version__
from kiosk.contract.bodies import (
    AUDIENCE,
    CAPABILITIES,
    CONFLICT,
    QUOTA,
    STREAMS,
    UNDERSTANDS_CONFLICT,
    UNDERSTANDS_RELEASE,
    Batch,
    BatchAnswer,
    BundleId,
    Code,
    Documents,
    Enrolled,
    Enrolment,
    FieldError,
    Nonce,
    OfferedRelease,
    Platform,
    Problem,
    ReleaseNumber,
    Version,
    Wait,
)
from kiosk.contract.schemas import Json, portable, schema_of
from kiosk.trust.service import Hash

BODIES: Final = (Batch, BatchAnswer, Documents, Enrolled, Enrolment, FieldError, OfferedRelease, Problem)
CODE: Final[Json] = {
    "name": "code",
    "in": "path",
    "required": True,
    "description": "the station's code",
    "schema": schema_of(Code),
}
STREAM: Final[Json] = {
    "name": "stream",
    "in": "path",
    "required": True,
    "schema": {"enum": [*STREAMS]},
}
KNOWS: Final[Json] = {
    "name": CAPABILITIES,
    "in": "header",
    "description": f"what the station understands, comma-separated: {UNDERSTANDS_CONFLICT}, {UNDERSTANDS_RELEASE}",
    "schema": {"type": "string"},
}
PROBLEMS: Final = {
    400: "the body or the query is not what the contract says",
    401: "no token, or not this station's; try once more with a token timed by this answer's Date",
    403: "the token is of another station, or the claim code is no good",
    404: "no such path, or a stream that this server does not know: `services` then rests for a day",
    409: f"a gap: go on at the number `expected`; with the type {CONFLICT}: that number is held with other content, or comes "
    "from a foreign boot, told only to a station that names the capability",
    408: "the body came too slowly",
    413: "too large: halve the batch",
    415: "Content-Encoding is neither gzip nor identity",
    416: "the piece begins beyond the end",
    429: f"with the type {QUOTA}: more than any station has to tell; Retry-After says when to go on",
    503: "the store cannot be used just now, or too many are being answered; Retry-After says when to ask again",
}


def document() -> Json:
    """The whole document."""
    station = "/v1/stations/{code}"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stations and the central server",
            "version": __version__,
            "description": "What a station asks of a central server. In words: docs/wire.md.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/v1/enrol": {"post": _enrol()},
            station + "/streams/{stream}/batches": {"post": _batch()},
            station + "/documents": {"get": _documents()},
            station + "/release": {"get": _release()},
            station + "/releases/{id}/bundle": {"get": _bundle()},
            station + "/pictures/{id}": {"get": _picture()},
        },
        "components": {
            "schemas": components(BODIES),
            "securitySchemes": {
                "station": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": f"EdDSA by the station's own key; sub is its code, aud is {AUDIENCE}, valid for a minute",
                }
            },
        },
    }


def components(bodies: Sequence[type]) -> Json:
    """Their schemas by their names."""
    _, found = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    for schema in found.values():  # Python 3.13 takes the indentation off docstrings, earlier ones do not
        schema["description"] = cleandoc(schema["description"])
    return portable(found)


def _enrol() -> Json:
    return {
        "operationId": "enrol",
        "summary": "Pin a station's public key against a single-use claim code",
        "requestBody": json_body(Enrolment),
        "responses": {
            "200": json_of(Enrolled, "the root key and the first documents"),
            **_problems(400, 403, 408, 413, 415, 503),
        },
    }


def _batch() -> Json:
    return {
        "operationId": "batch",
        "summary": "Take entries, each once: skip those up to the mark, insert the rest, move the mark, in one transaction",
        "security": [{"station": []}],
        "parameters": [CODE, STREAM, KNOWS],
        "requestBody": json_body(Batch),
        "responses": {
            "200": json_of(BatchAnswer, "the mark"),
            **_problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 503),
        },
    }


def _documents() -> Json:
    return {
        "operationId": "documents",
        "summary": "Documents newer than the versions named; with wait, held back until there is one",
        "security": [{"station": []}],
        "parameters": [
            CODE,
            query("keyset", "the newest keyset's version that the station has", Version),
            query("status", "likewise of the status list", Version),
            query("policy", "likewise of its policy", Version),
            query("command", "the number of the newest command that it has", Version),
            query("service", "likewise of services; without it none is sent", Version),
            query("wait", "seconds", Wait),
            query("nonce", "to be signed with the time", Nonce),
        ],
        "responses": {"200": json_of(Documents, "signed documents"), **_problems(400, 401, 403, 503)},
    }


def _release() -> Json:
    return {
        "operationId": "release",
        "summary": "The release that this station may have now, if it is newer than its own",
        "security": [{"station": []}],
        "parameters": [
            CODE,
            query("platform", "that the station's package is for", Platform),
            {**query("version", "that the station runs", ReleaseNumber), "required": True},
            KNOWS,
        ],
        "responses": {
            "200": json_of(OfferedRelease, "a release"),
            "204": {"description": "none, or the station does not name the capability"},
            **_problems(400, 401, 403, 503),
        },
    }


def _bundle() -> Json:
    return _in_pieces("bundle", "The bundle of the release that this station may have", BundleId)


def _picture() -> Json:
    return _in_pieces("picture", "A picture that a service of this station's names, by its SHA-256", Hash)


def _in_pieces(name: str, what: str, kind: Any) -> Json:
    bytes_: Json = {"content": {"application/octet-stream": {"schema": {}}}}
    return {
        "operationId": name,
        "summary": f"{what}, or a piece of it (RFC 9110, 14)",
        "security": [{"station": []}],
        "parameters": [
            CODE,
            {"name": "id", "in": "path", "required": True, "schema": schema_of(kind)},
            {"name": "Range", "in": "header", "description": "bytes=FIRST-LAST", "schema": {"type": "string"}},
            {"name": "If-Range", "in": "header", "description": "the ETag", "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {"description": "all of it", **bytes_},
            "206": {"description": "a piece, of a mebibyte at the most: see Content-Range", **bytes_},
            **_problems(401, 403, 404, 416, 503),
        },
    }


def query(name: str, description: str, kind: Any) -> Json:
    """A parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": schema_of(kind)}


def json_body(kind: type) -> Json:
    """The body of a request."""
    return {"required": True, "content": {"application/json": {"schema": ref(kind)}}}


def json_of(kind: type, description: str) -> Json:
    """The body of an answer."""
    return {"description": description, "content": {"application/json": {"schema": ref(kind)}}}


def _problems(*statuses: int) -> Json:
    content = {"application/problem+json": {"schema": ref(Problem)}}
    return {str(status): {"description": PROBLEMS[status], "content": content} for status in statuses}


def ref(kind: type) -> Json:
    """A body by its name."""
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
