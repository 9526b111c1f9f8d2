"""Passwords, tokens, people and places: hidden wherever they stand in a text."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.cli.doctor.report import shortened
from kiosk.redaction import anonymous, everywhere, hidden
from kiosk.wire import Trouble
from kiosk.wire.base import MAX_WORDS

SECRET = "Geheim-4711"


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:{}@10.0.0.5:554/stream1 does not open",
        "RTSPS://admin:{}@h/x",
        "http://{}@h/x",
        "udp://a:b@h rtmp://u:{}@h2",
        "rtsp://admin:p@ss/{}#?@h/1",
        'rtsp://admin:"{}@h/1',
        "rtsp:\\/\\/admin:{}@h",
        "the camera is admin:{}@10.0.0.9",
        "rtsp://admin:two words {} @h/1",
        "rtsp://admin:<{}>@h/1",
        "http://h/videostream.cgi?loginuse=admin&loginpas={}",
        "http://h/x?password[]={}",
        '{{"user":"admin", "password": "a, {}"}}',
        "password='a {}'",
        "rtsp%3A%2F%2Fadmin%3A{}%40h%2Fx",
        "http://h/x?token={}&a=1",
        "http://h/x?a=1&pwd={}",
        "http://h/x?a=1;access_token={} was refused",
        "http://h/x%3Ftoken%3D{}",
        "rtsp://h:554/user=admin&password={}&channel=1",
        "rtsp://h/user=admin_password={}_channel=1",
        'password = "{}"',
        "api_key='{}'",
        "Authorization: Basic {}",
        "Bearer {}",
    ],
)
def test_a_secret_is_hidden_and_the_rest_stays(text: str) -> None:
    told = hidden(text.format(SECRET) if "password = " not in text else text.format(SECRET).replace(" = ", "="))
    assert SECRET not in told
    assert "***" in told


@pytest.mark.parametrize(
    "text",
    [
        "https://central.example/v1/x",
        "li@example.org",
        "mailto:li@example.org",
        "keep_access_days = 30",
        "/dev/v4l/by-path/x",
        "a=1, key 3",
        "rtsp://h:554/1 does not open; ask li@example.org",
        "https://central.example: no route; ask li@example.org",
        '{"token":"0123","index":4}',
        "49 % of 80 %",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert hidden(text) == text
    assert anonymous(text) == text


def test_a_person_and_a_place_are_shortened_in_a_report() -> None:
    assert anonymous("holders = [\n 7654321, 1_234_567]") == 'holders = [\n "..21", "..67"]'
    assert anonymous("armed by pass 1234567, index=7654321") == "armed by pass ..67, index=..21"
    assert anonymous("at 36.123456, 120.654321") == "at 36.12, 120.65"
    assert anonymous('{"latitude":36.123456}') == '{"latitude":36.12}'
    found = shortened(
        {"index": 7, "who": "pass 1234567", "room": {"place": [36.123456, 120.65]}, "n": 1234567, "token": "x"}
    )
    assert found == {"index": "..07", "who": "pass ..67", "room": {"place": [36.12, 120.65]}, "n": 1234567}


def test_no_program_tells_a_password_and_none_tells_too_much() -> None:
    told = Trouble("scanner.main", f"rtsp://admin:{SECRET}@h does not open" + "x" * 1000)
    assert told.detail is not None
    assert told.detail.startswith("rtsp://***@h does not open")
    assert len(told.detail) == MAX_WORDS
    assert Trouble("gps", None).detail is None


@given(st.recursive(st.text(max_size=20), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner)))
def test_every_text_of_a_value_is_gone_through(value: object) -> None:
    assert everywhere(value, lambda text: text) == value


@pytest.mark.parametrize(
    "piece", ["://", "a", "password", "password=", '"', "eyJaaaa.", "12.345678,", "holders=[", "%3a//", "@"]
)
def test_no_text_takes_long(piece: str) -> None:
    began = perf_counter()
    anonymous(piece * (64_000 // len(piece)))
    assert perf_counter() - began < 5.0
