"""What the page and the server say to each other."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

PROBLEM: Final = "urn:yizhan:problem:"
MOST: Final = 4096
"""Bytes of a question."""

Token = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{32}\Z")]
PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to say."""


class Challenge(Struct, frozen=True):
    """What the phone's key is to sign, once, within a minute."""

    challenge: str
    server_time: float


class Proof(Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks holds this key: `signature` is over `yizhan-pass`, the name of the question and the challenge, a line each."""

    challenge: Token
    public_key: PublicKey
    signature: Signature


class Enrolment(Struct, frozen=True, forbid_unknown_fields=True):
    """The same, by a phone that has not been here, and the code that somebody was given."""

    challenge: Token
    public_key: PublicKey
    signature: Signature
    code: Annotated[str, Meta(max_length=64)]


class Going(Struct, frozen=True, forbid_unknown_fields=True):
    """I log in elsewhere; `token`: a number of the phone's own, by which it alone can use what comes back."""

    token: Token


class Gone(Struct, frozen=True):
    """Where that is done."""

    address: str


class Coming(Struct, frozen=True, forbid_unknown_fields=True):
    """I am back, with what the other server has added to the address."""

    challenge: Token
    public_key: PublicKey
    signature: Signature
    token: Token
    state: Annotated[str, Meta(max_length=64)]
    code: Annotated[str, Meta(max_length=2048)]


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """Let me in: `text` is the code at the display, `challenge` the phone's own; both are signed, so it counts once."""

    challenge: Token
    public_key: PublicKey
    signature: Signature
    text: Annotated[str, Meta(max_length=512)]


class Opened(Struct, frozen=True):
    """What became of it: `done`, `no_answer`, `no_such_door`, or the reason of a refusal with its words by language."""

    outcome: str
    words: dict[str, str] = {}


class Held(Struct, frozen=True, rename={"pass_": "pass"}):
    """The pass that the phone shows until it `expires` (seconds since 1970), and the pseudonym whose it is."""

    holder: str
    expires: int
    server_time: float
    pass_: str


def proof_of(what: str, challenge: str) -> bytes:
    """The bytes that are signed; what a phone shows at a door begins with another byte."""
    return f"yizhan-pass\n{what}\n{challenge}".encode()
