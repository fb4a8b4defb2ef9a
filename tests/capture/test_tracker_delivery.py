"""What the tracker does to have events delivered, in a real browser, on a clock that the test moves."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import opened_browser
from tests.capture.site import (
    TAKEN,
    Answer,
    Site,
    flush,
    ids,
    in_turn,
    next_page,
    opened,
    served,
    show,
)

HOUR = 3_600_000
QUIET = "document.hasFocus = () => false"
FULL = "for (let size = 2 ** 22; size; size >>= 1) try { localStorage[size] = 'x'.repeat(size) } catch {}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with opened_browser() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that nobody looks at, so that it sends no heartbeats, with a clock to be moved."""
    with opened(browser, has_clock=True) as each:
        each.context.add_init_script(QUIET)
        yield each


def _track(page: Page, number: int, name: str = "click", text: str = "") -> list[str]:
    """Track so many events at once; their ids."""
    return page.evaluate(
        "([number, name, text]) => Array.from({length: number}, (_, n) => ea('track', name, {n, text}))",
        [number, name, text],
    )


def _ready(page: Page, site: Site) -> None:
    """Show a page whose view was taken, with the time standing still from now on."""
    show(page, site)
    site.wait_for("page_view")
    page.wait_for_function("!Object.keys(localStorage).some(name => name.startsWith('ea.event'))")
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)


def _pause(page: Page) -> float:
    """Milliseconds until the tracker tries again, once it knows."""
    page.wait_for_function("+localStorage['ea.pause'] > Date.now()")
    return page.evaluate("+localStorage['ea.pause'] - Date.now()")


def test_what_failed_is_tried_again_with_the_same_ids_and_times(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        failures = [500, 502, 503, 504, 429]  # after 408 Chromium itself tries again
        site.sent.clear()
        site.answer = in_turn(*((status, {}) for status in failures), TAKEN)
        given = _track(page, 3)
        wait = 2_000.0
        for number in range(1, len(failures) + 1):
            page.clock.run_for(int(wait) + 10)
            site.wait(lambda wanted=number: len(site.sent) >= wanted)
            wait = max(2_000.0, _pause(page))
        page.clock.run_for(int(wait) + 10)
        site.wait_for("click", 3)
    assert [each.status for each in site.sent] == [*failures, 200]
    assert all(each.events == site.sent[0].events for each in site.sent)
    assert ids(site.sent[0].events) == given
    times = [each.body["sent_at"] for each in site.sent]
    assert times == sorted(set(times)), "sent_at is not of the attempt"
    assert all("dropped" not in each.body for each in site.sent)


def test_a_collector_that_does_not_answer_is_given_up_after_a_while(browser: Browser) -> None:
    hanging = threading.Event()
    with served() as site, opened(browser) as page:
        # the script's own time limit, shortened
        page.add_init_script(
            "const limit = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = ms => limit(ms / 50)"
        )
        site.answer = lambda: (hanging.wait(1) and TAKEN) or TAKEN
        show(page, site)
        _pause(page)
        hanging.set()
        flush(page)
        page.wait_for_function("+localStorage['ea.pause'] < Date.now()")
        flush(page)
        site.wait(lambda: len(site.sent) >= 2)
    assert len(site.named("page_view")) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415])
def test_what_is_refused_is_not_sent_again_and_counted(page: Page, status: int) -> None:
    with served() as site:
        _ready(page, site)
        site.answer = lambda: (status, {})
        refused = _track(page, 2)
        page.clock.run_for(3_000)
        site.wait(lambda: len(site.sent) == 2)
        site.answer = lambda: TAKEN
        page.wait_for_function("localStorage['ea.lost'] === '1000002'")
        _track(page, 1, "next")
        page.clock.run_for(HOUR)
        site.wait_for("next")
        page.wait_for_function("localStorage['ea.lost'] === '1000000'")
    assert [each.body.get("dropped") for each in site.sent] == [None, None, 2]
    assert set(refused).isdisjoint(ids(site.taken))


