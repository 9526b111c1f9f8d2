"""What is hidden in every text that leaves a program, and what besides in a report: the one place that knows secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

HIDDEN: Final = "***"

_USER: Final = re.compile(
    r"""(?: (:(?:\\?/){2}) (?: [^\s<>"] | "(?![,\]}:\s]|$) ){0,500} (@)   # up to the last @: people write passwords as they are
          | (:(?:\\?/){2}[^\s/@:<>"]{0,100}:) (?!\s|\d{1,5}(?:[/\s?"']|$)) [^\n@]{1,200} (@)  # with blanks, if it is no port
          | (%3a(?:\\?/|%2f){2}) [^\s<>"]{0,500}? (@|%40) )""",
    re.VERBOSE | re.IGNORECASE,
)
"""Behind the scheme, whichever it is, also where the URL was quoted."""

_BARE: Final = re.compile(r"""(?<![\w/:.-])((?!mailto:)[\w.-]{1,64}:)[^\s@/:"'<>]{1,100}(?=@[\w\[])""")
"""`user:password@host`, where somebody left the scheme out."""

_STRONG: Final = "password|passwd|passphrase|passcode|pwd|token|secret|api[_-]?key|credential|signature"
_NAMED: Final = re.compile(
    rf"""( (?: (?:{_STRONG}) [\w.-]{{0,20}} (?: \[\] | %5b%5d )? ["']? (?: = | %3d )
             | ["'] (?:password|passwd|passphrase|pwd) ["'] \s?:\s?
             | [?&;] [\w.-]{{0,20}} (?:pass?|psw|pw|psk|pin) =
             | (?<![a-z]) (?:pass|psw|pw|auth|key|sig|sign|sid) ["']? = ) ["']? )
        (?: (?<=") [^"\n]{{1,500}} | (?<=') [^'\n]{{1,500}} | (?: %(?!26) | [^%&;,\s"'<>)\]}}] ){{1,500}} )""",
    re.VERBOSE | re.IGNORECASE,
)
"""In a query, in JSON, and as some cameras have it in the path: `/user=admin&password=...`."""

_BEARER: Final = re.compile(r"(authorization\W{1,4}\w{1,20}\s+|bearer\s+)[^\s\"',]+", re.IGNORECASE)
_SUSPECT: Final = re.compile(r"""[@%=]|eyJ|earer|["']\s?:""")
_TOKEN: Final = re.compile(r"\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*")

_OF_OURS: Final = re.compile(r"YZ[0-9A-Z]{0,2}:[0-9A-Z $%*+\-./:]{8,}|\b[0-9A-F]{16}\b|[A-Za-z0-9+/]{43}=")
"""Passes and enrolment codes, claim codes, and keys of 32 bytes in Base64."""

_HOLDERS: Final = re.compile(r"""(holders["']?\s*[=:]\s*\[)([^\]]*)""")
_INDEX: Final = re.compile(
    r"""\b((?:pass|index|indices|credential|credentials|holder|holders)["']?\W{1,3})(\d{3,})\b"""
)
_DEGREES: Final = re.compile(r"""\b((?:latitude|longitude|lat|lon|lng|place)["']?\W{1,4})(-?\d{1,3}\.\d{2})\d+""")
_PAIR: Final = re.compile(r"(?<![\d.])(-?\d{1,3}\.\d{2})\d+(\s*,\s*)(-?\d{1,3}\.\d{2})\d+(?![\d.])")


def hidden(text: str) -> str:
    """Without passwords and tokens: those of a URL of any scheme, also quoted (RFC 3986), and those that are named."""
    if not _SUSPECT.search(text):
        return _BEARER.sub(rf"\1{HIDDEN}", text)
    text = _USER.sub(
        lambda found: f"{found[1] or found[3] or found[5]}{HIDDEN}{found[2] or found[4] or found[6]}", text
    )
    text = _BARE.sub(rf"\1{HIDDEN}", text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    return _TOKEN.sub(HIDDEN, _BEARER.sub(rf"\1{HIDDEN}", text))


def anonymous(text: str) -> str:
    """For a report: besides, without codes and keys, holders by their last two digits, places to a kilometre."""
    text = _OF_OURS.sub("[hidden]", hidden(text))
    text = _HOLDERS.sub(lambda found: found[1] + re.sub(r"(?<!\.)\b\d[\w]*", _shortened, found[2]), text)
    text = _INDEX.sub(lambda found: f"{found[1]}..{found[2][-2:]}", text)
    return _DEGREES.sub(r"\1\2", _PAIR.sub(r"\1\2\3", text))


def _shortened(found: re.Match[str]) -> str:
    return f'"..{found[0][-2:]:0>2}"'


def everywhere(value: Any, change: Callable[[str], str]) -> Any:
    """A value of dicts, lists and plain values, with every text in it changed."""
    match value:
        case str():
            return change(value)
        case dict():
            return {
                change(key) if isinstance(key, str) else key: everywhere(each, change) for key, each in value.items()
            }
        case list() | tuple():
            return [everywhere(each, change) for each in value]
        case _:
            return value
