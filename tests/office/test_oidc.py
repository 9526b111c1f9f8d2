"""Operators log in elsewhere, against a real provider over HTTP (tests/provider.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import time
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pyotp
import pytest
from msgspec.structs import replace

from kiosk.central.identity import OidcSettings
from kiosk.central.office import login
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.web import provider
from kiosk.central.web.provider import WRONG, Provider
from kiosk.contract import bounded
from kiosk.demo.place import free_port
from tests.office.clerks import CSRF, Clerk, Office, open_office, words
from tests.provider import issuer, known, proven

__all__ = ["issuer"]

SETTINGS = """
[oidc]
issuer = "{issuer}"
client_id = "yizhan"
secret_file = "oidc.secret"
office = "{office}"
claim = "preferred_username"
"""


@pytest.fixture(scope="module")
def office(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office") / "central-data"
    folder.mkdir()
    (folder / "oidc.secret").write_text("secret\n")
    (folder / "central.toml").write_text(SETTINGS.format(issuer=issuer, office="http://localhost/office"))
    with open_office(folder) as found:
        yield found


def came_back(clerk: Clerk, sub: str) -> str:
    """Log in at the provider; the address to which it sends the browser back, below the office's."""
    return proven(clerk.get("/oidc").headers["Location"], sub).removeprefix("http://localhost/office")


def test_who_is_proven_elsewhere_is_the_account_of_that_name_with_its_role_here(office: Office, issuer: str) -> None:
    office.store.add_account("zhang.wei", "steward", "3708", "", time())
    known(issuer, "u-1", preferred_username="zhang.wei", role="administrator")
    clerk = office.stranger()
    assert "union's account" in words(clerk.get("/login"))
    answer = clerk.get(came_back(clerk, "u-1"))
    assert answer.headers["Location"] == "/office/"
    assert "zhang.wei steward · 3708" in clerk.reads("/me")
    assert clerk.get("/accounts").status_code == 403, "what the provider says of roles counts for nothing"
    assert office.stranger().log_in("zhang.wei", "").status_code == 403, "here it has no password"


@pytest.mark.parametrize("name", ["nobody", "asleep", "'; DROP TABLE accounts", None])
def test_who_has_no_account_here_is_told_so(office: Office, issuer: str, name: str | None) -> None:
    office.store.add_account("asleep", "viewer", "", "", time())
    office.store.disable("asleep", time())
    known(issuer, "u-2", **({"preferred_username": name} if name else {}))
    clerk = office.stranger()
    assert clerk.get(came_back(clerk, "u-2")).status_code == 403
    assert clerk.get("/me").status_code == 303


def test_an_account_is_bound_to_who_somebody_is_and_not_to_a_name_that_is_given_on(office: Office, issuer: str) -> None:
    office.store.add_account("liu.yang", "steward", "", "", time())
    known(issuer, "u-10", preferred_username="liu.yang")
    clerk = office.stranger()
    assert clerk.get(came_back(clerk, "u-10")).status_code == 303
    known(issuer, "u-11", preferred_username="liu.yang")
    other = office.stranger()
    refused = other.get(came_back(other, "u-11"))
    assert refused.status_code == 403
    assert "no account here is yours" in words(refused)
    known(issuer, "u-10", preferred_username="liu.yang.married")
    again = office.stranger()
    assert again.get(came_back(again, "u-10")).status_code == 303
    assert "liu.yang steward" in again.reads("/me")
    boss = office.hire("boss.of.logins")
    fields = {"role": "steward", "scope": "", "enabled": "on", "reason": "another person has the name"}
    assert boss.send("/accounts/liu.yang", **fields, elsewhere="on").status_code == 303
    assert other.get(came_back(other, "u-11")).status_code == 303
    done = [each.what for each in office.store.acts(EVERYWHERE, about="liu.yang")]
    assert done == ["login bound", "account unbound", "login bound"]


