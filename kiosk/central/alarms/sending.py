"""One message to one receiver: by SMTP, or to a webhook. However it hangs or lies, it is over within a bounded time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import msgspec

from kiosk.central.alarms.settings import Form, Mail, Receiver, Webhook, is_url
from kiosk.decoding import UNDECODABLE

STEP_WITHIN: Final = 10.0
"""Seconds for each thing that the network does."""

ALL_WITHIN: Final = 45.0
"""Seconds for all of it: a receiver that gives a byte now and then is cut off."""

MOST_ANSWER: Final = 16_384
LONGEST_SECRET: Final = 4096
MOST_OF_WECOM: Final = 2048
"""Bytes of a text (developer.work.weixin.qq.com, group robots: text.content)."""

MOST_OF_DINGTALK: Final = 16_000
"""Bytes of a text; a whole message may have 20,000 (open.dingtalk.com, custom robots)."""


class NotSent(Exception):
    """The receiver was not told; the text says why, and holds no secret."""


class Letter(msgspec.Struct, frozen=True):
    """What is sent: for people, and the same for programs; under a number that is the same when it is sent again."""

    id: str
    subject: str
    text: str
    data: dict[str, Any]


def send(receiver: Receiver, letter: Letter, folder: Path, now: float) -> str:
    """Send it; the receiver's own words, if it has any. Files of the settings are relative to `folder`. Raises NotSent."""
    try:
        if isinstance(receiver, Mail):
            return _mail(receiver, letter, folder)
        return _webhook(receiver, letter, folder, now)
    except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error


def secret(folder: Path, name: str) -> str:
    """The first line of a file. Raises NotSent."""
    try:
        with (folder / name).open(encoding="utf-8") as file:
            return file.read(LONGEST_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotSent(f"{name}: {getattr(error, 'strerror', None) or 'no text'}") from error


@contextmanager
def cut_off(held: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Whoever is not done in time loses its connection; time-outs of sockets bound each step, and not all of them."""

    def cut() -> None:
        if (found := held()) is not None:
            with suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)  # under TLS, too, whose own would wait for its lock

    timer = threading.Timer(ALL_WITHIN, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tls(folder: Path, ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / ca_file) if ca_file else None)


# By mail.


def _mail(to: Mail, letter: Letter, folder: Path) -> str:
    context = None if to.security == "none" else _tls(folder, to.ca_file)
    password = secret(folder, to.password_file) if to.user else ""
    smtp = (
        smtplib.SMTP_SSL(timeout=STEP_WITHIN, context=context)
        if to.security == "tls"
        else smtplib.SMTP(timeout=STEP_WITHIN)
    )
    smtp._host = to.host  # type: ignore[attr-defined]  # noqa: SLF001  whose certificate it must be; only its constructor sets it, and dials
    with cut_off(lambda: smtp.sock):
        try:
            return _posted(smtp, to, letter, context, password)
        finally:
            smtp.close()


def _posted(smtp: smtplib.SMTP, to: Mail, letter: Letter, context: ssl.SSLContext | None, password: str) -> str:
    smtp.connect(to.host, to.port)
    if to.security == "starttls":
        smtp.starttls(context=context)
    if to.user:
        smtp.login(to.user, password)
    refused = smtp.send_message(_written(to, letter))
    smtp.quit()
    return f"refused for {', '.join(refused)}" if refused else ""


def _written(to: Mail, letter: Letter) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["Subject"], mail["From"], mail["To"] = letter.subject, to.sender, ", ".join(to.to)
    mail["Message-ID"] = f"<{letter.id}@{to.sender.partition('@')[2]}>"
    mail["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    return mail


# To a webhook.


def _webhook(to: Webhook, letter: Letter, folder: Path, now: float) -> str:
    url = secret(folder, to.url_file)
    if not is_url(url):
        raise NotSent(f"{to.url_file}: no address that begins with https://")
    if to.secret_file:
        url += ("&" if "?" in url else "?") + signed(secret(folder, to.secret_file), int(now * 1000))
    status, answer = _post(url, msgspec.json.encode(content(to.form, letter)), to, folder)
    if not 200 <= status < 300:
        raise NotSent(f"HTTP {status}")
    return "" if to.form == "json" else _accepted(answer)


def signed(key: str, moment: int) -> str:
    """The query of a DingTalk robot's address: the time in milliseconds, and the HMAC of time and secret."""
    digest = hmac.digest(key.encode(), f"{moment}\n{key}".encode(), hashlib.sha256)
    return f"timestamp={moment}&sign={quote_plus(base64.b64encode(digest))}"


def content(form: Form, letter: Letter) -> dict[str, Any]:
    """The body, as the receiver takes it."""
    match form:
        case "json":
            return {"id": letter.id, "subject": letter.subject, "text": letter.text, **letter.data}
        case "wecom":
            return {"msgtype": "text", "text": {"content": shortened(letter.text, MOST_OF_WECOM)}}
        case "dingtalk":
            return {"msgtype": "text", "text": {"content": shortened(letter.text, MOST_OF_DINGTALK)}}


def shortened(text: str, most: int) -> str:
    """So many bytes of a text at the most, in whole lines where it can be."""
    if len(text.encode()) <= most:
        return text
    cut = text.encode()[: most - len("…".encode())].decode(errors="ignore")
    return (cut[: cut.rfind("\n") + 1] or cut) + "…"


def _accepted(answer: bytes) -> str:
    """Robots answer 200 to what they refuse, too. Raises NotSent."""
    try:
        found = msgspec.json.decode(answer, type=dict[str, Any])
    except UNDECODABLE as error:
        raise NotSent("it answers, but not as a robot does") from error
    if found.get("errcode") != 0:
        raise NotSent(f"errcode {found.get('errcode')}: {found.get('errmsg')}")
    return ""


def _post(url: str, body: bytes, to: Webhook, folder: Path) -> tuple[int, bytes]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, parts.port, timeout=STEP_WITHIN, context=_tls(folder, to.ca_file))
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=STEP_WITHIN)
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.connect()
    held = connection.sock  # where the answer ends with the connection, only the answer has it
    with cut_off(lambda: held):
        try:
            connection.request("POST", target, body, {"Content-Type": "application/json; charset=utf-8"})
            answer = connection.getresponse()
            return answer.status, answer.read(MOST_ANSWER)
        finally:
            connection.close()
