"""What happens to phones: keys get lost, windows close, letters are of twice the size; and a login elsewhere, in Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any, Final

import pytest

from kiosk.trust.passes import Kind
from tests.browser.conftest import OPTIONS
from tests.browser.test_contrast import violations
from tests.browser.test_pass_page import (
    NO_ED25519,
    RECORD,
    SIZE,
    context,
    enrol,
    enrolled,
    fitting,
    installed,
    opened,
    refused_at_a_door,
    shown,
)
from tests.passpage.phones import Counter
from tests.passpage.test_elsewhere import opened as with_login
from tests.provider import issuer, known

pytestmark = pytest.mark.browser
__all__ = ["context", "issuer"]

LOSE: Final = """async part => {
    const kept = await (RECORD)();
    kept.key[part] = null;
    await new Promise(done => {
        indexedDB.open("pass").onsuccess = event => {
            const work = event.target.result.transaction("kept", "readwrite");
            work.objectStore("kept").put(kept, "mine");
            work.oncomplete = () => { event.target.result.close(); done(); };
        };
    });
}""".replace("RECORD", RECORD)
"""What some browsers do by themselves: the record comes back, and its key does not."""


@pytest.fixture(scope="module")
def counter(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    yield from with_login(tmp_path_factory.mktemp("passes") / "central-data", issuer)


# What gets lost.


@pytest.mark.parametrize(("script", "part"), [("", "own"), (NO_ED25519, "under"), (NO_ED25519, "sealed")])
def test_a_key_that_is_lost_is_told_and_a_new_code_brings_another(
    context: Any, counter: Counter, script: str, part: str
) -> None:
    context.add_init_script(script)
    name = f"l-{part}"
    page = enrolled(context, counter, name)
    page.evaluate(LOSE, part)
    page.reload()
    page.wait_for_selector("#told:not([hidden])")
    assert "密钥" in page.inner_text("#told-title")
    assert page.query_selector("#code svg") is None
    page.click("#anew")
    enrol(page, counter, name)
    assert shown(page, counter).kind is Kind.BOUND


def test_whose_data_were_deleted_types_another_code(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "l-1")
    first = shown(page, counter)
    page.evaluate("indexedDB.deleteDatabase('pass'); null")
    opened(context, counter).wait_for_selector("#enrol:not([hidden])")
    enrol(page, counter, "l-1")
    assert shown(page, counter).token != first.token


def test_in_a_private_window_it_works_until_that_closes_and_says_so_before(chromium: Any, counter: Counter) -> None:
    """Each of the tests' contexts is one."""
    window = chromium.new_context(viewport=SIZE, locale="en")
    page = opened(window, counter)
    assert "private" in page.inner_text("#private")
    enrol(page, counter, "l-2")
    assert shown(page, counter).kind is Kind.BOUND
    window.close()
    another = chromium.new_context(viewport=SIZE, locale="en")
    opened(another, counter).wait_for_selector("#enrol:not([hidden])")
    another.close()


# A login elsewhere.


def log_in(page: Any, sub: str) -> None:
    """There and back, by the provider's own page."""
    page.context.route("https://cdn.jsdelivr.net/**", lambda route: route.abort())
    page.click("#login")
    page.fill("input[name=sub]", sub)
    page.click("button >> text=Authorize")


def test_a_login_elsewhere_brings_the_pass_and_leaves_nothing_in_the_address(
    context: Any, counter: Counter, issuer: str
) -> None:
    counter.holder("e-1")
    known(issuer, "u-e-1", member="e-1")
    page = opened(context, counter)
    assert violations(page) == []
    log_in(page, "u-e-1")
    page.wait_for_selector("#code svg")
    assert page.url == f"{counter.origin}/pass"
    assert "e-1" in page.inner_text("#number")
    assert shown(page, counter).kind is Kind.BOUND
    assert "token" not in page.evaluate(RECORD)
    installed(page)
    context.set_offline(True)
    page.reload()
    page.wait_for_selector("#code svg")


def test_who_has_no_pass_there_is_told_and_may_type_a_code(context: Any, counter: Counter, issuer: str) -> None:
    known(issuer, "u-e-2", member="nobody")
    page = opened(context, counter)
    log_in(page, "u-e-2")
    page.wait_for_function("() => document.getElementById('wrong').textContent.includes('没有通行码')")
    enrol(page, counter, "e-2")


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?error=access_denied"])
def test_what_somebody_else_sends_a_phone_to_is_refused(context: Any, counter: Counter, query: str) -> None:
    page = context.new_page()
    page.goto(f"{counter.origin}/pass/back{query}")
    page.wait_for_function("() => document.getElementById('wrong').textContent.includes('登录没有成功')")
    assert page.url == f"{counter.origin}/pass"
    enrolled(context, counter, f"e-3{len(query)}")
    page.goto(f"{counter.origin}/pass/back{query}")
    page.wait_for_selector("#code svg")


def test_a_lost_answer_to_a_login_is_no_lost_pass(context: Any, counter: Counter, issuer: str) -> None:
    counter.holder("e-4")
    known(issuer, "u-e-4", member="e-4")
    page = opened(context, counter)

    def lost(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/pass/v1/back", lost, times=1)
    log_in(page, "u-e-4")
    page.wait_for_selector("#code svg")
    assert "e-4" in page.inner_text("#number")


# For the elderly.


@pytest.fixture
def doubled(chromium: Any) -> Iterator[Any]:
    """A small phone whose letters are set to twice the size."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    letters = "--blink-settings=defaultFontSize=32"
    browser = chromium.browser_type.launch(executable_path=path, args=[*OPTIONS, letters])
    found = browser.new_context(viewport={"width": 360, "height": 640}, locale="zh-CN")
    yield found
    browser.close()


@pytest.mark.parametrize("large", [False, True])
def test_with_letters_of_twice_the_size_the_whole_code_is_on_the_screen(
    doubled: Any, counter: Counter, *, large: bool
) -> None:
    page = opened(doubled, counter)
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 36
    if large:
        page.click("#large")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    enrol(page, counter, f"o-{large}")
    box = page.evaluate("document.querySelector('#code svg').getBoundingClientRect().toJSON()")
    assert box["top"] >= 0
    assert box["bottom"] <= 641
    page.click("#helps")
    assert set(fitting(page)) >= {"zh-CN", "en", "ru"}
    page.click("#languages button[lang=zh-CN]")
    refused_at_a_door(page, counter)
    told = page.evaluate("document.querySelector('#opened').getBoundingClientRect().toJSON()")
    assert 0 <= told["top"] < told["bottom"] <= 641
