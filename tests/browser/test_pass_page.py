"""The page with a pass in Chromium as the phone: what it makes, keeps and says, with a network and without."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from time import time
from typing import Any, Final

import cbor2
import numpy as np
import pytest
import zxingcpp
from base45 import b45encode
from PIL import Image

from kiosk.central.passes import By
from kiosk.trust.passes import Kind, Pass, read_pass, show_bound
from kiosk.trust.status import Status
from tests.browser.test_contrast import violations
from tests.keys import NOW, PHONE, bound
from tests.passpage.phones import Counter, open_counter
from tests.programs.house import until

pytestmark = pytest.mark.browser

SIZE: Final = {"width": 390, "height": 844}
DAY: Final = 86_400
MODULE: Final = "name => import(document.body.dataset.root + '/' + name)"
RECORD: Final = """() => new Promise(done => {
    indexedDB.open("pass").onsuccess = event => {
        const asked = event.target.result.transaction("kept").objectStore("kept").get("mine");
        asked.onsuccess = () => { event.target.result.close(); done(asked.result); };
    };
})"""
"""What the phone keeps, as a script on the page sees it."""

NO_ED25519: Final = """
    const make = crypto.subtle.generateKey.bind(crypto.subtle);
    crypto.subtle.generateKey = (name, ...more) =>
        name.name === "Ed25519" ? Promise.reject(new DOMException("", "NotSupportedError")) : make(name, ...more);
"""
NO_STORAGE: Final = "IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); };"


def later(seconds: float) -> str:
    """The phone's clock, so many seconds ahead."""
    return f"{{ const real = Date.now; Date.now = () => real() + {seconds * 1000}; }}"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("passes") / "central-data") as found:
        yield found


@pytest.fixture
def context(chromium: Any) -> Iterator[Any]:
    found = chromium.new_context(viewport=SIZE, locale="zh-CN", device_scale_factor=2)
    yield found
    found.close()


def opened(context: Any, counter: Counter) -> Any:
    page = context.pages[0] if context.pages else context.new_page()
    page.goto(f"{counter.origin}/pass")
    page.wait_for_selector("main > :not([hidden], noscript)")
    return page


def enrolled(context: Any, counter: Counter, holder: str) -> Any:
    """A page on which that holder has just got their pass."""
    page = opened(context, counter)
    enrol(page, counter, holder)
    return page


def enrol(page: Any, counter: Counter, holder: str) -> None:
    held = counter.store.credentials(holder) or [counter.holder(holder)]
    page.fill("#typed", counter.code(held[-1]))
    page.click("#enrol button")
    page.wait_for_selector("#code svg")


def shown(page: Any, counter: Counter) -> Pass:
    """What stands on the screen, as a station reads it."""
    found = read_pass(page.get_attribute("#code", "data-text"), counter.keyset)
    assert isinstance(found, Pass), found
    return found


def installed(page: Any) -> None:
    """The worker has everything."""
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


# What it makes.


def test_it_shows_the_same_bytes_as_our_own_library(context: Any, counter: Counter) -> None:
    """With a key that is the same in each run, by the library that signs where the browser cannot."""
    page = opened(context, counter)
    for text, now in (
        (bound(), NOW),
        (bound(2**32 - 1), 23),
        (bound(24), 24),
        (bound(256), 2**32 - 1),
        (bound(65536), 2**32),
    ):
        theirs = page.evaluate(
            """async ([text, now, seed]) => {
                const {shown} = await import(document.body.dataset.root + "/shown.js");
                await import(document.body.dataset.root + "/nacl.js");
                const pair = nacl.sign.keyPair.fromSeed(Uint8Array.from(seed));
                return shown(text, async bytes => nacl.sign.detached(bytes, pair.secretKey), now);
            }""",
            [text, now, list(PHONE.private_bytes_raw())],
        )
        assert theirs == show_bound(text, PHONE, now)


NUMBERS: Final = [
    0,
    1,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2**32 - 1,
    2**32,
    2**53 - 2,
    -1,
    -24,
    -25,
    -256,
    -257,
    -70_010,
]
SIZES: Final = [0, 1, 2, 23, 24, 255, 256, 300, 70_000]


