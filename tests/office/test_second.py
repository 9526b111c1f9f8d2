"""One's own account: the second factor, and another password."""

from __future__ import annotations

import re
from time import time

import pyotp
import pytest

from kiosk.central.office.me import right_code
from tests.office.clerks import PASSWORD, Clerk, Office, words


def enrolled(clerk: Clerk) -> pyotp.TOTP:
    """Somebody takes a second factor, as the page offers it."""
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", clerk.get("/me").text)
    totp = pyotp.TOTP(secret)
    assert clerk.send("/me/second", "/me", code=totp.now()).status_code == 303
    return totp


def test_who_has_a_second_factor_needs_both(office: Office) -> None:
    clerk = office.hire("careful")
    assert "<svg" in clerk.get("/me").text
    assert clerk.send("/me/second", "/me", code="000000").status_code == 422
    totp = enrolled(clerk)
    assert office.stranger().log_in("careful").status_code == 403
    assert office.stranger().log_in("careful", code=totp.at(time() - 600)).status_code == 403
    code = totp.now()
    assert office.stranger().log_in("careful", "wrong horse", code=code).status_code == 403
    assert office.stranger().log_in("careful", code=code).status_code == 303
    assert office.stranger().log_in("careful", code=code).status_code == 403, "a code is used once"


def test_a_second_factor_is_taken_away_by_another_administrator_alone(office: Office) -> None:
    clerk, boss = office.hire("lost"), office.hire("finder")
    enrolled(clerk)
    assert clerk.send("/me/second", "/me", code="123456").status_code == 422, "there is one already"
    fields = {"role": "administrator", "scope": "", "enabled": "on", "reason": "the telephone is lost"}
    assert boss.send("/accounts/lost", **fields, second="on").status_code == 303
    assert office.stranger().log_in("lost").status_code == 303


def test_another_password_for_who_knows_the_old_one(office: Office) -> None:
    clerk, elsewhere = office.hire("changer"), office.stranger()
    elsewhere.log_in("changer")
    wrong = words(clerk.send("/me/password", "/me", old="wrong horse", password="short"))
    assert "That is not your password." in wrong
    assert "From 10 to 200 characters." in wrong
    assert clerk.send("/me/password", "/me", old=PASSWORD, password="another horse").status_code == 303
    assert elsewhere.get("/me").status_code == 303, "whoever was logged in with the old one is so no longer"
    assert office.stranger().log_in("changer").status_code == 403
    assert office.stranger().log_in("changer", "another horse").status_code == 303


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("", False),
        ("12345", False),
        ("²" * 6, False),
        ("94287082", False),
        ("28 7082", False),
        ("\uff12" * 6, False),
        ("287082", True),
    ],
)
def test_a_code_is_that_of_rfc_6238(code: str, right: bool) -> None:
    """Appendix B's first, of which six digits count."""
    assert right_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", code, 59.0) is right
