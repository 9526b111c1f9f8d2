"""Another place where operators log in, as `[oidc]` of `central.toml` says it; this server only says who they are here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

Url = Annotated[str, Meta(pattern=r"^https?://[!-~]{1,500}\Z")]


class OidcSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A provider of OpenID Connect. `claim`: what it says of somebody that is the account's name here.

    `office`: the office's own address, to which it sends people back; `secret_file` lies beside `central.toml`.
    `asks_second`: it asks for a second factor itself, so an account's own is not asked for after it.
    """

    issuer: Url
    client_id: Annotated[str, Meta(min_length=1, max_length=200)]
    secret_file: str
    office: Url
    claim: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:/-]{1,100}\Z")] = "preferred_username"
    ca_file: str = ""
    asks_second: bool = False

    def secret(self, folder: Path) -> str:
        """What this server proves itself with. Raises OSError and ValueError."""
        return (folder / self.secret_file).read_text(encoding="utf-8").strip()

    def __post_init__(self) -> None:
        for url in (self.issuer, self.office):
            if not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
                raise ValueError(f"{url}: only https, but at this machine")