def test_its_cbor_and_base45_are_those_of_the_libraries(context: Any, counter: Counter) -> None:
    page = opened(context, counter)
    values = [*NUMBERS, [], [1, [2, "驿站"]], "", "x" * 300]
    theirs = page.evaluate(
        """async values => {
            const {encoded} = await import(document.body.dataset.root + "/cbor.js");
            return values.map(value => [...encoded(value)]);
        }""",
        values,
    )
    assert [bytes(each) for each in theirs] == [cbor2.dumps(each) for each in values]
    codes = page.evaluate(
        """async sizes => {
            const {base45, encoded, fromBase45} = await import(document.body.dataset.root + "/cbor.js");
            return sizes.map(size => {
                const bytes = Uint8Array.from({length: size}, (_, at) => (at * 37 + size) % 256);
                return [[...encoded(bytes).slice(0, 9)], base45(bytes), fromBase45(base45(bytes)).join() === bytes.join()];
            });
        }""",
        SIZES,
    )
    for size, (head, text, same) in zip(SIZES, codes, strict=True):
        data = bytes((at * 37 + size) % 256 for at in range(size))
        assert (bytes(head), text, same) == (cbor2.dumps(data)[:9], b45encode(data).decode(), True)


def test_a_code_is_typed_and_a_new_pass_is_shown_every_few_seconds(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "b-1")
    first = shown(page, counter)
    assert first.kind is Kind.BOUND
    assert abs(first.shown_at - time()) < 5
    page.wait_for_function(
        "text => document.getElementById('code').dataset.text !== text", arg=page.get_attribute("#code", "data-text")
    )
    assert shown(page, counter).shown_at > first.shown_at
    assert "b-1" in page.inner_text("#number")
    words = page.inner_text("body")
    assert "YZ" not in words
    assert first.token not in words


def test_the_first_code_and_the_next_are_read_from_the_screen(context: Any, counter: Counter) -> None:
    """Each is in a mask of its own: of the first nobody waits for the best."""
    page = enrolled(context, counter, "b-12")
    page.reload()
    for _ in range(2):
        page.wait_for_selector("#code svg")
        picture, text = page.locator("#code").screenshot(), page.get_attribute("#code", "data-text")
        grey = np.array(Image.open(io.BytesIO(picture)).convert("L"))
        assert [each.text for each in zxingcpp.read_barcodes(grey)] == [text]
        page.wait_for_function("text => document.getElementById('code').dataset.text !== text", arg=text)


# What it keeps.


def test_no_script_gets_the_key_and_logging_out_destroys_it(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "b-2")
    record = page.evaluate(
        f"async () => {{ const kept = await ({RECORD})(); return [Object.keys(kept), Object.keys(kept.key)]; }}"
    )
    assert record == [["key", "pass", "holder", "expires", "offset", "renewed", "refused"], ["own", "public"]]
    for form in ("pkcs8", "jwk", "raw"):
        taken = f"""async () => {{
            const kept = await ({RECORD})();
            return crypto.subtle.exportKey("{form}", kept.key.own).then(() => "taken", error => error.name);
        }}"""
        assert page.evaluate(taken) in {"InvalidAccessError", "NotSupportedError"}
    page.click("#helps")
    page.click("#leave")
    assert page.evaluate("indexedDB.databases().then(all => all.length)") == 1, "not by one touch"
    page.click("#leave")
    page.wait_for_selector("#enrol:not([hidden])")
    assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0
    index = counter.store.credentials("b-2")[0].index
    until(lambda: counter.store.phone_of(index) is None, "the server to be told")


def test_where_the_browser_knows_no_ed25519_a_library_signs_and_the_seed_is_sealed(
    context: Any, counter: Counter
) -> None:
    context.add_init_script(NO_ED25519)
    page = enrolled(context, counter, "b-3")
    assert shown(page, counter).kind is Kind.BOUND
    kept = page.evaluate(
        f"""async () => {{
            const {{key}} = await ({RECORD})();
            const taken = await crypto.subtle.exportKey("raw", key.under).then(() => "taken", error => error.name);
            return [Object.keys(key), key.sealed.byteLength, taken];
        }}"""
    )
    assert kept == [["sealed", "iv", "under", "public"], 32 + 16, "InvalidAccessError"]
    opened(context, counter).wait_for_selector("#code svg")


