"""`kiosk doctor` on the road to the central server, step by step: name, connection, certificate, server, time.

A step that fails ends it: whatever comes after would only say the same in worse words.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

from kiosk.cli.doctor.check import Check
from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings import CentralTable, Settings

PATIENCE: Final = 5.0
LEAST_DAYS: Final = 14
DAY: Final = 86_400
MOST_OFF: Final = 60.0
"""Seconds; sync signs by the server's clock and does not mind, but passes are judged by ours until it is known."""

OURS: Final = ("application/problem+json", "application/json")


def check_network(settings: Settings) -> Iterator[Check]:
    """Everything between here and the central server."""
    central = settings.central
    if central is None:
        evidence = _("there is no [central] in the settings")
        yield Check("network.central", "warning", evidence, "kiosk config explain central")
        return
    parts = urlsplit(central.url)
    steps = (_name(parts), _connection(parts), _certificate(parts, central), _server(settings.station.code, central))
    for step in steps:
        for check in step:
            yield check
            if check.severity == "wrong":
                return


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _name(parts: SplitResult) -> Iterator[Check]:
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the latter for what IDNA knows no name of
        yield Check(
            "network.name",
            "wrong",
            _("nobody knows {host}: {error}", host=host, error=getattr(error, "strerror", None) or error),
            f"resolvectl query {host}",
        )
        return
    yield Check("network.name", "fine", _("{host} is {address}", host=host, address=found[0][4][0]))


def _connection(parts: SplitResult) -> Iterator[Check]:
    host, port = parts.hostname or "", _port(parts)
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except TimeoutError:
        yield Check(
            "network.connection",
            "wrong",
            _("{host}:{port} does not answer at all", host=host, port=port),
            f"tracepath {host}",
        )
    except OSError as error:
        yield Check("network.connection", "wrong", f"{host}:{port}: {error.strerror or error}", f"ping {host}")
    else:
        yield Check("network.connection", "fine", _("{host}:{port} answers", host=host, port=port))


def _certificate(parts: SplitResult, central: CentralTable) -> Iterator[Check]:
    if parts.scheme != "https":
        return
    host = parts.hostname or ""
    try:
        context = ssl.create_default_context(cafile=central.ca_file)
        with (
            socket.create_connection((host, _port(parts)), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            ends = ssl.cert_time_to_seconds(str((wrapped.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as error:
        of_time = error.verify_code in {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
        remedy = "timedatectl" if of_time else "kiosk config explain central.ca_file"
        yield Check("network.certificate", "wrong", f"{host}: {error.verify_message}", remedy)
    except OSError as error:
        yield Check(
            "network.certificate", "wrong", f"{host}: {error}", f"openssl s_client -connect {host}:{_port(parts)}"
        )
    else:
        days = (ends - time.time()) / DAY
        evidence = _("{host} proves who it is, for {days:.0f} days more", host=host, days=days)
        if days < LEAST_DAYS:
            yield Check("network.certificate", "warning", evidence, "tell the union: the certificate must be renewed")
        else:
            yield Check("network.certificate", "fine", evidence)


def _server(code: str, central: CentralTable) -> Iterator[Check]:
    """Without a token a server of ours answers 401, as problem+json."""
    import requests  # noqa: PLC0415

    url = f"{central.url.rstrip('/')}/v1/stations/{code}/documents"
    try:
        with requests.Session() as session:
            session.trust_env = False
            found = session.get(
                url, verify=central.ca_file or True, timeout=PATIENCE, allow_redirects=False, stream=True
            )
            found.close()
    except (requests.RequestException, ValueError) as error:
        yield Check("network.server", "wrong", f"{central.url}: {type(error).__name__}", f"curl -v {central.url}")
        return
    kind = found.headers.get("Content-Type", "").split(";")[0]
    if kind not in OURS:
        where = found.headers.get("Location", "")
        evidence = f"HTTP {found.status_code} with {kind or 'nothing'}{f', which leads to {where}' if where else ''}"
        login = _("log in at this network with a browser, or ask who runs it")
        words = _("not our server but a login page or a proxy: {evidence}", evidence=evidence)
        yield Check("network.server", "wrong", words, "", login)
        return
    yield Check("network.server", "fine", _("a central server, HTTP {code} without a token", code=found.status_code))
    yield from _clock(found.headers.get("Date", ""))


def _clock(date: str) -> Iterator[Check]:
    try:
        off = time.time() - parsedate_to_datetime(date).timestamp()
    except UNDECODABLE:
        return
    if abs(off) > MOST_OFF:
        words = (
            _("this machine is {seconds:.0f} s ahead of the server")
            if off > 0
            else _("this machine is {seconds:.0f} s behind the server")
        )
        yield Check("network.clock", "warning", words.format(seconds=abs(off)), "timedatectl")
    else:
        yield Check("network.clock", "fine", _("this machine and the server have the same time"))
