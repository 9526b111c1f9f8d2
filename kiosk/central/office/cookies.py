"""The cookie with the token of who asks."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

COOKIE: Final = "__Host-yizhan"
"""No other host and no plain connection can set it (RFC 6265bis, 4.1.3.2)."""

PLAIN_COOKIE: Final = "yizhan"
"""The same over plain HTTP, which is only for who sits at this machine."""


DEVICE: Final = "yizhan-device"
"""Beside it, for months: by which a browser is known from which somebody has logged in."""

DEVICE_LASTS: Final = 90 * 86_400


def device_cookie(*, https: bool) -> str:
    """Its name."""
    return f"__Host-{DEVICE}" if https else DEVICE


def give_device(answer: Response, device: str, *, https: bool) -> Response:
    """Let the browser be known by this."""
    name = device_cookie(https=https)
    answer.set_cookie(name, device, DEVICE_LASTS, path="/", secure=https, httponly=True, samesite="strict")
    return answer


def cookie(*, https: bool) -> str:
    """Its name."""
    return COOKIE if https else PLAIN_COOKIE


def give(answer: Response, token: str, *, https: bool) -> Response:
    """Let the browser have this token from now on."""
    answer.set_cookie(cookie(https=https), token, path="/", secure=https, httponly=True, samesite="lax")
    return answer
