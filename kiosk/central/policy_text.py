"""A policy as TOML again, for whoever changes it: what is read from it is the same policy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from kiosk.trust.passes import PassClass
from kiosk.trust.policy import DoorPolicy, PolicyDocument, ProgrammePolicy

CHINA: Final = timezone(timedelta(hours=8))
BASE: Final = ("fresh_for", "stale_for", "refuse_when_old")


def policy_text(policy: PolicyDocument) -> str:
    """Everything that it says but its number and its time."""
    return "\n".join(_lines(policy)) + "\n"


def _lines(policy: PolicyDocument) -> Iterator[str]:
    yield f"station = {_value(policy.station)}"
    yield from (f"{name} = {_value(getattr(policy, name))}" for name in BASE)
    if policy.by_phone is False:
        yield "by_phone = false"
    if isinstance(policy.nearby, str) and policy.nearby:
        yield f"nearby = {_value(policy.nearby)}"
    for name, texts in (("texts", policy.texts), ("nearby", policy.nearby)):
        if isinstance(texts, Mapping) and texts:
            yield from ("", f"[{name}]", *(f"{_value(language)} = {_value(text)}" for language, text in texts.items()))
    for name, door in policy.doors.items():
        yield from _door(f"doors.{_value(name)}", door)


def _door(at: str, door: DoorPolicy) -> Iterator[str]:
    yield from ("", f"[{at}]")
    if door.hours is not None:
        yield f"hours = {_value(door.hours)}"
    yield f"always = {_value([_class(each) for each in door.always])}"
    for each in door.programmes:
        yield from ("", f"[[{at}.programmes]]", *_programme(each))


def _programme(programme: ProgrammePolicy) -> Iterator[str]:
    yield f"name = {_value(programme.name)}"
    for name, at in (("begins", programme.begins), ("ends", programme.ends)):
        yield f"{name} = {datetime.fromtimestamp(at, UTC).astimezone(CHINA).isoformat()}"
    if programme.hours is not None:
        yield f"hours = {_value(programme.hours)}"
    yield f"admits = {_value(programme.admits)}"


def _class(number: int) -> str | int:
    return PassClass(number).name.lower() if number in set(map(int, PassClass)) else number


def _value(value: Any) -> str:
    """A string of JSON, a list of them, a number or a truth is one of TOML, too, where DEL is escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
