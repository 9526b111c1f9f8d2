"""Who asks, for what, and whether a secret may go this way; behind nginx uvicorn knows the address by X-Forwarded-For."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request


def address_of(request: Request) -> str:
    """From where somebody asks; empty where nobody knows."""
    return request.client.host if request.client else ""


def cookies_of(request: Request) -> dict[str, str]:
    """What a browser keeps for us: of ours none needs quotes.

    Starlette takes them off, with Python's own reading, in minutes for some kilobytes of them (CVE-2024-7592).
    """
    pairs = (each.partition("=") for each in ";".join(request.headers.getlist("Cookie")).split(";"))
    return {name.strip(): value.strip() for name, _sign, value in pairs}


def here_of(request: Request) -> str:
    """What is asked for, as the browser's line shows it behind the host."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def at_this_machine(request: Request) -> bool:
    """Whether this machine itself asks."""
    try:
        return ipaddress.ip_address(address_of(request)).is_loopback
    except ValueError:
        return False


def safely(request: Request) -> bool:
    """Over HTTPS; and over plain HTTP at this machine alone."""
    return request.url.scheme == "https" or at_this_machine(request)
