"""Shares and public keys as files, a few lines of TOML each: for a stick, and to be printed and typed in again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from kiosk.board.custody import CUSTODIANS, NEEDED, Share, joined
from kiosk.board.refused import Missing, NotSo
from kiosk.language import _
from kiosk.settings.loading import check_table, told_lines
from kiosk.settings.reading import read_toml
from kiosk.settings.table import BadSettings, Table, Wrong

DIGITS: Final = re.compile("[0-9a-fA-F]{64}")
"""Of 32 bytes; blanks may stand between groups, as on paper."""


class ShareFile(Table, frozen=True):
    """The whole file of a share. `check`: the beginning of a SHA-256 over the rest."""

    key: Literal["A", "B"]
    custodian: Literal[1, 2, 3]
    public: str
    pieces: dict[str, str]
    check: str


class PublicFile(Table, frozen=True):
    """The whole file of a public key."""

    key: Literal["A", "B"]
    public: str
    check: str


def share_text(share: Share) -> str:
    """The file of a share."""
    others = " or ".join(str(each) for each in share.pieces)
    lines = [
        f"# Key {share.key}: the share of custodian {share.custodian}. With that of {others} it is the private key of a poll.",
        f"# 私钥 {share.key}：第 {share.custodian} 位保管人的份额。与另一位的份额合在一起，就是私钥。请妥善保管，不要复制。",
        f'key = "{share.key}"',
        f"custodian = {share.custodian}",
        f'public = "{grouped(share.public)}"',
        f'check = "{_check(share)}"',
        "[pieces]",
        *(f'{other} = "{grouped(piece)}"' for other, piece in share.pieces.items()),
    ]
    return "\n".join(lines) + "\n"


def public_text(key: str, public: bytes) -> str:
    """The file of a public key."""
    check = _check(Share(key, 0, public, {}))
    lines = [
        f"# Public key {key} of a poll; no secret. 公钥 {key}，无需保密。",
        f'key = "{key}"',
        f'public = "{grouped(public)}"',
        f'check = "{check}"',
    ]
    return "\n".join(lines) + "\n"


def grouped(data: bytes) -> str:
    """Bytes as people read and type them."""
    digits = data.hex()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def read_share(path: Path) -> Share:
    """The share in a file. Raises BadSettings with everything that is wrong."""
    text, raw = read_toml(path)
    file = _checked(path, text, raw, ShareFile)
    assert isinstance(file, ShareFile)  # noqa: S101  for mypy
    pieces = {int(name): bytes.fromhex(piece) for name, piece in file.pieces.items() if name in "123"}
    share = Share(file.key, file.custodian, bytes.fromhex(file.public), pieces)
    if wrong := list(_unlike(share, file)):
        raise BadSettings(told_lines(path, text, wrong))
    return share


def read_public(path: Path, key: str) -> bytes:
    """The public key in a file, which is to be key A or B. Raises BadSettings with everything that is wrong."""
    text, raw = read_toml(path)
    file = _checked(path, text, raw, PublicFile)
    assert isinstance(file, PublicFile)  # noqa: S101  for mypy
    public = bytes.fromhex(file.public)
    wrong = list[Wrong]()
    if file.key != key:
        wrong.append((("key",), _("this is key {found}; key {wanted} is wanted", found=file.key, wanted=key)))
    if file.check.lower() != _check(Share(file.key, 0, public, {})):
        wrong.append((("check",), _("does not go with the rest: something was changed, or mistyped")))
    if wrong:
        raise BadSettings(told_lines(path, text, wrong))
    return public


def private_key(shares: Sequence[Share], key: str, public: bytes) -> bytes:
    """The private key of these custodians. Raises NotSo for shares of another key, and Missing where there are too few."""
    for share in shares:
        if share.key != key:
            raise NotSo(
                _(
                    "The share of custodian {number} is one of key {found}; this is done with key {wanted}.",
                    number=share.custodian,
                    found=share.key,
                    wanted=key,
                )
            )
        if share.public != public:
            raise NotSo(
                _("The share of custodian {number} is of another key than this poll's.", number=share.custodian)
            )
    there = {share.custodian for share in shares}
    if len(there) < NEEDED:
        raise Missing(
            _("Two of the three shares of key {key} are needed; here are {count}.", key=key, count=len(there))
            + "\n"
            + _(
                "Next: ask another custodian. With two shares lost nobody can open these ballots, ever; the poll is held again."
            )
        )
    found = next(filter(None, (joined(*pair) for pair in combinations(shares, 2))), None)
    if found is None:
        raise NotSo(_("These shares do not fit together: one is damaged. Next: try it with the third custodian's."))
    return found


def _checked(path: Path, text: str, raw: dict[str, Any], kind: type[Table]) -> Table:
    wrong = list(check_table(raw, kind, ())) or list(_odd(raw))
    if wrong:
        raise BadSettings(told_lines(path, text, wrong))
    return msgspec.convert(raw, kind)


def _odd(raw: dict[str, Any]) -> Iterator[Wrong]:
    """What is not the digits of 32 bytes."""
    values = {("public",): raw["public"]} | {("pieces", name): piece for name, piece in raw.get("pieces", {}).items()}
    for key, value in values.items():
        if not DIGITS.fullmatch(value.replace(" ", "")):
            yield key, _("must be 64 digits from 0 to 9 and a to f")


def _unlike(share: Share, file: ShareFile) -> Iterator[Wrong]:
    if {*file.pieces} != {str(each) for each in CUSTODIANS if each != share.custodian}:
        yield ("pieces",), _("must have one piece for each of the other two custodians")
    elif file.check.lower() != _check(share):
        yield ("check",), _("does not go with the rest: something was changed, or mistyped")


def _check(share: Share) -> str:
    pieces = b"".join(bytes([other]) + share.pieces[other] for other in sorted(share.pieces))
    return hashlib.sha256(f"{share.key}{share.custodian}".encode() + share.public + pieces).hexdigest()[:8]
