"""Hostile requests, as bytes on a socket: each is a page that refuses, in the language of whoever sent it, and leaves nothing.

What is no HTTP at all is refused by the parser before there is a language; only that it is refused is asked here.
"""

from __future__ import annotations

import http.client
import io
import logging
import re
import socket
import struct
import zlib
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from time import time
from urllib.parse import urlencode, urlsplit

import pytest
from PIL import Image
from starlette.requests import Request

from kiosk.central.asking import cookies_of
from kiosk.central.public.app import routes
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.case import today
from kiosk.central.voices.limits import What
from kiosk.central.voices.tokens import form_word
from kiosk.central.web.forms import MOST_PLAIN
from tests.public.ground import Ground, open_ground
from tests.test_photos import located, picture

CODE = "37081101"
HERE = f"/s/{CODE}"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Beside others, as most servers have it."""
    with open_ground(tmp_path_factory.mktemp("public") / "central", routes=routes) as found:
        found.build(CODE, name="Zhongshan Road")
        yield found


def sent(ground: Ground, head: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
    """The answer to a request line, with these headers."""
    wanted = {"Host": urlsplit(ground.url).netloc, "Connection": "close", "Content-Length": str(len(body)), **headers}
    lines = [f"{head} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in wanted.items()), "", ""]
    with socket.create_connection(urlsplit(ground.url).netloc.split(":"), timeout=30) as line:  # type: ignore[arg-type]
        line.sendall("\r\n".join(lines).encode("latin-1") + body)
        answer = http.client.HTTPResponse(line, method=head.partition(" ")[0])
        answer.begin()
        answer.held = answer.read()  # type: ignore[attr-defined]
    return answer


def kept(ground: Ground) -> list[object]:
    """All that strangers may leave behind."""
    cases = ground.store.cases(CaseFilter(open=False), EVERYWHERE)
    remarks = [each for case in cases for each in ground.store.remarks(case.number)]
    return [cases, remarks, ground.store.ratings(EVERYWHERE, "2000-01-01", "2999-12-31")]


def word(ground: Ground, what: What) -> str:
    """That of a form which somebody has looked at for a while."""
    return form_word(ground.store.secret_of(today(time()), time()), what, time() - 10)


def refused(answer: http.client.HTTPResponse, language: str) -> None:
    """It is a page of ours that says so."""
    page = answer.held.decode()  # type: ignore[attr-defined]
    assert 400 <= answer.status < 500, page
    assert answer.headers.get_content_type() == "text/html"
    assert f'<html lang="{language}">' in page
    assert bool(re.search("[一-鿿]", page.partition("<main")[2])) is (language == "zh-CN"), page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"].startswith(("private", "no-store"))
    assert "Set-Cookie" not in answer.headers
    assert "Traceback" not in page


LINES = (
    "GET /s/../../etc/passwd", "GET /s/%2e%2e%2fcentral.db", "GET /s/%00", "GET /s/%F0%9F%9A%AA", "GET /s/%ff%fe",
    "GET /s/37081101500000000", "GET /s/370811016", "GET /s/%D9%A3%D9%A7%D9%A0%D9%A8%D9%A1%D9%A1%D9%A0%D9%A1",
    f"GET {HERE}/nothing", f"GET {HERE}/rate", f"GET {HERE}/say/x", "GET /s?code=%ff%fe%00", "GET /s?code=" + "1" * 5000,
    "GET /photos/../../central.db.jpg", f"GET /photos/{'0' * 64}.jpg", f"GET /photos/{'Z' * 64}.jpg",
    "GET /said/99999999999999999999.jpg", "GET /said/-1.jpg", "GET /said/%D9%A3.jpg", "GET /said/0x1.jpg",
    "GET /feed/../central.db", "GET /feed/%2e%2e%2fcentral.db", "GET /feed/stations.geojson.gz", "GET /language/xx",
    f"PUT {HERE}", f"DELETE {HERE}", f"OPTIONS {HERE}", f"TRACE {HERE}", f"PATCH {HERE}/say", f"POST {HERE}", "POST /map",
    "POST /feed/stations.geojson", f"PROPFIND {HERE}",
)  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40])
def test_a_hostile_line_is_refused_by_a_page(ground: Ground, line: str) -> None:
    before = kept(ground)
    for language in ("en", "zh-CN"):
        refused(sent(ground, line, Accept_Language=language), language)
    assert kept(ground) == before


def test_what_is_nobodys_is_a_page_where_there_is_nothing_else(tmp_path: Path) -> None:
    with open_ground(tmp_path / "central") as ground:
        for line in (
            "GET /nothing",
            "POST /",
            "GET /v1/enrol",
            f"PUT {HERE}",
            "GET /office/login",
            "GET //evil.example",
        ):
            refused(sent(ground, line, Accept_Language="en"), "en")
        assert sent(ground, "GET /").headers["Location"] == "/map"


def part(name: str, value: bytes, more: str = "") -> bytes:
    """Of a form in parts."""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


WHOLE = urlencode({"place": "water", "what": "no_water", "face": "content", "receipt": "1234567890128"}).encode()
BODIES: tuple[tuple[str, bytes], ...] = (
    ("text/plain", WHOLE), ("application/json", b"{}"), ("", WHOLE), (FORM, b""), (FORM, WHOLE), (FORM, b"a=1&" * 5000),
    (FORM, b"x" * 17_000), (FORM, b"word=%ff%00%ED%A0%80&place=water&what=%00"), (FORM, WHOLE + b"&word=0.x"),
    (FORM, WHOLE + b"&word=" + b"9" * 400), (FORM, WHOLE + b"&word=%F0%9D%9F%99.x"), (FORM, b"&" * 16_000),
    ("multipart/form-data", b"x"), (PARTS, b"x"), (PARTS, b"--x--"), ("multipart/form-data; boundary=", b"--\r\n"),
    (f"multipart/form-data; boundary={'y' * 5000}", b"z"), ("multipart/form-data; boundary=\xff", b"--\xff"),
    (PARTS, part("place", b"\xff\xfe") + b"--x--"), (PARTS, part("place", b"water", '; filename="../../x"') + b"--x--"),
    (PARTS, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"), (PARTS, part("a", b"1") * 300 + b"--x--"),
    (PARTS, b"--x\r\n" + b"X-Y: z\r\n" * 2000 + b"\r\n1\r\n--x--"), (PARTS + "; charset=utf-7", part("a", b"1") + b"--x--"),
    (PARTS, part("photo", b"1", '; filename="a"') * 3 + b"--x--"),
)  # fmt: skip


@pytest.mark.parametrize("path", [f"{HERE}/say", f"{HERE}/rate", f"{HERE}/door", "/receipt"])
@pytest.mark.parametrize(("kind", "body"), BODIES, ids=range(len(BODIES)))
def test_a_hostile_form_is_refused_by_a_page(ground: Ground, path: str, kind: str, body: bytes) -> None:
    before = kept(ground)
    for language in ("en", "zh-CN"):
        refused(sent(ground, f"POST {path}", body, Content_Type=kind, Accept_Language=language), language)
    assert kept(ground) == before


@pytest.mark.parametrize("coding", ["punycode", "idna", "utf-7", "unicode_escape", "undefined", "gb18030", "x" * 200])
def test_a_form_in_a_coding_of_its_own_is_refused_unread(ground: Ground, coding: str) -> None:
    """Whoever names one chooses what the server does with it: Punycode takes hours for a megabyte."""
    fields = {"word": word(ground, "rating"), "face": "content"}
    body = b"".join(part(name, value.encode()) for name, value in fields.items()) + b"--x--"
    kind = f"{PARTS}; charset={coding}"
    answer = sent(ground, f"POST {HERE}/rate", body, Content_Type=kind, Accept_Language="en")
    refused(answer, "en")
    assert "not as its page sends it" in answer.held.decode()  # type: ignore[attr-defined]
    for named in ("UTF-8", '"utf-8"'):
        kind = f"{PARTS}; charset={named}"
        assert sent(ground, f"POST {HERE}/rate", body, Content_Type=kind).status == 303


def test_a_form_without_parts_has_no_room_for_a_photograph(ground: Ground) -> None:
    """To take it apart costs a second for two megabytes, in which no station is answered."""
    answer = sent(ground, f"POST {HERE}/say", b"&" * (MOST_PLAIN + 1), Content_Type=FORM, Accept_Language="en")
    assert answer.status == 413
    photo = b"x" * (MOST_PLAIN + 1)
    body = part("photo", photo, '; filename="a.jpg"') + b"--x--"
    assert sent(ground, f"POST {HERE}/say", body, Content_Type=PARTS).status == 422


def test_no_quotes_are_taken_off_a_cookie() -> None:
    """Ours have none, and Python's own reading takes a minute for 64 kB of them (CVE-2024-7592)."""
    quoted = '"' + '\\"' * 5_000 + '"'
    scope = {"type": "http", "headers": [(b"cookie", f"a={quoted}; lang=en ;b".encode()), (b"cookie", b"c=d=e")]}
    assert cookies_of(Request(scope)) == {"a": quoted, "lang": "en", "b": "", "c": "d=e"}