def test_pauses_double_up_to_five_minutes_and_differ(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        site.answer = lambda: (503, {})
        _track(page, 1)
        page.clock.run_for(2_000)
        shares: list[float] = []
        for number in range(12):
            longest = min(300_000, 1_000 * 2**number)
            shares.append(_pause(page) / longest)
            page.evaluate("localStorage.removeItem('ea.pause')")
            page.clock.run_for(300_000)
            site.wait(lambda wanted=number + 3: len(site.sent) >= wanted)
    assert all(0.49 <= share <= 1 for share in shares), shares
    assert len({round(share, 4) for share in shares}) > 6, "all browsers would come back at once"


def test_retry_after_is_kept_to_by_this_page_other_tabs_and_the_next_page(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        site.answer = in_turn((503, {"Retry-After": "600"}), TAKEN)
        _track(page, 1)
        page.clock.run_for(2_000)
        assert 599_000 <= _pause(page) <= 600_000
        other = next_page(page.context, site, "/other")
        show(page, site, "/next")
        for each in (page, other):
            _track(each, 20)
            each.evaluate("dispatchEvent(new Event('pagehide'))")
        page.clock.run_for(590_000)
        assert len(site.sent) == 2
        page.clock.run_for(20_000)
        site.wait_for("click", 41)
    assert len(ids(site.taken)) == len(set(ids(site.taken)))


def test_events_are_sent_by_ten_or_after_two_seconds_in_one_request(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        _track(page, 9)
        page.clock.run_for(1_900)
        assert len(site.sent) == 1
        page.clock.run_for(200)
        site.wait_for("click", 9)
        page.wait_for_function(
            "!Object.keys(localStorage).some(name => name.startsWith('ea.event'))"
        )
        _track(page, 10)
        site.wait_for("click", 19)
    assert [len(each.events) for each in site.sent] == [1, 9, 10]


def test_where_nothing_happens_nothing_is_sent(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        page.clock.run_for(HOUR)
        for name in ("online", "pagehide", "visibilitychange", "pageshow", "focus"):
            page.evaluate(f"dispatchEvent(new Event('{name}'))")
        page.clock.run_for(HOUR)
        page.wait_for_timeout(50)
    assert len(site.sent) == 1


def test_a_burst_goes_in_requests_that_outlive_their_page_each_event_once(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        given = _track(page, 500, text="ü€😀" * 20)
        site.wait_for("click", 500)
        clicks = [event for event in site.taken if event["event_type"] == "click"]
    assert ids(clicks) == given, "an event is missing, doubled or out of order"
    assert max(each.bytes for each in site.sent) <= 60_000
    assert len({event["timestamp"] for event in clicks}) == 500


def test_one_tab_sends_at_a_time_for_all(page: Page) -> None:
    at_once = [0, 0]
    lock = threading.Lock()

    def slowly() -> Answer:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        time.sleep(0.05)
        with lock:
            at_once[0] -= 1
        return TAKEN

    with served() as site:
        _ready(page, site)
        other = next_page(page.context, site, "/other")
        site.wait_for("page_view", 2)
        site.answer = slowly
        given = [each for _ in range(5) for tab in (page, other) for each in _track(tab, 40)]
        for _ in range(40):
            for tab in (page, other):
                tab.clock.run_for(2_000)
            if len(site.named("click")) == 400:
                break
        site.wait_for("click", 400)
        found = [event["event_id"] for event in site.taken if event["event_type"] == "click"]
    # a tab may hear only a moment later what another removed from their storage: ingest counts an id once
    assert set(found) == set(given)
    assert at_once[1] == 1


def test_what_a_closed_tab_left_is_sent_by_the_next_page(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        site.answer = lambda: (503, {})
        given = _track(page, 30)
        page.clock.run_for(HOUR)
        site.wait(lambda: len(site.sent) > 2)
        context = page.context
        page.close(run_before_unload=True)
        site.answer = lambda: TAKEN
        later = context.new_page()
        show(later, site, "/later")
        later.clock.run_for(HOUR)
        site.wait_for("click", 30)
    assert sorted(ids(site.named("click"))) == sorted(given)


def test_the_oldest_of_more_than_a_thousand_are_dropped_and_counted(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        site.answer = lambda: (503, {"Retry-After": "60"})
        given = _track(page, 1_100)
        _pause(page)
        site.answer = lambda: TAKEN
        page.clock.run_for(61_000)
        site.wait(lambda: given[-1] in ids(site.taken))
        kept = site.named("click")
    dropped = sum(each.body.get("dropped", 0) for each in site.sent if each.status == 200)
    assert len(kept) + dropped == 1_100
    assert sorted(ids(kept)) == sorted(given[-len(kept) :])
    assert sum(len(json.dumps(each)) for each in kept) < 300_000


def test_where_the_storage_is_full_events_wait_in_memory_and_what_is_too_much_is_counted(
    page: Page,
) -> None:
    with served() as site:
        _ready(page, site)
        page.evaluate(FULL)
        site.answer = lambda: (503, {"Retry-After": "60"})
        given = _track(page, 1_100)
        page.wait_for_function("!('ea.event' in localStorage)")
        site.wait(lambda: len(site.sent) > 1)
        site.answer = lambda: TAKEN
        page.clock.run_for(61_000)
        site.wait(lambda: given[-1] in ids(site.taken))
    dropped = sum(each.body.get("dropped", 0) for each in site.sent if each.status == 200)
    assert dropped > 0
    assert len(site.named("click")) + dropped == 1_100


BEACONS = """
  const real = Navigator.prototype.sendBeacon; window.refused = 0; window.refuse = false;
  Navigator.prototype.sendBeacon = function(url, body) {
    if (window.refuse) { refused += 1; return false; }
    return real.call(this, url, body);
  }
"""


def test_what_no_beacon_takes_stays_in_the_queue(page: Page) -> None:
    with served() as site:
        page.add_init_script(BEACONS)
        _ready(page, site)
        page.evaluate("refuse = true")
        given = _track(page, 5)
        page.evaluate("dispatchEvent(new Event('pagehide'))")
        assert page.evaluate("refused") == 1
        page.clock.run_for(2_000)
        site.wait_for("click", 5)
        clicks = [event for event in site.taken if event["event_type"] == "click"]
    assert ids(clicks) == given


@pytest.mark.parametrize("name", ["pagehide", "visibilitychange"])
def test_a_page_that_goes_sends_beacons_of_text_once(page: Page, name: str) -> None:
    with served() as site:
        _ready(page, site)
        given = _track(page, 9, text="ü" * 100)
        page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
        for _ in range(3):
            page.evaluate(f"dispatchEvent(new Event('{name}'))")
        site.wait_for("click", 9)
        page.wait_for_timeout(50)
    clicks: list[Any] = [event for event in site.taken if event["event_type"] == "click"]
    assert ids(clicks) == given
    beacon = site.sent[1]
    assert beacon.headers["content-type"] == "text/plain;charset=UTF-8"
    assert beacon.bytes <= 60_000
    assert site.others == []


def test_what_a_beacon_took_is_sent_until_it_is_acknowledged(page: Page) -> None:
    with served() as site:
        _ready(page, site)
        site.answer = lambda: (503, {})
        given = _track(page, 5)
        page.evaluate("dispatchEvent(new Event('pagehide'))")
        site.wait(lambda: len(site.sent) == 2)
        site.answer = lambda: TAKEN
        show(page, site, "/next")
        site.wait_for("click", 5)
    assert ids(site.named("click")) == given