def test_the_library_is_loaded_where_it_signs_and_its_absence_loses_no_pass(context: Any, counter: Counter) -> None:
    page = opened(context, counter)
    enrol(page, counter, "b-13")
    assert page.evaluate("typeof nacl") == "undefined"
    other = context.browser.new_context(viewport=SIZE, locale="zh-CN", service_workers="block")
    other.add_init_script(NO_ED25519)
    page = enrolled(other, counter, "b-14")
    other.route("**/nacl.js", lambda route: route.abort())
    page.reload()
    page.wait_for_selector("#told:not([hidden])")
    assert page.evaluate(RECORD)["refused"] == ""
    other.unroute("**/nacl.js")
    page.reload()
    page.wait_for_selector("#code svg")
    other.close()


def test_where_the_library_cannot_be_fetched_a_code_is_not_used_up(chromium: Any, counter: Counter) -> None:
    context = chromium.new_context(viewport=SIZE, locale="zh-CN", service_workers="block")
    context.add_init_script(NO_ED25519)
    context.route("**/nacl.js", lambda route: route.abort())
    page = opened(context, counter)
    page.fill("#typed", counter.code(counter.holder("b-15")))
    page.click("#enrol button")
    page.wait_for_function("() => document.getElementById('wrong').textContent.includes('连不上')")
    context.unroute("**/nacl.js")
    page.reload()
    page.fill("#typed", counter.code(counter.store.credentials("b-15")[-1]))
    page.click("#enrol button")
    page.wait_for_selector("#code svg")
    context.close()


def test_where_nothing_can_be_kept_it_says_so(context: Any, counter: Counter) -> None:
    context.add_init_script(NO_STORAGE)
    page = opened(context, counter)
    assert "无痕" in page.inner_text("#told-words")
    assert page.is_hidden("#enrol")


# Without a network.


def test_without_a_network_it_opens_and_says_until_when(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "b-4")
    installed(page)
    context.set_offline(True)
    page.reload()
    page.wait_for_selector("#code svg")
    assert abs(shown(page, counter).shown_at - time()) < 5
    assert "没有网络" in page.inner_text("#network")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].workerStart") == 0, "no worker was woken for it"
    context.add_init_script(later(6 * DAY))
    page.reload()
    page.wait_for_selector("#stale:not([hidden])")
    assert shown(page, counter).shown_at > time() + 5 * DAY


def test_a_month_without_a_network_is_told_with_what_to_do(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "b-5")
    installed(page)
    context.set_offline(True)
    context.add_init_script(later(30 * DAY))
    page.reload()
    page.wait_for_selector("#told:not([hidden])")
    assert "请连上网络" in page.inner_text("#told-words")
    page.click("#again")
    page.wait_for_function("() => document.getElementById('told-title').textContent === '没有网络'")
    context.set_offline(False)
    page.click("#again")
    page.wait_for_selector("#code svg")
    assert abs(shown(page, counter).shown_at - time()) < 5, "by the server's time"


# What may be otherwise.


@pytest.mark.parametrize("wrong", [DAY, -DAY])
def test_a_clock_that_is_a_day_off_is_told_and_the_pass_is_right(context: Any, counter: Counter, wrong: int) -> None:
    context.add_init_script(later(wrong))
    page = enrolled(context, counter, f"b-6{wrong}")
    assert abs(shown(page, counter).shown_at - time()) < 5
    assert "24 小时" in page.inner_text("#clock")
    assert ("快了" if wrong > 0 else "慢了") in page.inner_text("#clock")


@pytest.mark.parametrize("wrong", [DAY, 600])
def test_a_clock_that_is_set_right_makes_codes_of_now(context: Any, counter: Counter, wrong: int) -> None:
    context.add_init_script(later(wrong))
    page = enrolled(context, counter, f"d-1{wrong}")
    context.add_init_script(later(-wrong))
    page.reload()
    page.wait_for_selector("#code svg")
    until(lambda: abs(page.evaluate(RECORD)["offset"]) < 5, "the clock to be measured anew", 5)
    of_now(page, counter)


def test_a_clock_that_was_ahead_and_is_set_right_offline_makes_codes_of_now(context: Any, counter: Counter) -> None:
    """Without a network: what was measured would make codes that are older than the pass."""
    context.add_init_script(later(DAY))
    page = enrolled(context, counter, "d-2")
    installed(page)
    context.set_offline(True)
    context.add_init_script(later(-DAY))
    page.reload()
    page.wait_for_selector("#code svg")
    assert abs(shown(page, counter).shown_at - time()) < 5
    assert page.is_hidden("#clock")


