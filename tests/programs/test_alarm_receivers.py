"""Alarms by mail and to webhooks: what arrives, and that no receiver can hold anybody up, whatever it does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.alarms import sending
from kiosk.central.alarms.sending import Letter, NotSent, send, shortened, signed
from kiosk.central.alarms.settings import Mail, Webhook
from tests.certificates import Authority
from tests.receivers import Hook, Mailbox, receiving

NOW = 1_795_392_000.0
LETTER = Letter("yizhan-7-1", "[驿站] 新报警", "[驿站] 新报警\n区县 370811：失联", {"kind": "causes", "lines": []})


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "STEP_WITHIN", 0.3)
    monkeypatch.setattr(sending, "ALL_WITHIN", 0.4)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with receiving(Hook()) as found:
        yield found


def mail(port: int, **more: Any) -> Mail:
    known = {"name": "duty", "host": "localhost", "port": port, "sender": "a@b.example", "to": ["c@d.example"]}
    return msgspec.convert({"security": "none", **known, **more}, Mail)


def webhook(folder: Path, url: str, **more: Any) -> Webhook:
    (folder / "url").write_text(url + "\n")
    return msgspec.convert({"name": "robot", "url_file": "url", **more}, Webhook)


def text(found: EmailMessage) -> str:
    return str(found.get_content()).replace("\r\n", "\n").strip()


def test_a_mail_arrives_as_it_was_written(tmp_path: Path) -> None:
    with receiving(Mailbox()) as box:
        send(mail(box.port), LETTER, tmp_path, NOW)
    (found,) = box.mails
    assert (found["Subject"], found["To"], text(found)) == (LETTER.subject, "c@d.example", LETTER.text)
    assert found["Message-ID"] == "<yizhan-7-1@b.example>", "sent twice it is one and the same"
    assert found["Auto-Submitted"] == "auto-generated"


def test_a_password_is_sent_under_tls_alone_to_a_server_with_the_right_certificate(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path, "union"), Authority(tmp_path, "other")
    (tmp_path / "password").write_text("secret\n")
    known = {"security": "starttls", "user": "stations", "password_file": "password"}
    with receiving(Mailbox(authority.certify("localhost"), "secret")) as box:
        send(mail(box.port, ca_file=authority.file.name, **known), LETTER, tmp_path, NOW)
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            send(mail(box.port, ca_file=other.file.name, **known), LETTER, tmp_path, NOW)
        (tmp_path / "password").write_text("wrong\n")
        with pytest.raises(NotSent, match="535"):
            send(mail(box.port, ca_file=authority.file.name, **known), LETTER, tmp_path, NOW)
    with receiving(Mailbox()) as plain, pytest.raises(NotSent, match="STARTTLS"):
        send(mail(plain.port, ca_file=authority.file.name, **known), LETTER, tmp_path, NOW)
    assert len(box.mails) == 1


@pytest.mark.parametrize("mode", ["hangs", "drips", "refuses"])
def test_a_mail_server_that_does_not_take_it_is_left_in_time(tmp_path: Path, mode: Any) -> None:
    with receiving(Mailbox()) as box:
        box.mode, began = mode, time.monotonic()
        with pytest.raises(NotSent):
            send(mail(box.port), LETTER, tmp_path, NOW)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("mode", ["hangs", "drips"])
def test_a_webhook_that_does_not_end_is_left_in_time(tmp_path: Path, hook: Hook, mode: Any) -> None:
    hook.mode, began = mode, time.monotonic()
    with pytest.raises(NotSent):
        send(webhook(tmp_path, hook.url), LETTER, tmp_path, NOW)
    assert time.monotonic() - began < 20


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with receiving(Mailbox()) as box, receiving(Hook()) as hook:
        pass
    for each in (mail(box.port), webhook(tmp_path, hook.url)):
        with pytest.raises(NotSent, match="refused"):
            send(each, LETTER, tmp_path, NOW)


def test_a_webhook_gets_the_words_and_all_that_they_say_as_json(tmp_path: Path, hook: Hook) -> None:
    send(webhook(tmp_path, hook.url), LETTER, tmp_path, NOW)
    ((path, body),) = hook.taken
    assert path == "/hook?key=secret"
    assert json.loads(body) == {"id": "yizhan-7-1", "subject": LETTER.subject, "text": LETTER.text, **LETTER.data}


@pytest.mark.parametrize("form", ["wecom", "dingtalk"])
def test_a_robot_gets_what_it_takes_and_its_no_is_heard_though_it_answers_200(
    tmp_path: Path, hook: Hook, form: str
) -> None:
    robot = webhook(tmp_path, hook.url, form=form)
    send(robot, LETTER, tmp_path, NOW)
    assert json.loads(hook.taken[0][1]) == {"msgtype": "text", "text": {"content": LETTER.text}}
    for answer, why in (
        (b'{"errcode": 45009, "errmsg": "freq out of limit"}', "45009: freq"),
        (b'{"errcode": ' * 1300, "not as a robot does"),
        (b"<html>", "not as a robot"),
    ):
        hook.answer = answer
        with pytest.raises(NotSent, match=why):
            send(robot, LETTER, tmp_path, NOW)


def test_a_dingtalk_robot_s_address_is_signed(tmp_path: Path, hook: Hook) -> None:
    (tmp_path / "sign").write_text("SEC1\n")
    files = {"secret_file": "sign"}
    send(webhook(tmp_path, hook.url, form="dingtalk", **files), LETTER, tmp_path, NOW)
    query = parse_qs(urlsplit(hook.taken[0][0]).query)
    assert query["timestamp"] == ["1795392000000"]
    assert query["sign"] == parse_qs(signed("SEC1", 1_795_392_000_000))["sign"]


@pytest.mark.parametrize("status", [301, 404, 500])
def test_what_is_no_yes_is_a_no(tmp_path: Path, hook: Hook, status: int) -> None:
    hook.status = status
    with pytest.raises(NotSent, match=f"HTTP {status}"):
        send(webhook(tmp_path, hook.url), LETTER, tmp_path, NOW)


@pytest.mark.parametrize(
    "url", ["", "qyapi.weixin.qq.com/x?key=secret", "https://a/x?key=sec ret", "https://a:1000000/secret"]
)
def test_an_address_that_is_none_is_said_without_its_secret(tmp_path: Path, url: str) -> None:
    with pytest.raises(NotSent) as found:
        send(webhook(tmp_path, url), LETTER, tmp_path, NOW)
    assert "url" in str(found.value)
    assert "sec" not in str(found.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="url: No such file"):
        send(Webhook("robot", "url"), LETTER, tmp_path, NOW)


@given(st.text(), st.integers(8, 40))
def test_a_text_that_is_shortened_has_as_many_bytes_as_there_is_room_for(long: str, most: int) -> None:
    found = shortened(long, most)
    assert len(found.encode()) <= most
    assert found == long or long.startswith(found.removesuffix("…"))
