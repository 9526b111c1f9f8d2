"""Who is told what is wrong, as `[alarms]` of `central.toml` says it; secrets stand in files of their own."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from kiosk.central.zone import USUAL, zone_named

HOUR: Final = 3600.0

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Hours = Annotated[float, Meta(ge=0.25, le=168)]
Name = Annotated[str, Meta(pattern="^[a-z0-9_-]{1,32}\\Z")]
Prefix = Annotated[str, Meta(pattern="^[0-9A-Za-z]{0,12}\\Z")]
Address = Annotated[str, Meta(pattern=r"^[!-?A-~]{1,64}@[!-?A-~]{1,190}\Z")]
Host = Annotated[str, Meta(pattern=r"^[0-9A-Za-z.:_-]{1,253}\Z")]

Security = Literal["starttls", "tls", "none"]
Form = Literal["json", "wecom", "dingtalk"]


class Mail(Struct, frozen=True, forbid_unknown_fields=True):
    """`to` is told by the mail server `host`; `user` with the password in `password_file` logs in there.

    `scope`: only what is wrong at stations whose code begins so.
    """

    name: Name
    host: Host
    sender: Address
    to: Annotated[tuple[Address, ...], Meta(min_length=1, max_length=50)]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    security: Security = "starttls"
    ca_file: str = ""
    user: str = ""
    password_file: str = ""
    scope: Prefix = ""

    def __post_init__(self) -> None:
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file belong together")
        if self.user and self.security == "none":
            raise ValueError('a password is sent with security = "starttls" or "tls" only')


class Webhook(Struct, frozen=True, forbid_unknown_fields=True):
    """The address in `url_file` is told; `form`: as JSON of ours, or as a robot of WeCom or DingTalk takes it.

    `secret_file`: with which a DingTalk robot's address is signed.
    """

    name: Name
    url_file: str
    form: Form = "json"
    secret_file: str = ""
    ca_file: str = ""
    scope: Prefix = ""

    def __post_init__(self) -> None:
        if self.secret_file and self.form != "dingtalk":
            raise ValueError('secret_file is for form = "dingtalk"')


Receiver = Mail | Webhook


class AlarmSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`settle`: seconds that a cause is there before anybody is told, if it is not urgent; `quiet`: and away before it is over.

    `office`: where the office's pages are, for the links. `daily`: the hour of the daily message, if any.
    `zone`: of that hour and of the times in messages, where it is not the centre's; `utc_offset`: the same in hours.
    """

    mail: tuple[Mail, ...] = ()
    webhook: tuple[Webhook, ...] = ()
    language: Literal["zh", "en"] = "zh"
    settle: Seconds = 300.0
    quiet: Seconds = 600.0
    remind_hours: Hours = 4.0
    daily: Annotated[int, Meta(ge=0, le=23)] | None = 8
    zone: str = ""
    utc_offset: Annotated[float, Meta(ge=-12, le=14)] | None = None
    office: str = ""

    def __post_init__(self) -> None:
        zone_named(self.zone or USUAL)
        names = [each.name for each in self.receivers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two receivers are called {', '.join(twice)}")
        if self.office and not re.fullmatch(r"https?://[!-~]+", self.office):
            raise ValueError("office is no address that begins with https://")

    @property
    def tells_in(self) -> tzinfo:
        """The zone of whoever is told."""
        if self.utc_offset is not None:
            return timezone(timedelta(hours=self.utc_offset))
        return zone_named(self.zone or USUAL)

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """All who are told."""
        return (*self.mail, *self.webhook)


def is_url(text: str) -> bool:
    """Whether a webhook can be called there."""
    try:
        found = urlsplit(text)
        return (
            re.fullmatch("[!-~]+", text) is not None
            and found.scheme in {"https", "http"}
            and bool(found.hostname)
            and found.port != 0
        )
    except ValueError:
        return False
