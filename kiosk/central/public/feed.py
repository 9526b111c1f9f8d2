"""The feed, to whoever asks, from whatever page: nothing of it is anybody's secret."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec
from starlette.responses import Response

from kiosk.central.feed import SCHEMAS, TTL, bodies, schema
from kiosk.central.public.asked import Asked, absent
from kiosk.central.web.packing import takes_gzip
from kiosk.language import _

FOR_ALL: Final = {"Access-Control-Allow-Origin": "*"}
KINDS: Final = {"stations.geojson": "application/geo+json", "station_status.json": "application/json"}


def show(asked: Asked) -> Response:
    """A file of the feed, or 304 to whoever has it (RFC 9110, 13.1.2)."""
    name = asked.path["name"]
    if name not in KINDS:
        absent(_("There is no such file in the feed."))
    site = asked.store.addresses.public
    made = asked.once.of(asked.now, "feed", lambda seen: bodies(seen.stations, seen.at, site))
    body = made[name]
    headers = FOR_ALL | {"ETag": body.tag, "Cache-Control": f"public, max-age={TTL[name]}", "Vary": "Accept-Encoding"}
    if body.tag.removeprefix("W/") in asked.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    if takes_gzip(asked.headers):
        return Response(body.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=KINDS[name])
    return Response(body.raw, headers=headers, media_type=KINDS[name])


def describe(asked: Asked) -> Response:
    """What the files of the feed may hold."""
    name = f"{asked.path['name']}.schema.json"
    if name not in SCHEMAS:
        absent(_("There is no such file in the feed."))
    return Response(_schema(name), headers=FOR_ALL, media_type="application/schema+json")


@cache
def _schema(name: str) -> bytes:
    return msgspec.json.format(msgspec.json.encode(schema(name)), indent=2)