@pytest.mark.parametrize("origin", ["null", "http://[::1", "https://elsewhere.example", "://", "", "\xff", "https://@"])
def test_a_form_of_elsewhere_is_refused_whatever_it_says_it_is_of(ground: Ground, origin: str) -> None:
    before, body = kept(ground), urlencode({"word": word(ground, "door")}).encode()
    refused(sent(ground, f"POST {HERE}/door", body, Content_Type=FORM, Origin=origin, Accept_Language="en"), "en")
    assert kept(ground) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": 'evil"><script>alert(1)</script>'}, {"X_Forwarded_Host": "evil.example"}, {"Forwarded": "host=evil.example"},
        {"X_Original_URL": "/office"}, {"Cookie": "lang=\xff\xfe; rated=\xff"}, {"Accept_Language": "a" * 40_000},
        {"Range": "bytes=0-0"}, {"If_None_Match": "*"}, {"Accept_Encoding": "gzip;q=0, br"}, {"X_HTTP_Method_Override": "PUT"},
    ],
    ids=lambda headers: next(iter(headers)),
)  # fmt: skip
def test_no_header_changes_what_others_are_told(ground: Ground, headers: dict[str, str]) -> None:
    for path in (HERE, "/map", "/feed/stations.geojson"):
        answer = sent(ground, f"GET {path}", b"", **headers)
        assert answer.status == 200
        assert "evil" not in f"{answer.headers}{answer.held!r}"  # type: ignore[attr-defined]
        assert "Set-Cookie" not in answer.headers
        assert "Content-Encoding" not in answer.headers, "it was not asked for"


