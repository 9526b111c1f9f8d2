"""A real provider of OpenID Connect over HTTP: the package oidc-provider-mock, in a process of its own.

What it does not do: ask for a password, or know its clients. Everything else is OpenID Connect as it is signed and sent.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from kiosk.demo.place import free_port, stop
from tests.programs.house import until


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    try:
        until(lambda: requests.get(f"{url}/.well-known/openid-configuration", timeout=5).ok, "the provider")
        yield url
    finally:
        stop(process)


def known(issuer: str, sub: str, **claims: Any) -> None:
    """From now on it says so of that one."""
    assert requests.put(f"{issuer}/users/{sub}", json=claims, timeout=5).status_code == 204


def proven(there: str, sub: str) -> str:
    """Log in at the address to which somebody was sent; the one to which it sends the browser back."""
    return str(requests.post(there, {"sub": sub}, allow_redirects=False, timeout=5).headers["Location"])
