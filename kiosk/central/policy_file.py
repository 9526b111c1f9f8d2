"""A policy as somebody at the union writes it: the fields of :class:`kiosk.trust.policy.PolicyDocument` in TOML."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kiosk.trust.policy import PolicyDocument


class BadPolicy(Exception):
    """The file is no policy; the text says why."""


def read_policy(path: Path) -> PolicyDocument:
    """The policy in a file; version and time are given when it is published. Raises BadPolicy."""
    try:
        raw = _unix(tomllib.loads(path.read_text(encoding="utf-8")))
        unknown = raw.keys() - set(PolicyDocument.__struct_fields__)
        if unknown or raw.keys() & {"version", "issued_at"}:
            raise BadPolicy(f"no such key: {', '.join(sorted(unknown or {'version', 'issued_at'}))}")
        return msgspec.convert({"type": "policy", "version": 1, "issued_at": 0, **raw}, PolicyDocument)
    except OSError as error:
        raise BadPolicy(str(error.strerror)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadPolicy(str(error)) from error


def _unix(value: Any) -> Any:
    """Every time in it as seconds since 1970. A time without its offset means another instant at each end, so it is refused."""
    match value:
        case dict():
            return {key: _unix(each) for key, each in value.items()}
        case list():
            return [_unix(each) for each in value]
        case datetime() if value.tzinfo is None:
            raise BadPolicy(f"{value} has no offset; write e.g. {value.isoformat()}+08:00")
        case datetime():
            return round(value.timestamp())
        case _:
            return value
