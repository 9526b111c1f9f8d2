"""The bodies of the issuing API: what a union's own app and back end ask of the central server (docs/passes.md)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from kiosk.contract.bodies import FieldError, PublicKey

HOLDER: Final = r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}"
"""A pseudonym."""

CARD: Final = r"[0-9A-Za-z][0-9A-Za-z._/-]{0,31}"
PREFIX: Final = r"[0-9A-Za-z]{0,12}"
"""How the codes of some stations begin; empty for all."""

CLIENT: Final = r"[a-z0-9][a-z0-9._-]{0,39}"
"""A client's name."""

KEY_HEADER: Final = "Idempotency-Key"
"""draft-ietf-httpapi-idempotency-key-header: in it each act has a name of its client's own, by which it is done once."""

NOT_SO: Final = "urn:yizhan:problem:not-so"
"""The type of the 409 for what cannot be done as things are; the fields say why."""

IN_FLIGHT: Final = "urn:yizhan:problem:in-flight"
OTHER_ORDER: Final = "urn:yizhan:problem:other-order"
"""The types of what is wrong with an `Idempotency-Key`: the first order is still in work; or it was another order."""

KEY: Final = r'"?([!#-~]{8,128})"?'
ONCE_FOR: Final = 86_400
"""Seconds for which an answer is given again."""

TOKEN_FOR: Final = 600
"""Seconds for which a client's token holds."""

MOST_ISSUED: Final = 500
MOST_REVOKED: Final = 100
"""Lines of one bulk order."""

PAGE: Final = 100
MOST_PAGE: Final = 500

LIVE_FOR: Final = 120
LONGEST_LIVE: Final = 600
"""Seconds for which a live pass may hold: a copy of it opens once at each door of its scope until then."""

LONGEST_BOUND: Final = 7 * 86_400
"""Seconds for which a bound pass may hold: so long goes on what a phone has that another has taken the place of."""

Name = Annotated[str, Meta(pattern=rf"^{HOLDER}\Z")]
CardNumber = Annotated[str, Meta(pattern=rf"^({CARD})?\Z")]
Prefix = Annotated[str, Meta(pattern=rf"^{PREFIX}\Z")]
Reason = Annotated[str, Meta(min_length=1, max_length=200)]
Time = Annotated[float, Meta(ge=0, lt=2**33)]
"""Seconds since 1970."""

Class = Literal["worker", "visitor"]
"""Technicians' and stewards' passes are issued in the office alone."""

State = Literal["valid", "suspended", "revoked", "replaced"]
KindName = Literal["card", "live", "bound"]


class NewHolder(Struct, frozen=True, forbid_unknown_fields=True):
    """A credential for whoever has none that counts; `scope`: where it opens, `district`: whose it is, by prefixes."""

    holder: Name
    until: Time
    card: CardNumber = ""
    pass_class: Class = field(default="worker", name="class")
    scope: Prefix = ""
    district: Prefix = ""


class Renewal(Struct, frozen=True, forbid_unknown_fields=True):
    """Until when it holds from now on."""

    until: Time


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is done; whoever looks at the pass later reads it."""

    reason: Reason


class Replacement(Struct, frozen=True, forbid_unknown_fields=True):
    """Another credential in place of one that is lost; `card`: the number of the new card."""

    reason: Reason
    card: CardNumber = ""


class LiveOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A pass for so many seconds."""

    seconds: Annotated[int, Meta(ge=10, le=LONGEST_LIVE)] = LIVE_FOR


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """An order that says all by its path; its body may be absent."""


class PhoneOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A pass for a phone's raw public key (Ed25519, Base64)."""

    public_key: PublicKey
    seconds: Annotated[int, Meta(ge=60, le=LONGEST_BOUND)] = LONGEST_BOUND


class BulkIssue(Struct, frozen=True, forbid_unknown_fields=True):
    """Many at once; each line is judged by itself."""

    holders: Annotated[
        list[dict[str, Any]],
        Meta(
            min_length=1,
            max_length=MOST_ISSUED,
            extra_json_schema={"items": {"$ref": "#/components/schemas/NewHolder"}},
        ),
    ]


class BulkRevoke(Struct, frozen=True, forbid_unknown_fields=True):
    """Many at once, for one reason."""

    holders: Annotated[list[Name], Meta(min_length=1, max_length=MOST_REVOKED)]
    reason: Reason


class Phone(Struct, frozen=True):
    """The phone that a pass is bound to, since when, and when its last pass ends."""

    public_key: PublicKey
    bound_at: float
    until: float


class HeldPass(Struct, frozen=True):
    """A credential: the `number`th of its holder. Its index, by which stations name it, stands in the passes alone."""

    holder: str
    number: int
    state: State
    until: float
    changed: float
    card: str = ""
    pass_class: str = field(default="worker", name="class")
    scope: str = ""
    district: str = ""
    phone: Phone | None = None


class HolderPasses(Struct, frozen=True):
    """All of one holder, the newest last."""

    holder: str
    passes: list[HeldPass]


class PassPage(Struct, frozen=True, omit_defaults=True):
    """Passes in the order of their holders; `next`: the cursor of the page after it, absent on the last one."""

    passes: list[HeldPass]
    next: str = ""


class SignedPass(Struct, frozen=True):
    """A pass as text for a QR code (Base45 behind `YZ1:`), and when it ends. It is kept nowhere.

    Whoever has it can read in it the index, by which stations name the credential.
    """

    code: str
    kind: KindName
    until: float


class Line(Struct, frozen=True, omit_defaults=True):
    """What became of a line of a bulk order."""

    holder: str
    outcome: Literal["issued", "revoked", "unchanged", "refused"]
    errors: list[FieldError] = []


class Lines(Struct, frozen=True):
    """In the order of the order."""

    lines: list[Line]


class AccessToken(Struct, frozen=True):
    """RFC 6749, 5.1."""

    access_token: str
    expires_in: int
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  the type of all


class TokenError(Struct, frozen=True, omit_defaults=True):
    """RFC 6749, 5.2."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type"]
    error_description: str = ""
