"""`kiosk doctor` on a server's certificate: whether it proves who it is, and what is wrong with it in words."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult

from kiosk.cli.doctor.check import Check
from kiosk.language import _

PATIENCE: Final = 5.0
"""Seconds that a server has for each step."""

LEAST_DAYS: Final = 14
DAY: Final = 86_400
MOST_NAMES: Final = 3

NOT_YET, EXPIRED, SELF_SIGNED, OTHER_HOST, OTHER_ADDRESS = 9, 10, 18, 62, 64
"""Of X509_V_ERR_* (openssl, x509_vfy.h)."""

AUTHORITY: Final = "kiosk config explain central.ca_file"


def check_certificate(parts: SplitResult, ca_file: str | None, patience: float) -> Iterator[Check]:
    """What the server shows, judged by the authorities that sync goes by."""
    host, port = parts.hostname or "", port_of(parts)
    try:
        context = ssl.create_default_context(cafile=ca_file or _authorities())
    except OSError as error:  # also what ssl raises for a file that holds none
        yield Check("network.certificate", "wrong", _no_authority(ca_file, error), AUTHORITY)
        return
    try:
        ends = _shake_hands(context, host, port, patience)
    except ssl.SSLCertVerificationError as error:
        remedy = "timedatectl" if error.verify_code in {NOT_YET, EXPIRED} else AUTHORITY
        yield Check("network.certificate", "wrong", _distrust(error, host, port), remedy)
    except (OSError, UnicodeError) as error:
        yield Check("network.certificate", "wrong", _no_tls(error, host, port), f"curl -v {parts.geturl()}")
    else:
        days = (ends - time.time()) / DAY
        evidence = _("{host} proves who it is, for {days:.0f} days more", host=host, days=days)
        if days < LEAST_DAYS:
            advice = _("tell the union: the certificate must be renewed")
            yield Check("network.certificate", "warning", evidence, "", advice)
        else:
            yield Check("network.certificate", "fine", evidence)


def port_of(parts: SplitResult) -> int:
    """The port that it names, or its scheme's own."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def speaks_tls(host: str, port: int) -> bool:
    """Whether what listens there does, whoever it is."""
    try:
        _shown(host, port)
    except OSError:
        return False
    return True


def _authorities() -> str:
    """Whom sync trusts without a file of its own: the list that comes with requests, not the system's."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # noqa: PLC0415

    return str(DEFAULT_CA_BUNDLE_PATH)


def _no_authority(file: str | None, error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return _("{file} holds no certificate in PEM", file=file)
    return _("{file} cannot be read: {why}", file=file, why=error.strerror)


def _shake_hands(context: ssl.SSLContext, host: str, port: int, patience: float) -> float:
    """When the certificate ends, in seconds since 1970."""
    with (
        socket.create_connection((host, port), patience) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        return ssl.cert_time_to_seconds(str((wrapped.getpeercert() or {})["notAfter"]))


def _shown(host: str, port: int) -> bytes:
    """The certificate that is shown, whatever it is worth, in DER."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True) or b""


def _distrust(error: ssl.SSLCertVerificationError, host: str, port: int) -> str:
    now = time.strftime("%Y-%m-%d %H:%M")
    match error.verify_code:
        case code if code == EXPIRED:
            return _(
                "the certificate of {host} has expired, if this machine's clock is right: {now}", host=host, now=now
            )
        case code if code == NOT_YET:
            return _(
                "the certificate of {host} does not hold yet, if this machine's clock is right: {now}",
                host=host,
                now=now,
            )
        case code if code in {OTHER_HOST, OTHER_ADDRESS}:
            names = ", ".join(_names(host, port)) or "-"
            return _(
                "who answers for {host} proves to be {names}: a mistyped address, or this network's login page",
                host=host,
                names=names,
            )
        case code if code == SELF_SIGNED:
            return _("{host} vouches for itself alone: its certificate is signed by itself", host=host)
        case _:
            return _("nobody whom this station trusts vouches for {host}", host=host)


def _names(host: str, port: int) -> list[str]:
    """Whom the certificate is for, the first few."""
    from cryptography import x509  # noqa: PLC0415

    with suppress(OSError, ValueError, x509.ExtensionNotFound):
        shown = x509.load_der_x509_certificate(_shown(host, port))
        found = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [str(each.value) for each in found][:MOST_NAMES]
    return []


def _no_tls(error: Exception, host: str, port: int) -> str:
    if isinstance(error, TimeoutError):
        return _("{host}:{port} takes the connection, and then says nothing", host=host, port=port)
    if isinstance(error, ssl.SSLError) and error.reason in {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "RECORD_LAYER_FAILURE",
    }:
        return _(
            "{host}:{port} answers, but not in TLS, which https:// asks for: is the port right?", host=host, port=port
        )
    return _("{host}:{port} breaks the TLS connection off", host=host, port=port)