def test_after_the_proof_elsewhere_a_second_factor_of_ours_is_asked_for(
    office: Office, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = pyotp.random_base32()
    office.store.add_account("zhao.min", "viewer", "", "", time())
    office.store.set_second("zhao.min", secret)
    known(issuer, "u-20", preferred_username="zhao.min")
    clerk = office.stranger()
    asks = clerk.get(came_back(clerk, "u-20"))
    assert asks.status_code == 200
    assert "Code of the second factor" in words(asks)
    assert clerk.get("/me").status_code == 303, "nobody yet"
    token = CSRF.search(asks.text)
    assert token
    assert clerk.post("/oidc/second", csrf=token[1], code="000000").status_code == 403
    code = pyotp.TOTP(secret).now()
    thief = office.stranger()
    assert thief.send("/oidc/second", "/login", code=code).headers["Location"] == "/office/login", "of another browser"
    monkeypatch.setattr(login, "MOST_OF_ACCOUNT", 0)
    assert clerk.post("/oidc/second", csrf=token[1], code=code).status_code == 429
    monkeypatch.undo()
    assert clerk.post("/oidc/second", csrf=token[1], code=code).status_code == 303
    assert "zhao.min viewer" in clerk.reads("/me")
    assert clerk.post("/oidc/second", csrf=clerk.csrf("/me"), code=code).headers["Location"] == "/office/login"
    assert office.store.oidc
    office.store.oidc = replace(office.store.oidc, asks_second=True)
    trusted = office.stranger()
    assert trusted.get(came_back(trusted, "u-20")).status_code == 303, "the provider has asked"
    office.store.oidc = replace(office.store.oidc, asks_second=False)


def test_what_a_visitor_writes_in_place_of_an_error_is_not_written_into_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    clerk = office.stranger()
    state = parse_qs(urlsplit(clerk.get("/oidc").headers["Location"]).query)["state"][0]
    for error in ("access_denied", "%1b[31mhunter2", "x" * 5000):
        assert clerk.get(f"/oidc/back?state={state}&error={error}").status_code == 403
    said = [each.getMessage() for each in caplog.records if each.name.endswith("oidc")]
    assert said == ["oidc: access_denied", *["oidc: it brought no code"] * 2]


def test_an_answer_is_for_the_browser_that_asked_and_is_used_once(office: Office, issuer: str) -> None:
    """Login CSRF: somebody gives another their own answer."""
    office.store.add_account("attacker", "viewer", "", "", time())
    known(issuer, "u-3", preferred_username="attacker")
    clerk, victim = office.stranger(), office.stranger()
    victim.get("/login")
    answer = came_back(clerk, "u-3")
    assert victim.get(answer).status_code == 403
    assert clerk.get(answer).status_code == 303
    assert clerk.get(answer).status_code == 403


@pytest.mark.parametrize("query", ["", "?state=x", "?state=%ff&code=x", "?error=access_denied"])
def test_what_is_no_answer_gets_one(office: Office, query: str) -> None:
    assert office.stranger().get(f"/oidc/back{query}").status_code == 403


def test_a_code_that_the_provider_does_not_know_is_refused(office: Office) -> None:
    clerk = office.stranger()
    state = parse_qs(urlsplit(clerk.get("/oidc").headers["Location"]).query)["state"][0]
    assert clerk.get(f"/oidc/back?state={state}&code=guessed").status_code == 403


def test_a_provider_that_is_away_is_told_and_accounts_of_this_server_still_get_in(tmp_path: Path) -> None:
    (tmp_path / "oidc.secret").write_text("secret\n")
    issuer = f"http://localhost:{free_port()}"
    (tmp_path / "central.toml").write_text(SETTINGS.format(issuer=issuer, office="http://localhost/office"))
    with open_office(tmp_path) as office:
        assert "did not work" in words(office.stranger().get("/oidc"))
        office.hire("local")


def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        clerk = office.stranger()
        assert "union's account" not in words(clerk.get("/login"))
        assert clerk.get("/oidc").status_code == 404


def test_a_provider_over_plain_http_is_refused_with_the_settings(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text(
        SETTINGS.format(issuer="http://login.example.org", office="https://x/office")
    )
    with pytest.raises(StoreFailed, match="only https"):
        CentralStore(tmp_path)


class Lies(BaseHTTPRequestHandler):
    """A provider that says what it was told to, by its path; of anything else a byte now and then, until it is `gone`."""

    answers: ClassVar[dict[str, bytes]] = {}
    gone = Event()

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = self.answers.get(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", f"{len(body or bytes(10_000))}")
        self.end_headers()
        with suppress(OSError):
            while body is None and not self.gone.wait(0.02):
                self.wfile.write(b" ")
            self.wfile.write(body or b"")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def liar() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Lies) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def trusting(liar: str, folder: Path) -> Provider:
    (folder / "secret").write_text("secret")
    settings = OidcSettings(issuer=liar, client_id="x", secret_file="secret", office="https://office.example")
    return Provider(settings, folder, "https://office.example", "token")


def test_a_provider_that_never_comes_to_an_end_is_left(
    liar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SLOWEST", 1000.0)
    monkeypatch.setattr(provider, "WITHIN", 0.3)
    Lies.answers = {}
    Lies.gone.clear()
    with pytest.raises(WRONG, match="timed out"):
        trusting(liar, tmp_path).address()
    Lies.gone.set()


METADATA, TOKEN, JWKS = "/.well-known/openid-configuration", "/token", "/jwks"
ODD = (b"[1]", b"5", b"null", b"NaN", b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b"{}", b'{"x":' + b"1" * 5000 + b"}")
ODD_KEYS = (b'{"keys":5}', b'{"keys":[null]}', b'{"keys":[{"kty":[]}]}', b'{"keys":[{"kty":"RSA","n":5,"e":5}]}')
ODD_TOKENS = (b'{"access_token":"a","expires_in":1e999}', b'{"access_token":[],"id_token":{}}', b'{"error":5}')
ANSWERS = [
    *((METADATA, each) for each in ODD),
    *((TOKEN, each) for each in (*ODD, *ODD_TOKENS)),
    *((JWKS, each) for each in (*ODD, *ODD_KEYS)),
]


@pytest.mark.parametrize(("path", "body"), ANSWERS, ids=range(len(ANSWERS)))
def test_whatever_a_provider_answers_is_listed(liar: str, path: str, body: bytes, tmp_path: Path) -> None:
    ends = {"authorization_endpoint": liar, "token_endpoint": liar + TOKEN, "jwks_uri": liar + JWKS}
    Lies.answers = {METADATA: msgspec.json.encode({"issuer": liar, **ends}), JWKS: b'{"keys":[]}'}
    Lies.answers |= {TOKEN: b'{"access_token":"a","id_token":"a.b.c"}', path: body}
    trusted = trusting(liar, tmp_path)
    with pytest.raises(WRONG):
        trusted.proven({"state": trusted._state, "code": "c"})
