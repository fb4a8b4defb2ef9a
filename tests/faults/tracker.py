"""Pages that end, networks and collectors that fail, too much at once: no event of a page is lost."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

from tests.browser import opened_browser
from tests.capture.site import TAKEN, Site, ids, next_page, opened, served, show
from tests.faults.fault import Fault, Measured, say

# what is commonly put into pages: a JSON post for each event
NAIVE = """<script>
  window.ea = (call, name, properties) => {
    const event_id = crypto.randomUUID();
    fetch("COLLECTOR/collect", {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({batch: [{event_id, event_type: name, properties}]}),
    }).catch(() => {});
    return event_id;
  };
  ea.isLoaded = true;
</script>"""
TRACK = "(number) => Array.from({length: number}, (_, n) => ea('track', 'click', {n}))"
FULL = "for (let size = 2 ** 22; size; size >>= 1) try { localStorage[size] = 'x'.repeat(size) } catch {}"
ANSWER_SECONDS = 0.05  # of a collector on another continent
LONGEST_WAIT = 20.0

Way = Callable[[Page, Site], list[str]]
"""Tracks events on a page and leaves it some way; the ids of the events."""


def _then(page: Page, number: int, what: str) -> list[str]:
    """Track so many events, and do something at once, before anything was sent."""
    return page.evaluate(
        f"(number) => {{const all = ({TRACK})(number); {what}; return all}}", number
    )


def navigate(page: Page, site: Site) -> list[str]:
    """A click that counts, on a link that leads away."""
    given = _then(page, 1, "setTimeout(() => document.getElementById('out').click())")
    page.wait_for_url("**/out")
    return given


def close(page: Page, site: Site) -> list[str]:
    """The tab is closed."""
    tab = next_page(page.context, site)
    given = _then(tab, 1, "")
    tab.close(run_before_unload=True)
    return given


def hide(page: Page, site: Site) -> list[str]:
    """Something else is looked at, and the tab is never shown again."""
    tab = next_page(page.context, site)
    hidden = "Object.defineProperty(document, 'hidden', {value: true})"
    given = _then(tab, 1, f"{hidden}; dispatchEvent(new Event('visibilitychange'))")
    tab.close()
    return given


def offline(page: Page, site: Site) -> list[str]:
    """A minute without a network."""
    tab = page.context.new_page()
    tab.clock.install()
    show(tab, site)
    page.context.set_offline(True)
    given = _then(tab, 3, "")
    tab.clock.run_for(60_000)
    given += _then(tab, 3, "")
    page.context.set_offline(False)
    tab.clock.run_for(10_000)
    tab.close(run_before_unload=True)
    return given


def unavailable(page: Page, site: Site) -> list[str]:
    """The collector answers 503 while a page is shown, and left."""
    site.answer = lambda: (503, {"Retry-After": "1"})
    try:
        given = navigate(page, site)
        time.sleep(2 * ANSWER_SECONDS)
    finally:
        site.answer = lambda: TAKEN
    return given


def burst(page: Page, site: Site) -> list[str]:
    """Five hundred events at once, and away."""
    given = _then(page, 500, "setTimeout(() => document.getElementById('out').click())")
    page.wait_for_url("**/out")
    return given


def two_tabs(page: Page, site: Site) -> list[str]:
    """Two tabs of one visitor, both used, one closed and one left."""
    other = next_page(page.context, site)
    given = [each for tab in (page, other, page) for each in _then(tab, 5, "")]
    other.close(run_before_unload=True)
    return given + navigate(page, site)


def full(page: Page, site: Site) -> list[str]:
    """The site has filled the browser's storage."""
    return _then(page, 20, FULL) + navigate(page, site)


def _tried(ways: list[Way], *, is_naive: bool) -> Callable[[Path, int], Measured]:
    def trial(folder: Path, rounds: int) -> Measured:
        del folder
        measured = Measured()
        options: dict[str, Any] = {"script": NAIVE} if is_naive else {}
        with opened_browser() as browser:
            for way in ways:
                with served(seconds=ANSWER_SECONDS, **options) as site:
                    for _ in range(rounds):
                        with opened(browser, site) as page:
                            given = way(page, site)
                            _settle(page, site, given, 0.3 if is_naive else LONGEST_WAIT)
                        # an event that is sent again is the same event: its id is kept
                        measured.compare(given, set(ids(site.taken)).intersection(given))
                    say(f"{way.__name__}: {measured}")
                measured.rounds += rounds
        return measured

    return trial


def _settle(page: Page, site: Site, given: list[str], seconds: float) -> None:
    """Show the visitor's next page, until all has arrived or it is waited no longer."""
    page.wait_for_load_state()
    try:
        show(page, site, "/next")
        site.wait(lambda: set(given) <= set(ids(site.taken)), seconds)
    except (TimeoutError, Error):
        return


LEFT = [navigate, close, hide]
UNREACHABLE = [offline, unavailable]
MUCH = [burst, two_tabs, full]
SNIPPET = "fetch with a JSON body"
FAULTS = [
    Fault(
        19,
        f"the tracker: {what}",
        _tried(ways, is_naive=False),
        _tried(ways, is_naive=True),
        SNIPPET,
        few=1,
        many=200,
    )
    for what, ways in (
        ("a page is left, closed, hidden", LEFT),
        ("offline for a minute, a collector that answers 503", UNREACHABLE),
        ("500 events at once, two tabs, a full storage", MUCH),
    )
]
