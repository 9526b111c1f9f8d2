"""A file of answers: the tables of the settings that are to be taken over, and what is to be done besides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import msgspec
from msgspec import Meta, Struct

from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.loading import check_table, told_lines
from kiosk.settings.reading import read_toml
from kiosk.settings.table import BadSettings, Table, Text, Wrong, did_you_mean
from kiosk.settings.urls import wrong_server


class NetworkAnswers(Table, frozen=True):
    """What is to be connected, by NetworkManager. A network without a password has none here."""

    wifi: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    password: Annotated[str, Meta(max_length=64)] = ""
    apn: Annotated[str, Meta(min_length=1, max_length=63)] | None = None


class EnrolmentAnswers(Table, frozen=True):
    """The central server, and the claim code that it has given out for this station."""

    url: Text
    claim: Text


OWN: Final[dict[str, type[Table]]] = {"network": NetworkAnswers, "enrolment": EnrolmentAnswers}


class Answers(Struct, frozen=True):
    """What the file says; `settings` are the tables to lay over those that are there."""

    file: Path
    text: str
    settings: dict[str, Any]
    network: NetworkAnswers | None = None
    enrolment: EnrolmentAnswers | None = None

    def errors(self, wrong: list[Wrong]) -> list[str]:
        """What is wrong, each with its line in this file."""
        return told_lines(self.file, self.text, wrong)


def read_answers(path: Path) -> Answers:
    """Read and check the file by itself. Raises BadSettings with everything that is wrong."""
    text, raw = read_toml(path)
    told = {key: value for key, value in raw.items() if key not in OWN}
    known = {*get_type_hints(Settings), *OWN}
    wrong: list[Wrong] = [((key,), _("no such setting") + did_you_mean(key, known)) for key in told.keys() - known]
    for key, kind in OWN.items():
        wrong += check_table(raw[key], kind, (key,)) if key in raw else []
    fine = {key: value for key, value in told.items() if key in known}
    wrong += [each for each in check_table(fine, Settings, ()) if not each[1].startswith(_("is missing"))]
    url = raw["enrolment"].get("url") if isinstance(raw.get("enrolment"), dict) else None
    if isinstance(url, str) and (what := wrong_server(url)):
        wrong.append((("enrolment", "url"), what))
    if wrong:
        raise BadSettings(told_lines(path, text, wrong))
    own = {key: msgspec.convert(raw[key], kind) for key, kind in OWN.items() if key in raw}
    enrolment = own.get("enrolment")
    if isinstance(enrolment, EnrolmentAnswers):
        fine = {**fine, "central": {**fine.get("central", {}), "url": enrolment.url}}
    return Answers(path, text, fine, **own)  # type: ignore[arg-type]  # by the table's own name
