"""Under which addresses people reach this server, as `central.toml` says them, and under which it lets them reach others.

The pass page keeps keys in the browser, so it has a host of its own: nothing that others write is served there.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

ORIGIN = r"https?://[0-9A-Za-z.-]{1,253}(:\d{1,5})?|https?://\[[0-9A-Fa-f:]{2,45}\](:\d{1,5})?"


class Addresses(Struct, frozen=True, forbid_unknown_fields=True):
    """Origins (RFC 6454) without a path: of the pages for everybody, and of the page with a pass. Empty: there is none."""

    public: str = ""
    passes: str = ""

    def __post_init__(self) -> None:
        for name, origin in (("public", self.public), ("passes", self.passes)):
            if origin and not _is_origin(origin):
                raise ValueError(f"{name}: {origin}: must be like https://yizhan.example.org, without a path")
        if self.passes and host(self.passes) == host(self.public):
            raise ValueError("passes: needs a host of its own, other than that of public")


class MapSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whence the office's map has pictures of the ground: an address with {z}, {x} and {y}, and whose they are. Empty: none."""

    tiles: str = ""
    attribution: str = ""

    def __post_init__(self) -> None:
        if self.tiles and not _is_of_tiles(self.tiles):
            raise ValueError(f"tiles: {self.tiles}: must be like https://tiles.example.org/{{z}}/{{x}}/{{y}}.png")

    @property
    def origin(self) -> str:
        """From where a browser loads them; empty for none."""
        scheme, _, rest = self.tiles.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}" if self.tiles else ""


class FeedSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the feed is written as files that a web server may serve; without a folder nowhere."""

    folder: str = ""


def host(origin: str) -> str:
    """What a browser says in `Host` (RFC 9110, 7.2) where it asks there."""
    return urlsplit(origin).netloc.lower()


def _is_of_tiles(text: str) -> bool:
    found = re.fullmatch(rf"({ORIGIN})(/[!-~]*)", text)
    return found is not None and _is_origin(found[1]) and all(text.count(each) == 1 for each in ("{z}", "{x}", "{y}"))


def _is_origin(text: str) -> bool:
    """Browsers give keys to pages of https alone, but on this machine itself."""
    if not re.fullmatch(ORIGIN, text):
        return False
    found = urlsplit(text)
    try:
        return found.port != 0 and (found.scheme == "https" or found.hostname in {"localhost", "127.0.0.1", "::1"})
    except ValueError:
        return False
