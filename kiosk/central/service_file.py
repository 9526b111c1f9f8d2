"""A service as somebody at the union writes it, in TOML: checked whole before anything is published, as a policy is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.photos import MOST_BYTES, NoPhoto, made_small
from kiosk.central.service_kinds import (
    AnswersFile,
    ChecklistFile,
    EventFile,
    NoticeFile,
    QuestionFile,
    SheetFile,
    as_said,
    texts_of,
)
from kiosk.central.supply_kinds import CampaignFile, DoctorFile, StopFile
from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings.loading import check_table, told_lines
from kiosk.settings.reading import tables_in
from kiosk.settings.table import BadSettings, Wrong, did_you_mean
from kiosk.settings.text import as_far_as_readable, read_bounded, read_text
from kiosk.trust.documents import sign_document
from kiosk.trust.service import (
    CAMPAIGN,
    DOCTOR,
    ID,
    LEDGER,
    MOST_OF_A_PICTURE,
    NOTICE,
    STOP,
    Body,
    Campaign,
    Checklist,
    Event,
    Picture,
    ServiceDocument,
)

AnyFile = (
    NoticeFile
    | QuestionFile
    | EventFile
    | AnswersFile
    | ChecklistFile
    | SheetFile
    | CampaignFile
    | StopFile
    | DoctorFile
)

FILES: Final[Mapping[str, type[AnyFile]]] = {
    NOTICE: NoticeFile,
    "question": QuestionFile,
    "event": EventFile,
    "answers": AnswersFile,
    "checklist": ChecklistFile,
    "sheet": SheetFile,
    CAMPAIGN: CampaignFile,
    STOP: StopFile,
    DOCTOR: DoctorFile,
}
"""The kinds that can be written."""

PAGE: Final = Path("service")
"""What a text is called that is no file."""

READ_IN: Final = "zh"
"""The language that everybody at a door can be expected to read."""


OF_LEDGERS: Final = 128 * 1024
"""Bytes of a campaign's ledgers for 1.5 million holders, of whom 70,000 have had one, and an hour in which 10,000 more come."""


class Written(Struct, frozen=True):
    """A service to be published: its head, whose version and time are given then, what it says, and the picture it names."""

    head: ServiceDocument
    body: Body
    picture: bytes = b""

    @property
    def size(self) -> int:
        """The bytes of the document."""
        largest = replace(self.head, version=2**52, issued_at=2**40 - 1)
        return len(sign_document(largest, Ed25519PrivateKey.generate(), bytes(4), as_said(self.body)))

    @property
    def room(self) -> int:
        """The bytes that it takes of a station: a campaign's ledgers come after it."""
        return self.size + (OF_LEDGERS if isinstance(self.body, Campaign) else 0)


Pictures = Callable[[str], bytes]
"""What a picture's name stands for. Raises OSError."""


def read_service_file(path: Path, now: float) -> Written:
    """The service in a file. Raises BadSettings with everything that is wrong."""
    return read_service_text(read_text(path), now, lambda name: read_bounded(path.parent / name, MOST_BYTES), path)


def read_service_text(text: str, now: float, pictures: Pictures, path: Path = PAGE) -> Written:
    """The service in a text. Raises BadSettings with everything that is wrong."""
    try:
        found = judged(tables_in(text, path), now, pictures)
    except UNDECODABLE as error:
        raise BadSettings([f"{path}: {error}"]) from error
    if isinstance(found, list):
        raise BadSettings(told_lines(path, text, found))
    return found


def with_lines(path: Path, wrong: Iterable[Wrong]) -> list[str]:
    """What only the store knows to be wrong with the file, with its lines."""
    return told_lines(path, as_far_as_readable(read_bounded(path)), list(wrong))


def judged(raw: dict[str, Any], now: float, pictures: Pictures | None = None) -> Written | list[Wrong]:
    """The service that these tables say, or everything that is wrong with them."""
    kind = raw.get("kind", NOTICE)
    if kind == LEDGER:
        return [(("kind",), _("nobody writes a ledger: the centre makes each, of what was handed out"))]
    if not isinstance(kind, str) or kind not in FILES:
        words = _("must be one of {names}", names=", ".join(FILES))
        return [(("kind",), words + did_you_mean(f"{kind}", FILES))]
    if wrong := list(check_table(raw, FILES[kind], ())):
        return wrong
    file = msgspec.convert(raw, FILES[kind])
    wrong = list(_senseless(file, now))
    picture = _picture(file, pictures)
    if isinstance(picture, str):
        wrong.append((("picture",), picture))
        picture = b""
    return wrong or _written(file, kind, picture, now)


def _written(file: AnyFile, kind: str, picture: bytes, now: float) -> Written:
    begins = int(file.begins.timestamp() if file.begins else now)
    ends = int(file.ends.timestamp())
    head = ServiceDocument(1, file.id, kind, 0, begins, ends, file.station)
    body: Body = file.body()
    if isinstance(body, Event) and picture:
        body = replace(body, picture=Picture(hashlib.sha256(picture).hexdigest(), len(picture)))
    return Written(msgspec.convert(msgspec.to_builtins(head), ServiceDocument), body, picture)


def _picture(file: AnyFile, pictures: Pictures | None) -> bytes | str:
    """The picture that an event names, made anew; nothing where it names none; or why there is none."""
    if not isinstance(file, EventFile) or not file.picture or pictures is None:
        return b""
    try:
        return made_small(pictures(file.picture), MOST_OF_A_PICTURE)
    except OSError as error:
        return _("cannot be read: {why}", why=error.strerror or error)
    except NoPhoto:
        return _("is no JPEG, PNG or WebP that can be taken, of 8 MB and 16 megapixels at the most")


def _senseless(file: AnyFile, now: float) -> Iterator[Wrong]:
    """What is well written and cannot be meant, with the reason."""
    if not re.fullmatch(ID, file.id):
        yield ("id",), _("must be at most 32 small letters, digits and hyphens, such as heat-2026")
    yield from _times(file, now)
    yield from file.wrong()


def _times(file: AnyFile, now: float) -> Iterator[Wrong]:
    """A time without its offset means another instant at each end, so it is refused."""
    times = {"begins": file.begins, "ends": file.ends, "starts": getattr(file, "starts", None)}
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
    """What is allowed and hardly meant, and what nobody here can know."""
    for at, texts in texts_of(written.body):
        if READ_IN not in texts:
            yield _("{at}: there is none in Chinese (zh)", at=at)
    if isinstance(written.body, Checklist):
        proofs = [(number, each.proof) for number, each in enumerate(written.body.items, 1) if each.proof]
        for number, proof in proofs:
            words = _(
                "items.{number}.proof: it is not known here which stations have a sensor {sensor}; where there is none, "
                "somebody has to look",
                number=number,
                sensor=proof.sensor,
            )
            yield words
