"""A policy as a form asks for it, one door and one programme: written as TOML, so that both ways make the same policy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from kiosk.trust.passes import PassClass

OFFSET: Final = "+08:00"
"""Behind a time of a form, which has none."""

CLASSES: Final = tuple(each.name.lower() for each in PassClass)


def written(fields: Mapping[str, str]) -> str:
    """The TOML; what a field says wrong is told when that is read."""
    return "\n".join(_lines({name: text.strip() for name, text in fields.items()})) + "\n"


def _lines(fields: Mapping[str, str]) -> Iterator[str]:
    yield f"station = {_quoted(fields.get('station', ''))}"
    if fields.get("not_by_phone"):
        yield "by_phone = false"
    if nearby := fields.get("nearby"):
        yield f"nearby = {_quoted(nearby)}"
    texts = {language: text for language in ("zh", "en") if (text := fields.get(f"text_{language}"))}
    if texts:
        yield from ("", "[texts]", *(f"{language} = {_quoted(text)}" for language, text in texts.items()))
    if door := fields.get("door"):
        yield from ("", f"[doors.{_quoted(door)}]", *_calendar(fields))
    if door and fields.get("programme"):
        yield from ("", f"[[doors.{_quoted(door)}.programmes]]", *_programme(fields))


def _calendar(fields: Mapping[str, str]) -> Iterator[str]:
    hours = [line.strip() for line in fields.get("hours", "").splitlines() if line.strip()]
    if hours:
        yield f"hours = {json.dumps(hours, ensure_ascii=False)}"
    yield f"always = {json.dumps([name for name in CLASSES if fields.get(f'always_{name}')])}"


def _programme(fields: Mapping[str, str]) -> Iterator[str]:
    yield f"name = {_quoted(fields['programme'])}"
    for name in ("begins", "ends"):
        at = fields.get(name, "")
        yield f"{name} = {at}:00{OFFSET}" if len(at) == len("2026-07-20T11:00") else f"{name} = {_quoted(at)}"
    yield f"admits = {_quoted(fields.get('admits', 'passes'))}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
