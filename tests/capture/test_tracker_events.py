"""What the browser tracker says, in a real browser: page views, attention, sessions, campaigns, consent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from event_assets.capture.plain_events import PlainEvents
from event_assets.ingest.formats.native import NativeReader
from tests.browser import opened_browser
from tests.capture.site import Site, flush, ids, next_page, opened, served, show

MINUTE = 60_000
NO_ATTENTION = "document.hasFocus = () => false"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with opened_browser() as found:
        yield found


@pytest.fixture
def site() -> Iterator[Site]:
    """A site whose collector takes everything."""
    with served() as each:
        yield each


def _storage(page: Page) -> dict[str, str]:
    return page.evaluate("({...localStorage})")


def test_a_page_view_is_posted_as_text_and_read_by_ingest(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        site.wait_for("page_view")
        title = page.title()
    (sent,) = site.sent[:1]
    assert sent.headers["content-type"] == "text/plain;charset=UTF-8"
    assert site.others == [], "a browser asked before it sent"
    assert sent.body["library"] == "event-assets.js"
    (event,) = sent.events
    assert event["page_url"] == site.url()
    assert event["page_title"] == title
    assert 0 <= sent.body["sent_at"] - event["timestamp"] < MINUTE
    assert {"event_id", "session_id", "referrer"} < set(event)
    assert PlainEvents().is_readable(event)
    (reading,) = NativeReader().read(event)
    assert reading.properties == {}, "a field that ingest does not know"


def test_calls_before_the_script_keep_their_time_and_come_after_the_page_view(
    browser: Browser, site: Site
) -> None:
    site.head += """<script>
      const called = Date.now(); ea("track", "search", {query: "x"}); ea("identify", "u-1")
      while (Date.now() < called + 30);
      ea("track", "early", {}, {event_id: "mine", event_version: "2"})</script>"""
    with opened(browser, site) as page:
        flush(page)
        site.wait_for("search")
        called = page.evaluate("called")
    events = site.taken[:3]
    assert [event["event_type"] for event in events] == ["page_view", "search", "early"]
    assert {event["user_id"] for event in events} == {"u-1"}
    assert called <= events[0]["timestamp"] < events[1]["timestamp"] <= called + 10
    assert events[2]["timestamp"] >= called + 30
    assert (events[2]["event_id"], events[2]["event_version"]) == ("mine", "2")


def test_a_call_gives_the_id_of_its_event(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        given = page.evaluate('ea("track", "click")')
        flush(page)
        site.wait_for("click")
    assert ids(site.named("click")) == [given]


def test_a_script_that_is_included_twice_counts_once(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        page.evaluate(
            "() => new Promise(done => {const again = document.createElement('script');"
            "again.src = document.scripts[1].src; again.onload = done; document.head.append(again)})"
        )
        page.evaluate('ea("track", "click")')
        flush(page)
        site.wait_for("click")
    assert len(site.named("page_view")) == len(site.named("click")) == 1


def test_each_new_address_is_a_view_with_the_one_before_as_referrer(
    browser: Browser, site: Site
) -> None:
    with opened(browser) as page:
        page.goto(site.url("/start"))
        page.click("#out")
        page.wait_for_function("window.ea && window.ea.isLoaded")
        steps = (
            "history.pushState({}, '', '/a')",
            "history.pushState({}, '', '/a')",  # the same address is no other view
            "history.replaceState({}, '', '/b?q=1')",
            "location.hash = 'part'",
        )
        for step in steps:
            page.evaluate(step)
        page.wait_for_timeout(50)
        page.evaluate("history.back()")
        page.wait_for_url("**/b?q=1")
        flush(page)
        site.wait_for("page_view", 6)
    views = sorted(site.named("page_view"), key=lambda event: event["timestamp"])
    paths = ["/start", "/out", "/a", "/b?q=1", "/b?q=1#part", "/b?q=1"]
    assert [view["page_url"] for view in views] == [site.url(path) for path in paths]
    assert [view["referrer"] for view in views[1:]] == [site.url(path) for path in paths[:-1]]


def test_manual_pages_are_the_pages_own(browser: Browser) -> None:
    with served(attributes="data-manual data-key=web-key") as site, opened(browser, site) as page:
        page.evaluate("history.pushState({}, '', '/a')")
        page.evaluate('ea("page", {template: "list"})')
        flush(page)
        site.wait_for("page_view")
        (view,) = site.named("page_view")
        assert view["properties"] == {"template": "list"}
        assert site.sent[0].body["write_key"] == "web-key"


def test_attention_is_the_time_in_which_the_page_was_visible_and_in_focus(
    browser: Browser, site: Site
) -> None:
    with opened(browser, has_clock=True) as page:
        page.add_init_script("window.focused = false; document.hasFocus = () => focused")
        show(page, site)
        site.wait_for("page_view")
        page.clock.pause_at(page.evaluate("Date.now()") + 5_000)

        def change(focused: str, seconds: float) -> None:
            page.evaluate(
                f"focused = {focused}; dispatchEvent(new Event(focused ? 'focus' : 'blur'))"
            )
            page.clock.run_for(int(seconds * 1000))

        change("true", 7.5)
        change("false", 60)
        change("true", 2)
        page.evaluate("history.pushState({}, '', '/second')")
        page.clock.run_for(1_500)
        page.evaluate("dispatchEvent(new Event('pagehide'))")
        page.clock.run_for(4_000)  # it is gone: this is no attention
        page.evaluate("dispatchEvent(new Event('pagehide'))")
        site.wait_for("heartbeat", 2)
    told = [
        (event["properties"]["engaged_ms"], event["page_url"]) for event in site.named("heartbeat")
    ]
    assert told == [(9_500, site.url()), (1_500, site.url("/second"))]
    views = site.named("page_view")
    assert views[0]["timestamp"] < site.named("heartbeat")[0]["timestamp"] < views[1]["timestamp"]


def test_who_reads_a_page_for_long_is_heard_of_every_five_minutes(
    browser: Browser, site: Site
) -> None:
    with opened(browser, has_clock=True) as page:
        show(page, site)
        for _ in range(13):
            page.clock.fast_forward(5 * MINUTE)
        page.clock.fast_forward(MINUTE)
        site.wait_for("heartbeat", 13)
        sessions = {event["session_id"] for event in site.taken}
    assert len(sessions) == 1
    assert (
        sum(event["properties"]["engaged_ms"] for event in site.named("heartbeat")) >= 65 * MINUTE
    )


def test_a_session_ends_after_half_an_hour_and_is_shared_by_tabs(
    browser: Browser, site: Site
) -> None:
    with opened(browser, has_clock=True) as page:
        page.add_init_script(NO_ATTENTION)
        show(page, site)
        page.clock.pause_at(page.evaluate("Date.now()") + 1_000)
        page.evaluate('ea("track", "first")')
        for number in range(3):
            page.clock.run_for(30 * MINUTE)
            page.evaluate(f'ea("track", "step{number}")')
        page.clock.run_for(30 * MINUTE + 1)
        page.evaluate('ea("track", "later")')
        page.clock.run_for(3_000)
        site.wait_for("later")
        other = next_page(page.context, site, "/other")
        other.evaluate('ea("reset"); ea("track", "after")')
        flush(other)
        site.wait_for("after")
    by_type = {event["event_type"]: event["session_id"] for event in site.taken}
    assert by_type["first"] == by_type["step0"] == by_type["step1"] == by_type["step2"]
    assert len({by_type[name] for name in ("first", "later", "after")}) == 3


def test_a_user_is_known_on_later_pages_until_signed_out(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        page.evaluate('ea("identify", "u-1")')
        show(page, site, "/second")
        page.evaluate('ea("reset"); ea("track", "gone")')
        flush(page)
        site.wait_for("gone")
    views = {event["page_url"]: event for event in site.named("page_view")}
    assert [views[site.url(path)].get("user_id") for path in ("/", "/second")] == [None, "u-1"]
    assert "user_id" not in site.named("gone")[0]


def test_first_and_last_campaign_are_kept_with_the_views_after(
    browser: Browser, site: Site
) -> None:
    with opened(browser) as page:
        for path in ("/?utm_source=news&gclid=c1&q=secret", "/plain", "/?fbclid=f2", "/end"):
            show(page, site, path)
        site.wait(lambda: any(view["page_url"] == site.url("/end") for view in site.taken))
    (end,) = (view for view in site.named("page_view") if view["page_url"] == site.url("/end"))
    first, last = end["context"]["first"], end["context"]["last"]
    assert (first["utm_source"], first["gclid"]) == ("news", "c1")
    assert {"q", "fbclid"}.isdisjoint(first)
    assert last["fbclid"] == "f2"
    assert "utm_source" not in last
    assert first["timestamp"] < last["timestamp"]


SIGNALS = {
    "gpc": "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})",
    "dnt": "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})",
}


@pytest.mark.parametrize("signal", [*SIGNALS, "consent"])
def test_who_refuses_is_counted_without_ids_and_nothing_is_stored(
    browser: Browser, site: Site, signal: str
) -> None:
    if signal == "consent":
        site.attributes = "data-consent=denied"
    with opened(browser) as page:
        page.add_init_script(SIGNALS.get(signal, ""))
        show(page, site, "/?utm_source=news")
        page.evaluate('ea("identify", "u-1"); ea("track", "click")')
        flush(page)
        site.wait_for("click")
        assert _storage(page) == {}
    for event in site.taken:
        assert {"session_id", "user_id", "context"}.isdisjoint(event)
        assert event.get("consent") == ("denied" if signal == "consent" else None)


def test_consent_that_is_given_or_withdrawn_holds_from_then_on(browser: Browser) -> None:
    with served(attributes="data-consent=denied") as site, opened(browser) as page:
        page.add_init_script(NO_ATTENTION)
        show(page, site)
        page.evaluate('ea("consent", "granted"); ea("identify", "u-1"); ea("track", "yes")')
        flush(page)
        site.wait_for("yes")
        assert {"ea.consent", "ea.session", "ea.user"} <= set(_storage(page))
        show(page, site, "/second")
        site.wait_for("page_view", 2)
        page.evaluate('ea("consent", "denied"); ea("track", "no")')
        flush(page)
        site.wait_for("no")
        # what was allowed goes when it is acknowledged; the count of the lost and the pause tell of nobody
        kept = ["ea.consent", "ea.lost", "ea.pause"]
        page.wait_for_function(
            "(kept) => Object.keys(localStorage).every((name) => kept.includes(name))", arg=kept
        )
    assert [event["consent"] for event in site.named("page_view")] == ["denied", "granted"]
    assert site.named("yes")[0]["user_id"] == "u-1"
    assert {"session_id", "user_id"}.isdisjoint(site.named("no")[0])


BROKEN = """
  const circle = {}; circle.circle = circle;
  ea("track", "circle", circle); ea("track", "big", {n: 10n});
  ea("track", "getter", {get n() { throw new Error("theirs") }});
  ea("nothing"); ea(); ea("track", "huge", {text: "x".repeat(50000)});
