"""Bodies of orders, read strictly: everything that is wrong is told at once, with the path of its field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from msgspec import UNSET, Struct

from kiosk.central.api.answers import Refused, refuse
from kiosk.contract.bodies import MAX_BATCH, FieldError
from kiosk.decoding import UNDECODABLE, NotUnderstood, read_json, too_deep
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings.table import did_you_mean

T = TypeVar("T", bound=Struct)

MOST_TOLD: Final = 50
LONGEST_NAME: Final = 40


def read_strict(body: bytes, kind: type[T]) -> T:
    """The body as `kind`; none is an empty one. Refuses with 400 what is no JSON object, with 422 what is wrong in it."""
    try:
        found = read_json(body or b"{}", dict[str, Any], MAX_BATCH)
    except NotUnderstood as error:
        refuse(400, str(error))
    if too_deep(found):
        refuse(400, "nested too deeply")
    if wrong := [*wrong_in(found, kind)]:
        refuse_fields(wrong)
    value: T = msgspec.convert(found, kind)
    return value


def refuse_fields(wrong: Sequence[FieldError]) -> NoReturn:
    """Raises Refused: the order cannot be meant so."""
    raise Refused(422, _("The body is not as it should be."), errors=wrong[:MOST_TOLD])


def wrong_in(found: dict[str, Any], kind: type[Struct], at: str = "") -> Iterator[FieldError]:
    """Each field that is missing, unknown, or not what it should be; of unknown ones as many as are told."""
    fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}
    for name in islice(found.keys() - fields.keys(), MOST_TOLD):
        yield FieldError(at + visible(name[:LONGEST_NAME]), _("no such field") + did_you_mean(name, fields))
    for name, field in fields.items():
        value = found.get(name, UNSET)
        if value is UNSET and field.required:
            yield FieldError(at + name, _("is missing"))
        elif value is not UNSET and (why := _wrong_value(value, field.type)):
            yield FieldError(at + name, why)


def _wrong_value(value: Any, kind: Any) -> str:
    try:
        msgspec.convert(value, kind)
    except UNDECODABLE as error:
        return f"{error}"[:200]
    return ""