def test_the_language_s_way_back_leads_nowhere_else_and_sets_nothing_more(ground: Ground) -> None:
    for wanted in ("//evil", "/%5Cevil", "https://evil", "/%0d%0aSet-Cookie:x=1", "/s/%0a", "/%09/evil", "/s?x=//evil"):
        answer = sent(ground, f"GET /language/zh?next={wanted}")
        assert (answer.status, answer.headers["Location"]) == (303, "/map"), wanted
        assert len(answer.headers.get_all("Set-Cookie") or ()) == 1


def test_head_says_what_get_would_and_sends_no_page(ground: Ground) -> None:
    for path in (HERE, "/map", "/feed/stations.geojson", "/s/1"):
        asked, got = (sent(ground, f"{method} {path}") for method in ("HEAD", "GET"))
        assert (asked.status, asked.headers["Content-Type"]) == (got.status, got.headers["Content-Type"])
        assert asked.held == b""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /s/\xef\xbc\x93 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /receipt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /receipt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
        b"GET /map HTTP/1.1\r\nHost: x\r\nX: a\r\n b\x00\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["letters", "two lengths", "smuggling", "zero", "tls"],
)
def test_what_is_no_http_is_refused(ground: Ground, raw: bytes) -> None:
    with socket.create_connection(urlsplit(ground.url).netloc.split(":"), timeout=30) as line:  # type: ignore[arg-type]
        line.sendall(raw)
        assert line.recv(65536).split(b" ")[1] == b"400"


