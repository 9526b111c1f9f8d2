"""Where people log in elsewhere, as `central.toml` says it: `[oidc]` operators, `[pass_login]` holders of passes.

There somebody proves who they are; who they are here, and what they may, only this server says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

Url = Annotated[str, Meta(pattern=r"^https?://[!-~]{1,500}\Z")]


class ProviderSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A provider of OpenID Connect. `claim`: what it says of somebody by which they are found here the first time.

    `secret_file` and `ca_file` lie beside `central.toml`.
    """

    issuer: Url
    client_id: Annotated[str, Meta(min_length=1, max_length=200)]
    secret_file: str
    claim: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:/-]{1,100}\Z")] = "preferred_username"
    ca_file: str = ""

    def secret(self, folder: Path) -> str:
        """What this server proves itself with. Raises OSError and ValueError."""
        return (folder / self.secret_file).read_text(encoding="utf-8").strip()

    def __post_init__(self) -> None:
        _only_safely(self.issuer)


class OidcSettings(ProviderSettings, frozen=True, kw_only=True):
    """For operators. `office`: the office's own address, to which it sends people back.

    `asks_second`: it asks for a second factor itself, so an account's own is not asked for after it.
    """

    office: Url
    asks_second: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _only_safely(self.office)


def _only_safely(url: str) -> None:
    if not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise ValueError(f"{url}: only https, but at this machine")
