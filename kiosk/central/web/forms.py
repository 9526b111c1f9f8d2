"""A form as it was sent, read within bounds."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from msgspec import Struct
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from kiosk.central.web.turns import LATER
from kiosk.foreign import visible
from kiosk.language import _

LONGEST_WORDS: Final = 500
"""Characters of a field of a form."""

MOST_FIELDS: Final = 200
LONGEST_KIND: Final = 200
"""Characters of a `Content-Type`; the longest part of it, a boundary, has 70 (RFC 2046, 5.1.1)."""

MOST_PLAIN: Final = 512 * 1024
"""Bytes of a form that is not in parts, and so can have no file."""

MOST_FILES: Final = 2
SMALL: Final = 16 * 1024
"""Bytes of a form without a file."""

MOST_TOGETHER: Final = 96 * 1024 * 1024
"""Bytes of all forms that are not yet answered: twelve photographs as they come from phones."""


class Form(Struct, frozen=True):
    """The fields of a form, each once, and the files that came with it."""

    fields: Mapping[str, str] = {}
    files: Mapping[str, UploadFile] = {}

    def words(self, name: str) -> str:
        """A field's words in one line, in which everything can be seen; empty where there are none."""
        return visible(self.fields.get(name, "").strip())[:LONGEST_WORDS]

    def raw(self, name: str) -> str:
        """A field as it was sent: a secret, or many lines."""
        return self.fields.get(name, "")

    def file(self, name: str, most: int) -> bytes:
        """What is in the file that was sent, and of one that is too large a byte more than `most`; empty where none was."""
        file = self.files.get(name)
        return file.file.read(most + 1) if file else b""

    @property
    def kept(self) -> bytes:
        """The file that came with an earlier form, which its page has sent back as Base64; empty where it is none."""
        try:
            return b64decode(self.raw("kept"), validate=True)
        except ValueError:
            return b""


NOTHING: Final = Form()
"""Of a question without a form."""


class Incoming:
    """The forms that come in or are at work: `most` bytes of all together, or who sends slowly would hold all memory."""

    def __init__(self, most: int = MOST_TOGETHER) -> None:
        self._most, self._held = most, 0

    @asynccontextmanager
    async def form(self, request: Request, most: int) -> AsyncIterator[Form]:
        """What was sent, within bounds, for as long as the block lasts. Refuses with 400, 413 and 503."""
        body, most = bytearray(), _most(request, most)
        try:
            async for chunk in request.stream():
                body += chunk
                self._held += len(chunk)
                self._bound(len(body), most)
            found = await _read(request, bytes(body))
            try:
                yield found
            finally:
                for file in found.files.values():
                    await file.close()
        except ClientDisconnect as error:
            raise _not_whole() from error
        finally:
            self._held -= len(body)

    def _bound(self, size: int, most: int) -> None:
        """Small forms find room for twice as long: who sends no file is not kept out by those who do."""
        if size > most:
            raise HTTPException(413, _("That is too large: {most} bytes at the most.", most=most))
        if self._held > self._most * (1 if size > SMALL else 2):
            raise HTTPException(
                503,
                _("Very much is being sent just now. Try again in a while; without a photograph there is room sooner."),
                LATER,
            )


def _most(request: Request, most: int) -> int:
    """Bytes that this form may have. Refuses with 400 one that no browser sends: in another coding than its page's.

    Starlette would read it in that coding, for hours where it is Punycode, and into halves of characters in UTF-7.
    """
    told = request.headers.get("Content-Type", "")
    kind, options = parse_options_header(told[:LONGEST_KIND])
    if len(told) > LONGEST_KIND or options.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
        raise HTTPException(400, _("This form is not as its page sends it."))
    return most if kind == b"multipart/form-data" else min(most, MOST_PLAIN)


async def _read(request: Request, body: bytes) -> Form:
    async def whole() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        sent = await Request(request.scope, whole).form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=len(body) + 1
        )
    except (MultiPartException, UnicodeDecodeError) as error:
        raise _not_whole() from error
    pairs = sent.multi_items()
    fields = {name: value for name, value in pairs if isinstance(value, str)}
    return Form(fields, {name: value for name, value in pairs if isinstance(value, UploadFile)})


def _not_whole() -> HTTPException:
    return HTTPException(400, _("The form did not come whole."))