def test_a_clock_that_is_set_while_the_page_is_open_is_noticed(context: Any, counter: Counter) -> None:
    """By less than an hour, so that nothing else would ask the server."""
    page = enrolled(context, counter, "d-4")
    page.evaluate(f"{later(600)}")
    looked_at(page)
    page.wait_for_selector("#clock:not([hidden])", timeout=5000)
    assert abs(page.evaluate(RECORD)["offset"] + 600) < 5


def test_codes_that_no_door_takes_are_told_with_what_to_do(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "d-5")
    installed(page)
    context.set_offline(True)
    context.add_init_script(later(-DAY))
    page.reload()
    page.wait_for_selector("#mend:not([hidden])", timeout=5000)
    assert "手机时间被改过" in page.inner_text("#clock")
    assert "照常" not in page.inner_text("#network")
    page.click("#mend")
    page.wait_for_selector("#told:not([hidden])", timeout=5000)
    context.set_offline(False)
    page.click("#mend", timeout=5000)
    of_now(page, counter)


def of_now(page: Any, counter: Counter) -> None:
    """The code on the screen is soon one that a station takes."""
    until(lambda: abs(shown(page, counter).shown_at - time()) < 5, "a code of now", 5)


def looked_at(page: Any) -> None:
    """As when somebody comes back to the tab."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


# What gets lost.


def losing(page: Any, what: str) -> None:
    """The server hears this question, and its answer gets lost."""

    def lost(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route(f"**/pass/v1/{what}", lost, times=1)


@pytest.mark.parametrize("then", ["again", "opened"])
def test_a_lost_answer_is_no_lost_pass(context: Any, counter: Counter, then: str) -> None:
    """Whether the holder types the code again, which is used up by now, or opens the page another time."""
    page = opened(context, counter)
    losing(page, "enrol")
    page.fill("#typed", counter.code(counter.holder(f"e-1{then}")))
    page.click("#enrol button")
    page.wait_for_function("() => document.getElementById('wrong').textContent.includes('连不上')")
    if then == "again":
        page.click("#enrol button")
    else:
        page.reload()
    page.wait_for_selector("#code svg", timeout=5000)
    assert f"e-1{then}" in page.inner_text("#number")
    assert "pending" not in page.evaluate(RECORD)


def test_a_code_is_not_used_up_where_nothing_can_be_kept(context: Any, counter: Counter) -> None:
    page = opened(context, counter)
    held = counter.holder("e-2")
    page.evaluate(f"window.real = IDBFactory.prototype.open; {NO_STORAGE} null")
    page.fill("#typed", counter.code(held))
    page.click("#enrol button")
    page.wait_for_function("() => document.getElementById('wrong').textContent.includes('无痕窗口')")
    page.evaluate("IDBFactory.prototype.open = window.real; null")
    page.click("#enrol button")
    page.wait_for_selector("#code svg", timeout=5000)


# Two tabs.

HOLDER: Final = "import(document.body.dataset.root + '/holder.js').then(({Holder}) => Holder.here())"
KEPT: Final = "import(document.body.dataset.root + '/kept.js').then(({kept}) => kept())"


@pytest.mark.parametrize("script", ["", "delete globalThis.BroadcastChannel"])
def test_what_one_tab_deletes_is_gone_in_the_other(context: Any, counter: Counter, script: str) -> None:
    """At once where tabs can tell each other, and else when somebody looks at it."""
    context.add_init_script(script)
    first = enrolled(context, counter, f"f-1{bool(script)}")
    left(context, counter)
    if script:
        first.evaluate(later(7200))
        looked_at(first)
    first.wait_for_selector("#enrol:not([hidden])", timeout=5000)
    assert first.query_selector("#code svg") is None
    assert first.evaluate(KEPT) is None


def left(context: Any, counter: Counter) -> Any:
    """Another tab, in which the pass was deleted."""
    page = context.new_page()
    page.goto(f"{counter.origin}/pass")
    page.wait_for_selector("#code svg")
    page.click("#helps")
    page.click("#leave")
    page.click("#leave")
    page.wait_for_selector("#enrol:not([hidden])")
    return page


def test_a_tab_that_knows_an_old_key_does_not_overwrite_a_new_one(context: Any, counter: Counter) -> None:
    first = enrolled(context, counter, "f-2")
    first.evaluate(f"async () => {{ window.old = await {HOLDER}; }}")
    enrol(left(context, counter), counter, "f-2")
    got = first.evaluate("window.old.renew().then(() => 'renewed', error => error.kind)")
    assert got == "elsewhere"
    same = first.evaluate(f"async () => [(await {KEPT}).pass, window.old.record.pass]")
    assert same[0] == same[1] != ""


def test_a_pass_that_is_renewed_while_it_is_deleted_stays_deleted(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "f-3")
    held = list[Any]()
    page.route("**/pass/v1/renew", lambda route: held.append((route, route.fetch())))
    with page.expect_request("**/pass/v1/renew"):
        page.evaluate(f"async () => {{ window.one = await {HOLDER}; window.renewed = window.one.renew(); }}")
    until(lambda: page.evaluate("1") and held, "the server's answer, which is held back")
    page.evaluate("window.one.leave(() => {})")
    route, answer = held[0]
    route.fulfill(response=answer)
    page.evaluate("window.renewed")
    assert page.evaluate(f"async () => [await {KEPT}, window.one.record]") == [None, None]


# What else may be otherwise.


def test_a_wrong_code_is_told_and_the_right_one_taken_after_it(context: Any, counter: Counter) -> None:
    page = opened(context, counter)
    page.fill("#typed", "AAAAA AAAAA")
    page.click("#enrol button")
    page.wait_for_function("() => document.getElementById('wrong').textContent.includes('代码不对')")
    enrol(page, counter, "b-7")


def test_the_first_phone_is_told_that_another_has_its_place(chromium: Any, context: Any, counter: Counter) -> None:
    first = enrolled(context, counter, "b-8")
    other = chromium.new_context(viewport=SIZE, locale="en")
    enrolled(other, counter, "b-8")
    other.close()
    context.add_init_script(later(7200))
    first.reload()
    first.wait_for_selector("#told:not([hidden])")
    assert "另一部手机" in first.inner_text("#told-title")
    assert first.evaluate(RECORD)["pass"] == ""
    first.click("#anew")
    enrol(first, counter, "b-8")


def test_whoever_is_suspended_is_told_until_it_is_over(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "b-9")
    held = counter.store.credentials("b-9")
    counter.passes.set_status(held, Status.SUSPENDED, By("li", "asked"))
    context.add_init_script(later(7200))
    page.reload()
    page.wait_for_selector("#told:not([hidden])")
    assert "暂停" in page.inner_text("#told-title")
    counter.passes.set_status(held, Status.VALID, By("li", "asked"))
    page.click("#again")
    page.wait_for_selector("#code svg")


def test_on_a_cracked_screen_the_code_bears_more_damage_and_stays_so(context: Any, counter: Counter) -> None:
    page = enrolled(context, counter, "b-11")
    squares = modules(page)
    page.click("#helps")
    page.click("#cracked")
    page.wait_for_function(
        "squares => document.querySelector('#code svg').viewBox.baseVal.width > squares", arg=squares
    )
    more = modules(page)
    assert shown(page, counter).kind is Kind.BOUND
    page.reload()
    page.wait_for_selector("#code svg")
    assert modules(page) == more


def modules(page: Any) -> int:
    """How many squares the code is wide, with what is white around it."""
    return int(page.evaluate("document.querySelector('#code svg').viewBox.baseVal.width"))


# Other pages.


def test_another_page_reaches_nothing_of_it(context: Any, counter: Counter) -> None:
    """As a script on the public pages would try it: read, ask, load, frame, open."""
    enrolled(context, counter, "b-10")
    evil = context.new_page()
    evil.route(
        "http://127.0.0.1:9/*",
        lambda route: route.fulfill(body="<!doctype html><title>evil</title>", content_type="text/html"),
    )
    evil.goto("http://127.0.0.1:9/")
    root = context.pages[0].get_attribute("body", "data-root")
    with context.expect_page() as coming:
        evil.evaluate("origin => { window.opened = window.open(origin + '/pass') }", counter.origin)
    coming.value.wait_for_load_state()
    got = evil.evaluate(
        """async ([origin, root]) => {
            const failed = promise => promise.then(answer => answer.type, () => "failed");
            const loaded = (kind, more) => new Promise(done => {
                const told = {onload: () => done("loaded"), onerror: () => done("failed")};
                const each = Object.assign(document.createElement(kind), more, told);
                document.body.append(each);
            });
            const post = more => fetch(origin + "/pass/v1/challenge", {method: "POST", body: "{}", ...more});
            const found = [
                await failed(fetch(origin + "/pass")),
                await failed(post({headers: {"Content-Type": "application/json"}})),
                await failed(post({mode: "no-cors"})),
                await loaded("script", {src: origin + root + "/cbor.js"}),
                await loaded("img", {src: origin + root + "/icon.svg"}),
            ];
            await loaded("iframe", {src: origin + "/pass"});
            let read = "";
            try { read = window.opened.document.body.innerText } catch { read = "closed" }
            return [...found, read, document.querySelector("iframe").contentDocument === null];
        }""",
        [counter.origin, root],
    )
    assert got == ["failed", "failed", "failed", "failed", "failed", "closed", True]
    framed = [frame for frame in evil.frames if frame != evil.main_frame]
    assert [frame.url for frame in framed] == ["chrome-error://chromewebdata/"]


# For everybody.


@pytest.mark.parametrize(("language", "size"), [("zh-CN", (390, 844)), ("en", (1280, 800))])
def test_every_face_passes_axe(chromium: Any, counter: Counter, language: str, size: tuple[int, int]) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale=language)
    page = opened(context, counter)
    assert violations(page) == []
    enrol(page, counter, f"c-{language}")
    page.click("#helps")
    page.click("#large")
    assert violations(page) == []
    refused_at_a_door(page, counter)
    assert violations(page) == []
    context.close()


def test_every_language_fits_on_a_small_phone_also_in_large_letters(chromium: Any, counter: Counter) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 568}, locale="fr")
    page = opened(context, counter)
    assert "帮助" in page.inner_text("#helps"), "a language that it has no words for is said in Chinese"
    names = fitting(page)
    enrol(page, counter, "c-small")
    page.click("#helps")
    assert fitting(page) == names
    page.click("#large")
    assert fitting(page) == names
    refused_at_a_door(page, counter)
    assert fitting(page) == names
    context.close()


SCRIPTS: Final = {"zh-CN": "Han", "ko": "Hangul", "ru": "Cyrillic"}
FOREIGN: Final = """scripts => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
        const {parentElement, textContent} = walker.currentNode, {lang} = parentElement.closest("[lang]");
        for (const [tag, script] of Object.entries(scripts)) {
            const wrong = tag !== lang && new RegExp(`\\\\p{Script=${script}}`, "u").test(textContent);
            if (wrong) found.push([lang, textContent]);
        }
    }
    return found;
}"""
"""Words in a script that is not of the language that they are marked with."""


def test_words_of_another_language_than_the_page_s_are_marked(context: Any, counter: Counter) -> None:
    """WCAG 2.2, 3.1.2: what a language has no words for is said in Chinese, and a voice has to know it."""
    page = opened(context, counter)
    tags = [each.get_attribute("lang") for each in page.query_selector_all("#languages button")]
    assert len(tags) >= 5
    assert (marked(page, tags), page.get_attribute("#login", "lang")) == ([], "zh-CN")
    page.fill("#typed", "AAAAA AAAAA")
    page.click("#enrol button")
    page.wait_for_selector("#wrong:not(:empty)")
    assert marked(page, tags) == []
    enrol(page, counter, "c-marked")
    page.click("#helps")
    page.click("#leave")
    assert marked(page, tags, violations) == []
    page.evaluate(later(DAY))
    looked_at(page)
    page.wait_for_selector("#clock:not([hidden])")
    assert marked(page, tags) == []
    refused_at_a_door(page, counter)
    assert marked(page, tags) == []
    counter.passes.set_status(counter.store.credentials("c-marked"), Status.SUSPENDED, By("li", "asked"))
    page.evaluate(later(7200))
    looked_at(page)
    page.wait_for_selector("#told:not([hidden])")
    assert marked(page, tags) == []


def marked(page: Any, tags: list[str], more: Callable[[Any], list[str]] = lambda _page: []) -> list[Any]:
    """What is wrong in any of the languages, by the scripts of the words and by what `more` finds."""
    found = list[Any]()
    for tag in tags:
        page.click(f"#languages [lang={tag}]")
        found += [(tag, *each) for each in page.evaluate(FOREIGN, SCRIPTS)] + more(page)
    return found


def refused_at_a_door(page: Any, counter: Counter) -> None:
    """The face to which a display's code leads, and what it says of one that is none."""
    page.goto(f"{counter.origin}/o/rubbish")
    page.click("#open")
    page.wait_for_selector("#opened.bad")


def fitting(page: Any) -> dict[str, str]:
    """What the page is called in each language, in which nothing stands beside the screen."""
    names = {}
    for button in page.query_selector_all("#languages button"):
        button.click()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        names[button.get_attribute("lang")] = page.inner_text("#helps")
    return names
