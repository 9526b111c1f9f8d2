"""The public vectors agree with kiosk.trust: Ed25519 (Wycheproof), COSE, Base45 and CBOR (EU), token status list (IETF)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from base45 import b45decode, b45encode

from kiosk.trust.cose import Malformed, holds, public_key, read_cbor, read_sign1, to_be_signed, verify
from kiosk.trust.keyset import NO_KEYS
from kiosk.trust.passes import read_pass
from kiosk.trust.reasons import Reason
from kiosk.trust.status import StatusList, unpack
from tests.conftest import SHARED, shared

COSE = sorted((SHARED / "vectors" / "cose").rglob("*.json"))


def load(name: str) -> Any:
    return json.loads(shared(name).read_text())


def test_wycheproof_ed25519() -> None:
    results = {"valid": [0, 0], "invalid": [0, 0]}
    for group in load("vectors/wycheproof_ed25519_test.json")["testGroups"]:
        key = public_key(bytes.fromhex(group["publicKey"]["pk"]))
        assert key is not None
        for case in group["tests"]:
            held = verify(key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            results[case["result"]][held] += 1
    assert results == {"valid": [0, 88], "invalid": [63, 0]}


def test_base45_and_cbor_of_the_eu_certificates() -> None:
    cases = load("vectors/base45_dgc.json")
    for case in cases:
        if not case["valid_base45"]:
            with pytest.raises(ValueError, match="base45"):
                b45decode(case["base45"].encode())
            continue
        data = bytes.fromhex(case["hex"])
        assert b45decode(case["base45"].encode()) == data
        assert b45encode(data).decode() == case["base45"]
    assert len(cases) == 306


def test_no_eu_certificate_is_a_pass() -> None:
    for case in load("vectors/base45_dgc.json"):
        assert read_pass("HC1:" + case["base45"], NO_KEYS) in {Reason.NOT_A_PASS, Reason.TOO_LONG}
        assert isinstance(read_pass("YZ1:" + case["base45"], NO_KEYS), Reason)


def test_eu_cose_messages_are_read_or_refused_but_never_raise() -> None:
    plain = 0
    for case in load("vectors/base45_dgc.json"):
        if case["cose_hex"] is None:
            continue
        data = bytes.fromhex(case["cose_hex"])
        with pytest.raises(Malformed):  # ES256 or PS256, or an unprotected header: none is our profile
            read_sign1(data)
        try:
            parts = read_cbor(data[1:])
        except Malformed:
            continue
        plain += 1
        assert len(parts) == 4
    assert plain == 304


@pytest.mark.parametrize("path", COSE, ids=lambda path: path.stem)
def test_cose_examples(path: Path) -> None:
    case = json.loads(path.read_text())
    data = bytes.fromhex(case["output"]["cbor"])
    signed = case["input"].get("sign0", {})
    if signed.get("key", {}).get("crv") != "Ed25519":  # another algorithm or structure: our profile reads nothing else
        with pytest.raises(Malformed):
            read_sign1(data)
        return
    key = public_key(bytes.fromhex(signed["key"]["x_hex"]))
    assert key is not None
    protected, unprotected, payload, signature = read_cbor(data[1:])
    expected = bytes.fromhex(case["intermediates"]["ToBeSign_hex"])
    external = bytes.fromhex(signed.get("external", ""))
    assert to_be_signed(protected, payload, external) == expected
    assert verify(key, signature, expected) is not case.get("fail", False)
    assert unprotected  # the example's kid is unprotected, which our profile refuses
    with pytest.raises(Malformed):
        read_sign1(data)


def test_cose_examples_are_there() -> None:
    shared("vectors/cose")
    assert len(COSE) >= 15


def test_an_ed25519_example_holds_once_its_kid_is_protected_or_gone() -> None:
    case = load("vectors/cose/eddsa-examples/eddsa-sig-01.json")
    import cbor2

    protected, _, payload, signature = read_cbor(bytes.fromhex(case["output"]["cbor"])[1:])
    message = read_sign1(cbor2.dumps([protected, {}, payload, signature]))
    key = public_key(bytes.fromhex(case["input"]["sign0"]["key"]["x_hex"]))
    assert key is not None
    assert holds(message, key)
    assert message.payload == b"This is the content."


def test_token_status_lists() -> None:
    cases = load("vectors/token_status_list.json")
    for case in cases:
        lst = case["lst"]
        packed = unpack(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))
        assert packed is not None
        found = StatusList(1, 0, packed, bits=case["bits"])
        assert len(packed) * 8 // case["bits"] == case["entries"]
        listed = {int(index): value for index, value in case["nonzero"].items()}
        assert {index: found[index] for index in listed} == listed
        others = [index for index in range(case["entries"]) if found[index] and index not in listed]
        assert others == ([25460] if case["bits"] == 2 else [])  # set in the draft's list, left out of its table
    assert {case["bits"] for case in cases} == {1, 2, 4, 8}
