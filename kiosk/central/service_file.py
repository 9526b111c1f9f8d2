"""A service as somebody at the union writes it, in TOML: checked whole before anything is published, as a policy is.

Of the kinds, a notice can be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from msgspec.structs import replace

from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings.loading import check_table, told_lines
from kiosk.settings.reading import read_toml
from kiosk.settings.table import BadSettings, Table, Wrong
from kiosk.trust.documents import sign_document
from kiosk.trust.policy import Scope
from kiosk.trust.service import ID, LANGUAGE, LONGEST, MOST_LANGUAGES, NOTICE, Notice, ServiceDocument

READ_IN: Final = "zh"
"""The language that everybody at a door can be expected to read."""


class NoticeFile(Table, frozen=True):
    """The whole file; see docs/wire.md. Both times carry their offset; without `begins` it holds at once."""

    id: str
    ends: datetime
    texts: dict[str, str]
    kind: Literal["notice"] = NOTICE
    begins: datetime | None = None
    station: Scope = ""
    urgent: bool = False


class Written(Struct, frozen=True):
    """A service to be published: its head, whose version and time are given then, and what it says."""

    head: ServiceDocument
    notice: Notice

    @property
    def size(self) -> int:
        """The bytes of the document."""
        largest = replace(self.head, version=2**52, issued_at=2**40 - 1)
        said = msgspec.to_builtins(self.notice)
        return len(sign_document(largest, Ed25519PrivateKey.generate(), bytes(4), said))


def read_service_file(path: Path, now: float) -> Written:
    """The service in a file. Raises BadSettings with everything that is wrong."""
    try:
        text, raw = read_toml(path)
        found = judged(raw, now)
    except UNDECODABLE as error:
        raise BadSettings([f"{path}: {error}"]) from error
    if isinstance(found, list):
        raise BadSettings(told_lines(path, text, found))
    return found


def judged(raw: dict[str, Any], now: float) -> Written | list[Wrong]:
    """The service that these tables say, or everything that is wrong with them."""
    wrong = list(check_table(raw, NoticeFile, ())) or list(_senseless(msgspec.convert(raw, NoticeFile), now))
    return wrong or _written(msgspec.convert(raw, NoticeFile), now)


def _written(file: NoticeFile, now: float) -> Written:
    begins = int(file.begins.timestamp() if file.begins else now)
    ends = int(file.ends.timestamp())
    head = ServiceDocument(1, file.id, file.kind, 0, begins, ends, file.station)
    return Written(msgspec.convert(msgspec.to_builtins(head), ServiceDocument), Notice(file.texts, file.urgent))


def _senseless(file: NoticeFile, now: float) -> Iterator[Wrong]:
    """What is well written and cannot be meant, with the reason."""
    if not re.fullmatch(ID, file.id):
        yield ("id",), _("must be at most 32 small letters, digits and hyphens, such as heat-2026")
    yield from _times(file, now)
    if not 1 <= len(file.texts) <= MOST_LANGUAGES:
        yield ("texts",), _("must be 1 to {most} texts, each under its language", most=MOST_LANGUAGES)
    for language, text in file.texts.items():
        if not re.fullmatch(LANGUAGE, language):
            yield ("texts", language), _("is no language, such as zh, en or ug")
        if not text.strip():
            yield ("texts", language), _("is empty")
        elif len(text) > LONGEST:
            yield ("texts", language), _("has {count} characters, and may have {most}", count=len(text), most=LONGEST)


def _times(file: NoticeFile, now: float) -> Iterator[Wrong]:
    """A time without its offset means another instant at each end, so it is refused."""
    times = {"begins": file.begins, "ends": file.ends}
    naive = {name: time for name, time in times.items() if time is not None and time.tzinfo is None}
    for name, time in naive.items():
        yield (name,), _("{time} has no offset; write e.g. {time}+08:00", time=time.isoformat())
    if naive:
        return
    if file.begins is not None and file.begins.timestamp() < 0:
        yield ("begins",), _("must not be before 1970")
    if file.begins is not None and file.ends <= file.begins:
        yield ("ends",), _("it ends before it begins")
    elif file.ends.timestamp() <= now:
        yield ("ends",), _("is over already; to end a service: kiosk central service withdraw {id}", id=file.id)


def service_warnings(written: Written) -> Iterator[str]:
    """What is allowed and hardly meant."""
    if READ_IN not in written.notice.texts:
        yield _("texts: there is none in Chinese (zh)")
