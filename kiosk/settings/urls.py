"""The address of a server, as people type it: what is wrong with one, and what was probably meant."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import SplitResult, urlsplit

from kiosk.language import _

LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}

_SCHEME: Final = re.compile(r"[a-z]{0,6}(:/*|//+)(?!\d+(/|$))", re.IGNORECASE)
"""What may stand where `https://` should: `htps://`, `https:/`, `https//`, `https:`, but no `name:8443`."""

_HOST: Final = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/.*)?")
_CONTRACT: Final = re.compile(r"/v1(/.*)?$")


def wrong_address(url: str) -> str:
    """What keeps it from being an address that HTTP can ask; empty when nothing does."""
    if meant := _as_typed_in_chinese(url):
        return _("has characters of a Chinese keyboard; did you mean {url}?", url=meant)
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        return _("has a blank in it")
    try:
        parts = urlsplit(url)
        port = parts.port  # raises, too, for a number that is no port
    except ValueError:
        port = 0
    if port == 0:
        return _("has a port or a number that is none; it has the form https://central.example.org:8443")
    if parts.scheme in {"https", "http"} and parts.hostname:
        return ""
    rest = _SCHEME.sub("", url, count=1)
    near = _("; did you mean {url}?", url=f"https://{rest}") if _HOST.fullmatch(rest) else ""
    return _("must begin with https:// and a name, such as https://central.example.org") + near


def wrong_server(url: str, *, anywhere: bool = False) -> str:
    """What is wrong with it as the central server's; empty when nothing is. `anywhere`: http:// may lead there, too."""
    if wrong := wrong_address(url):
        return wrong
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not anywhere:
        meant = parts._replace(scheme="https").geturl()
        return _("must be https://..., or http:// to this machine itself; did you mean {url}?", url=meant)
    return _too_much(parts)


def _too_much(parts: SplitResult) -> str:
    """The contract's own paths and tokens go behind the address."""
    if parts.username is not None:
        return _("has a name or password in it: a station proves itself by its key")
    if _CONTRACT.search(parts.path) or parts.query or parts.fragment:
        meant = parts._replace(path=_CONTRACT.sub("", parts.path), query="", fragment="").geturl()
        return _("goes too far; did you mean {url}?", url=meant)
    return ""


def _as_typed_in_chinese(url: str) -> str:
    """With its colons, dots and strokes made plain; empty where there was nothing to do."""
    plain = unicodedata.normalize("NFKC", url.replace("。", ".").replace("、", "/"))
    return "" if plain == url or not plain.isascii() else plain
