"""A form as it was sent, read within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from kiosk.foreign import visible
from kiosk.language import _

LONGEST_WORDS: Final = 500
"""Characters of a field of a form."""

MOST_FIELDS: Final = 200


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


async def read_form(request: Request, most: int) -> Form:
    """What was sent, within bounds. Refuses with 400 and 413."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise HTTPException(413, _("That is too large: {most} bytes at the most.", most=most))

        async def whole() -> Message:
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        sent = await Request(request.scope, whole).form(max_files=1, max_fields=MOST_FIELDS, max_part_size=most)
    except (MultiPartException, ClientDisconnect, UnicodeDecodeError) as error:
        raise HTTPException(400, _("The form did not come whole.")) from error
    pairs = sent.multi_items()
    fields = {name: value for name, value in pairs if isinstance(value, str)}
    return Form(fields, {name: value for name, value in pairs if isinstance(value, UploadFile)})