"""


@pytest.mark.parametrize(
    "surroundings",
    [
        "",
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden') }})",
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }",
        "Object.defineProperty(navigator, 'locks', {value: undefined});"
        "delete Crypto.prototype.randomUUID; delete AbortSignal.timeout",
        "navigator.locks.request = () => Promise.reject(new DOMException('no', 'SecurityError'))",
        "localStorage['ea.first'] = '{'; localStorage['ea.lost'] = 'x'; localStorage['ea.session'] = ''",
    ],
    ids=["as it is", "forbidden", "full", "old", "no locks", "damaged"],
)
def test_no_error_reaches_the_page_whatever_it_calls_and_wherever_it_runs(
    browser: Browser, site: Site, surroundings: str
) -> None:
    errors: list[str] = []
    with opened(browser) as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.add_init_script(surroundings)
        show(page, site)
        page.evaluate(BROKEN)
        page.evaluate('ea("track", "good")')
        page.evaluate("history.pushState({}, '', '/next')")
        flush(page)
        site.wait_for("good")
        site.wait_for("page_view", 2)
    assert errors == []
    dropped = [each.body["dropped"] for each in site.sent if "dropped" in each.body]
    assert sum(dropped) == 6 or "damaged" in surroundings or dropped[:1] == [6]


def test_half_a_surrogate_pair_does_not_cost_the_event(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        page.evaluate(r'ea("track", "cut", {a: "\ud83d", b: "\\ud83d", c: "😀", d: NaN})')
        flush(page)
        site.wait_for("cut")
    told: Any = site.named("cut")[0]["properties"]
    assert told == {"a": "\ufffd", "b": "\\ud83d", "c": "😀", "d": None}
    json.dumps(told, ensure_ascii=False).encode()
