"""The issuing API's contents: what is asked where, and by which body."""

from __future__ import annotations

from typing import Any, Final

from kiosk.central.issuing import bulk, holders
from kiosk.central.issuing.asked import Asked, Endpoint
from kiosk.contract.issuing import (
    BulkIssue,
    BulkRevoke,
    LiveOrder,
    NewHolder,
    Nothing,
    PhoneOrder,
    Renewal,
    Replacement,
    Why,
)

HOLDER: Final = "/v1/holders/{holder}"


def its_pass(_asked: Asked, _order: Any) -> int:
    """One."""
    return 1


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    # Looking.
    Endpoint("GET", "/v1/holders", holders.several),
    Endpoint("GET", HOLDER, holders.one),
    # Acts: each done once, in the audit.
    Endpoint("POST", "/v1/holders", holders.create, NewHolder, once=True),
    Endpoint("POST", HOLDER + "/renew", holders.renew, Renewal, once=True, ends=holders.shortened),
    Endpoint("POST", HOLDER + "/suspend", holders.suspend, Why, once=True, ends=its_pass),
    Endpoint("POST", HOLDER + "/restore", holders.restore, Why, once=True),
    Endpoint("POST", HOLDER + "/revoke", holders.revoke, Why, once=True, ends=its_pass),
    Endpoint("POST", HOLDER + "/replace", holders.replace, Replacement, once=True, ends=its_pass),
    Endpoint(
        "POST",
        HOLDER + "/bound",
        holders.bind,
        PhoneOrder,
        once=True,
        ends=holders.displaced,
        again=holders.renew_bound,
    ),
    Endpoint("POST", "/v1/bulk/issue", bulk.issue, BulkIssue, once=True),
    Endpoint("POST", "/v1/bulk/revoke", bulk.revoke, BulkRevoke, once=True, ends=lambda _, order: len(order.holders)),
    # Passes: asked for again there is another one.
    Endpoint("POST", HOLDER + "/card", holders.card, Nothing),
    Endpoint("POST", HOLDER + "/live", holders.live, LiveOrder),
    Endpoint("POST", HOLDER + "/bound/renew", holders.renew_bound, PhoneOrder),
)
