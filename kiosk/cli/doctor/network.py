"""`kiosk doctor` on the road to the central server, step by step: name, connection, certificate, server, time.

A step that fails ends it: whatever comes after would only say the same in worse words.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Final, NoReturn
from urllib.parse import SplitResult, urlsplit

from kiosk.cli.common import MISUSED, NOT_REACHABLE, fail
from kiosk.cli.doctor.certificate import PATIENCE, check_certificate, port_of, speaks_tls
from kiosk.cli.doctor.check import Check
from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.urls import wrong_address, wrong_server

MOST_OFF: Final = 60.0
"""Seconds; sync signs by the server's clock and does not mind, but passes are judged by ours until it is known."""

OURS: Final = ("application/problem+json", "application/json")
NO_ROAD: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
UNAUTHORISED: Final = {401, 403}
TROUBLE: Final = 500


def check_network(settings: Settings) -> Iterator[Check]:
    """Everything between here and the central server."""
    central = settings.central
    if central is None:
        evidence = _("there is no [central] in the settings")
        yield Check("network.central", "warning", evidence, "kiosk config explain central")
        return
    yield from road(central.url, central.ca_file, settings.station.code)


def road(url: str, ca_file: str | None, station: str = "", *, patience: float = PATIENCE) -> Iterator[Check]:
    """Everything between here and `url`, up to what is wrong; without a station's code, whatever server is there."""
    parts = urlsplit(url)
    steps = (
        _name(parts),
        _connection(parts, patience),
        _certificate(parts, ca_file, patience),
        _server(url, ca_file, station, patience),
    )
    for step in steps:
        for check in step:
            yield check
            if check.severity == "wrong":
                return


def good_server_or_exit(url: str, *, anywhere: bool = False) -> None:
    """Exit code 2 where that cannot be a central server's address, before anything is sent."""
    if wrong := wrong_server(url, anywhere=anywhere):
        fail(_("{url}: the address {wrong}", url=url, wrong=wrong), MISUSED)


def good_address_or_exit(url: str) -> None:
    """Exit code 2 where that is no address."""
    if wrong := wrong_address(url):
        fail(_("{url}: the address {wrong}", url=url, wrong=wrong), MISUSED)


def fail_on_the_road(url: str, ca_file: str | None, station: str, why: object) -> NoReturn:
    """Say what the doctor finds on the way to `url`, or `why` where he finds nothing wrong; exit code 3."""
    for check in road(url, ca_file, station):
        if check.severity == "wrong":
            lines = [check.evidence, check.advice, _("Next: {command}", command=check.remedy) if check.remedy else ""]
            fail("\n".join(filter(None, lines)), NOT_REACHABLE)
    fail(_("{url} does not answer as it should: {why}\nNext: kiosk doctor", url=url, why=why), NOT_REACHABLE)


def _name(parts: SplitResult) -> Iterator[Check]:
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, port_of(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the latter for what IDNA knows no name of
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            words = _("no name server answers who {host} is: is this machine on the network?", host=host)
        else:
            words = _("nobody knows {host}: is it typed right?", host=host)
        yield Check("network.name", "wrong", words, f"resolvectl query {host}")
        return
    yield Check("network.name", "fine", _("{host} is {address}", host=host, address=found[0][4][0]))


def _connection(parts: SplitResult, patience: float) -> Iterator[Check]:
    host, port = parts.hostname or "", port_of(parts)
    try:
        socket.create_connection((host, port), patience).close()
    except TimeoutError:
        words = _("{host}:{port} does not answer at all", host=host, port=port)
        yield Check("network.connection", "wrong", words, f"tracepath {host}")
    except ConnectionRefusedError:
        words = _("{host}:{port} refused: the machine is there, and no server listens", host=host, port=port)
        yield Check("network.connection", "wrong", words, "", _("is the port right? does the server run?"))
    except OSError as error:
        if error.errno in NO_ROAD:
            words = _("no network leads to {host}: the cable, the Wi-Fi?", host=host)
            yield Check("network.connection", "wrong", words, "ip route")
        else:
            yield Check("network.connection", "wrong", f"{host}:{port}: {error.strerror or error}", f"ping {host}")
    else:
        yield Check("network.connection", "fine", _("{host}:{port} answers", host=host, port=port))


def _certificate(parts: SplitResult, ca_file: str | None, patience: float) -> Iterator[Check]:
    if parts.scheme == "https":
        yield from check_certificate(parts, ca_file, patience)


def _server(url: str, ca_file: str | None, station: str, patience: float) -> Iterator[Check]:
    """Without a token a server of ours answers 401, as problem+json."""
    import requests  # noqa: PLC0415

    from kiosk.contract.bounded import Adapter  # noqa: PLC0415

    asked = f"{url.rstrip('/')}/v1/stations/{station}/documents" if station else url
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", Adapter(0))  # nothing of its body is read
            session.mount("https://", Adapter(0))
            found = session.get(asked, verify=ca_file or True, timeout=patience, allow_redirects=False, stream=True)
            found.close()
    except (requests.RequestException, ValueError) as error:
        yield Check("network.server", "wrong", _no_http(urlsplit(url), error), f"curl -v {url}")
        return
    if station:
        yield from _ours(found.status_code, found.headers.get("Content-Type", ""), found.headers.get("Location", ""))
        yield from _clock(found.headers.get("Date", ""))


def _no_http(parts: SplitResult, error: Exception) -> str:
    import requests  # noqa: PLC0415

    host, port = parts.hostname or "", port_of(parts)
    if isinstance(error, requests.Timeout):
        return _("{host}:{port} takes the connection, and then says nothing", host=host, port=port)
    if parts.scheme == "http" and speaks_tls(host, port):
        meant = parts._replace(scheme="https").geturl()
        return _("{host}:{port} speaks TLS; did you mean {url}?", host=host, port=port, url=meant)
    return _("{host}:{port} answers, but not as a web server does", host=host, port=port)


def _ours(status: int, kind: str, where: str) -> Iterator[Check]:
    """Whether that is the answer of a central server."""
    kind = kind.partition(";")[0]
    if kind not in OURS:
        evidence = f"HTTP {status}, {kind or '-'}{f' → {where}' if where else ''}"
        login = _("log in at this network with a browser, or ask who runs it; or the address is another server's")
        words = _("not our server but a login page or a proxy: {evidence}", evidence=evidence)
        yield Check("network.server", "wrong", words, "", login)
    elif status in UNAUTHORISED:
        yield Check("network.server", "fine", _("a central server, HTTP {code} without a token", code=status))
    elif status >= TROUBLE:
        words = _("the central server has trouble of its own: HTTP {code}", code=status)
        yield Check("network.server", "wrong", words, "", _("tell who runs it, and try again later"))
    else:
        words = _("a server, but no central server at this address: HTTP {code}", code=status)
        yield Check("network.server", "wrong", words, "", _("is the path of the address right?"))


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