def test_from_where_somebody_came_stands_nowhere_afterwards(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    came, forms = "203.0.113.77", {"say": "voice", "rate": "rating", "door": "door"}
    fields = {"place": "fridge", "what": "dirty", "face": "content"}
    for path, what in forms.items():
        body = urlencode({"word": word(ground, what), **fields}).encode()  # type: ignore[arg-type]
        assert sent(ground, f"POST {HERE}/{path}", body, Content_Type=FORM, X_Forwarded_For=came).status in {200, 303}
    engine = ground.store._engine
    tables = [name for (name,) in engine.all(f"SELECT name FROM {engine.words.tables}")]
    assert {"voices", "ratings", "receipts", "audit"} <= {*tables}
    held = repr([engine.all(f"SELECT * FROM {name}") for name in tables])
    assert "fridge" in held
    for each in (came, came.encode().hex(), str(int(ip_address(came))), repr(ip_address(came).packed)[2:-1]):
        assert each not in held
        assert each not in caplog.text
    assert not [
        each for each in ground.store.folder.rglob("*") if each.is_file() and came.encode() in each.read_bytes()
    ]


# Photographs.


def chunk(kind: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *between: bytes) -> bytes:
    """One bit a pixel, all alike."""
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + rows.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def gone(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


NO_PHOTOS: dict[str, bytes] = {
    "a bomb": png(20_000, 20_000),
    "a bomb of words": png(9, 9, chunk(b"zTXt", b"x\0\0" + gone(80_000_000))),
    "a head that lies": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)),
    "no rows": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 6, 0, 0, 0)) + chunk(b"IEND", b""),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": picture((9, 9), "GIF"),
    "tiff": picture((9, 9), "TIFF"),
    "bmp": picture((9, 9), "BMP"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "half of one": picture()[:900],
    "zeros": bytes(100_000),
    "a zip": b"PK\x03\x04" + bytes(100),
}  # fmt: skip


def say(ground: Ground, photo: bytes) -> http.client.HTTPResponse:
    """That there is no water, with a photograph."""
    fields = {"word": word(ground, "voice"), "place": "water", "what": "no_water"}
    body = b"".join(part(name, value.encode()) for name, value in fields.items())
    body += part("photo", photo, '; filename="a.jpg"') + b"--x--"
    return sent(ground, f"POST {HERE}/say", body, Content_Type=PARTS, Accept_Language="en")


@pytest.mark.parametrize("photo", NO_PHOTOS.values(), ids=NO_PHOTOS)
def test_what_is_no_photograph_is_refused_by_a_page(ground: Ground, photo: bytes) -> None:
    before = kept(ground)
    refused(say(ground, photo), "en")
    assert kept(ground) == before


def test_of_a_polyglot_the_picture_alone_is_kept(ground: Ground) -> None:
    canary = b"<script>C4N4RY</script>"
    assert say(ground, located() + b"PK\x03\x04" + canary).status == 200
    (case,) = ground.store.cases(CaseFilter(place="water", open=False), EVERYWHERE)
    (remark,) = ground.store.remarks(case.number)
    photo = ground.store.remark_photo(remark.number)
    assert photo is not None
    assert b"C4N4RY" not in photo
    with Image.open(io.BytesIO(photo)) as found:
        assert (found.format, dict(found.getexif())) == ("JPEG", {})
